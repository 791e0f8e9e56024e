# SPDX-License-Identifier: MIT
"""Inputs for many runs of a model: random ones, or all the samples that an array holds."""

from __future__ import annotations

import numpy

from . import inputs
from .errors import UsageError
from .tensor_info import ITEM, TensorInfo


def random(tensors: list[TensorInfo], count: int, seed: int) -> list[list[bytes]]:
    """count times the bytes of each tensor. The kinds of numbers take turns: evenly spread, near the zero
    point, extremes only; so that saturation comes up as well as the middle of the range."""
    generator = numpy.random.default_rng(seed)
    return [[_random(tensor, generator, i % 3) for tensor in tensors] for i in range(count)]


def _random(tensor: TensorInfo, generator: numpy.random.Generator, kind: int) -> bytes:
    dtype = numpy.dtype("uint8" if tensor.dtype == "bool" else tensor.dtype).newbyteorder("<")
    size = tensor.count
    if dtype.kind == "f":
        spread = (1.0, 0.05, 100.0)[kind]
        return generator.normal(0.0, spread, size).astype(dtype).tobytes()
    info = numpy.iinfo(dtype)
    low, high = (0, 1) if tensor.dtype == "bool" else (int(info.min), int(info.max))
    if ITEM[tensor.dtype][1] > 2 and tensor.dtype != "bool":
        low, high = max(low, 0), 127  # wide integers are counts and indices rather than signals
    if kind == 1:
        zero = tensor.zero_point if not isinstance(tensor.zero_point, tuple) else tensor.zero_point[0]
        near = numpy.rint(generator.normal(zero, (high - low) / 32 or 1, size))
        values = numpy.clip(near, low, high)
    elif kind == 2:
        values = generator.choice([low, high], size)
    else:
        values = generator.integers(low, high, size, endpoint=True)
    return values.astype(dtype).tobytes()


def given(texts: tuple[str, ...], tensors: list[TensorInfo], options: inputs.Options) -> list[list[bytes]]:
    """The samples that --input means: an array may hold many, one after the other."""
    columns = [inputs.read_many(text, tensor, options) for text, tensor in zip(texts, tensors, strict=True)]
    lengths = sorted({len(column) for column in columns})
    if len(lengths) > 1:
        raise UsageError(f"the inputs hold different numbers of samples: {', '.join(map(str, lengths))}")
    return [list(row) for row in zip(*columns, strict=True)]
