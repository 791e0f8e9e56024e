# SPDX-License-Identifier: MIT
"""arena8 flash: a firmware onto a board, and proof that it runs there."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import rich_click as click

from .. import boards, config, emulated, flashers, options, render, running, transports
from ..boards import Board
from ..errors import BoardError, RemoteError, ToolError, UsageError
from ..flashers import bootsel, esp_image, uf2
from ..flashers.uf2 import Image, Region
from ..flashing import BOOT_SECONDS, Request, about, compare, copy_files, firmware_file, leave, tell
from ..running import Running
from ..transports.repl import Repl
from . import flash_esp

BOOTLOADER = "import machine\nmachine.bootloader()\n"
DRIVE_SECONDS = 15.0  # from machine.bootloader() to a mounted drive
EMULATED_BOOT_SECONDS = 120.0


def run(request: Request) -> int:
    start = time.monotonic()
    name = request.board or config.default("board")
    wanted = boards.board(name) if name else None
    if wanted:
        flashers.require_way(wanted)
    port = transports.choose_port(request.port)
    kind = (port or "").partition(":")[0]
    if kind in ("host", "unix", "qemu"):
        raise UsageError(f"{port} has no flash of its own: it starts the firmware that it is told to")
    is_file = request.firmware is not None and not Path(request.firmware).is_dir()
    to_esp = flashers.is_esp(wanted) if wanted else is_file and esp_image.looks_like(request.firmware)
    if is_file and not to_esp:
        image = uf2.read(request.firmware)  # before a board is bothered
        if wanted:
            uf2.check(image, wanted)
    if to_esp:
        report = flash_esp.run(request, wanted, port)
    elif kind == "pico-emulator":
        report = flash_emulator(request, wanted, port)
    elif port and (drive := bootsel.look_at(port)):
        report = flash_drive(request, wanted, drive)
    elif (served := emulated.behind(port)) and served.drive:
        if wanted and wanted.name != served.board:
            raise UsageError(f"{port} is an emulated {served.board}, --board says {wanted.name}")
        report = flash_drive(request, boards.board(served.board), served.drive, port)
    elif port:
        report = flash_running(request, wanted, transports.device(port))
    else:
        report = flash_the_one(request, wanted)
    report["seconds"] = round(time.monotonic() - start, 1)
    if request.as_json:
        print(json.dumps(report))
    else:
        out = render.console()
        out.print(f"{report['board']} on {report['port']} runs {report['sentence']}", markup=False)
    return 0


# Which board.


def flash_the_one(request: Request, wanted: Board | None) -> dict[str, Any]:
    """No --port: the one board that is connected, running or in BOOTSEL mode."""
    ports = running.usb_ports(wanted)
    drives = [drive for drive in bootsel.drives() if wanted is None or bootsel.fits(drive, wanted)]
    if len(ports) + len(drives) > 1:
        listed = [f"  {p.device}  running, serial number {p.serial_number}" for p in ports]
        listed += [f"  {d.folder}  in BOOTSEL mode, {d.model}" for d in drives]
        raise BoardError(f"{len(listed)} boards are connected; choose one by --port:\n" + "\n".join(listed))
    if ports:
        return flash_running(request, wanted, ports[0].device)
    if drives:
        return flash_drive(request, wanted, drives[0])
    if wanted is None and (device := flash_esp.the_port()):
        return flash_running(request, None, device)
    candidates = [wanted] if wanted else rp2_boards()
    sentences = [s for board in candidates if (s := bootsel.unmounted(board))]
    if sentences and wanted and bootsel.picotool():
        return flash_drive(request, wanted, None)
    what = "no board found: neither one that runs MicroPython nor a BOOTSEL drive"
    if sentences:
        what = f"no board to write to: {sentences[0]}"
    raise BoardError(
        f"{what}. Plug it in, with BOOTSEL held if it does not run MicroPython; --port names a port or the "
        "drive's folder, or pico-emulator"
    )


def rp2_boards() -> list[Board]:
    return [board for board in boards.all_boards().values() if board.facts.get("port") == "rp2"]


def board_of_drive(wanted: Board | None, drive: bootsel.Drive) -> Board:
    """A chip in BOOTSEL mode does not know its board, only its kind."""
    fitting = [board for board in rp2_boards() if bootsel.fits(drive, board)]
    if wanted:
        if wanted not in fitting:
            raise UsageError(
                f"the drive {drive.folder} is that of {drive.model or drive.board_id}, and {wanted.name} has "
                f"{wanted.facts['chip']}, whose drive says {wanted.facts['usb']['bootloader_volume']}"
            )
        return wanted
    same = fitting
    fitting = bootsel.likely(fitting)
    if len(fitting) != 1:
        names = ", ".join(board.name for board in fitting) or "none of those that arena8 knows"
        raise UsageError(f"the drive {drive.folder} ({drive.board_id}) may be {names}: --board says which")
    if len(same) > 1:
        others = " or ".join(board.name for board in same if board is not fitting[0])
        tell(f"{drive.folder}: taken for {fitting[0].name}; --board says if it is {others}")
    return fitting[0]


def board_that_runs(wanted: Board | None, there: Running, port: str) -> Board:
    if wanted:
        if there.board and there.board != wanted.name:
            raise UsageError(
                f"the board on {port} says that it is {there.board}, --board says {wanted.name}; to flash it "
                "all the same plug it in with BOOTSEL held"
            )
        return wanted
    if there.board not in boards.all_boards():
        known = ", ".join(board.name for board in boards.all_boards().values() if flashers.has_way(board))
        raise UsageError(
            f"the board on {port} says that it is {there.board or 'nothing'} "
            f"({there.machine or there.system}), for which arena8 has no firmware; it has those of {known}"
        )
    return boards.board(there.board)


# Which firmware.


def checked(request: Request, board: Board, filesystem: Region | None = None) -> tuple[Image, list[str]]:
    """The firmware and what it would do to the user's files, allowed by then."""
    flashers.require_way(board)
    image = uf2.read(firmware_file(request, board))
    harm = uf2.check(image, board, filesystem)
    if harm and not request.erase_filesystem:
        raise ToolError(
            f"refused, for the sake of the files on the board: {image.path}: {'; '.join(harm)}. "
            "--erase-filesystem allows it, --backup FOLDER copies a running board's files before"
        )
    what = image.info.get("version", "")
    tell(
        f"{board.name}: {image.path}, {image.size:,} bytes of flash" + (f", MicroPython {what}" * bool(what))
    )
    for sentence in harm:
        tell(f"warning: {sentence}")
    return image, harm


# The ways.


def flash_running(request: Request, wanted: Board | None, port: str) -> dict[str, Any]:
    """A board that runs MicroPython is asked what it is, and sent to its bootloader."""
    before = {p.device: p.serial_number for p in running.usb_ports()}
    repl = transports.connect(port, request.timeout, request.baud, tell)
    try:
        try:
            there = running.ask(repl)
            tell(f"{port} runs {there.sentence()}")
            board = board_that_runs(wanted, there, port)
            if flashers.is_esp(board):
                image, harm = flash_esp.firmware(request, board), []
            else:
                image, harm = checked(request, board, storage(there, board))
            saved = None
            if request.backup:
                saved = copy_files(repl, Path(request.backup))
        except BaseException:
            leave(repl)
            raise
        if not flashers.is_esp(board):
            tell(f"{port}: restarting in BOOTSEL mode")
            to_bootloader(repl)
    finally:
        repl.close()
    if flashers.is_esp(board):
        return flash_esp.flash(request, board, image, port, saved)
    with render.messages().status("waiting for the BOOTSEL drive"):
        served = emulated.behind(port)
        drive = bootsel.wait_for_drive(board, DRIVE_SECONDS, served.place if served else None)
    by = transfer(image, board, drive, f"{port} was sent to its bootloader, and {DRIVE_SECONDS:g} s later ")
    return proven(request, board, image, harm, by, port, before.get(port), set(), saved)


def storage(there: Running, board: Board) -> Region | None:
    """The flash that the running firmware keeps for files: on rp2 at the end."""
    if not there.storage:
        return None
    flash = board.facts["flash"]
    return Region(int(flash["base"], 0) + flash["bytes"] - there.storage, there.storage)


def to_bootloader(repl: Repl) -> None:
    try:
        repl.start(BOOTLOADER)
        repl.finish(timeout=3.0)
    except RemoteError as e:
        raise BoardError(
            f"{repl.name} can't restart in BOOTSEL mode ({e}): plug it in with BOOTSEL held, and flash again"
        ) from e
    except BoardError:
        pass  # the line closed, or nothing came: as it should be


def flash_drive(
    request: Request, wanted: Board | None, drive: bootsel.Drive | None, port: str | None = None
) -> dict[str, Any]:
    """A chip that is in BOOTSEL mode already. port: where it will be, if that is known."""
    board = board_of_drive(wanted, drive) if drive else wanted
    if request.backup:
        raise UsageError(
            "--backup reads the files of a running board, and this one is in BOOTSEL mode: plug it in again "
            "without BOOTSEL, and flash it as it runs"
        )
    image, harm = checked(request, board)
    known = {p.device for p in running.usb_ports()}
    by = transfer(image, board, drive, "")
    return proven(request, board, image, harm, by, port, None, known, None)


def transfer(image: Image, board: Board, drive: bootsel.Drive | None, since: str) -> str:
    """Writes the firmware; returns by which way."""
    if drive is not None:
        with render.progress(f"writing {drive.folder}") as moved:
            bootsel.write(image, drive, moved)
        return "drive"
    if bootsel.picotool():
        with render.messages().status("picotool"):
            bootsel.load_by_picotool(image)
        return "picotool"
    sentence = bootsel.unmounted(board) or "there is no BOOTSEL drive, mounted or not"
    raise BoardError(f"{since}{sentence}. Nothing was written")


def flash_emulator(request: Request, wanted: Board | None, port: str) -> dict[str, Any]:
    """Flashing the emulated Pico is that it boots this file from then on."""
    (board,) = boards.emulated("rp2040py").values()
    if wanted and wanted != board:
        raise UsageError(f"pico-emulator is {board.name}, --board says {wanted.name}")
    named = port.partition(":")[2]
    if named and request.firmware:
        raise UsageError(f"two firmware files: {request.firmware}, and {named} in --port")
    if request.backup:
        raise UsageError("an emulated Pico starts with an empty flash each time: there is nothing to back up")
    request = Request(**{**request.__dict__, "firmware": request.firmware or named or None})
    image, harm = checked(request, board)
    with render.messages().status("booting it"):
        repl = transports.connect(f"pico-emulator:{image.path}", request.timeout, tell=tell)
    with repl:
        there = running.ask(repl)
    compare(there, board, image, "pico-emulator")
    place = boards.flashed(board.name, board.file)
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f"{place.name}.{os.getpid()}")
    shutil.copyfile(image.path, fresh)
    os.replace(fresh, place)
    facts = boards.build_facts(image.path)
    place.with_name("firmware.json").write_text(json.dumps({**facts, "from": str(image.path.resolve())}))
    tell(f"-p pico-emulator boots it from now on, until another is flashed or built ({place})")
    return about(board, image, harm, "emulator", "pico-emulator", there, None)


# Proof.


def proven(
    request: Request,
    board: Board,
    image: Image,
    harm: list[str],
    by: str,
    port: str | None,
    serial_number: str | None,
    known: set[str],
    saved: dict[str, Any] | None,
) -> dict[str, Any]:
    """Waits until the board answers, and compares what it says with what was written."""
    tell("written; waiting for the board to answer")
    patience = EMULATED_BOOT_SECONDS if emulated.behind(port) else BOOT_SECONDS
    deadline = time.monotonic() + patience
    last: BoardError | None = None
    while time.monotonic() < deadline:
        device = returned(board, port, serial_number, known)
        if device is None:
            time.sleep(0.3)
            continue
        try:
            timeout = request.timeout or (None if emulated.behind(device) else 5.0)
            with transports.connect(device, timeout, request.baud) as repl:
                there = running.ask(repl)
                repl.leave(restart=repl.interrupted)
            compare(there, board, image, device)
            return about(board, image, harm, by, device, there, saved)
        except BoardError as e:
            last = e
            time.sleep(0.5)
    raise BoardError(
        f"the firmware was written, but the board did not answer within {patience:g} s: "
        f"{last or 'no serial port of it came'}"
    )


def returned(board: Board, port: str | None, serial_number: str | None, known: set[str]) -> str | None:
    """The port on which the flashed board may be: by its serial number, its old name, or as a new one."""
    if emulated.behind(port):
        return port
    ports = [p for p in running.usb_ports(board) if p.device not in known]
    if serial_number:
        ports = [p for p in ports if p.serial_number == serial_number]
    names = [p.device for p in ports]
    if port in names:
        return port
    return names[0] if len(names) == 1 else None


@click.command("flash")
@click.argument("firmware", metavar="[FIRMWARE]", required=False, shell_complete=options.files)
@click.option("--board", **options.BOARD, help="Default: what the board says it is.")
@options.line
@click.option(
    "--erase-filesystem",
    is_flag=True,
    help="Allow a firmware that overwrites the files on the board, or looks for them elsewhere.",
)
@click.option(
    "--backup",
    **options.FOLDER,
    help="Copy the board's files into a new folder before.",
)
@options.as_json("What was flashed and what runs now")
@options.timeout
def command(firmware, board, port, baud, erase_filesystem, backup, as_json, timeout) -> int:
    """Puts FIRMWARE onto a board and checks that it runs. No compiler is needed.

    FIRMWARE is a .uf2 file (Raspberry Pi boards), a .bin file (ESP32 boards) or the folder of a build or a
    distribution; default: what was built last for the board, else the generic firmware of ARENA8_DIST,
    build/dist or the wheel. A Pico that runs MicroPython restarts in BOOTSEL mode by itself; any other is
    plugged in with BOOTSEL held. --port also takes the folder of a BOOTSEL drive, and pico-emulator, which
    then boots this firmware. ESP32 boards are written through esptool. Files on the board stay.
    """
    return run(Request(firmware, board, port, baud, erase_filesystem, backup, as_json, timeout))
