# SPDX-License-Identifier: MIT
"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN, REDUCE_ALL and REDUCE_ANY against the reference.

Random models of one operator run in the engine, under ASan and UBSan, and in the wheel tflite_micro: outputs
must be the same to the bit. The reference lacks REDUCE_ANY, and int16, int32 and uint8 of REDUCE_MAX and
REDUCE_MIN; there, and wherever numbers are exact, they come from the formula too.
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
    saturate,
    values,
)
from model_builder import ModelBuilder


def some_axes(rng, shape):
    """Axes to reduce: some, in any order, from the end too, sometimes one twice; and whether to keep dims."""
    rank = len(shape)
    axes = [int(a) for a in rng.permutation(rank)[: int(rng.integers(1, rank + 1))]]
    axes = [a - rank if rng.random() < 0.3 else a for a in axes]
    if rng.random() < 0.1:
        axes.append(axes[0] % rank)
    return axes, bool(rng.random() < 0.5)


def reduced_shape(shape, axes, keep):
    reduced = {a % len(shape) for a in axes}
    if keep:
        return tuple(1 if d in reduced else s for d, s in enumerate(shape))
    return tuple(s for d, s in enumerate(shape) if d not in reduced)


def axis_tensor(m, axes, scalar):
    return m.constant(np.int32(axes[0]) if scalar and len(axes) == 1 else np.array(axes, np.int32))


def reduce_case(rng, i, op, dtype, formula, quantization=((None, None), (None, None)), make=values, **case):
    """A case of op over random axes. formula(x, axes) gives the outputs; the input may be a constant."""
    m = ModelBuilder()
    shape = a_shape(rng, limit=9)
    axes, keep = some_axes(rng, shape)
    if i % 25 == 0:
        shape, axes = (1, 40, 50, 3), [1, 2]
    (scale, zero_point), (out_scale, out_zero_point) = quantization
    invokes = [[make(rng, shape, dtype)] for _ in range(2)]
    name = np.dtype(dtype).name
    if i % 10 == 3:
        x = m.constant(invokes[0][0], scale=scale, zero_point=zero_point)
        fed, feed = [invokes[0][0]] * 2, [[np.zeros(1, np.int8)]] * 2  # a model has an input
    else:
        x = m.tensor(shape, name, scale=scale, zero_point=zero_point)
        fed, feed = [v[0] for v in invokes], invokes
    y = m.tensor(reduced_shape(shape, axes, keep), name, scale=out_scale, zero_point=out_zero_point)
    m.node(op, [x, axis_tensor(m, axes, i % 2)], [y], keep_dims=keep)
    wanted = tuple(sorted({a % len(shape) for a in axes}))
    expected = None
    if formula is not None:
        expected = b"".join(np.asarray(formula(v, wanted), dtype).tobytes() for v in fed)
    note = f"{op} {i} {name} {shape} axes {axes} {quantization}"
    model = m.build([x if feed is invokes else m.tensor((1,), "int8")], [y])
    return Case(model, feed, note, expected, dtype=np.dtype(dtype).type, **case)


# ---- MEAN and SUM of integers -------------------------------------------------------


def sum_formula(x, axes, scales, zero_points, mean):
    """The reference's sum, requantized; in a mean the division by count is part of the multiplier."""
    count = int(np.prod([x.shape[a] for a in axes], dtype=np.int64))
    sums = x.astype(np.int64).sum(axis=axes).reshape(-1) - zero_points[0] * count
    fixed, shift = multiplier(float(scales[0]) / float(scales[1]))
    if mean:
        down = min(count.bit_length() - 1, 32, 31 + shift)
        fixed, shift = (fixed << down) // count, shift - down
    return [saturate(requantize(int(s), fixed, shift) + zero_points[1], x.dtype) for s in sums]


def sum_case(rng, i, op, dtype):
    info = np.iinfo(dtype)
    scales = [a_scale(rng), a_scale(rng)]
    zero_points = [a_zero_point(rng, info.min, info.max), a_zero_point(rng, info.min, info.max)]
    if dtype == np.int16 and i % 4:
        zero_points = [0, 0]
    far = False
    if i % 3 == 0:
        scales[1], zero_points[1] = scales[0], zero_points[0]
    elif i % 3 == 1:
        far = i % 5 == 0
        scales[1] = np.float32(
            scales[0] * np.exp(rng.uniform(-30, 12) if far else rng.uniform(-2, 0.5 if op == "MEAN" else 6))
        )

    def formula(x, axes):
        return sum_formula(x, axes, scales, zero_points, op == "MEAN")

    # Sums that leave 32 bits when they are shifted wrap around in the reference, which is undefined there.
    wraps = scales[0] / scales[1] > (2**6 if dtype == np.int8 else 1)
    return reduce_case(
        rng, i, op, dtype, formula, tuple(zip(scales, zero_points, strict=True)), reference=not wraps
    )


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
@pytest.mark.parametrize("op", ["MEAN", "SUM"])
def test_sum(program, op, dtype):
    rng = np.random.default_rng(1 + ["MEAN", "SUM"].index(op))
    cases = [sum_case(rng, i, op, dtype) for i in range(cases_wanted(200))]
    assert sum(c.reference for c in cases) > len(cases) / 2
    outputs = check(program, cases)
    assert sum(len(np.unique(y)) > 3 for y in outputs) > len(cases) / 5


def test_large_sums(program):
    """As many elements as 32 bits hold: of int16 all the lowest, then one too many."""
    cases, refused = [], []
    for dtype, count, zero_point in [(np.int16, 65535, 0), (np.int16, 32768, -32768), (np.int8, 10**6, 127)]:
        info = np.iinfo(dtype)
        for op in ["MEAN", "SUM"]:
            for scale in [1.0, 1e-6]:
                m = ModelBuilder()
                x = m.tensor((count,), info.dtype.name, scale=scale, zero_point=zero_point)
                y = m.tensor((1,), info.dtype.name, scale=1.0, zero_point=0)
                m.node(op, [x, m.constant(np.int32(0))], [y])
                v = np.full(count, info.max if zero_point < 0 else info.min, dtype)
                expected = sum_formula(v, (0,), (np.float32(scale), 1.0), (zero_point, 0), op == "MEAN")
                model = m.build([x], [y])
                # The reference's arena would have to be larger; the formula is what other tests compare.
                cases.append(Case(model, [[v]], f"{op} {count}", np.array(expected, dtype).tobytes(), False))
    check(program, cases)
    for dtype, count, zero_point in [
        ("int16", 65537, 0),
        ("int16", 32769, -32768),
        ("int8", 2**23 + 2**16, 127),
    ]:
        m = ModelBuilder()
        x = m.tensor((count,), dtype, scale=1.0, zero_point=zero_point)
        y = m.tensor((1,), dtype, scale=1.0, zero_point=0)
        m.node("MEAN", [x, m.constant(np.int32(0))], [y])
        refused.append((m.build([x], [y]), UNSUPPORTED, "may not fit 32 bits", None, count))
    check_refused(program, refused)


def test_int32_sum(program):
    """The reference lacks it; in LiteRT it wraps around."""
    rng = np.random.default_rng(7)
    cases = [
        reduce_case(
            rng, i, "SUM", np.int32, lambda x, axes: x.sum(axis=axes, dtype=np.int32), reference=False
        )
        for i in range(cases_wanted(200))
    ]
    check(program, cases)


@pytest.mark.parametrize("op", ["MEAN", "SUM"])
def test_float_sum(program, op):
    rng = np.random.default_rng(6)
    cases = [
        reduce_case(
            rng,
            i,
            op,
            np.float32,
            None,
            make=lambda rng, shape, dtype: rng.normal(0, 9, shape).astype(np.float32),
        )
        for i in range(cases_wanted(200))
    ]
    check(program, cases)


# ---- REDUCE_MAX, REDUCE_MIN, REDUCE_ALL, REDUCE_ANY -----------------------------------


EXTREMES = {"REDUCE_MAX": np.max, "REDUCE_MIN": np.min}


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32])
@pytest.mark.parametrize("op", EXTREMES)
def test_extremes(program, op, dtype):
    rng = np.random.default_rng(3)
    cases = []
    for i in range(cases_wanted(200)):
        info = np.iinfo(dtype)
        quantization = (a_scale(rng), a_zero_point(rng, info.min, info.max)) if i % 8 else (None, None)
        if dtype == np.int32:
            quantization = (None, None)

        def formula(x, axes):
            return EXTREMES[op](x, axis=axes)

        cases.append(
            reduce_case(rng, i, op, dtype, formula, (quantization, quantization), reference=dtype == np.int8)
        )
    outputs = check(program, cases)
    assert sum(len(np.unique(y)) > 2 for y in outputs) > len(cases) / 5


def floats(rng, shape, dtype):
    x = rng.normal(0, np.exp(rng.uniform(-5, 5)), shape).astype(np.float32)
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 3.4028235e38], np.float32)
    if rng.random() < 0.3:
        x = np.where(rng.random(shape) < 0.5, rng.choice(special, shape), x)
    return np.asarray(x, np.float32)


@pytest.mark.parametrize("op", EXTREMES)
def test_float_extremes(program, op):
    rng = np.random.default_rng(4)
    cases = [reduce_case(rng, i, op, np.float32, None, make=floats) for i in range(cases_wanted(200))]
    check(program, cases)


def bools(rng, shape, dtype):
    return rng.random(shape) < rng.choice([0.03, 0.5, 0.97])


@pytest.mark.parametrize("op,formula", [("REDUCE_ALL", np.all), ("REDUCE_ANY", np.any)])
def test_logical(program, op, formula):
    rng = np.random.default_rng(5)
    cases = []
    for i in range(cases_wanted(200)):
        cases.append(
            reduce_case(
                rng,
                i,
                op,
                np.bool_,
                lambda x, axes: formula(x, axis=axes),
                make=bools,
                reference=op == "REDUCE_ALL",
            )
        )
    outputs = check(program, cases)
    assert sum(len(np.unique(y)) == 2 for y in outputs) > len(cases) / 5


# ---- Polls, and what must be refused -----------------------------------------------------


def test_polls(program):
    """Long reductions look for a stop at least every 16 KB, also inside of one output."""
    cases = []
    for op in ["MEAN", "SUM", "REDUCE_MAX"]:
        for axes in [[1, 2], [0, 1, 2, 3], [3]]:
            x = np.zeros((1, 100, 100, 20), np.int8)
            m = ModelBuilder()
            a = m.tensor(x.shape, "int8", scale=0.5)
            b = m.tensor(reduced_shape(x.shape, axes, False), "int8", scale=0.5)
            m.node(op, [a, m.constant(np.array(axes, np.int32))], [b])
            cases.append((m.build([a], [b]), [[x]]))
    polls = []
    differential.run_engine(program, cases, polls)
    assert len(polls) == len(cases) and min(polls) >= 200_000 // 16384, polls


def refuse(op="MEAN", axes=(1,), shape=(2, 3), out=(2,), dtype=np.int32, constant=True, scale=0.1,
           out_scale=0.1, types=("int8", "int8"), zero_point=0, extra=0):  # fmt: skip
    m = ModelBuilder()
    x = m.tensor(shape, types[0], scale=scale)
    axes = np.array(axes, dtype)
    a = m.constant(axes) if constant else m.tensor(axes.shape, axes.dtype.name)
    y = m.tensor(out, types[1], scale=out_scale, zero_point=zero_point)
    m.node(op, [x, a] + [a] * extra, [y])
    return m.build([x] if constant else [x, a], [y])


REFUSED = [
    (refuse(axes=(2,)), MODEL, "axis", 2, 2),
    (refuse(axes=(-3,)), MODEL, "axis", 2, -3),
    (refuse(axes=(2**31 - 1,)), MODEL, "axis", 2, 2**31 - 1),
    (refuse(axes=(-(2**31),)), MODEL, "axis", 2, None),
    (refuse(dtype=np.int64), UNSUPPORTED, "axes are not int32", 2, 4),
    (refuse(constant=False), UNSUPPORTED, "not constant", None, None),
    (refuse(out=(3,)), MODEL, "one element for each group", 2, 3),
    (refuse("REDUCE_MAX", out=(3,)), MODEL, "one element for each group", 2, 3),
    (refuse("SUM", scale=None), UNSUPPORTED, "one scale", 1, 0),
    (refuse("SUM", out_scale=None), UNSUPPORTED, "one scale", 1, 0),
    (refuse("SUM", types=("int8", "int16")), UNSUPPORTED, "another type", 9, 7),
    (refuse("SUM", types=("float32", "int8"), scale=None), UNSUPPORTED, "input's type", 0, 9),
    (
        refuse("SUM", types=("float32", "float32"), scale=None, out_scale=None, out=(3,)),
        MODEL,
        "each group",
        2,
        3,
    ),
    (refuse("SUM", extra=1), MODEL, "number of inputs", 2, 3),
    (refuse("REDUCE_MIN", types=("int8", "int16")), UNSUPPORTED, "input's type", 9, 7),
    (refuse("REDUCE_MIN", scale=0.2), UNSUPPORTED, "scale and zero point", None, None),
    (refuse("REDUCE_MAX", zero_point=1), UNSUPPORTED, "scale and zero point", None, None),
    (refuse("REDUCE_ALL", types=("bool", "int8")), UNSUPPORTED, "input's type", 6, 9),
]


def test_refused(program):
    check_refused(program, REFUSED)
