# SPDX-License-Identifier: MIT
"""UF2 files: read, checked against a board, and what they say about the firmware inside.

A UF2 file is a row of 512-byte blocks, each with an address and up to 476 bytes of flash
(github.com/microsoft/uf2). An RP2 firmware carries "binary info" for tools (pico_binary_info of the Pico
SDK): name and version of the program, and the flash that it keeps for itself, MicroPython's filesystem.
"""

from __future__ import annotations

import bisect
import struct
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from .. import formats
from ..boards import Board
from ..errors import ToolError

BLOCK = 512
SECTOR = 4096  # what flash is erased in
START0, START1, END = 0x0A324655, 0x9E5D5157, 0x0AB16F30
NOT_FLASH, HAS_FAMILY = 0x1, 0x2000
ABSOLUTE = 0xE48BFF57
CHIPS = {
    0xE48BFF56: "RP2040",
    ABSOLUTE: "any RP2350, at absolute addresses",
    0xE48BFF59: "RP2350",
    0xE48BFF5A: "RP2350 as RISC-V",
    0xE48BFF5B: "RP2350, non-secure",
    0x1C5F21B0: "ESP32",
    0xBFDD4EEE: "ESP32-S2",
    0xC47E5767: "ESP32-S3",
}
INFO_START, INFO_END = 0x7188EBF2, 0xE71AA390
INFO_STRING, INFO_BLOCK_DEVICE = 6, 7
INFO_STRINGS = {0x02031C86: "program", 0x11A9BC3A: "version", 0xB63CFFBB: "pico_board"}


class WrongFile(ToolError):
    """A file that is no firmware for this board, or not a whole one."""


@dataclass(frozen=True)
class Region:
    """Flash that belongs to somebody."""

    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size

    def __str__(self) -> str:
        return f"{self.size:,} bytes at 0x{self.start:08x}"


@dataclass(frozen=True)
class Image:
    """A whole UF2 file. runs: (address, bytes) of flash that it writes, in order, none next to another."""

    path: Path
    data: bytes = field(repr=False)
    family: int = 0
    runs: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)

    @property
    def chip(self) -> str:
        return CHIPS.get(self.family, f"a chip of family 0x{self.family:08x}")

    @property
    def size(self) -> int:
        """Bytes of flash."""
        return sum(len(data) for _, data in self.runs)

    def read(self, address: int, size: int) -> bytes | None:
        """Bytes of flash; None if the file does not have them all."""
        at = bisect.bisect_right(self.runs, address, key=lambda run: run[0]) - 1
        if at < 0:
            return None
        start, data = self.runs[at]
        found = data[address - start : address - start + size]
        return found if len(found) == size else None

    def _word(self, address: int) -> int | None:
        data = self.read(address, 4)
        return struct.unpack("<I", data)[0] if data else None

    def _text(self, address: int) -> str:
        text = b""
        while (c := self.read(address + len(text), 1)) and c != b"\0" and len(text) < 256:
            text += c
        return text.decode("utf-8", "replace")

    @cached_property
    def info(self) -> dict:
        """The binary info: program, version, pico_board where there are any, devices: [(name, Region)]."""
        found: dict = {"devices": []}
        if not self.runs:
            return found
        base = self.runs[0][0]
        for header in range(base, base + SECTOR, 4):
            if self._word(header) == INFO_START and self._word(header + 16) == INFO_END:
                break
        else:
            return found
        first, last = self._word(header + 4), self._word(header + 8)
        for entry in range(first, min(last, first + SECTOR), 4):
            at = self._word(entry)
            core = self.read(at, 4) if at else None
            if core is None:
                continue
            kind, _tag = struct.unpack("<HH", core)
            if kind == INFO_STRING and (body := self.read(at + 4, 8)):
                number, value = struct.unpack("<II", body)
                if number in INFO_STRINGS:
                    found[INFO_STRINGS[number]] = self._text(value)
            elif kind == INFO_BLOCK_DEVICE and (body := self.read(at + 4, 12)):
                name, start, size = struct.unpack("<III", body)
                found["devices"].append((self._text(name), Region(start, size)))
        return found

    @property
    def filesystem(self) -> Region | None:
        """Where this firmware keeps the user's files; None if it does not say."""
        devices = [region for _, region in self.info["devices"]]
        return devices[0] if devices else None


def read(path: str | Path) -> Image:
    """The UF2 file, whole and consistent; WrongFile says what is wrong with it."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as e:
        raise WrongFile(f"can't read the firmware {path}: {e.strerror}") from e
    if len(data) < 8 or struct.unpack_from("<II", data) != (START0, START1):
        raise WrongFile(f"{path} is no UF2 file: {formats.no_firmware(data, path.suffix)}")
    if len(data) % BLOCK:
        raise WrongFile(
            f"{path} is cut off: {len(data):,} bytes are {len(data) // BLOCK:,} blocks of {BLOCK} bytes "
            f"and {len(data) % BLOCK} bytes of another; copy or build it again"
        )
    family = None
    pieces: dict[int, bytes] = {}
    numbers: set[int] = set()
    total = 0
    for at in range(0, len(data), BLOCK):
        start0, start1, flags, address, size, number, count, kind = struct.unpack_from("<8I", data, at)
        (end,) = struct.unpack_from("<I", data, at + BLOCK - 4)
        if (start0, start1, end) != (START0, START1, END) or size > 476:
            raise WrongFile(f"{path} is damaged: block {at // BLOCK} of {len(data) // BLOCK} is no UF2 block")
        if flags & NOT_FLASH:
            continue
        if not flags & HAS_FAMILY:
            raise WrongFile(f"{path} does not say which chip it is for (block {at // BLOCK} has no family)")
        if kind == ABSOLUTE and at == 0 and count != len(data) // BLOCK:
            continue  # one block that works around an erratum of the RP2350 (E10)
        if family not in (None, kind):
            raise WrongFile(
                f"{path} holds firmware for several chips ({CHIPS.get(family, hex(family))} and "
                f"{CHIPS.get(kind, hex(kind))}); give a file for one"
            )
        if address in pieces or number in numbers:
            raise WrongFile(f"{path} is damaged: it has block {number} (0x{address:08x}) twice")
        family, total = kind, count
        numbers.add(number)
        pieces[address] = data[at + 32 : at + 32 + size]
    if family is None:
        raise WrongFile(f"{path} holds nothing for flash")
    if numbers != set(range(total)):
        raise WrongFile(
            f"{path} is cut off: it has {len(numbers):,} of {total:,} blocks; copy or build it again"
        )
    runs: list[tuple[int, bytearray]] = []
    for address in sorted(pieces):
        if runs and runs[-1][0] + len(runs[-1][1]) > address:
            raise WrongFile(f"{path} is damaged: blocks overlap at 0x{address:08x}")
        if runs and runs[-1][0] + len(runs[-1][1]) == address:
            runs[-1][1].extend(pieces[address])
        else:
            runs.append((address, bytearray(pieces[address])))
    return Image(path, data, family, tuple((address, bytes(run)) for address, run in runs))


def region(board: Board, name: str) -> Region | None:
    """A region of the board's flash map, by its address."""
    place = board.facts.get("flash_map", {}).get(name)
    return Region(int(board.facts["flash"]["base"], 0) + place["offset"], place["bytes"]) if place else None


def check(image: Image, board: Board, filesystem: Region | None = None) -> list[str]:
    """WrongFile unless the image is for this board's chip and lies in its flash. Returns what it would do
    to the user's data, a sentence each; empty: nothing. filesystem: where the board says its files are, else
    where the flash map has them."""
    facts = board.facts
    family = int(facts["uf2"]["family"], 0)
    if image.family != family:
        raise WrongFile(
            f"{image.path} is for {image.chip}, and {board.name} has {facts['chip']} "
            f"(family 0x{image.family:08x}, not 0x{family:08x})"
        )
    flash = Region(int(facts["flash"]["base"], 0), facts["flash"]["bytes"])
    for address, data in image.runs:
        if address < flash.start or address + len(data) > flash.end:
            raise WrongFile(
                f"{image.path} writes {len(data):,} bytes at 0x{address:08x}, and the flash of {board.name} "
                f"is {flash}"
            )
    if image.runs[0][0] != flash.start:
        raise WrongFile(
            f"{image.path} begins at 0x{image.runs[0][0]:08x}, and {board.name} starts what lies at "
            f"0x{flash.start:08x}"
        )
    harm = []
    files = filesystem or region(board, "filesystem")
    for what, theirs in (("files on the board", files), ("ROMFS", region(board, "romfs"))):
        if theirs and (lost := sum(_overlap(run, theirs) for run in image.runs)):
            harm.append(f"it overwrites {lost:,} bytes of the {what} ({theirs})")
    if files and image.filesystem is None:
        harm.append(f"it does not say where it keeps files; the board's are {files}")
    elif files and image.filesystem != files:
        harm.append(f"it keeps files in {image.filesystem}, the board's are {files} and would not be found")
    return harm


def _overlap(run: tuple[int, bytes], region: Region) -> int:
    """Bytes of a region that are erased when a run is written."""
    start, end = run[0] // SECTOR * SECTOR, -(-(run[0] + len(run[1])) // SECTOR) * SECTOR
    return max(0, min(end, region.end) - max(start, region.start))
