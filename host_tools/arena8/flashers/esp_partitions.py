# SPDX-License-Identifier: MIT
"""Partition tables of ESP chips: rows of 32 bytes, checksummed (ESP-IDF, components/partition_table)."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from .uf2 import Region, WrongFile

TABLE = 0x8000  # where ESP-IDF puts it unless told otherwise
TABLE_BYTES = 0xC00
SECTOR = 4096
APP_ALIGNMENT = 0x10000
ROW, CHECKSUM = b"\xaa\x50", b"\xeb\xeb"
APP, DATA = 0, 1
OTA = 0  # the data partition that says which app starts
NO_ROW = b"\xff" * 32
FILES = ("vfs", "ffat")  # what MicroPython calls its filesystem
ROMFS = "romfs"


@dataclass(frozen=True)
class Partition:
    label: str
    type: int
    subtype: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        return self.offset + self.size

    @property
    def region(self) -> Region:
        return Region(self.offset, self.size)

    def __str__(self) -> str:
        return f"{self.label} ({self.region})"


Table = tuple[Partition, ...]


def parse(data: bytes) -> Table:
    """The partitions of a table, in its order. WrongFile if it is none, or damaged."""
    found = []
    for at in range(0, min(len(data), TABLE_BYTES), 32):
        row = data[at : at + 32]
        if row == NO_ROW:
            return _consistent(tuple(found))
        if row[:2] == CHECKSUM:
            if row[16:] != hashlib.md5(data[:at]).digest():
                raise WrongFile("the partition table is damaged: its MD5 differs")
            continue
        if row[:2] != ROW or len(row) != 32:
            raise WrongFile(f"no partition table: row {at // 32} starts with {row[:2].hex() or 'nothing'}")
        kind, subtype, offset, size, label, _flags = struct.unpack_from("<BBII16sI", row, 2)
        name = label.partition(b"\0")[0].decode("utf-8", "replace")
        found.append(Partition(name, kind, subtype, offset, size))
    return _consistent(tuple(found))


def _consistent(table: Table) -> Table:
    if not table:
        raise WrongFile("the partition table is empty")
    last = None
    for partition in sorted(table, key=lambda p: p.offset):
        least = APP_ALIGNMENT if partition.type == APP else SECTOR
        if partition.offset % least or partition.offset < TABLE + SECTOR or not partition.size:
            raise WrongFile(f"the partition table is damaged: {partition} can't lie there")
        if last and partition.offset < last.end:
            raise WrongFile(f"the partition table is damaged: {partition} overlaps {last}")
        last = partition
    return table


def find(table: Table, *labels: str) -> Partition | None:
    return next((p for p in table if p.type == DATA and p.label in labels), None)


def end(table: Table) -> int:
    return max((p.end for p in table), default=0)
