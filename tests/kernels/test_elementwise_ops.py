# SPDX-License-Identifier: MIT
"""PAD, RESHAPE against the reference.

Random models of one operator run in the engine, under ASan and UBSan, and in the wheel tflite_micro: outputs
must be the same to the bit. Where the wheel is undefined, wrong or unable (each place says why), the expected
numbers come from the formula in exact integers, which is checked against the wheel where both work.
"""

import differential
import numpy as np
import pytest
from differential import (
    MODEL,
    UNSUPPORTED,
    Case,
    a_shape,
    a_zero_point,
    check,
    check_refused,
    values,
)
from model_builder import ModelBuilder

CASES = 200
ALL = np.arange(-128, 128, dtype=np.int8)


@pytest.fixture(scope="module")
def program():
    return differential.build()


# ---- PAD ----------------------------------------------------------------------


def pad_case(rng, i):
    m = ModelBuilder()
    shape = a_shape(rng, limit=6)
    pads = rng.integers(0, 4, (len(shape), 2)) * (rng.random((len(shape), 1)) < 0.6)
    out_shape = tuple(int(d + p.sum()) for d, p in zip(shape, pads, strict=True))
    zero_point = a_zero_point(rng)
    x = m.tensor(shape, "int8", scale=0.5, zero_point=zero_point)
    y = m.tensor(out_shape, "int8", scale=0.5, zero_point=zero_point)
    m.node("PAD", [x, m.constant(pads.astype(np.int32))], [y])
    v = values(rng, shape)
    expected = np.pad(v, pads, constant_values=zero_point).tobytes()
    # The reference takes five dimensions.
    return Case(m.build([x], [y]), [[v]], f"PAD {i} {shape} {pads.tolist()}", expected, len(shape) <= 5)


def test_pad(program):
    rng = np.random.default_rng(4)
    check(program, [pad_case(rng, i) for i in range(CASES)])


# ---- QUANTIZE and DEQUANTIZE ----------------------------------------------------


def unary(op, x, out_dtype, scale, zero_point, out_scale, out_zero_point, **options):
    """A model with one node from x to a tensor of its shape. scale None: not quantized."""
    m = ModelBuilder()
    a = m.tensor(x.shape, x.dtype.name, scale=scale, zero_point=zero_point)
    b = m.tensor(x.shape, out_dtype, scale=out_scale, zero_point=out_zero_point)
    m.node(op, [a], [b], **options)
    return m.build([a], [b])


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
    for op in ["RESHAPE"]:
        cases.append((unary(op, x, "int8", 0.5, 0, 0.5, 0), [[x]]))
    polls = []
    differential.run_engine(program, cases, polls)
    assert len(polls) == len(cases) and min(polls) >= x.size // 16384, polls


# ---- RESHAPE ----------------------------------------------------------------------


def test_reshape(program):
    rng = np.random.default_rng(11)
    cases = []
    for i in range(50):
        dtype = ["int8", "int16", "int32", "float32", "uint8", "bool", "int64"][i % 7]
        shape = a_shape(rng) if i % 10 else (50, 401)
        flat = int(np.prod(shape))
        m = ModelBuilder()
        x = m.tensor(shape, dtype)
        new = (flat,) if i % 2 else (1, flat, 1)
        y = m.tensor(new, dtype)
        inputs = [x] if i % 3 else [x, m.constant(np.array(new, np.int32))]
        m.node("RESHAPE", inputs, [y], new_shape=new)
        v = (
            rng.integers(0, 2, shape).astype(dtype)
            if dtype == "bool"
            else rng.integers(0, 100, shape).astype(dtype)
        )
        cases.append(
            Case(
                m.build([x], [y]), [[v]], f"RESHAPE {dtype} {shape}", v.tobytes(), False, np.dtype(dtype).type
            )
        )
    check(program, cases)


# ---- What must be refused -----------------------------------------------------------


def refuse_unary(op, scale=0.1, zero_point=0, out_scale=0.1, out_zero_point=0, dtype="int8", out_dtype="int8",
                 shape=(2, 4), out_shape=(2, 4), n_inputs=1, n_outputs=1, **options):  # fmt: skip
    m = ModelBuilder()
    a = [m.tensor(shape, dtype, scale=scale, zero_point=zero_point) for _ in range(n_inputs)]
    b = [m.tensor(out_shape, out_dtype, scale=out_scale, zero_point=out_zero_point) for _ in range(n_outputs)]
    m.node(op, a, b, **options)
    return m.build(a, b)


def refuse_pad(pads=((0, 0), (1, 1)), shape=(2, 3), out=(2, 5), dtype=np.int32, constant=True):
    m = ModelBuilder()
    x = m.tensor(shape, "int8", scale=0.1)
    pads = np.array(pads, dtype)
    p = m.constant(pads) if constant else m.tensor(pads.shape, pads.dtype.name)
    y = m.tensor(out, "int8", scale=0.1)
    m.node("PAD", [x, p], [y])
    return m.build([x] if constant else [x, p], [y])


REFUSED = [
    (refuse_pad(pads=((0, 0), (-1, 3))), MODEL, "negative", 0, -1),
    (refuse_pad(pads=((0, 0), (1, 2))), MODEL, "dimension of the output", 6, 5),
    (refuse_pad(pads=((0, 0), (2**31 - 1, 2**31 - 1))), MODEL, "dimension of the output", 1, 5),
    (refuse_pad(pads=((0, 0),)), MODEL, "two for each", 4, 2),
    (refuse_pad(out=(2, 5, 1)), MODEL, "rank", 2, 3),
    (refuse_pad(dtype=np.int64), UNSUPPORTED, "not int32", 2, 4),
    (refuse_pad(constant=False), UNSUPPORTED, "not constant", None, None),
    (refuse_unary("RESHAPE", out_shape=(3, 3)), MODEL, "as many elements", 8, 9),
    (refuse_unary("RESHAPE", out_dtype="int16"), MODEL, "input's type", 9, 7),
    (refuse_unary("RESHAPE", n_inputs=3), MODEL, "number of inputs", 2, 3),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)
