# SPDX-License-Identifier: MIT
"""ARG_MAX, ARG_MIN and CUMSUM, which go along one dimension, against the reference.

The reference has int8 and float32, and int32 indices; the other types come from the formula.
"""

import differential
import numpy as np
import pytest
from differential import (
    MODEL,
    UNSUPPORTED,
    Case,
    a_scale,
    a_shape,
    a_zero_point,
    cases_wanted,
    check,
    check_refused,
    multiplier,
    requantize,
    values,
)
from model_builder import ModelBuilder


def axis_case(
    rng, i, op, x, axis, out_shape, out_dtype, quantization=((None, None), (None, None)), **options
):
    """A model and its inputs; the input tensor is a constant now and then, the axis from either end."""
    m = ModelBuilder()
    (scale, zero_point), (out_scale, out_zero_point) = quantization
    if rng.random() < 0.3:
        axis -= x.ndim
    a = m.constant(np.int32(axis) if i % 2 else np.array([axis], np.int32))
    if i % 10 == 3:
        t = m.constant(x, scale=scale, zero_point=zero_point)
        inputs, feed = [m.tensor((1,), "int8")], [np.zeros(1, np.int8)]
    else:
        t = m.tensor(x.shape, x.dtype.name, scale=scale, zero_point=zero_point)
        inputs, feed = [t], [x]
    y = m.tensor(out_shape, out_dtype, scale=out_scale, zero_point=out_zero_point)
    m.node(op, [t, a], [y], **options)
    return m.build(inputs, [y]), [feed]


def ties(rng, shape, dtype):
    """Few different values, so that the best ones come more than once."""
    if dtype == np.float32:
        special = np.array([0.0, -0.0, 1.5, -2.5, np.inf, -np.inf, 1e-42, -1e-42, np.nan], np.float32)
        return np.asarray(rng.choice(special[: int(rng.integers(2, 10))], shape), np.float32)
    x = values(rng, shape, dtype)
    return x if rng.random() < 0.5 else np.asarray(x % 3, dtype)


# ---- ARG_MAX and ARG_MIN -------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.float32])
@pytest.mark.parametrize("op", ["ARG_MAX", "ARG_MIN"])
def test_arg(program, op, dtype):
    rng = np.random.default_rng(1)
    cases = []
    for i in range(cases_wanted(200)):
        shape = a_shape(rng, limit=9) if i % 40 else (2, 5000, 3)
        axis = int(rng.integers(len(shape))) if i % 40 else 1
        x = ties(rng, shape, dtype)
        out_dtype = "int64" if i % 5 == 4 else "int32"
        expected = None
        if dtype != np.float32:
            indices = np.argmax(x, axis=axis) if op == "ARG_MAX" else np.argmin(x, axis=axis)
            expected = indices.astype(out_dtype).tobytes()
        elif out_dtype == "int64":
            out_dtype = "int32"  # the reference's order of NaN is what matters
        out_shape = shape[:axis] + shape[axis + 1 :]
        model, invokes = axis_case(rng, i, op, x, axis, out_shape, out_dtype)
        known = dtype in (np.int8, np.float32) and out_dtype == "int32"
        cases.append(
            Case(model, invokes, f"{op} {i} {shape} axis {axis}", expected, known, np.dtype(out_dtype).type)
        )
    outputs = check(program, cases)
    assert sum(len(np.unique(y)) > 2 for y in outputs) > len(cases) / 5


# ---- CUMSUM -------------------------------------------------------------------------


def running_sums(x, axis, exclusive, reverse, start):
    """Sums along axis in x's own type, from start."""
    if reverse:
        x = np.flip(x, axis)
    sums = np.empty_like(x)
    total = np.full(x.shape[:axis] + x.shape[axis + 1 :], start, x.dtype)
    for k in range(x.shape[axis]):
        at = (slice(None),) * axis + (k,)
        if exclusive:
            sums[at] = total
        with np.errstate(over="ignore"):
            total = total + x[at]
        if not exclusive:
            sums[at] = total
    return np.flip(sums, axis) if reverse else sums


def test_cumsum(program):
    """The reference starts from minus the zero point, and wraps around where a sum needs 13 bits or more:
    signed overflow, undefined, so the formula in wider numbers is right there."""
    rng = np.random.default_rng(2)
    cases = []
    for i in range(cases_wanted(300)):
        shape = a_shape(rng, limit=12) if i % 40 else (2, 5000, 3)
        axis = int(rng.integers(len(shape))) if i % 40 else 1
        exclusive, reverse = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
        scale, zero_points = a_scale(rng), (a_zero_point(rng), a_zero_point(rng))
        out_scale = np.float32(scale * np.exp(rng.uniform(-12, 12) if i % 5 == 0 else rng.uniform(-0.5, 5)))
        x = values(rng, shape)
        sums = running_sums(x.astype(np.int64) - zero_points[0], axis, exclusive, reverse, -zero_points[0])
        fixed = multiplier(2 * float(scale) / (2**20 * float(out_scale)))
        results = np.array([requantize(int(s) << 19, *fixed) + zero_points[1] for s in sums.reshape(-1)])
        expected = np.clip(results, -128, 127).astype(np.int8).tobytes()
        quantization = ((scale, zero_points[0]), (out_scale, zero_points[1]))
        model, invokes = axis_case(
            rng, i, "CUMSUM", x, axis, shape, "int8", quantization, exclusive=exclusive, reverse=reverse
        )
        note = f"CUMSUM {i} {shape} axis {axis} {quantization} {exclusive} {reverse}"
        cases.append(Case(model, invokes, note, expected, np.abs(sums).max() < 2**12))
    assert sum(c.reference for c in cases) > len(cases) / 2
    outputs = check(program, cases)
    assert sum(len(np.unique(y)) > 3 for y in outputs) > len(cases) / 3


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_cumsum_of_wide_types(program, dtype):
    rng = np.random.default_rng(3)
    cases = []
    for i in range(cases_wanted(200)):
        shape = a_shape(rng, limit=12)
        axis = int(rng.integers(len(shape)))
        exclusive, reverse = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
        x = values(rng, shape, dtype) if dtype == np.int32 else rng.normal(0, 9, shape).astype(np.float32)
        expected = running_sums(x, axis, exclusive, reverse, 0).tobytes()
        model, invokes = axis_case(
            rng, i, "CUMSUM", x, axis, shape, x.dtype.name, exclusive=exclusive, reverse=reverse
        )
        note = f"CUMSUM {i} {dtype} {shape} axis {axis} {exclusive} {reverse}"
        cases.append(Case(model, invokes, note, expected, dtype == np.float32, dtype))
    check(program, cases)


# ---- Polls, and what must be refused ----------------------------------------------------


def one(op, x, axes=(0,), out_shape=(1,), out_dtype="int32", scale=0.5, out_scale=0.5, axis_dtype=np.int32,
        constant=True, **options):  # fmt: skip
    m = ModelBuilder()
    t = m.tensor(x.shape, x.dtype.name, scale=scale)
    axes = np.array(axes, axis_dtype)
    a = m.constant(axes) if constant else m.tensor(axes.shape, axes.dtype.name)
    y = m.tensor(out_shape, out_dtype, scale=out_scale)
    m.node(op, [t, a], [y], **options)
    return m.build([t] if constant else [t, a], [y])


def test_polls(program):
    cases = []
    for shape in [(200_000,), (100, 100, 20), (20, 10_000)]:
        x = np.zeros(shape, np.int8)
        cases.append((one("ARG_MAX", x, out_shape=(x.size // shape[0],)), [[x]]))
        cases.append((one("CUMSUM", x, out_shape=shape, out_dtype="int8"), [[x]]))
    polls = []
    differential.run_engine(program, cases, polls)
    assert len(polls) == len(cases) and min(polls) >= 200_000 // 16384, polls


X = np.zeros((2, 3), np.int8)
LONG = np.zeros(2**22, np.int8)
CUMSUM = {"op": "CUMSUM", "x": X, "out_shape": (2, 3), "out_dtype": "int8"}

REFUSED = [
    (one("ARG_MAX", X, (2,), (3,)), MODEL, "axis", 2, 2),
    (one("ARG_MAX", X, (-3,), (3,)), MODEL, "axis", 2, -3),
    (one("ARG_MAX", X, (0, 1), (3,)), MODEL, "one axis", 1, 2),
    (one("ARG_MAX", np.zeros((), np.int8), (0,), ()), MODEL, "one axis", 1, 0),
    (one("ARG_MAX", X, (0,), (2,)), MODEL, "one element for each group", 3, 2),
    (one("ARG_MIN", X, (0,), (3,), "int8"), UNSUPPORTED, "neither int32", 2, 9),
    (one("ARG_MIN", X, (0,), (3,), axis_dtype=np.int64), UNSUPPORTED, "axes are not int32", 2, 4),
    (one("ARG_MIN", X, (0,), (3,), constant=False), UNSUPPORTED, "not constant", None, None),
    (one(**CUMSUM | {"axes": (2,)}), MODEL, "axis", 2, 2),
    (one(**CUMSUM | {"axes": (0, 1)}), MODEL, "one axis", 1, 2),
    (one(**CUMSUM | {"out_shape": (2, 2)}), MODEL, "as many elements", 6, 4),
    (one(**CUMSUM | {"out_dtype": "int16"}), UNSUPPORTED, "input's type", 9, 7),
    (one(**CUMSUM | {"scale": None}), UNSUPPORTED, "one scale", 1, 0),
    (one(**CUMSUM | {"scale": 1.0, "out_scale": 1e-6}), UNSUPPORTED, "output scale", None, None),
    (one(**CUMSUM | {"x": LONG, "out_shape": LONG.shape}), UNSUPPORTED, "so many", 2**22 - 1, 2**22),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)
