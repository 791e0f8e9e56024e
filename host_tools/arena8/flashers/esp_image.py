# SPDX-License-Identifier: MIT
"""Firmware files of ESP chips: read, checked, and taken apart into what is written where.

A firmware is a bootloader, a partition table and an app. MicroPython's build merges them into one
firmware.bin, with 0xff between them. It is taken apart again, so that what lies between (the settings in NVS,
the radio's calibration) stays as it is on the board. The header of an app says its chip, its last bytes are
its SHA-256 (ESP-IDF, esp_app_format.h).
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import formats
from ..boards import Board
from ..errors import ToolError
from . import esp_partitions
from .esp_partitions import APP, DATA, OTA, SECTOR, TABLE, TABLE_BYTES, Partition, Table
from .uf2 import WrongFile

MAGIC = 0xE9
# By the number in an image's header: name as esptool has it, offset of the bootloader.
CHIPS = {
    0: ("esp32", 0x1000),
    2: ("esp32s2", 0x1000),
    5: ("esp32c3", 0x0),
    9: ("esp32s3", 0x0),
    12: ("esp32c2", 0x0),
    13: ("esp32c6", 0x0),
    16: ("esp32h2", 0x0),
    18: ("esp32p4", 0x2000),
    20: ("esp32c61", 0x0),
    23: ("esp32c5", 0x2000),
}
APP_DESCRIPTION = b"\x32\x54\xcd\xab"  # at the start of an app's first segment
HEADER = 24 + 8  # of an image, and of its first segment


@dataclass(frozen=True)
class Piece:
    """Bytes for one place of the flash."""

    name: str
    offset: int
    data: bytes = field(repr=False)

    @property
    def end(self) -> int:
        return self.offset + len(self.data)

    @property
    def erased_end(self) -> int:
        return -(-self.end // SECTOR) * SECTOR

    @property
    def sectors(self) -> bytes:
        """The bytes and what is erased behind them."""
        return self.data.ljust(self.erased_end - self.offset, b"\xff")


@dataclass(frozen=True)
class Image:
    """A firmware. partitions: its table; empty for an app that comes without one."""

    path: Path
    chip: str
    flash_bytes: int  # that its bootloader wants
    pieces: tuple[Piece, ...] = field(repr=False)
    partitions: Table = ()
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        """What stands for the whole in a checksum."""
        return self.path.read_bytes() if self.path.is_file() else b"".join(p.data for p in self.pieces)

    @property
    def size(self) -> int:
        return sum(len(piece.data) for piece in self.pieces)

    @property
    def needs(self) -> int:
        """Bytes of flash that a chip must have."""
        pieces = max(piece.end for piece in self.pieces)
        return max(pieces, esp_partitions.end(self.partitions), self.flash_bytes)


def looks_like(path: str | Path) -> bool:
    """Whether a file starts as a firmware for an ESP chip does."""
    try:
        with open(path, "rb") as file:
            start = file.read(0x2001)
    except OSError:
        return False
    return _bootloader_at(start) is not None


def _bootloader_at(data: bytes) -> int | None:
    """Where the first image begins: at 0, or behind 0xff if the file was made for offset 0 of a chip whose
    bootloader lies further on."""
    for at in (0, 0x1000, 0x2000):
        if len(data) > at and data[at] == MAGIC and not data[:at].strip(b"\xff"):
            return at
    return None


def read(path: str | Path, board: Board | None = None) -> Image:
    """The firmware in a file, or in a folder with the separate files that the board names. WrongFile says
    what is wrong with it."""
    path = Path(path)
    try:
        if path.is_dir():
            return _from_folder(path, board)
        data = path.read_bytes()
    except OSError as e:
        raise WrongFile(f"can't read the firmware {e.filename or path}: {e.strerror}") from e
    start = _bootloader_at(data)
    if start is None:
        hint = "; an ESP board takes the .bin file of that firmware" if data[:4] == b"UF2\n" else ""
        what = formats.no_firmware(data, path.suffix)
        raise WrongFile(f"{path} is no firmware for an ESP chip: {what}{hint}")
    try:
        chip, boot = _chip(data[start:])
        base = boot - start  # what offset of the flash the file's first byte is for
        if base < 0:
            raise WrongFile(f"its first image begins at 0x{start:x}, the bootloader of {chip} at 0x{boot:x}")
        if data[start + HEADER : start + HEADER + 4] == APP_DESCRIPTION:
            return _app_alone(path, chip, data)
        return _merged(path, chip, boot, b"\xff" * base + data)
    except WrongFile as e:
        raise WrongFile(f"{path}: {e}") from e


def _chip(data: bytes) -> tuple[str, int]:
    (number,) = struct.unpack_from("<H", data.ljust(24, b"\0"), 12)
    if number not in CHIPS:
        raise WrongFile(f"it is for a chip of number {number}, which arena8 does not know")
    return CHIPS[number]


def _length(data: bytes, what: str) -> int:
    """Bytes of the image that data begins with, after its segments and its SHA-256 were followed."""
    if len(data) < HEADER or data[0] != MAGIC:
        raise WrongFile(f"where its {what} should begin is none")
    at = 24
    for _ in range(data[1]):
        if at + 8 > len(data):
            raise _cut(what, data)
        at += 8 + struct.unpack_from("<I", data, at + 4)[0]
        if at > len(data):
            raise _cut(what, data)
    at = at // 16 * 16 + 16  # a checksum in the last byte
    if data[23]:
        if at + 32 > len(data):
            raise _cut(what, data)
        if hashlib.sha256(data[:at]).digest() != data[at : at + 32]:
            raise WrongFile(f"its {what} is damaged: its SHA-256 differs; copy or build it again")
        at += 32
    if at > len(data):
        raise _cut(what, data)
    return at


def _cut(what: str, data: bytes) -> WrongFile:
    return WrongFile(f"its {what} is cut off after {len(data):,} bytes; copy or build it again")


def _flash_bytes(bootloader: bytes) -> int:
    return 1 << 20 + (bootloader[3] >> 4)


def description(app: bytes) -> dict[str, Any]:
    """What an app says of itself; version only if it is MicroPython's."""
    if app[HEADER : HEADER + 4] != APP_DESCRIPTION:
        return {}
    version, project = struct.unpack_from("<32s32s", app, HEADER + 16)
    texts = [text.partition(b"\0")[0].decode("utf-8", "replace") for text in (version, project)]
    found = {"program": texts[1]}
    if texts[1] == "micropython" and re.match(r"v\d+\.\d+", texts[0]):
        found["version"] = texts[0]
    return found


def _app_alone(path: Path, chip: str, data: bytes) -> Image:
    _length(data, "app")
    return Image(path, chip, 0, (Piece("app", -1, data),), (), description(data))


def _merged(path: Path, chip: str, boot: int, flash: bytes) -> Image:
    """flash: from offset 0 on."""
    if len(flash) < TABLE + 32:
        raise WrongFile(
            f"it is cut off: it ends at 0x{len(flash):x}, before its partition table at 0x{TABLE:x}"
        )
    table = esp_partitions.parse(flash[TABLE : TABLE + TABLE_BYTES])
    bootloader = flash[boot:TABLE]
    _length(bootloader, "bootloader")
    pieces = [Piece("bootloader", boot, bootloader.rstrip(b"\xff"))]
    pieces.append(Piece("partition table", TABLE, flash[TABLE : TABLE + SECTOR].ljust(SECTOR, b"\xff")))
    info: dict[str, Any] = {}
    covered = TABLE + SECTOR
    for partition in sorted(table, key=lambda p: p.offset):
        data = flash[partition.offset : partition.end]
        if flash[covered : partition.offset].strip(b"\xff"):
            raise WrongFile(f"it has bytes between 0x{covered:x} and {partition}, where nothing belongs")
        covered = partition.end
        if partition.type == APP and data.strip(b"\xff"):
            # Without the partition's end in sight: an app that is too large is not one that is cut off.
            size = _length(flash[partition.offset :], "app")
            _room("app", size, partition)
            info = info or description(data)
            data = data[: max(size, len(data.rstrip(b"\xff")))]
        elif partition.type == DATA and partition.subtype == OTA:
            data = data.ljust(partition.size, b"\xff")  # or the chip starts what it started before
        else:
            data = data.rstrip(b"\xff")
        if data:
            pieces.append(Piece(partition.label, partition.offset, data))
    if flash[covered:].strip(b"\xff"):
        raise WrongFile(f"it has bytes behind its last partition, which ends at 0x{covered:x}")
    if not any(p.type == APP and p.offset in {piece.offset for piece in pieces} for p in table):
        raise WrongFile("it has no app")
    return Image(path, chip, _flash_bytes(bootloader), tuple(pieces), table, info)


def _room(what: str, size: int, partition: Partition) -> None:
    if size > partition.size:
        raise WrongFile(
            f"its {what} has {size:,} bytes, and its partition {partition.label} {partition.size:,}: "
            f"{size - partition.size:,} too many"
        )


def _from_folder(folder: Path, board: Board | None) -> Image:
    """A build folder of ESP-IDF (flasher_args.json), or one with the files of the board's facts."""
    places: dict[str, str] = {}
    if (folder / "flasher_args.json").is_file():
        try:
            listed = json.loads((folder / "flasher_args.json").read_text(encoding="utf-8"))["flash_files"]
            places = {name: offset for offset, name in listed.items()}
        except (ValueError, KeyError, AttributeError) as e:
            raise WrongFile(f"{folder / 'flasher_args.json'} is not what ESP-IDF writes: {e!r}") from e
    elif board:
        places = board.facts["esp"]["images"]
    if not places:
        raise WrongFile(f"{folder} is a folder: give the firmware.bin in it")
    flash = bytearray()
    for name, place in sorted(places.items(), key=lambda item: int(item[1], 0)):
        offset, data = int(place, 0), (folder / name).read_bytes()
        if offset < len(flash):
            raise WrongFile(
                f"{folder}: {name} at {place} lies upon the file before it, which ends at 0x{len(flash):x}"
            )
        flash += b"\xff" * (offset - len(flash)) + data
    start = _bootloader_at(bytes(flash[:0x2001]))
    try:
        if start is None:
            raise WrongFile("no bootloader lies where one begins")
        chip, boot = _chip(bytes(flash[start:]))
        if start != boot:
            raise WrongFile(f"the bootloader is put at 0x{start:x}, and that of {chip} lies at 0x{boot:x}")
        return _merged(folder, chip, boot, bytes(flash))
    except WrongFile as e:
        raise WrongFile(f"{folder}: {e}") from e


def check(image: Image, board: Board) -> None:
    """WrongFile unless the image is for this board's chip and fits into its flash."""
    chip, flash = board.facts["esp"]["chip"], board.facts["flash"]["bytes"]
    if image.chip != chip:
        raise WrongFile(f"{image.path} is for {image.chip}, and {board.name} has {chip}")
    if image.needs > flash:
        raise WrongFile(f"{image.path} is for {image.needs:,} bytes of flash, and {board.name} has {flash:,}")


def placed(image: Image, table: Table) -> Image:
    """An app alone, put where the board's own partition table has the first app."""
    if image.partitions:
        return image
    target = next((p for p in sorted(table, key=lambda p: p.offset) if p.type == APP), None)
    if target is None:
        raise ToolError(
            f"{image.path} is an app without a partition table, and there is none on the board: flash the "
            "whole firmware.bin first"
        )
    (app,) = image.pieces
    try:
        _room("app", len(app.data), target)
    except WrongFile as e:
        raise WrongFile(f"{image.path}: on this board {e}") from e
    pieces = [Piece(target.label, target.offset, app.data)]
    pieces += [
        Piece(p.label, p.offset, b"\xff" * p.size) for p in table if p.type == DATA and p.subtype == OTA
    ]
    return Image(image.path, image.chip, image.flash_bytes, tuple(pieces), table, image.info)


def harm(image: Image, there: Table) -> list[tuple[Partition, str]]:
    """What writing a placed image would do to the partitions of the user's files that are on the board."""
    found = []
    for what, labels in (
        ("files on the board", esp_partitions.FILES),
        ("ROMFS", (esp_partitions.ROMFS,)),
    ):
        theirs = esp_partitions.find(there, *labels)
        if theirs is None:
            continue
        lost = sum(max(0, min(p.erased_end, theirs.end) - max(p.offset, theirs.offset)) for p in image.pieces)
        ours = esp_partitions.find(image.partitions, *labels)
        if lost:
            found.append((theirs, f"it overwrites {lost:,} bytes of the {what} ({theirs.region})"))
        if ours is None:
            found.append((theirs, f"it has no partition for the {what} ({theirs.region})"))
        elif (ours.offset, ours.size) != (theirs.offset, theirs.size):
            found.append((theirs, f"it keeps the {what} in {ours.region}, the board's are {theirs.region}"))
    return found


def untouched(image: Image, there: Table, flash_bytes: int) -> list[Partition]:
    """The flash that writing a placed image leaves as it is: rows by what lies there, whole sectors."""
    rows = [*image.partitions, *(p for p in there if p not in image.partitions)]
    edges = {0, flash_bytes}
    edges |= {edge for row in rows for edge in (row.offset, row.end) if edge < flash_bytes}
    edges |= {edge for piece in image.pieces for edge in (piece.offset // SECTOR * SECTOR, piece.erased_end)}
    found = []
    borders = sorted(edges)
    for start, stop in zip(borders, borders[1:], strict=False):
        if any(piece.offset < stop and start < piece.erased_end for piece in image.pieces):
            continue
        label = next((row.label for row in rows if row.offset <= start < row.end), "unused flash")
        found.append(Partition(label, DATA, 0, start, stop - start))
    return found
