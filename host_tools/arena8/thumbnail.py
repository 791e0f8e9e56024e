# SPDX-License-Identifier: MIT
"""A small picture of an input for the terminal: two pixels a character where there are colours."""

from __future__ import annotations

import numpy
from rich.style import Style
from rich.text import Text

from . import render
from .tensor_info import TensorInfo

LEAST, MOST = 4, 10  # rows of characters
WIDEST = 64  # columns


def is_picture(tensor: TensorInfo) -> bool:
    """Whether an input has the shape of one picture of 1 or 3 colours."""
    shape = tensor.shape
    return len(shape) == 4 and shape[0] == 1 and shape[3] in (1, 3) and min(shape[1:3]) >= 4


def draw(tensor: TensorInfo, data: bytes, rows: int, columns: int, colours: bool, turned: bool) -> list[Text]:
    """At most so many rows and columns; none if that is too small to see anything. turned: as a sound's
    features are looked at, time to the right and low ones below."""
    if not is_picture(tensor) or min(rows, MOST) < LEAST:
        return []
    pixels = tensor.values(data).astype(numpy.float64).reshape(tensor.shape[1:])
    if turned:
        pixels = pixels.transpose(1, 0, 2)[::-1]
    pixels = _scaled(pixels, 2 * min(rows, MOST), min(columns - 1, WIDEST))
    pixels = _levels(pixels, tensor)
    if colours:
        return [_colours(pixels[at : at + 2]) for at in range(0, len(pixels), 2)]
    shades = render.shades()
    gray = pixels.mean(axis=2)
    gray = numpy.array([gray[at : at + 2].mean(axis=0) for at in range(0, len(gray), 2)])
    steps = numpy.rint(gray / 255 * (len(shades) - 1)).astype(int)
    return [Text(" " + "".join(shades[step] for step in row)) for row in steps]


def _scaled(pixels: numpy.ndarray, height: int, width: int) -> numpy.ndarray:
    """Pixels become whole blocks, or share one as a mean; about as high as wide as they are."""
    factor = min(height / pixels.shape[0], width / pixels.shape[1])
    if factor >= 1:
        return pixels.repeat(int(factor), axis=0).repeat(int(factor), axis=1)
    for axis in (0, 1):
        parts = max(int(pixels.shape[axis] * factor), 1)
        pixels = numpy.stack(
            [p.mean(axis=axis) for p in numpy.array_split(pixels, parts, axis=axis)], axis=axis
        )
    return pixels


def _levels(pixels: numpy.ndarray, tensor: TensorInfo) -> numpy.ndarray:
    """0 to 255, of what the type can say; for types with room to spare, of what there is."""
    if tensor.dtype in ("int8", "uint8"):
        return pixels + (128 if tensor.dtype == "int8" else 0)
    pixels = numpy.nan_to_num(pixels)
    low, high = pixels.min(), pixels.max()
    return (pixels - low) * (255 / ((high - low) or 1))


def _colours(pair: numpy.ndarray) -> Text:
    """One row of characters, whose upper halves have one colour and whose lower ones another."""
    line = Text(" ")
    upper, lower = pair[0], pair[-1] if len(pair) > 1 else None
    for x in range(upper.shape[0]):
        back = {"bgcolor": _colour(lower[x])} if lower is not None else {}
        line.append("▀", Style(color=_colour(upper[x]), **back))
    return line


def _colour(channels: numpy.ndarray) -> str:
    red, green, blue = (int(c) for c in (channels if len(channels) == 3 else channels.repeat(3)))
    return f"#{red:02x}{green:02x}{blue:02x}"
