# SPDX-License-Identifier: MIT
"""What the tools know of an input or output, on a board or on this machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy

# Element types by name: typecode of array and bytes of one element.
ITEM = {
    "int8": ("b", 1),
    "uint8": ("B", 1),
    "bool": ("B", 1),
    "int16": ("h", 2),
    "uint16": ("H", 2),
    "int32": ("i", 4),
    "uint32": ("I", 4),
    "float32": ("f", 4),
    "int64": ("q", 8),
    "uint64": ("Q", 8),
}  # fmt: skip


@dataclass(frozen=True)
class TensorInfo:
    """where is the expression that means the tensor where it lives."""

    where: str
    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float | tuple[float, ...]
    zero_point: int | tuple[int, ...]

    @property
    def count(self) -> int:
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def nbytes(self) -> int:
        return self.count * ITEM[self.dtype][1]

    def values(self, data: bytes) -> numpy.ndarray:
        """Raw bytes as flat numbers of the tensor's type."""
        return numpy.frombuffer(data, dtype="<" + ITEM[self.dtype][0])

    def real(self, data: bytes) -> numpy.ndarray:
        """Raw bytes as flat real values, (q - zero_point) * scale in float32."""
        values = self.values(data)
        if not isinstance(self.scale, tuple) and self.scale:
            return (values.astype(numpy.float32) - numpy.float32(self.zero_point)) * numpy.float32(self.scale)
        return values
