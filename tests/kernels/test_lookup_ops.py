# SPDX-License-Identifier: MIT
"""Operators of one input, int8 (whose 256 results are in a table) or int16, against the reference.

Most cases of int8 have all 256 inputs. Where the wheel is wrong, undefined or lacks the operator (each place
says why), the expected numbers come from the formula in exact integers, which is checked against the wheel
where it works.
"""

import math

import differential
import numpy as np
import pytest
import unary
from differential import (
    DATA,
    MODEL,
    UNSUPPORTED,
    Case,
    Failure,
    a_scale,
    a_shape,
    a_zero_point,
    cases_wanted,
    check,
    check_refused,
    multiplier,
    requantize,
    round_away,
    saturate,
    values,
)

ALL = np.arange(-128, 128, dtype=np.int8)
ALL_16 = np.arange(-(2**15), 2**15).astype(np.int16)


def a_quantization(rng, dtype, low=-7.0, high=1.0):
    return a_scale(rng, low, high), a_zero_point(rng) if dtype == "int8" else 0


def inputs(rng, i, dtype):
    """All values of int8, some of int16, and now and then more elements than between two polls."""
    if i % 40 == 39:
        return values(rng, (3, 4099), np.dtype(dtype))
    if dtype == "int8":
        return ALL if i % 3 else values(rng, a_shape(rng))
    ends = np.array([-32768, -32767, -1, 0, 1, 2, 3, 32767], np.int16)
    return np.concatenate([ends, rng.integers(-32768, 32768, 400).astype(np.int16)])


def case(i, op, x, scale, zero_point, out_scale, out_zero_point, expected=None, reference=True, **options):
    """A case of a constant or of a computed input, in turn."""
    dtype = x.dtype.name
    args = op, x, dtype, scale, zero_point, out_scale, out_zero_point
    note = f"{op} {dtype} {i} {x.shape} {scale} {zero_point} {out_scale} {out_zero_point} {options}"
    data = None if expected is None else np.array(expected, x.dtype).tobytes()
    if i % 5 == 4:
        return Case(
            unary.constant(*args, **options), [unary.NOTHING], note, data, reference, dtype=x.dtype.type
        )
    return Case(unary.model(*args, **options), [[x]], note, data, reference, dtype=x.dtype.type)


# ---- LOGISTIC, TANH -----------------------------------------------------------------


@pytest.mark.parametrize("op,scale_and_zero_point", [("LOGISTIC", (1 / 256, -128)), ("TANH", (1 / 128, 0))])
def test_logistic_tanh(program, op, scale_and_zero_point):
    rng = np.random.default_rng(8)
    cases = []
    for i in range(cases_wanted(200)):
        scale = a_scale(rng) if i % 4 else a_scale(rng, -16, 5)
        if i % 10 == 0:
            scale = np.float32(2.0 ** int(rng.integers(-20, 8)))
        x = inputs(rng, i, "int8")
        cases.append(case(i, op, x, scale, a_zero_point(rng), *scale_and_zero_point))
    check(program, cases)


# ---- RELU and its kin, NEG ------------------------------------------------------------


def clamped(x, slope, low, high, scale, zero_point, out_scale, out_zero_point):
    """A line, requantized, between the numbers low and high (None: no limit)."""
    fixed, shift = multiplier(float(scale) / float(out_scale))
    low, high = (
        None
        if v is None
        else out_zero_point + int(round_away(min(np.float32(v) / out_scale, np.float32(1e8))))
        for v in (low, high)
    )
    results = []
    for v in x.reshape(-1):
        y = requantize(int(v) - zero_point, fixed * slope, shift) + out_zero_point
        y = y if low is None else max(y, low)
        results.append(saturate(y if high is None else min(y, high), x.dtype))
    return results


RELUS = {"RELU": (0, None), "RELU6": (0, 6), "RELU_N1_TO_1": (np.float32(-1), 1), "RELU_0_TO_1": (0, 1)}


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("op", RELUS)
def test_relu(program, op, dtype):
    """The reference doesn't requantize RELU6 and lacks two; in RELU scaled inputs far off wrap around."""
    rng = np.random.default_rng(9)
    cases = []
    for i in range(cases_wanted(200)):
        scale, zero_point = (
            a_quantization(rng, dtype, -6, 1) if dtype == "int8" else (a_scale(rng, -12, -4), 0)
        )
        same = i % 2 == 0
        out_scale, out_zero_point = scale, zero_point
        if not same:
            far = i % 10 == 1 and dtype == "int8"
            out_scale = np.float32(scale * np.exp(rng.uniform(-25, 25) if far else rng.uniform(-2, 2)))
            out_zero_point = a_zero_point(rng) if dtype == "int8" else 0
        x = inputs(rng, i, dtype)
        wanted = clamped(x, 1, *RELUS[op], scale, zero_point, out_scale, out_zero_point)
        reference = (same and op == "RELU6") or (op == "RELU" and scale / out_scale < 2**20)
        cases.append(case(i, op, x, scale, zero_point, out_scale, out_zero_point, wanted, reference))
    assert len(set(np.concatenate(check(program, cases)))) > 100


def test_neg(program):
    """The reference has it for float32 only."""
    rng = np.random.default_rng(10)
    cases = []
    for i in range(cases_wanted(200)):
        quantization = *a_quantization(rng, "int8"), *a_quantization(rng, "int8")
        x = inputs(rng, i, "int8")
        cases.append(case(i, "NEG", x, *quantization, clamped(x, -1, None, None, *quantization), False))
    check(program, cases)


# ---- ABS ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_abs(program, dtype):
    rng = np.random.default_rng(11)
    cases = []
    for i in range(cases_wanted(200)):
        scale, zero_point = a_quantization(rng, dtype)
        out_scale, out_zero_point = a_quantization(rng, dtype)
        out_scale = scale if i % 4 == 0 else out_scale
        if dtype == "int16" and i % 6 == 0:
            scale = zero_point = out_scale = out_zero_point = None
        cases.append(case(i, "ABS", inputs(rng, i, dtype), scale, zero_point, out_scale, out_zero_point))
    check(program, cases)


# ---- LEAKY_RELU -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_leaky_relu(program, dtype):
    rng = np.random.default_rng(12)
    cases = []
    for i in range(cases_wanted(250)):
        scale, zero_point = a_quantization(rng, dtype)
        out_scale, out_zero_point = a_quantization(rng, dtype)
        if i % 3:
            out_scale = np.float32(scale * np.exp(rng.uniform(-1, 1)))
        alpha = [0.1, 0.3, 0.0, -0.5, 1.0, 3.0, -100.0, 1e-7][i % 8]
        alpha = np.float32(alpha * np.exp(rng.uniform(-0.2, 0.2)) if i % 16 > 7 else alpha)
        x = inputs(rng, i, dtype)
        cases.append(
            case(i, "LEAKY_RELU", x, scale, zero_point, out_scale, out_zero_point, alpha=float(alpha))
        )
    check(program, cases)


def test_leaky_relu_without_options(program):
    model = unary.model("LEAKY_RELU", ALL, "int8", 0.1, 0, 0.1, 0, options=False)
    wanted = np.maximum(ALL, 0).tobytes()
    # The reference ends the process.
    check(program, [Case(model, [[ALL]], "LEAKY_RELU", wanted, False)])


def test_far_scales_of_int16(program):
    """Scaled inputs wrap around in both."""
    rng = np.random.default_rng(15)
    cases = []
    for op in ["RELU", "LEAKY_RELU", "QUANTIZE"]:
        for i in range(cases_wanted(20)):
            scale = a_scale(rng, -4, 0)
            out_scale = np.float32(scale / 2.0 ** rng.uniform(13, 29))
            out_zero_point = 0 if op == "RELU" else int(rng.integers(-1000, 1000))
            options = {"alpha": 0.5} if op == "LEAKY_RELU" else {}
            cases.append(case(i, op, inputs(rng, i, "int16"), scale, 0, out_scale, out_zero_point, **options))
    check(program, cases)


# ---- HARD_SWISH -----------------------------------------------------------------------


def test_hard_swish(program):
    """Without scales that make the reference shift by 16 bits to the right or 32 to the left: undefined."""
    rng = np.random.default_rng(13)
    cases = []
    for i in range(cases_wanted(300)):
        scale = a_scale(rng, -8, 4) if i % 4 else a_scale(rng, -10, 16)
        out_scale = np.float32(scale * np.exp(rng.uniform(-4, 3) if i % 3 else rng.uniform(-1, 1)))
        x = inputs(rng, i, "int8")
        cases.append(case(i, "HARD_SWISH", x, scale, a_zero_point(rng), out_scale, a_zero_point(rng)))
    got = check(program, cases)
    assert len(set(np.concatenate(got))) == 256


def test_hard_swish_large_scales(program):
    """What isn't zero is far beyond 3, so that positive numbers stay and negative ones become 0."""
    cases = []
    for scale in [1e8, 1e12, 1e37]:
        for ratio in [0.3, 1.0, 2.5]:
            out_scale = np.float32(scale * ratio)
            wanted = np.round(np.maximum(ALL - 5.0, 0) * (np.float32(scale) / out_scale)) - 7
            model = unary.model("HARD_SWISH", ALL, "int8", np.float32(scale), 5, out_scale, -7)
            cases.append((model, [[ALL]], np.clip(wanted, -128, 127)))
    results = differential.run_engine(program, [c[:2] for c in cases])
    for result, (_, _, wanted) in zip(results, cases, strict=True):
        assert np.abs(np.frombuffer(result, np.int8) - wanted).max() <= 1


# ---- RSQRT ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_rsqrt(program, dtype):
    rng = np.random.default_rng(14)
    cases = []
    for i in range(cases_wanted(250)):
        scale, zero_point = a_quantization(rng, dtype, -10, 2)
        # So that results are in the range, most of them.
        out_scale = np.float32(np.exp(rng.uniform(-6, 0)) / np.sqrt(scale) / (1 if dtype == "int8" else 200))
        out_zero_point = a_zero_point(rng) if dtype == "int8" else 0
        x = np.maximum(inputs(rng, i, dtype), zero_point).astype(dtype)
        cases.append(case(i, "RSQRT", x, scale, zero_point, out_scale, out_zero_point))
    assert len(set(np.concatenate(check(program, cases)))) > 200


def test_rsqrt_all_of_int16(program):
    x = np.maximum(ALL_16, 0)
    check(program, [case(0, "RSQRT", x, 0.01, 0, np.float32(s), 0) for s in (0.001, 0.0003, 0.02)])


def test_rsqrt_negative(program):
    """The reference refuses them too, at invoke."""
    x = np.array([9, 10, 11, 8, 9], np.int8)
    y = x.astype(np.int16) - 9
    cases = [(unary.model("RSQRT", x, "int8", 0.1, 9, 0.1, 0), [[x]])]
    cases.append((unary.model("RSQRT", y, "int16", 0.1, 0, 0.1, 0), [[y]]))
    for model, invokes in cases:
        with pytest.raises(RuntimeError):
            differential.run_reference(model, invokes)
    for failure in differential.run_engine(program, cases):
        assert isinstance(failure, Failure)
        assert (failure.code, failure.given) == (DATA, 3) and "negative number" in failure.message


# ---- What must be refused, polls ---------------------------------------------------------


def refuse(
    op, dtype="int8", scale=0.1, zero_point=0, out_scale=0.1, out_zero_point=0, out_dtype=None, **options
):
    x = np.zeros((2, 4), dtype)
    return unary.model(op, x, out_dtype or dtype, scale, zero_point, out_scale, out_zero_point, **options)


REFUSED = [
    (refuse("LOGISTIC", out_scale=1 / 256), UNSUPPORTED, "zero point", -128, 0),
    (refuse("LOGISTIC", out_zero_point=-128), UNSUPPORTED, "scale 1/256", None, None),
    (refuse("TANH", out_scale=1 / 128, out_zero_point=-1), UNSUPPORTED, "zero point", 0, -1),
    (refuse("TANH", out_scale=1 / 256), UNSUPPORTED, "1/128", None, None),
    (refuse("RELU6", out_dtype="uint8"), UNSUPPORTED, "another type", 9, 3),
    (refuse("ABS", scale=None, out_scale=None), UNSUPPORTED, "one scale", 1, 0),
    (refuse("ABS", "int16", scale=None), UNSUPPORTED, "one scale", 1, 0),
    (refuse("ABS", "int16", zero_point=3), UNSUPPORTED, "zero point 0", 0, 3),
    (refuse("ABS", "int16", out_zero_point=4), UNSUPPORTED, "zero point 0", 0, 4),
    (refuse("RSQRT", "int16", zero_point=3), UNSUPPORTED, "zero point 0", 0, 3),
    (refuse("RSQRT", "int16", scale=None), UNSUPPORTED, "one scale", 1, 0),
    (refuse("LEAKY_RELU", alpha=math.nan), UNSUPPORTED, "alpha", None, None),
    (refuse("LEAKY_RELU", alpha=math.inf), UNSUPPORTED, "alpha", None, None),
    (refuse("HARD_SWISH", scale=1.0, out_scale=1 / 1024), UNSUPPORTED, "128 output scales", None, None),
    (refuse("HARD_SWISH", out_scale=(0.1, 0.2), out_zero_point=(0, 0)), UNSUPPORTED, "one scale", 1, 2),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)


def test_wrong_shapes(program):
    m = unary.ModelBuilder()
    a, b = (m.tensor(s, "int8", scale=0.1) for s in [(2, 4), (4,)])
    m.node("RELU", [a], [b])
    n = unary.ModelBuilder()
    c, d = (n.tensor((2, 4), "int8", scale=0.1) for _ in range(2))
    n.node("RELU", [c, c], [d])
    refused = [(m.build([a], [b]), MODEL, "as many elements", 8, 4)]
    refused.append((n.build([c], [d]), MODEL, "number of inputs", 1, 2))
    check_refused(program, refused)


def test_polls(program):
    """Long operators look for a stop at least every 16 KB."""
    cases = []
    for op, dtype in [("RELU", "int8"), ("RELU", "int16"), ("RSQRT", "int8"), ("RSQRT", "int16")]:
        x = np.full((100, 500), 1, dtype)
        cases.append((unary.model(op, x, dtype, 0.5, 0, 0.5, 0), [[x]]))
    polls = []
    differential.run_engine(program, cases, polls)
    assert len(polls) == len(cases) and min(polls) >= 50_000 // 16384, polls
