# SPDX-License-Identifier: MIT
"""What TFLite Metadata in a model says of its inputs: sample rate, image size, description.

A buffer named TFLITE_METADATA holds a flatbuffer of its own (file identifier M001, metadata_schema.fbs of
tflite-support). It is advice for people: what is malformed is as good as absent.
"""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass

# Fields by their place in the table.
MODEL_BUFFERS, MODEL_METADATA = 4, 6
METADATA_NAME, METADATA_BUFFER = 0, 1
BUFFER_DATA = 0
DESCRIPTION, SUBGRAPHS = 1, 3
SUBGRAPH_INPUTS = 2
TENSOR_CONTENT = 3
CONTENT_TYPE, CONTENT = 0, 1
IMAGE, AUDIO = 2, 4
IMAGE_SIZE = 1
WIDTH, HEIGHT = 0, 1
SAMPLE_RATE = 0


@dataclass(frozen=True)
class Meaning:
    sample_rate: int | None = None
    image_size: tuple[int, int] | None = None  # width, height
    description: str | None = None


class _Table:
    """A flatbuffer table. struct.error or IndexError where it leaves the data."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at
        self.vtable = at - struct.unpack_from("<i", data, at)[0]
        if self.vtable < 0 or at < 0:
            raise IndexError("outside")
        self.size = struct.unpack_from("<H", data, self.vtable)[0]

    def place(self, field: int) -> int | None:
        if 4 + 2 * field + 2 > self.size:
            return None
        offset = struct.unpack_from("<H", self.data, self.vtable + 4 + 2 * field)[0]
        return self.at + offset if offset else None

    def number(self, field: int, kind: str = "<I") -> int:
        place = self.place(field)
        return struct.unpack_from(kind, self.data, place)[0] if place else 0

    def _target(self, place: int) -> int:
        return place + struct.unpack_from("<I", self.data, place)[0]

    def table(self, field: int) -> _Table | None:
        place = self.place(field)
        return _Table(self.data, self._target(place)) if place else None

    def tables(self, field: int) -> list[_Table]:
        place = self.place(field)
        if not place:
            return []
        start = self._target(place)
        count = struct.unpack_from("<I", self.data, start)[0]
        if count > len(self.data) // 4:
            raise IndexError("outside")
        return [_Table(self.data, self._target(start + 4 + 4 * i)) for i in range(count)]

    def bytes(self, field: int) -> bytes:
        place = self.place(field)
        if not place:
            return b""
        start = self._target(place)
        count = struct.unpack_from("<I", self.data, start)[0]
        return self.data[start + 4 : start + 4 + count]


def read(model: bytes) -> Meaning:
    """What the model's metadata says; what it doesn't say is None."""
    with contextlib.suppress(struct.error, IndexError, UnicodeDecodeError):
        return _read(model)
    return Meaning()


def _read(model: bytes) -> Meaning:
    root = _Table(model, struct.unpack_from("<I", model)[0])
    entries = root.tables(MODEL_METADATA)
    names = [entry for entry in entries if entry.bytes(METADATA_NAME) == b"TFLITE_METADATA"]
    if not names:
        return Meaning()
    data = root.tables(MODEL_BUFFERS)[names[0].number(METADATA_BUFFER)].bytes(BUFFER_DATA)
    about = _Table(data, struct.unpack_from("<I", data)[0])
    rate = size = None
    for subgraph in about.tables(SUBGRAPHS)[:1]:
        for tensor in subgraph.tables(SUBGRAPH_INPUTS):
            content = tensor.table(TENSOR_CONTENT)
            meant = content.table(CONTENT) if content else None
            kind = content.number(CONTENT_TYPE, "<B") if content else 0
            if meant and kind == AUDIO:
                rate = rate or meant.number(SAMPLE_RATE) or None
            elif meant and kind == IMAGE and (dims := meant.table(IMAGE_SIZE)):
                size = size or (dims.number(WIDTH), dims.number(HEIGHT))
    return Meaning(rate, size, about.bytes(DESCRIPTION).decode() or None)
