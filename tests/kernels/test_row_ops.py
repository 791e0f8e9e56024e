# SPDX-License-Identifier: MIT
"""SOFTMAX, LOG_SOFTMAX and L2_NORMALIZATION, which handle every row on its own, against the reference.

Outputs of integers must be the same to the bit. Where the reference gives up, the expected numbers come
from the formula.
"""

import math

import differential
import numpy as np
import operator_counts
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
    values,
)
from model_builder import ModelBuilder
from softmax_tables import header

ALL = np.arange(-128, 128, dtype=np.int8)
SHAPES = [(1, 10), (1, 12), (3, 5, 2), (7,), (2, 2, 2, 2, 4), (1, 1), (1, 500)]


def unary(op, x, out_dtype, scale, zero_point, out_scale, out_zero_point, constant=False, **options):
    """A model with one node from x to a tensor of its shape, and its inputs."""
    m = ModelBuilder()
    if constant:
        a = m.constant(x, scale=scale, zero_point=zero_point)
        inputs, feed = [m.tensor((1,), "int8")], [np.zeros(1, np.int8)]
    else:
        a = m.tensor(x.shape, x.dtype.name, scale=scale, zero_point=zero_point)
        inputs, feed = [a], [x]
    b = m.tensor(x.shape, out_dtype, scale=out_scale, zero_point=out_zero_point)
    m.node(op, [a], [b], **options)
    return m.build(inputs, [b]), [feed]


# ---- SOFTMAX ----------------------------------------------------------------------


def softmax_case(rng, i, x):
    dtype = "int16" if i % 4 == 3 else "int8"
    beta = 1.0 if i % 3 else np.float32(np.exp(rng.uniform(-2, 2)))
    scale = a_scale(rng, -7, 0) if i % 5 else a_scale(rng, -14, 6)
    quantization = (1 / 256, -128) if dtype == "int8" else (1 / 65536, -32768)
    model, invokes = unary(
        "SOFTMAX", x, dtype, scale, a_zero_point(rng), *quantization, i % 10 == 3, beta=beta
    )
    return Case(model, invokes, f"SOFTMAX {i} {x.shape} {dtype} {scale} {beta}", dtype=np.dtype(dtype).type)


def test_softmax(program):
    rng = np.random.default_rng(12)
    cases = []
    for i in range(cases_wanted(200)):
        x = values(rng, SHAPES[i % len(SHAPES)] if i % 2 else a_shape(rng))
        cases.append(softmax_case(rng, i, x))
    check(program, cases)


def test_softmax_all_differences(program):
    rng = np.random.default_rng(13)
    x = np.stack([np.full(256, 127, np.int8), ALL], axis=1)
    check(program, [softmax_case(rng, i, x) for i in range(cases_wanted(200))])


def test_softmax_flat(program):
    """Sums of 512 and more, where the reference gives up: every probability is at most half a step."""
    cases = []
    for depth in [512, 1000, 4096, 8191]:
        x = np.zeros((2, depth), np.int8)
        model, invokes = unary("SOFTMAX", x, "int8", 0.1, 0, 1 / 256, -128, beta=1.0)
        cases.append(
            Case(model, invokes, f"depth {depth}", np.full(2 * depth, -128, np.int8).tobytes(), False)
        )
    check(program, cases)


def test_softmax_tables():
    assert (differential.engine_build.ENGINE / "kernels" / "softmax_s16_tables.h").read_text() == header()


def softmax_s16_case(rng, i, x):
    beta = 1.0 if i % 3 else np.float32(np.exp(rng.uniform(-2, 2)))
    # From scales (times beta) of 5 on, the reference's shifted differences wrap around.
    scale = a_scale(rng, -12, -5) if i % 5 else a_scale(rng, -20, -0.5)
    model, invokes = unary("SOFTMAX", x, "int16", scale, 0, 1 / 32768, 0, i % 10 == 3, beta=beta)
    return Case(model, invokes, f"SOFTMAX {i} {x.shape} int16 {scale} {beta}", dtype=np.int16)


def test_softmax_s16(program):
    rng = np.random.default_rng(14)
    cases = []
    for i in range(cases_wanted(200)):
        x = values(rng, SHAPES[i % len(SHAPES)] if i % 2 else a_shape(rng), np.int16)
        if i % 3 == 0:
            x = np.asarray(x // 64, np.int16)  # closer together
        cases.append(softmax_s16_case(rng, i, x))
    x = rng.integers(-100, 100, (1, 40_000)).astype(np.int16)
    cases += [softmax_s16_case(rng, 1, x), softmax_s16_case(rng, 1, np.asarray(x // 99, np.int16))]
    outputs = check(program, cases)
    assert sum(len(np.unique(y)) > 3 for y in outputs) > len(cases) / 2


def test_softmax_s16_all_entries(program):
    """Every entry of both tables: all differences, and sums that grow by small steps."""
    rng = np.random.default_rng(15)
    low = np.arange(-32768, 32768, 3).astype(np.int16)
    pairs = np.stack([np.full(len(low), 32767, np.int16), low], axis=1)
    cases = []
    for scale in [10 / 65535, 3e-4, 2e-5, 1e-3]:
        model, invokes = unary("SOFTMAX", pairs, "int16", scale, 0, 1 / 32768, 0, beta=1.0)
        cases.append(Case(model, invokes, f"pairs {scale}", dtype=np.int16))
    rows = np.sort(rng.integers(-20_000, 20_000, (600, 7)).astype(np.int16), axis=1)
    cases += [softmax_s16_case(rng, i, rows) for i in range(20)]
    check(program, cases)


def test_softmax_s16_far(program):
    """Scales that make the reference's shifted differences wrap around: all but the largest vanish."""
    x = np.array([[5, 4, 5, 3], [101, 7, 0, 1]], np.int16)
    wide = np.array([[32767, 4, 32767, -32768], [1, -32768, 0, -100]], np.int16)
    results = []
    for scale in [10.0, 1e4, 1e30]:
        model, invokes = unary("SOFTMAX", x, "int16", scale, 0, 1 / 32768, 0, beta=1.0)
        if not results:
            check(program, [Case(model, invokes, "scale 10", dtype=np.int16)])
        results += differential.run_engine(program, [(model, invokes), (model, [[wide]])])
    assert len(set(results)) == 1


# ---- LOG_SOFTMAX ----------------------------------------------------------------------


def log_softmax_case(rng, i, x):
    scale = a_scale(rng, -7, 0) if i % 5 else a_scale(rng, -14, 6)
    if i % 10 == 0:
        scale = np.float32(2.0 ** int(rng.integers(-20, 10)))
    model, invokes = unary("LOG_SOFTMAX", x, "int8", scale, a_zero_point(rng), 1 / 16, 127, i % 10 == 3)
    return Case(model, invokes, f"LOG_SOFTMAX {i} {x.shape} {scale}")


def test_log_softmax(program):
    rng = np.random.default_rng(20)
    cases = []
    for i in range(cases_wanted(200)):
        x = values(rng, SHAPES[i % len(SHAPES)] if i % 2 else a_shape(rng))
        if i % 3 == 0:
            x = np.asarray(x // 8, np.int8)  # closer together
        cases.append(log_softmax_case(rng, i, x))
    cases += [log_softmax_case(rng, i, np.full((2, n), i, np.int8)) for i, n in enumerate([511, 2000, 4095])]
    outputs = check(program, cases)
    assert sum(len(np.unique(y)) > 3 for y in outputs) > len(cases) / 2


def test_log_softmax_all_differences(program):
    rng = np.random.default_rng(21)
    x = np.stack([np.full(256, 127, np.int8), ALL], axis=1)
    check(program, [log_softmax_case(rng, i, x) for i in range(cases_wanted(100))])


def test_log_softmax_sums(program):
    """Many different sums of exponentials: rows of n equal elements and some smaller ones."""
    rng = np.random.default_rng(22)
    cases = []
    for i in range(cases_wanted(100)):
        x = np.sort(values(rng, (40, int(rng.integers(2, 200)))), axis=1)
        x[np.arange(x.shape[1]) < rng.integers(1, x.shape[1], (40, 1))] = 127
        cases.append(log_softmax_case(rng, i, x))
    check(program, cases)


# ---- L2_NORMALIZATION -------------------------------------------------------------------


def test_l2_normalization(program):
    rng = np.random.default_rng(30)
    cases = []
    for i in range(cases_wanted(300)):
        x = values(rng, SHAPES[i % len(SHAPES)] if i % 2 else a_shape(rng))
        zero_point = a_zero_point(rng)
        if i % 4 == 0:  # few elements off the zero point, and none: sums of squares of 0, 1 and a few
            zero_point = min(max(zero_point, -100), 100)
            x = np.asarray(zero_point + rng.integers(-2, 3, x.shape) * (rng.random(x.shape) < 0.3), np.int8)
        model, invokes = unary(
            "L2_NORMALIZATION",
            x,
            "int8",
            a_scale(rng),
            zero_point,
            1 / 128,
            0,
            i % 10 == 3,
            activation="NONE",
        )
        # The reference takes four dimensions.
        if x.ndim <= 4:
            cases.append(Case(model, invokes, f"L2_NORMALIZATION {i} {x.shape} {zero_point}"))
    for n in [1000, 10_000, 33_025]:  # up to the largest sum of squares
        x = np.full((2, n), 127, np.int8)
        x[1] = rng.integers(-128, 128, n)
        model, invokes = unary("L2_NORMALIZATION", x, "int8", 0.1, -128, 1 / 128, 0, activation="NONE")
        cases.append(Case(model, invokes, f"L2_NORMALIZATION of {n}"))
    outputs = check(program, cases)
    assert sum(len(np.unique(y)) > 3 for y in outputs) > len(cases) / 3


def test_ranks_beyond_the_reference(program):
    """Rows are rows, however many dimensions lie around them."""
    rng = np.random.default_rng(31)
    x = values(rng, (2, 1, 3, 2, 2, 5))
    results = []
    for shape in [x.shape, (24, 5)]:
        model, invokes = unary("L2_NORMALIZATION", x.reshape(shape), "int8", 0.1, 3, 1 / 128, 0)
        results += differential.run_engine(program, [(model, invokes)])
    assert isinstance(results[0], bytes) and results[0] == results[1]


# ---- float32 --------------------------------------------------------------------------------


def float_rows(rng, i):
    shape = SHAPES[i % len(SHAPES)] if i % 2 else a_shape(rng, rank=int(rng.integers(1, 5)))
    return np.asarray(rng.normal(0, np.exp(rng.uniform(-4, 4)), shape), np.float32)


def check_close(program, cases):
    """Every output within 4 units in the last place of the reference's or of 1/10^9, and nearly all the same:
    the exponentials and logarithms of C libraries are off in the last bit now and then."""
    results = differential.run_engine(program, [(c.model, c.invokes) for c in cases])
    same = total = 0
    for case, result in zip(cases, results, strict=True):
        assert isinstance(result, bytes), f"{case.note}: {result}"
        got = np.frombuffer(result, np.float32)
        want = np.frombuffer(differential.run_reference(case.model, case.invokes), np.float32)
        assert got.shape == want.shape
        assert (np.isnan(got) == np.isnan(want)).all(), case.note
        # Between finite numbers; infinities are the same.
        near = np.abs(got.astype(np.float64) - want) <= 4 * np.maximum(
            np.spacing(np.abs(want)), 1e-9 * 2**-23
        )
        assert (near | (got == want) | np.isnan(want)).all(), case.note
        same += np.count_nonzero(got == want)
        total += len(got)
    assert same > 0.95 * total, f"{same} of {total} are the same"
    operator_counts.passed(c.model for c in cases)


def float_case(op, x, i, **options):
    model, invokes = unary(op, x, "float32", None, None, None, None, i % 10 == 3, **options)
    return Case(model, invokes, f"{op} {i} {x.shape}", dtype=np.float32)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("op", ["SOFTMAX", "LOG_SOFTMAX"])
def test_float_softmax(program, op):
    rng = np.random.default_rng(40)
    cases = []
    for i in range(cases_wanted(200)):
        options = (
            {"beta": 1.0 if i % 3 else np.float32(np.exp(rng.uniform(-2, 2)))} if op == "SOFTMAX" else {}
        )
        cases.append(float_case(op, float_rows(rng, i), i, **options))
    far = np.array([[1e30, -1e30, 0], [-3e38, 3e38, 1], [-np.inf, 0, 1], [-100, 0, -87.5]], np.float32)
    lost = np.array([[np.nan, 1, 2], [1, np.nan, 2], [np.inf, 1, 2]], np.float32)
    cases += [float_case(op, x, 0, **({"beta": 1.0} if op == "SOFTMAX" else {})) for x in (far, lost)]
    check_close(program, cases)


def test_float_l2_normalization(program):
    """Square roots are exact, so that all bits agree."""
    rng = np.random.default_rng(41)
    cases = []
    for i in range(cases_wanted(200)):
        x = float_rows(rng, i)
        if x.ndim > 4:  # more than the reference takes
            x = x[0]
        if i % 8 == 0:
            x = np.asarray(x * np.float32(1e-8), np.float32)
        cases.append(float_case("L2_NORMALIZATION", x, i, activation="NONE"))
    check(program, cases)


# ---- Polls, and what must be refused ------------------------------------------------------


def test_polls(program):
    x = np.zeros((1, 100, 100, 20), np.int8)
    cases = [
        unary("SOFTMAX", x, "int8", 0.5, 0, 1 / 256, -128, beta=1.0),
        unary("LOG_SOFTMAX", x, "int8", 0.5, 0, 1 / 16, 127),
        unary("L2_NORMALIZATION", x, "int8", 0.5, 0, 1 / 128, 0),
    ]
    polls = []
    differential.run_engine(program, cases, polls)
    assert len(polls) == len(cases) and min(polls) >= x.size // 16384, polls


def refuse(op="SOFTMAX", scale=0.1, zero_point=0, out_scale=1 / 256, out_zero_point=-128, dtype="int8",
           out_dtype="int8", shape=(2, 4), out_shape=(2, 4), n_inputs=1, **options):  # fmt: skip
    m = ModelBuilder()
    a = [m.tensor(shape, dtype, scale=scale, zero_point=zero_point) for _ in range(n_inputs)]
    b = m.tensor(out_shape, out_dtype, scale=out_scale, zero_point=out_zero_point)
    m.node(op, a, [b], **({"beta": 1.0} if op == "SOFTMAX" else {}) | options)
    return m.build(a, [b])


S16 = {"dtype": "int16", "out_dtype": "int16", "out_scale": 1 / 32768, "out_zero_point": 0}
F32 = {"dtype": "float32", "scale": None, "out_scale": None}
LOG = {"op": "LOG_SOFTMAX", "out_scale": 1 / 16, "out_zero_point": 127}
L2 = {"op": "L2_NORMALIZATION", "out_scale": 1 / 128, "out_zero_point": 0}

REFUSED = [
    (refuse(out_zero_point=0), UNSUPPORTED, "lowest zero point", -128, 0),
    (refuse(out_scale=0.1), UNSUPPORTED, "scale 1/256", -128, -128),
    (refuse(out_dtype="int16"), UNSUPPORTED, "lowest zero point", -32768, -128),
    (refuse(beta=0.0), UNSUPPORTED, "beta", None, None),
    (refuse(beta=-1.0), UNSUPPORTED, "beta", None, None),
    (refuse(beta=math.nan), UNSUPPORTED, "beta", None, None),
    (refuse(beta=math.inf), UNSUPPORTED, "beta", None, None),
    (refuse(beta=None), UNSUPPORTED, "beta", None, None),
    (refuse(scale=1e-9), UNSUPPORTED, "2^-26", None, None),
    (refuse(out_shape=(4, 2)), MODEL, "last dimension", 4, 2),
    (refuse(shape=(), out_shape=()), MODEL, "another rank", 1, 0),
    (refuse(shape=(8192,), out_shape=(8192,)), UNSUPPORTED, "large", 8191, 8192),
    (refuse(**S16 | {"zero_point": 1}), UNSUPPORTED, "zero point 0", 0, 1),
    (refuse(**S16 | {"out_zero_point": 1}), UNSUPPORTED, "zero point 0", 0, 1),
    (refuse(**S16 | {"out_scale": 0.1}), UNSUPPORTED, "scale 1/32768", None, None),
    (refuse(**S16 | {"out_dtype": "int8"}), UNSUPPORTED, "another type", 7, 9),
    (refuse(**S16 | {"beta": 0.0}), UNSUPPORTED, "beta", None, None),
    (refuse(**S16 | {"shape": (2**16,), "out_shape": (2**16,)}), UNSUPPORTED, "large", 65_535, 65_536),
    (refuse(**F32), UNSUPPORTED, "input's type", 0, 9),
    (refuse(**F32 | {"out_dtype": "float32", "beta": -1.0}), UNSUPPORTED, "beta", None, None),
    (refuse(**F32 | {"out_dtype": "float32", "out_shape": (4, 2)}), MODEL, "last dimension", 4, 2),
    (refuse(**L2 | F32 | {"out_dtype": "float32", "activation": "RELU"}), UNSUPPORTED, "activation", 0, 1),
    (refuse(**LOG | {"out_zero_point": 0}), UNSUPPORTED, "zero point 127", None, None),
    (refuse(**LOG | {"out_scale": 0.1}), UNSUPPORTED, "scale 1/16", None, None),
    (refuse(**LOG | {"out_dtype": "int16"}), UNSUPPORTED, "another type", 9, 7),
    (refuse(**LOG | {"scale": 1e-9}), UNSUPPORTED, "2^-26", None, None),
    (refuse(**LOG | {"scale": None}), UNSUPPORTED, "one scale", 1, 0),
    (refuse(**LOG | {"out_shape": (8,)}), MODEL, "last dimension", 4, 8),
    (refuse(**LOG | {"shape": (4096,), "out_shape": (4096,)}), UNSUPPORTED, "large", 4095, 4096),
    (refuse(**L2 | {"out_zero_point": 1}), UNSUPPORTED, "zero point 0", None, None),
    (refuse(**L2 | {"out_scale": 0.1}), UNSUPPORTED, "scale 1/128", None, None),
    (refuse(**L2 | {"activation": "RELU"}), UNSUPPORTED, "activation", 0, 1),
    (refuse(**L2 | {"n_inputs": 2}), MODEL, "number of inputs", 1, 2),
    (refuse(**L2 | {"shape": (33_026,), "out_shape": (33_026,)}), UNSUPPORTED, "large", 33_025, 33_026),
    (refuse(**L2 | {"out_shape": (2, 3)}), MODEL, "as many elements", 8, 6),
]


def test_refused(program):
    check_refused(program, REFUSED)
