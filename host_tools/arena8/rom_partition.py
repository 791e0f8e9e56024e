# SPDX-License-Identifier: MIT
"""The ROMFS partition of a board: read, and written so that no interruption leaves half an image that mounts.

An image counts from its first three bytes on. So the first block is erased before anything else, its contents
are written when all other blocks are there and verified, and the three bytes last. A board that is unplugged
before that starts without a ROMFS, as one that never had any.
"""

from __future__ import annotations

import binascii

from . import romfs
from .errors import BoardError, RemoteError, ToolError
from .remote import literal
from .transports.bulk import Bulk, Progress, ignore
from .transports.repl import Repl

ERASED = b"\xff"
STEP = 4096  # bytes that the board's buffer takes of a partition that is written by rom_ioctl

# A partition is a block device (rp2, esp32), or plain memory that rom_ioctl writes (stm32, alif). Both can be
# read as a buffer.
OPEN = """
import vfs
_a8_part = vfs.rom_ioctl(2, 0) if hasattr(vfs, 'rom_ioctl') and vfs.rom_ioctl(1) > 0 else -1
if isinstance(_a8_part, int):
    print(repr(None))
else:
    _a8_rom = memoryview(_a8_part)
    _a8_block = _a8_part.ioctl(5, 0) if hasattr(_a8_part, 'ioctl') else 0
    print(repr((len(_a8_rom), _a8_block, bytes(_a8_rom[:16]))))
"""
UNMOUNT = """
import gc
try:
    vfs.umount('/rom')
except OSError:
    pass
gc.collect()
_a8_b = memoryview(bytearray({size}))
"""


class Partition:
    """ROMFS partition 0 of the board at the other end of repl. ToolError if there is none."""

    start = romfs.START  # where the first entry of an image for it begins

    def __init__(self, repl: Repl, bulk: Bulk) -> None:
        self.repl = repl
        self.bulk = bulk
        try:
            about = literal(repl, repl.exec(OPEN))
        except RemoteError as e:
            if e.kind not in ("ImportError", "AttributeError"):
                raise
            about = None
        if about is None:
            raise ToolError(
                f"{repl.name} has no ROMFS partition, the place where models are deployed to; "
                "a firmware with the model frozen into it does without"
            )
        self.size, self.block, start = about
        self.used = romfs.size_of(start)

    def image(self, progress: Progress = ignore) -> bytes | None:
        """The image in the partition, None if there is none. RomfsError if it can't be one."""
        if self.used is None:
            return None
        if self.used > self.size:
            raise romfs.RomfsError(f"its ROMFS says it has {self.used} of {self.size} bytes")
        return self.bulk.read("_a8_rom", 0, self.used, what="the ROMFS", progress=progress)

    def crc32(self, start: int, stop: int) -> int:
        said = self.repl.exec(f"print(binascii.crc32(_a8_rom[{start}:{stop}]) & 0xffffffff)")
        return int(said.split()[-1])

    def write(self, image: bytes, progress: Progress = ignore) -> int:
        """Replaces the image; returns the bytes written. The caller has soft-reset the board, so that nothing
        over there reads what goes."""
        if len(image) > self.size:
            raise ToolError(f"the image has {len(image)} bytes, the ROMFS of {self.repl.name} {self.size}")
        if self.block:
            return self._write_blocks(image, progress)
        return self._write_memory(image, progress)

    def erase(self) -> None:
        """Leaves a partition without an image."""
        self.repl.exec(UNMOUNT.format(size=0))
        if self.block:
            self.repl.exec("_a8_part.ioctl(6, 0)")
        else:
            self.repl.exec(f"vfs.rom_ioctl(3, 0, {STEP})\nvfs.rom_ioctl(5, 0)")

    # Block devices.

    def _write_blocks(self, image: bytes, progress: Progress) -> int:
        block = self.block
        self.repl.exec(UNMOUNT.format(size=block))
        self.repl.exec("_a8_part.ioctl(6, 0)")
        written = 0
        for at in range(block, len(image), block):
            data = image[at : at + block].ljust(block, ERASED)
            if self.crc32(at, at + block) != binascii.crc32(data):  # what is there already stays
                self._program(at, data, f"_a8_part.writeblocks({at // block}, _a8_b)")
                written += block
            progress(at, len(image))
        first = image[:block].ljust(block, ERASED)
        magic = len(romfs.MAGIC)
        self._program(
            magic,
            first[magic:],
            f"_a8_b[:{magic}] = {ERASED * magic!r}\n_a8_part.writeblocks(0, _a8_b, 0)",
            before=first[:magic],
        )
        # Flash takes a byte that was left erased: the block needs no second erasure.
        self.repl.exec(f"_a8_b[:{magic}] = {first[:magic]!r}\n_a8_part.writeblocks(0, _a8_b, 0)")
        self._check(0, first)
        progress(len(image), len(image))
        return written + block

    def _program(self, at: int, data: bytes, code: str, before: bytes = b"") -> None:
        """Fills the board's buffer with before and data, runs code, and compares data with what is then at
        byte at."""
        held = (before + data).rstrip(ERASED)
        if held:
            self.bulk.write("_a8_b", held)
        rest = len(before + data) - len(held)
        self.repl.exec(f"_a8_b[{len(held)}:] = {ERASED!r} * {rest}\n{code}" if rest else code)
        self._check(at, data)

    def _check(self, at: int, data: bytes) -> None:
        if (crc := self.crc32(at, at + len(data))) != binascii.crc32(data):
            raise BoardError(
                f"the flash of {self.repl.name} does not hold what was written to it: {len(data)} bytes "
                f"of its ROMFS from byte {at} have CRC-32 {crc:08x} in place of {binascii.crc32(data):08x}"
            )

    # Memory.

    def _write_memory(self, image: bytes, progress: Progress) -> int:
        self.repl.exec(UNMOUNT.format(size=STEP))
        # It answers with the least number of bytes that can be written at a time, or an error.
        least = int(self.repl.exec(f"print(vfs.rom_ioctl(3, 0, {len(image)}))").split()[-1])
        if not 0 <= least <= STEP:
            raise BoardError(f"{self.repl.name} can't erase its ROMFS partition: rom_ioctl says {least}")
        least = max(least, 1)
        # The piece with the header comes last.
        first = -(-romfs.START // least) * least
        pieces = [(at, min(STEP, len(image) - at)) for at in range(first, len(image), STEP)]
        for at, n in [*pieces, (0, min(first, len(image)))]:
            data = image[at : at + n]
            padded = data.ljust(-(-n // least) * least, ERASED)
            self.bulk.write("_a8_b", padded)
            said = self.repl.exec(f"print(vfs.rom_ioctl(4, 0, {at}, _a8_b[:{len(padded)}]))").split()[-1]
            if int(said) < 0:
                raise BoardError(
                    f"{self.repl.name} can't write its ROMFS partition: rom_ioctl says {int(said)}"
                )
            if at == 0:
                self.repl.exec("vfs.rom_ioctl(5, 0)")
            self._check(at, data)
            progress(at + n if at else len(image), len(image))
        return len(image)
