# SPDX-License-Identifier: MIT
"""The flash of an emulated Pico, for pico_process.py: UF2 files go in, and a file may keep it."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rp2040py.device.load_flash import decode_block
from rp2040py.memory_map import FLASH_START_ADDRESS

BLOCK = 512  # of a UF2 file
SECTOR = 4096
BOOT_BYTES = 256  # the boot ROM takes the first for the second stage of booting


class Flash:
    def __init__(self, memory: memoryview) -> None:
        self._memory = memory
        self._path: Path | None = None
        self._kept = b""

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to boot."""
        return bytes(self._memory[:BOOT_BYTES]) == b"\xff" * BOOT_BYTES

    def write(self, file: str) -> None:
        """What the boot ROM does with a UF2 file: erases the sectors that it touches, and writes."""
        data = Path(file).read_bytes()
        blocks = [decode_block(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)]
        places = [(block.flash_address - FLASH_START_ADDRESS, block.payload) for block in blocks]
        for sector in {start // SECTOR * SECTOR for start, _ in places}:
            self._memory[sector : sector + SECTOR] = b"\xff" * SECTOR
        for start, payload in places:
            self._memory[start : start + len(payload)] = payload

    def keep_in(self, path: str) -> None:
        """Takes the flash from a file as large as it, and keeps it there from now on."""
        self._path = Path(path)
        self._kept = self._path.read_bytes()
        self._memory[: len(self._kept)] = self._kept

    def save(self) -> None:
        """Brings the file up to date."""
        if self._path is None:
            return
        now = bytes(self._memory[: len(self._kept)])
        if now != self._kept:
            self._path.write_bytes(now)
            self._kept = now


@contextmanager
def blank() -> Iterator[str]:
    """A UF2 file of one erased block, for a Pico that has no firmware yet."""
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, FLASH_START_ADDRESS, 256, 0, 1, 0xE48BFF56)
    with tempfile.TemporaryDirectory(prefix="arena8-") as folder:
        path = Path(folder) / "blank.uf2"
        path.write_bytes((head + b"\xff" * 256).ljust(BLOCK - 4, b"\0") + struct.pack("<I", 0x0AB16F30))
        yield str(path)
