# SPDX-License-Identifier: MIT
"""QUANTIZE and DEQUANTIZE against the reference.

Where the wheel is undefined or unable (each place says why), the expected numbers come from the formula in
exact integers, which is checked against the wheel where both work.
"""

import differential
import numpy as np
import pytest
import unary
from differential import (
    DATA,
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
    round_away,
    saturate,
    values,
)

ALL = np.arange(-128, 128, dtype=np.int8)


# ---- QUANTIZE from float32 ----------------------------------------------------------


def test_quantize_float(program):
    rng = np.random.default_rng(5)
    cases = []
    for i in range(cases_wanted(200)):
        dtype = ["int8", "int16", "uint8"][i % 3]
        info = np.iinfo(dtype)
        scale = a_scale(rng, -20, 5)
        zero_point = a_zero_point(rng, info.min, info.max)
        steps = rng.uniform(info.min - 1000, info.max + 1000, 400).astype(np.float32)
        steps[::3] = np.floor(steps[::3]) + np.float32(0.5)  # halves, as far as scale lets them stay halves
        x = (steps * scale).astype(np.float32)
        if i % 4 == 0:
            scale = np.float32(2.0 ** int(rng.integers(-20, 10)))
            x = (steps * scale).astype(np.float32)
        x[3::12] = np.nextafter(x[3::12], np.float32(np.inf))  # the next floats to halves
        x[6::12] = np.nextafter(x[6::12], np.float32(-np.inf))
        wanted = np.clip(round_away(x / scale) + zero_point, info.min, info.max).astype(dtype).tobytes()
        model = unary.model("QUANTIZE", x, dtype, None, None, scale, zero_point)
        # The reference doesn't write uint8.
        cases.append(
            Case(model, [[x]], f"QUANTIZE float32 to {dtype} {scale} {zero_point}", wanted, dtype != "uint8",
                 np.dtype(dtype).type)
        )  # fmt: skip
    check(program, cases)


def test_quantize_float_far(program):
    """Beyond int32 the reference's cast is undefined: the right answer saturates."""
    x = np.array([3e38, -3e38, np.inf, -np.inf, 1e9, -1e9, 0, -0.0, 1e-45], np.float32)
    cases = []
    for dtype in ["int8", "int16", "uint8"]:
        info = np.iinfo(dtype)
        for scale in [1e-30, 0.5, 1e30]:
            with np.errstate(over="ignore"):
                steps = round_away(x / np.float32(scale))
            wanted = np.clip(steps + 1, info.min, info.max).astype(dtype).tobytes()
            model = unary.model("QUANTIZE", x, dtype, None, None, scale, 1)
            cases.append(Case(model, [[x]], f"{dtype} {scale}", wanted, False, np.dtype(dtype).type))
    check(program, cases)


def test_quantize_nan(program):
    x = np.array([1, 2, np.nan, 4], np.float32)
    model = unary.model("QUANTIZE", x, "int8", None, None, 0.1, 0)
    (failure,) = differential.run_engine(program, [(model, [[x]])])
    assert (failure.code, failure.node, failure.given) == (DATA, 0, 2)
    assert "NaN" in failure.message


# ---- QUANTIZE from integers ---------------------------------------------------------

SOURCES = ["int8", "uint8", "int16", "int32"]
PAIRS = [(source, target) for source in SOURCES for target in SOURCES]
# What the wheel takes. The others follow from the same formula.
TAKEN = {("int8", t) for t in SOURCES} | {("uint8", "int8"), ("int32", "int8"), ("int32", "int16")}
TAKEN |= {("int16", t) for t in ("int8", "int16", "int32")}


def wrapped(x):
    return (x + 2**31) % 2**32 - 2**31


def requantized(x, target, scale, zero_point, out_scale, out_zero_point):
    fixed, shift = multiplier(float(scale) / float(out_scale))
    results = []
    for v in x.reshape(-1).tolist():
        # The shifted difference may wrap around if the input has 16 or 32 bits.
        shifted = wrapped(wrapped(v - zero_point) << max(shift, 0))
        results.append(saturate(requantize(shifted, fixed, min(shift, 0)) + out_zero_point, target))
    return np.array(results, target)


@pytest.mark.parametrize("source,target", PAIRS)
def test_requantize(program, source, target):
    rng = np.random.default_rng(6)
    cases = []
    for i in range(cases_wanted(50)):
        info, limits = np.iinfo(source), np.iinfo(target)
        scale = a_scale(rng)
        out_scale = scale if i % 4 == 0 else np.float32(scale * np.exp(rng.uniform(-9, 9)))
        if i % 8 == 1:
            out_scale = np.float32(scale * np.exp(rng.uniform(-14, 30)))
        far = 1000 if "int32" in (source, target) else 2**15
        zero_point = a_zero_point(rng, max(info.min, -far), min(info.max, far))
        out_zero_point = a_zero_point(rng, max(limits.min, -far), min(limits.max, far))
        if out_scale == scale and i % 2 and {source, target} == {"int8", "uint8"}:
            out_zero_point = zero_point + (128 if target == "uint8" else -128)
        if source in ("int8", "uint8"):
            x = np.arange(info.min, info.max + 1).astype(source)
        else:
            spread = rng.integers(info.min, info.max, 200, endpoint=True)
            few = np.round(rng.standard_normal(200) * out_scale / scale * limits.max / 2)
            x = np.concatenate([spread, few]).clip(info.min, info.max).astype(source)
            x[:4] = [info.min, info.max, 0, -1]
        wanted = requantized(x, target, scale, zero_point, out_scale, out_zero_point)
        args = "QUANTIZE", x, target, scale, zero_point, out_scale, out_zero_point
        constant = i % 5 == 4
        model = (unary.constant if constant else unary.model)(*args)
        note = f"QUANTIZE {source} {target} {scale} {zero_point} {out_scale} {out_zero_point}"
        taken = (source, target) in TAKEN
        invokes = [unary.NOTHING if constant else [x]]
        cases.append(Case(model, invokes, note, wanted.tobytes(), taken, np.dtype(target).type))
    assert len(set(np.concatenate(check(program, cases)))) > 100


def test_requantize_shapes(program):
    rng = np.random.default_rng(7)
    cases = []
    for i in range(cases_wanted(60)):
        source, target = sorted(TAKEN)[i % len(TAKEN)]
        x = values(rng, a_shape(rng) if i % 10 else (3, 4099), np.dtype(source))
        model = unary.model("QUANTIZE", x, target, 0.25, 0, 0.3, 0)
        more = values(rng, x.shape, np.dtype(source))
        cases.append(Case(model, [[x], [more]], f"{source} {target} {x.shape}", dtype=np.dtype(target).type))
    check(program, cases)


def test_requantize_far(program):
    """Scales that make the reference's shifted input wrap around: the right answer saturates."""
    cases = []
    for ratio in [2.0**21, 2.0**31, 1e12, 1e30, 1e-12, 1e-38]:
        for target in ["int8", "int16"]:
            model = unary.model("QUANTIZE", ALL, target, 1.0, 5, np.float32(1 / ratio), -3)
            fixed = multiplier(1.0 / float(np.float32(1 / ratio)))
            wanted = [saturate(requantize(int(v) - 5, *fixed) - 3, target) for v in ALL]
            data = np.array(wanted, target).tobytes()
            cases.append(Case(model, [[ALL]], f"{ratio} {target}", data, False, np.dtype(target).type))
    check(program, cases)


# ---- DEQUANTIZE -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
def test_dequantize(program, dtype):
    rng = np.random.default_rng(7)
    info = np.iinfo(dtype)
    cases = []
    for i in range(cases_wanted(200)):
        scale, zero_point = a_scale(rng, -30, 20), a_zero_point(rng, info.min, info.max)
        x = values(rng, a_shape(rng) if i % 40 else (100, 97), np.dtype(dtype))
        args = "DEQUANTIZE", x, "float32", scale, zero_point
        note = f"DEQUANTIZE {i} {x.shape} {scale} {zero_point}"
        if i % 5 == 4:
            cases.append(Case(unary.constant(*args), [unary.NOTHING], note, dtype=np.float32))
        else:
            cases.append(Case(unary.model(*args), [[x]], note, dtype=np.float32))
    check(program, cases)


@pytest.mark.parametrize("dtype", ["int8", "int4"])
def test_dequantize_per_channel(program, dtype):
    """Of weights, for models whose arithmetic is in float32. LiteRT has it, the wheel doesn't."""
    rng = np.random.default_rng(8)
    cases = []
    for i in range(cases_wanted(100)):
        shape = a_shape(rng, limit=6)
        axis = int(rng.integers(len(shape)))
        low, high = (-8, 8) if dtype == "int4" else (-128, 128)
        x = rng.integers(low, high, shape).astype(np.int8)
        n = shape[axis] if i % 4 else 1
        scale = np.exp(rng.uniform(-9, 2, n)).astype(np.float32)
        zero_point = rng.integers(low, high, n) if i % 3 == 0 and dtype == "int8" else np.zeros(n, int)
        along = [1] * len(shape)
        along[axis] = n
        wanted = scale.reshape(along) * (x - zero_point.reshape(along)).astype(np.float32)
        m = unary.ModelBuilder()
        unused = m.tensor((1,), "int8", scale=1.0)
        a = m.constant(x, dtype, scale=scale, zero_point=zero_point, axis=axis)
        b = m.tensor(shape, "float32")
        m.node("DEQUANTIZE", [a], [b])
        data = wanted.astype(np.float32).tobytes()
        cases.append(Case(m.build([unused], [b]), [unary.NOTHING], f"{i} {shape}", data, False, np.float32))
    check(program, cases)


def test_dequantize_float16(program):
    """All of them. The wheel lacks it."""
    x = np.arange(2**16, dtype=np.uint16).view(np.float16)
    x = np.where(np.isnan(x), np.float16("nan"), x)
    wanted = x.astype(np.float32).tobytes()
    cases = [Case(unary.model("DEQUANTIZE", x, "float32"), [[x]], "float16", wanted, False, np.float32)]
    model = unary.constant("DEQUANTIZE", x[:1000], "float32")
    for i in range(8):
        model = unary.constant("DEQUANTIZE", x[i : i + 1000], "float32")
        cases.append(Case(model, [unary.NOTHING], "constant", wanted[4 * i :][:4000], False, np.float32))
    check(program, cases)


# ---- What must be refused, polls ---------------------------------------------------------


def refuse(op, dtype, out_dtype, scale=0.1, zero_point=0, out_scale=0.1, out_zero_point=0):
    return unary.model(op, np.zeros((2, 4), dtype), out_dtype, scale, zero_point, out_scale, out_zero_point)


def test_refused(program):
    m = unary.ModelBuilder()
    a, b = m.tensor((2, 4), "int8", scale=0.1), m.tensor((7,), "float32")
    m.node("DEQUANTIZE", [a], [b])
    refused = [
        (refuse("QUANTIZE", "int8", "uint16"), UNSUPPORTED, "can't write", None, 16),
        (refuse("QUANTIZE", "float32", "int32", None), UNSUPPORTED, "can't write", None, 2),
        (refuse("QUANTIZE", "int8", "int8", out_scale=None), UNSUPPORTED, "one scale", 1, 0),
        (refuse("QUANTIZE", "int8", "int32", 1.0, 0, 1e-9), UNSUPPORTED, "2^22", None, None),
        (refuse("QUANTIZE", "int8", "int32", 0.1, 0, 0.1, -(1 << 31)), UNSUPPORTED, "zero", 2**30, None),
        (refuse("DEQUANTIZE", "int8", "int8"), UNSUPPORTED, "another type", 0, 9),
        (refuse("DEQUANTIZE", "int8", "float32", None), UNSUPPORTED, "one scale", 1, 0),
        (m.build([a], [b]), MODEL, "as many elements", 8, 7),
    ]
    check_refused(program, refused)


def test_polls(program):
    """Long operators look for a stop at least every 16 KB."""
    x = np.zeros((100, 500), np.int8)
    cases = []
    for source, target in [("int8", "int8"), ("float32", "int8"), ("int16", "int16")]:
        y = x.astype(source)
        scale = None if source == "float32" else 0.5
        cases.append((unary.model("QUANTIZE", y, target, scale, None, 0.5, 0), [[y]]))
    cases.append((unary.model("DEQUANTIZE", x, "float32", 0.5, 0), [[x]]))
    h = x.astype(np.float16)
    cases.append((unary.model("DEQUANTIZE", h, "float32"), [[h]]))
    polls = []
    differential.run_engine(program, cases, polls)
    assert len(polls) == len(cases) and min(polls) >= x.size // 16384, polls
