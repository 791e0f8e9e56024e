# SPDX-License-Identifier: MIT
"""against the reference.

Random models of one operator run in the engine, under ASan and UBSan, and in the wheel tflite_micro: outputs
must be the same to the bit. Where the wheel is undefined, wrong or unable (each place says why), the expected
numbers come from the formula in exact integers, which is checked against the wheel where both work.
"""

import differential
import numpy as np
from differential import (
    check_refused,
)
from model_builder import ModelBuilder

CASES = 200
ALL = np.arange(-128, 128, dtype=np.int8)


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


# ---- What must be refused -----------------------------------------------------------


def refuse_unary(op, scale=0.1, zero_point=0, out_scale=0.1, out_zero_point=0, dtype="int8", out_dtype="int8",
                 shape=(2, 4), out_shape=(2, 4), n_inputs=1, n_outputs=1, **options):  # fmt: skip
    m = ModelBuilder()
    a = [m.tensor(shape, dtype, scale=scale, zero_point=zero_point) for _ in range(n_inputs)]
    b = [m.tensor(out_shape, out_dtype, scale=out_scale, zero_point=out_zero_point) for _ in range(n_outputs)]
    m.node(op, a, b, **options)
    return m.build(a, b)


REFUSED = [
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)
