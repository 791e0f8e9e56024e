# SPDX-License-Identifier: MIT
"""QUANTIZE and DEQUANTIZE against the reference.

Random models of one operator run in the engine, under ASan and UBSan, and in the wheel tflite_micro: outputs
must be the same to the bit. Where the wheel is undefined, wrong or unable (each place says why), the expected
numbers come from the formula in exact integers, which is checked against the wheel where both work.
"""

import differential
import numpy as np
import pytest
from differential import (
    DATA,
    MODEL,
    UNSUPPORTED,
    Case,
    a_scale,
    a_zero_point,
    check,
    check_refused,
    multiplier,
    requantize,
    round_away,
    saturate,
    values,
)
from model_builder import ModelBuilder

CASES = 200
ALL = np.arange(-128, 128, dtype=np.int8)


@pytest.fixture(scope="module")
def program():
    return differential.build()


# ---- QUANTIZE and DEQUANTIZE ----------------------------------------------------


def unary(op, x, out_dtype, scale, zero_point, out_scale, out_zero_point, **options):
    """A model with one node from x to a tensor of its shape. scale None: not quantized."""
    m = ModelBuilder()
    a = m.tensor(x.shape, x.dtype.name, scale=scale, zero_point=zero_point)
    b = m.tensor(x.shape, out_dtype, scale=out_scale, zero_point=out_zero_point)
    m.node(op, [a], [b], **options)
    return m.build([a], [b])


def test_quantize_float(program):
    rng = np.random.default_rng(5)
    cases = []
    for i in range(CASES):
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
        wanted = np.clip(round_away(x / scale) + zero_point, info.min, info.max).astype(dtype).tobytes()
        model = unary("QUANTIZE", x, dtype, None, None, scale, zero_point)
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
            model = unary("QUANTIZE", x, dtype, None, None, scale, 1)
            cases.append(Case(model, [[x]], f"{dtype} {scale}", wanted, False, np.dtype(dtype).type))
    check(program, cases)


def test_quantize_nan(program):
    x = np.array([1, 2, np.nan, 4], np.float32)
    model = unary("QUANTIZE", x, "int8", None, None, 0.1, 0)
    (failure,) = differential.run_engine(program, [(model, [[x]])])
    assert (failure.code, failure.node, failure.given) == (DATA, 0, 2)
    assert "NaN" in failure.message


PAIRS = [("int8", "int8"), ("int8", "uint8"), ("uint8", "int8"), ("int8", "int16"), ("int8", "int32"),
         ("uint8", "uint8"), ("uint8", "int16"), ("uint8", "int32")]  # fmt: skip


def test_requantize(program):
    rng = np.random.default_rng(6)
    cases = []
    for i in range(CASES):
        source, target = PAIRS[i % len(PAIRS)]
        info = np.iinfo(target)
        scale = a_scale(rng)
        out_scale = scale if i // 8 % 4 == 0 else np.float32(scale * np.exp(rng.uniform(-9, 9)))
        if i // 8 % 8 == 1:
            out_scale = np.float32(scale * np.exp(rng.uniform(-14, 30)))
        zero_point = a_zero_point(rng, *((-128, 127) if source == "int8" else (0, 255)))
        limits = (-1000, 1000) if target == "int32" else (info.min, info.max)
        out_zero_point = a_zero_point(rng, *limits)
        if out_scale == scale and i % 2 and "int8" in (source, target) and "uint8" in (source, target):
            out_zero_point = zero_point + (128 if target == "uint8" else -128)
        x = np.arange(np.iinfo(source).min, np.iinfo(source).max + 1).astype(source)
        fixed = multiplier(float(scale) / float(out_scale))
        wanted = [saturate(requantize(int(v) - zero_point, *fixed) + out_zero_point, target) for v in x]
        cases.append(
            Case(unary("QUANTIZE", x, target, scale, zero_point, out_scale, out_zero_point), [[x]],
                 f"QUANTIZE {source} {target} {scale} {zero_point} {out_scale} {out_zero_point}",
                 np.array(wanted, target).tobytes(), i % len(PAIRS) < 5, np.dtype(target).type)
        )  # fmt: skip
    check(program, cases)


def test_requantize_far(program):
    """Scales that make the reference's shifted input wrap around: the right answer saturates."""
    cases = []
    for ratio in [2.0**21, 2.0**31, 1e12, 1e30, 1e-12, 1e-38]:
        for target in ["int8", "int16"]:
            model = unary("QUANTIZE", ALL, target, 1.0, 5, np.float32(1 / ratio), -3)
            fixed = multiplier(1.0 / float(np.float32(1 / ratio)))
            wanted = [saturate(requantize(int(v) - 5, *fixed) - 3, target) for v in ALL]
            data = np.array(wanted, target).tobytes()
            cases.append(Case(model, [[ALL]], f"{ratio} {target}", data, False, np.dtype(target).type))
    check(program, cases)


def test_dequantize(program):
    rng = np.random.default_rng(7)
    cases = []
    for i in range(CASES):
        scale, zero_point = a_scale(rng, -30, 20), a_zero_point(rng)
        x = ALL if i % 2 else values(rng, (100, 97))
        model = unary("DEQUANTIZE", x, "float32", scale, zero_point, None, None)
        cases.append(Case(model, [[x]], f"DEQUANTIZE {scale} {zero_point}", dtype=np.float32))
    check(program, cases)


# ---- Polls ------------------------------------------------------------------------


def test_polls(program):
    """Long operators look for a stop at least every 16 KB."""
    x = np.zeros((1, 100, 100, 20), np.int8)
    m = ModelBuilder()
    a = m.tensor(x.shape, "int8", scale=0.5)
    b = m.tensor((1, 104, 100, 20), "int8", scale=0.5)
    m.node("PAD", [a, m.constant(np.array([[0, 0], [2, 2], [0, 0], [0, 0]], np.int32))], [b])
    cases = [(m.build([a], [b]), [[x]])]
    m = ModelBuilder()
    a, b = (m.tensor(x.shape, "int8", scale=0.5) for _ in range(2))
    c = m.tensor(x.shape, "int8", scale=0.5)
    m.node("ADD", [a, b], [c])
    cases.append((m.build([a, b], [c]), [[x, x]]))
    for op in ["RESHAPE", "QUANTIZE"]:
        cases.append((unary(op, x, "int8", 0.5, 0, 0.5, 0), [[x]]))
    cases.append((unary("DEQUANTIZE", x, "float32", 0.5, 0, None, None), [[x]]))
    y = x.astype(np.float32)
    cases.append((unary("QUANTIZE", y, "int8", None, None, 0.5, 0), [[y]]))
    polls = []
    differential.run_engine(program, cases, polls)
    assert len(polls) == len(cases) and min(polls) >= x.size // 16384, polls


# ---- What must be refused -----------------------------------------------------------


def refuse_unary(op, scale=0.1, zero_point=0, out_scale=0.1, out_zero_point=0, dtype="int8", out_dtype="int8",
                 shape=(2, 4), out_shape=(2, 4), n_inputs=1, n_outputs=1, **options):  # fmt: skip
    m = ModelBuilder()
    a = [m.tensor(shape, dtype, scale=scale, zero_point=zero_point) for _ in range(n_inputs)]
    b = [m.tensor(out_shape, out_dtype, scale=out_scale, zero_point=out_zero_point) for _ in range(n_outputs)]
    m.node(op, a, b, **options)
    return m.build(a, b)


REFUSED = [
    (refuse_unary("QUANTIZE", out_dtype="uint16"), UNSUPPORTED, "can't write", None, 16),
    (refuse_unary("QUANTIZE", None, dtype="float32", out_dtype="int32"), UNSUPPORTED, "can't write", None, 2),
    (refuse_unary("QUANTIZE", out_shape=(2, 5)), MODEL, "as many elements", 8, 10),
    (refuse_unary("QUANTIZE", out_scale=None), UNSUPPORTED, "one scale", 1, 0),
    (refuse_unary("QUANTIZE", out_dtype="int32", scale=1.0, out_scale=1e-9), UNSUPPORTED, "2^22", None, None),
    (refuse_unary("QUANTIZE", 0.1, 0, 0.1, -(1 << 31), out_dtype="int32"), UNSUPPORTED, "zero", 2**30, None),
    (refuse_unary("DEQUANTIZE"), UNSUPPORTED, "another type", 0, 9),
    (refuse_unary("DEQUANTIZE", out_dtype="float32", out_scale=None, out_shape=(7,)), MODEL, "as many", 8, 7),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)
