# SPDX-License-Identifier: MIT
"""The picture of an input beside its answers: what is where, how bright, and how large."""

from __future__ import annotations

import io

import numpy
import pytest
from arena8 import render, thumbnail
from arena8.tensor_info import TensorInfo


@pytest.fixture(autouse=True)
def utf8(monkeypatch):
    monkeypatch.setattr(render.sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))


def tensor(*shape, dtype="uint8"):
    return TensorInfo("", "image", (1, *shape), dtype, 1.0, 0)


def draw(pixels, rows=10, columns=60, colours=True, turned=False, dtype="uint8"):
    pixels = numpy.asarray(pixels, dtype)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    return thumbnail.draw(
        tensor(*pixels.shape, dtype=dtype), pixels.tobytes(), rows, columns, colours, turned
    )


def colours_of(line):
    """(upper, lower) of each character."""
    return [(str(span.style.color.name), str(span.style.bgcolor.name)) for span in line.spans]


RAMP = numpy.arange(64).reshape(8, 8) * 4


def test_two_pixels_a_character():
    lines = draw(RAMP, rows=4)
    assert [str(line) for line in lines] == [" " + "▀" * 8] * 4
    for y, line in enumerate(lines):
        for x, pair in enumerate(colours_of(line)):
            assert pair == tuple("#" + f"{RAMP[2 * y + i, x]:02x}" * 3 for i in (0, 1))


def test_colours():
    pixels = numpy.zeros((8, 8, 3), numpy.uint8)
    pixels[0, 0] = 255, 128, 1
    assert colours_of(draw(pixels, rows=4)[0])[0] == ("#ff8001", "#000000")


def test_int8_is_black_at_its_least():
    pixels = numpy.full((8, 8), -128)
    pixels[0, 0] = 127
    assert colours_of(draw(pixels, rows=4, dtype="int8")[0])[0] == ("#ffffff", "#000000")


@pytest.mark.parametrize("rows, columns, shape", [(9, 60, (8, 16)), (10, 9, (4, 8)), (10, 60, (8, 16))])
def test_small_pictures_grow_by_whole_pixels(rows, columns, shape):
    lines = draw(RAMP, rows=rows, columns=columns)
    assert (len(lines), len(str(lines[0])) - 1) == shape


def test_large_pictures_shrink_to_means():
    pixels = numpy.zeros((96, 96), numpy.uint8)
    pixels[:48, :48] = 200
    pixels[48:, 48:] = numpy.indices((48, 48)).sum(axis=0) % 2 * 100
    lines = draw(pixels, rows=8)
    assert [len(str(line)) for line in lines] == [17] * 8
    shown = [[pair[0] for pair in colours_of(line)] for line in lines]
    assert {c for row in shown[:4] for c in row[:8]} == {"#c8c8c8"}
    assert {c for row in shown[4:] for c in row[8:]} == {"#323232"}
    assert {c for row in shown[4:] for c in row[:8]} == {"#000000"}


def test_a_sound_is_turned():
    """Features of 12 moments, 8 at each: time goes to the right, low ones are below."""
    pixels = numpy.zeros((12, 8), numpy.uint8)
    pixels[11, 0] = 255  # the last moment, the lowest
    lines = draw(pixels, rows=4, turned=True)
    assert (len(lines), len(str(lines[0])) - 1) == (4, 12)
    bright = [(y, x, colours_of(line)[x]) for y, line in enumerate(lines) for x in range(12)]
    assert [(y, x) for y, x, pair in bright if "#ffffff" in pair] == [(3, 11)]
    assert colours_of(lines[3])[11] == ("#000000", "#ffffff")


def test_without_colours_there_are_shades():
    pixels = numpy.zeros((8, 8), numpy.uint8)
    pixels[:, 4:] = 255
    assert [str(line) for line in draw(pixels, rows=4, colours=False)] == ["     ████"] * 4


@pytest.mark.parametrize("shape", [(4,), (1, 640), (8, 8, 4), (8, 2, 1)])
def test_what_is_no_picture_is_not_drawn(shape):
    data = bytes(int(numpy.prod(shape)))
    assert thumbnail.draw(tensor(*shape), data, 10, 60, True, False) == []


def test_too_little_room():
    assert draw(RAMP, rows=3) == [] and draw(RAMP, rows=-2) == []
    assert draw(numpy.full((8, 8), numpy.nan), dtype="float32") != []
