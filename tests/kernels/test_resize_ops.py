# SPDX-License-Identifier: MIT
"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR against the reference.

Outputs must be the same to the bit, of float32 too: the arithmetic is the same, step by step. The reference
has int8 and float32, for nearest neighbours int16 too; the other types come from the formula.
"""

import differential
import numpy as np
import pytest
from differential import MODEL, UNSUPPORTED, Case, cases_wanted, check, check_refused, values
from model_builder import ModelBuilder


def an_image(rng, i):
    """Shape of the input, and size of the output: up, down, or far apart."""
    shape = (int(rng.integers(1, 3)), *(int(d) for d in rng.integers(1, 14, 2)), int(rng.integers(1, 6)))
    size = tuple(int(d) for d in rng.integers(1, 30, 2))
    if i % 10 == 0:
        shape, size = (1, int(rng.integers(1, 200)), 2, 1), (int(rng.integers(1, 200)), 3)
    if i % 10 == 1:
        size = (shape[1] * int(rng.integers(1, 4)), shape[2] * int(rng.integers(1, 4)))
    return shape, size


def resize(op, x, size, constant=False, out_dtype=None, out_shape=None, **options):
    """A model with one node that resizes x, and its inputs."""
    m = ModelBuilder()
    kwargs = {"scale": 0.5, "zero_point": 0} if x.dtype in (np.int8, np.int16) else {}
    if constant:
        a = m.constant(x, **kwargs)
        inputs, feed = [m.tensor((1,), "int8")], [np.zeros(1, np.int8)]
    else:
        a = m.tensor(x.shape, x.dtype.name, **kwargs)
        inputs, feed = [a], [x]
    shape = (x.shape[0], *size, x.shape[-1]) if out_shape is None else out_shape
    b = m.tensor(shape, out_dtype or x.dtype.name, **kwargs)
    m.node(op, [a, m.constant(np.array(size, np.int32))], [b], **options)
    return m.build(inputs, [b]), [feed]


def some_options(i):
    """The usual ways to place pixels, and the options left out."""
    return [
        {},
        {"align_corners": 1},
        {"half_pixel_centers": 1},
        {"align_corners": 0, "half_pixel_centers": 0},
    ][i % 4]


# ---- RESIZE_BILINEAR ------------------------------------------------------------------


def steps(n, out, align_corners=0, half_pixel_centers=0):
    """Positions of output pixels with 10 fractional bits, as the reference rounds them."""
    corners = 1 if align_corners and out > 1 else 0
    scale = (1024 * (n - corners) + (out - corners) // 2) // (out - corners)
    at = np.arange(out, dtype=np.int64) * scale
    return at + (scale // 2 - 512 if half_pixel_centers else 0)


def bilinear_formula(x, size, **options):
    """In exact integers. Positions beyond the last pixel, where the reference reads on, count as that."""
    taps = []
    for n, out in zip(x.shape[1:3], size, strict=True):
        at = np.clip(steps(n, out, **options), 0, (n - 1) * 1024)
        taps.append((at >> 10, np.minimum((at + 1023) >> 10, n - 1), at & 1023))
    (y0, y1, wy), (x0, x1, wx) = taps
    wy, wx = wy[:, None, None], wx[:, None]
    x = x.astype(np.int64)
    low = x[:, y0][:, :, x0] * (1024 - wx) + x[:, y0][:, :, x1] * wx
    high = x[:, y1][:, :, x0] * (1024 - wx) + x[:, y1][:, :, x1] * wx
    total = low * (1024 - wy) + high * wy
    return np.sign(total) * ((np.abs(total) + 2**19) >> 20)


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
def test_bilinear(program, dtype):
    rng = np.random.default_rng(1)
    cases = []
    for i in range(cases_wanted(200)):
        shape, size = an_image(rng, i)
        if i % 40 == 7:  # so many pixels that the rounded scale leads beyond the input
            shape, size = (1, 20, 2, 1), (3000, 2)
        x = values(rng, shape, dtype)
        options = some_options(i)
        model, invokes = resize("RESIZE_BILINEAR", x, size, i % 10 == 3, **options)
        expected = bilinear_formula(x, size, **options).astype(dtype).tobytes()
        inside = all(
            (steps(n, out, **options) >> 10).max() < n for n, out in zip(shape[1:3], size, strict=True)
        )
        note = f"RESIZE_BILINEAR {i} {shape} {size} {options}"
        cases.append(Case(model, invokes, note, expected, inside and dtype == np.int8, dtype))
    assert dtype != np.int8 or 0 < sum(not c.reference for c in cases) < len(cases) / 10
    outputs = check(program, cases)
    assert sum(len(np.unique(y)) > 3 for y in outputs) > len(cases) / 2


def test_float_bilinear(program):
    rng = np.random.default_rng(2)
    cases = []
    for i in range(cases_wanted(200)):
        shape, size = an_image(rng, i)
        x = rng.normal(0, 9, shape).astype(np.float32)
        if i % 8 == 1:
            x = np.asarray(rng.choice(np.array([0.0, -0.0, 1.0, -1.0], np.float32), shape), np.float32)
        model, invokes = resize("RESIZE_BILINEAR", x, size, i % 10 == 3, **some_options(i))
        cases.append(Case(model, invokes, f"RESIZE_BILINEAR {i} {shape} {size}", dtype=np.float32))
    check(program, cases)


# ---- RESIZE_NEAREST_NEIGHBOR -------------------------------------------------------------


def nearest(n, out, align_corners=0, half_pixel_centers=0):
    """Indices of input pixels, in float32 as the reference has them."""
    corners = 1 if align_corners and out > 1 else 0
    scale = np.float32(n - corners) / np.float32(out - corners)
    at = (np.arange(out, dtype=np.float32) + np.float32(0.5 if half_pixel_centers else 0)) * scale
    assert at.dtype == np.float32
    return np.minimum(np.floor(at.astype(np.float64) + (0.5 if align_corners else 0)), n - 1).astype(int)


DTYPES = [np.int8, np.int16, np.float32, np.uint8, np.int32, np.int64, np.bool_]


@pytest.mark.parametrize("dtype", DTYPES)
def test_nearest(program, dtype):
    rng = np.random.default_rng(3)
    cases = []
    for i in range(cases_wanted(200)):
        shape, size = an_image(rng, i)
        if dtype in (np.float32, np.bool_):
            x = rng.integers(0, 2 if dtype == np.bool_ else 10**6, shape).astype(dtype)
        else:
            x = values(rng, shape, dtype)
        options = some_options(i)
        if i % 20 == 9:
            options = {"align_corners": 1, "half_pixel_centers": 1}
        model, invokes = resize("RESIZE_NEAREST_NEIGHBOR", x, size, i % 10 == 3, **options)
        rows, columns = (nearest(n, out, **options) for n, out in zip(shape[1:3], size, strict=True))
        expected = x[:, rows][:, :, columns].tobytes()
        note = f"RESIZE_NEAREST_NEIGHBOR {i} {shape} {size} {options}"
        cases.append(Case(model, invokes, note, expected, DTYPES.index(dtype) < 3, dtype))
    outputs = check(program, cases)
    assert sum(len(np.unique(y)) > 1 for y in outputs) > len(cases) / 2


def test_nearest_of_all_sizes(program):
    """Rows of many lengths to rows of many lengths: where float32 rounds, every pixel counts."""
    rng = np.random.default_rng(4)
    cases = []
    for i in range(cases_wanted(200)):
        n, out = (int(d) for d in np.exp(rng.uniform(0, np.log(2000), 2)))
        x = np.arange(n, dtype=np.int16).reshape(1, n, 1, 1)
        model, invokes = resize("RESIZE_NEAREST_NEIGHBOR", x, (out, 1), **some_options(i))
        cases.append(Case(model, invokes, f"{n} to {out} {some_options(i)}", dtype=np.int16))
    check(program, cases)


# ---- Polls, and what must be refused -------------------------------------------------------


def test_polls(program):
    cases = []
    for op in ["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"]:
        for shape in [(1, 2, 2, 20), (1, 1, 1, 20)]:
            x = np.zeros(shape, np.int8)
            cases.append(resize(op, x, (100, 100)))
    x = np.zeros((1, 1, 1, 200_000), np.int8)
    cases.append(resize("RESIZE_NEAREST_NEIGHBOR", x, (1, 1)))
    polls = []
    differential.run_engine(program, cases, polls)
    assert len(polls) == len(cases) and min(polls) >= 200_000 // 16384, polls


def refuse(op="RESIZE_BILINEAR", shape=(1, 2, 2, 1), size=(3, 3), out_shape=None, dtype=np.int8, sizes=None,
           constant=True, out_dtype=None, **options):  # fmt: skip
    m = ModelBuilder()
    a = m.tensor(shape, np.dtype(dtype).name, scale=0.5)
    sizes = np.array(size, np.int32) if sizes is None else sizes
    s = m.constant(sizes) if constant else m.tensor(sizes.shape, sizes.dtype.name)
    out_shape = (shape[0], *size, shape[-1]) if out_shape is None else out_shape
    b = m.tensor(out_shape, out_dtype or np.dtype(dtype).name, scale=0.5)
    m.node(op, [a, s], [b], **options)
    return m.build([a] if constant else [a, s], [b])


REFUSED = [
    (refuse(sizes=np.array([3, 3])), UNSUPPORTED, "size is not int32", 2, 4),
    (refuse(sizes=np.array([3, 3, 3], np.int32)), MODEL, "a height and a width", 2, 3),
    (refuse(constant=False), UNSUPPORTED, "not constant", None, None),
    (refuse(out_dtype="int16"), UNSUPPORTED, "input's type", 9, 7),
    (refuse(shape=(2, 2, 1)), MODEL, "another rank", 4, 3),
    (refuse(out_shape=(3, 3, 1)), MODEL, "another rank", 4, 3),
    (refuse(out_shape=(1, 3, 4, 1)), MODEL, "shape that the size says", 3, 4),
    (refuse(out_shape=(1, 3, 3, 2)), MODEL, "shape that the size says", 1, 2),
    (refuse(align_corners=1, half_pixel_centers=1), UNSUPPORTED, "half pixels", None, None),
    (refuse(size=(65_536, 1)), UNSUPPORTED, "too high or too wide", 65_535, 65_536),
    (refuse("RESIZE_NEAREST_NEIGHBOR", shape=(1, 1, 70_000, 1)), UNSUPPORTED, "too wide", 65_535, 70_000),
    (refuse("RESIZE_NEAREST_NEIGHBOR", out_shape=(1, 3, 4, 1)), MODEL, "shape that the size says", 3, 4),
    (refuse(sizes=np.array([-3, 3], np.int32)), MODEL, "shape that the size says", -3, 3),
]


def test_refused(program):
    check_refused(program, REFUSED)
