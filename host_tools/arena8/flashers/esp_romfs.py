# SPDX-License-Identifier: MIT
"""The ROMFS partition of an ESP chip in its bootloader: as rom_partition has that of a running board.

An image counts from its first three bytes on, and the bootloader writes whole sectors. So the images for it
have nothing but their header in the first sector: that is erased before anything else, and written when all
others are there and verified.
"""

from __future__ import annotations

from .. import romfs
from ..errors import ToolError
from ..transports.bulk import Progress, ignore
from . import esp_partitions
from .esp import Chip
from .esp_image import Piece
from .esp_partitions import SECTOR, TABLE, TABLE_BYTES
from .uf2 import WrongFile


class EspRomfs:
    """The partition called romfs. ToolError if there is none."""

    start = SECTOR  # where the first entry of an image for it begins

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        try:
            table = esp_partitions.parse(chip.read(TABLE, TABLE_BYTES))
        except WrongFile as e:
            raise ToolError(f"the {chip.name} on {chip.device} runs no MicroPython: {e}") from e
        place = esp_partitions.find(table, esp_partitions.ROMFS)
        if place is None:
            raise ToolError(
                f"{chip.device} has no ROMFS partition, the place where models are deployed to; "
                "`arena8 flash` writes a firmware with one"
            )
        self.offset, self.size = place.offset, place.size
        self.used = romfs.size_of(chip.read(self.offset, 16))

    def image(self, progress: Progress = ignore) -> bytes | None:
        """The image in the partition, None if there is none. RomfsError if it can't be one."""
        if self.used is None:
            return None
        if self.used > self.size:
            raise romfs.RomfsError(f"its ROMFS says it has {self.used} of {self.size} bytes")
        return self.chip.read(self.offset, self.used, progress)

    def write(self, image: bytes, progress: Progress = ignore) -> int:
        """Replaces the image, one whose first entry begins at start; returns the bytes written."""
        if len(image) > self.size:
            raise ToolError(f"the image has {len(image)} bytes, the ROMFS of {self.chip.device} {self.size}")
        rest = [Piece("ROMFS", self.offset + SECTOR, image[SECTOR:])] if len(image) > SECTOR else []
        header = [Piece("the header of the ROMFS", self.offset, image[:SECTOR])]
        self.erase()
        written = self.chip.write(rest, progress)
        self.chip.verify(rest)
        written += self.chip.write(header)
        self.chip.verify(header)
        return written

    def erase(self) -> None:
        """Leaves a partition without an image."""
        self.chip.erase(self.offset, SECTOR)
