# SPDX-License-Identifier: MIT
"""arena8 flash for boards with an ESP chip: through its bootloader, by esptool."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from .. import boards, flashers, render, romfs, running, transports
from ..boards import Board
from ..errors import BoardError, ToolError, UsageError
from ..flashers import esp, esp_image, esp_partitions
from ..flashers.esp_image import Image
from ..flashers.esp_partitions import SECTOR, TABLE, TABLE_BYTES, Table
from ..flashers.uf2 import WrongFile
from ..flashing import BOOT_SECONDS, Request, about, compare, copy_files, firmware_file, leave, tell
from ..transports.repl import Repl


def run(request: Request, wanted: Board | None, port: str | None) -> dict[str, Any]:
    """wanted: the board, if that is known. Else the firmware's chip tells it."""
    if (port or "").partition(":")[0] == "pico-emulator":
        raise UsageError(
            f"pico-emulator is no board with an ESP chip ({wanted.name if wanted else 'the file'} is)"
        )
    board = wanted or board_of(esp_image.read(request.firmware))
    image = firmware(request, board)  # before a board is bothered
    device = transports.device(port) if port else the_port()
    if device is None:
        raise BoardError(
            f"no board found: there is no serial port behind which {board.name} may be. Plug it in by a "
            "cable with data lines (its USB bridge may need a driver); --port names a port"
        )
    saved = back_up(request, device) if request.backup else None
    return flash(request, board, image, device, saved)


def board_of(image: Image) -> Board:
    fitting = [
        board
        for board in boards.all_boards().values()
        if flashers.is_esp(board) and board.facts["esp"]["chip"] == image.chip
    ]
    plain = [board for board in fitting if "-" not in board.name]
    if len(plain) == 1:
        return plain[0]  # its variants have the same flash
    if len(fitting) != 1:
        names = ", ".join(board.name for board in fitting) or "none of those that arena8 knows"
        raise UsageError(f"{image.path} is for {image.chip}; its board may be {names}: --board says which")
    return fitting[0]


def the_port() -> str | None:
    """The one serial port behind which an ESP chip may be."""
    ports = esp.ports()
    if len(ports) > 1:
        listed = "\n".join(f"  {port.device}  {port.description}" for port in ports)
        raise BoardError(f"{len(ports)} boards are connected; choose one by --port:\n{listed}")
    return ports[0].device if ports else None


def firmware(request: Request, board: Board) -> Image:
    """The firmware to write, checked against the board."""
    given = Path(request.firmware) if request.firmware else None
    if (
        given
        and given.is_dir()
        and not any((given / name).is_file() for name in ("manifest.json", board.file))
    ):
        image = esp_image.read(given, board)
    else:
        image = esp_image.read(firmware_file(request, board), board)
    esp_image.check(image, board)
    built = str(boards.build_facts(image.path).get("micropython", ""))
    if built and "version" not in image.info:
        image.info["version"] = "v" + built.removeprefix("v")
    what = image.info.get("version", "")
    tell(
        f"{board.name}: {image.path}, {image.size:,} bytes of flash" + (f", MicroPython {what}" * bool(what))
    )
    return image


def back_up(request: Request, device: str) -> dict[str, Any]:
    """Copies the files of a board that runs MicroPython."""
    with transports.connect(device, request.timeout, request.baud, tell) as repl:
        try:
            return copy_files(repl, Path(request.backup))
        finally:
            leave(repl)


def flash(
    request: Request, board: Board, image: Image, device: str, saved: dict[str, Any] | None
) -> dict[str, Any]:
    known = {port.device for port in esp.ports()}
    tell(f"{device}: connecting to the chip's bootloader")
    with esp.Chip(device, tell) as chip:
        fits(chip, board, image)
        there = table_of(chip)
        image = esp_image.placed(image, there)
        harm = harm_of(chip, image, there)
        if harm and not request.erase_filesystem:
            chip.restart()
            raise ToolError(
                f"refused, for the sake of the files on the board: {image.path}: {'; '.join(harm)}. "
                "--erase-filesystem allows it, --backup FOLDER copies a running board's files before"
            )
        for sentence in harm:
            tell(f"warning: {sentence}")
        rest = esp_image.untouched(image, there, chip.flash_bytes or board.facts["flash"]["bytes"])
        sums = [chip.md5(place.offset, place.size) for place in rest]
        with render.progress(f"writing {board.name}") as moved:
            written = chip.write(image.pieces, moved)
        changed = [
            place for place, md5 in zip(rest, sums, strict=True) if chip.md5(place.offset, place.size) != md5
        ]
        if changed:
            where = ", ".join(map(str, changed))
            raise BoardError(
                f"the line to {device} changed a command on its way: beside the firmware other flash was "
                f"written, in {where}. What was there is lost. Flash again, by another cable"
            )
        if request.erase_filesystem and (
            files := esp_partitions.find(image.partitions, *esp_partitions.FILES)
        ):
            tell(f"erasing the filesystem, {files.region}")
            chip.erase(files.offset, files.size)
        chip.verify(image.pieces)
        chip.restart()
    report = proven(request, board, image, harm, device, known, saved)
    report["files_kept"] = not harm and not request.erase_filesystem
    report["chip"], report["mac"] = chip.name, chip.mac
    report["written_bytes"], report["losses"] = written, chip.losses
    return report


def fits(chip: esp.Chip, board: Board, image: Image) -> None:
    """ToolError unless this chip, with this flash, can run the image."""
    if chip.name != image.chip:
        raise esp.WrongChip(
            f"the chip on {chip.device} is {chip.name} ({chip.mac}), and {image.path} is for {image.chip}: "
            "nothing was written"
        )
    size = chip.flash_bytes
    if size is not None and size < image.needs:
        raise ToolError(
            f"the flash of the {chip.name} on {chip.device} has {size:,} bytes, and {image.path} is for "
            f"{image.needs:,}: nothing was written"
        )
    flash = f"{size:,} bytes of flash" if size else "flash of a size that it does not tell"
    tell(f"{chip.device}: {chip.name} {chip.mac}, {flash}")


def table_of(chip: esp.Chip) -> Table:
    """The partitions on the chip; none if there is no table, or a damaged one."""
    try:
        return esp_partitions.parse(chip.read(TABLE, TABLE_BYTES))
    except WrongFile:
        return ()


def harm_of(chip: esp.Chip, image: Image, there: Table) -> list[str]:
    """What writing the image would do to data that is there, a sentence each."""
    found = [sentence for partition, sentence in esp_image.harm(image, there) if holds_data(chip, partition)]
    ours = esp_partitions.find(image.partitions, *esp_partitions.FILES)
    theirs = esp_partitions.find(there, *esp_partitions.FILES)
    if ours and not theirs and holds_data(chip, ours):
        found.append(f"its filesystem ({ours.region}) lies where other data is, and would not be made there")
    return found


def holds_data(chip: esp.Chip, partition: esp_partitions.Partition) -> bool:
    """Whether a partition holds a ROMFS, or anything at all where a filesystem begins."""
    start = chip.read(partition.offset, min(SECTOR, partition.size))
    if partition.label == esp_partitions.ROMFS:
        return romfs.size_of(start[:12]) is not None
    return bool(start.strip(b"\xff"))


# Proof.


def proven(
    request: Request,
    board: Board,
    image: Image,
    harm: list[str],
    device: str,
    known: set[str],
    saved: dict[str, Any] | None,
) -> dict[str, Any]:
    """Waits until the board answers, and compares what it says with what was written."""
    tell("written and verified; waiting for the board to answer")
    repl = answering(device, known, request.timeout, request.baud, "the firmware was written and verified")
    with repl:
        there = running.ask(repl)
        repl.leave(restart=repl.interrupted)
    compare(there, board, image, repl.name)
    return about(board, image, harm, "esptool", repl.name, there, saved)


def answering(device: str, known: set[str], timeout: float | None, baud: int, done: str) -> Repl:
    """The board in the raw REPL after its chip was started. known: ports that were there before; done: what
    an error can say for comfort."""
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        try:
            return transports.connect(returned(device, known), timeout or 5.0, baud)
        except BoardError as e:
            if time.monotonic() > deadline:
                raise BoardError(
                    f"{done}, but the board did not answer within {BOOT_SECONDS:g} s: {e}. Press RESET (EN); "
                    "`arena8 boards` shows what answers"
                ) from e
        time.sleep(0.3)


def returned(device: str, known: set[str]) -> str:
    """The port on which the flashed board may be: a chip with USB of its own may come back under another
    name."""
    ports = {port.device for port in esp.ports()}
    fresh = ports - known
    return fresh.pop() if device not in ports and len(fresh) == 1 else device
