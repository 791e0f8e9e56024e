# SPDX-License-Identifier: MIT
"""EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL against the reference."""

import operator

import numpy as np
import pytest
from broadcast_cases import a_quantization, binary_case, bools, check_varied, floats
from differential import (
    MODEL,
    UNSUPPORTED,
    a_scale,
    cases_wanted,
    check_refused,
    multiplier,
    requantize,
    values,
)
from model_builder import ModelBuilder

OPS = {
    "EQUAL": operator.eq,
    "NOT_EQUAL": operator.ne,
    "GREATER": operator.gt,
    "GREATER_EQUAL": operator.ge,
    "LESS": operator.lt,
    "LESS_EQUAL": operator.le,
}


def rescaled(x, scale, zero_point, over):
    """Real numbers with 8 fractional bits, 2^-over of them, by the reference's formula."""
    fixed, shift = multiplier(float(scale) * 2.0**-over)
    return np.array(
        [requantize(int(v - zero_point) << 8, fixed, shift) for v in x.astype(int).ravel()]
    ).reshape(x.shape)


def formula(op, case):
    q = case.quantizations
    over = max(0, *(multiplier(float(t["scale"]))[1] for t in q))
    out = b""
    for pair in case.operands:
        a, b = (rescaled(x, t["scale"], t["zero_point"], over) for x, t in zip(pair, q, strict=True))
        out += OPS[op](a, b).tobytes()
    return out


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("op", OPS)
def test_quantized(program, op, dtype):
    """The reference takes scales below 1 only. It has no int16 but in GREATER, where it rescales by numbers
    that it never sets."""
    rng = np.random.default_rng(1)
    cases = []
    for i in range(cases_wanted(100)):
        high = 3 if i % 5 == 0 else 0
        q = [a_quantization(rng, dtype, -8, high) for _ in range(2)]
        if i % 4 == 0:
            q[1] = dict(q[0])
        elif i % 4 == 1:
            q[1]["scale"] = np.float32(q[0]["scale"] * np.exp(rng.uniform(-1, 1)))
        elif i % 8 == 2:
            q[1]["scale"] = a_scale(rng, -25, 0)
        case = binary_case(rng, i, op, [dtype] * 2, "bool", q, None, 4)
        case.reference = dtype == "int8" and max(t["scale"] for t in q) < 1
        if i % 7 == 0 or not case.reference:
            case.expected = formula(op, case)
        cases.append(case)
    check_varied(program, cases)


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "bool"])
@pytest.mark.parametrize("op", OPS)
def test_plain(program, op, dtype):
    """The reference takes bools in EQUAL and NOT_EQUAL only."""
    rng = np.random.default_rng(2)
    draw = {"float32": floats, "bool": bools}.get(dtype, values)

    def near(rng, shape, dtype):
        return rng.integers(-2, 3, shape).astype(dtype)

    cases = []
    for i in range(cases_wanted(60)):
        draws = (near, near) if i % 2 and dtype != "bool" else (draw, draw)
        case = binary_case(rng, i, op, [dtype] * 2, "bool", values=draws, max_rank=4)
        if dtype == "bool" and op not in ("EQUAL", "NOT_EQUAL"):
            case.reference = False
            case.expected = b"".join(
                OPS[op](*(x.astype(int) for x in pair)).tobytes() for pair in case.operands
            )
        cases.append(case)
    check_varied(program, cases)


@pytest.mark.parametrize("op", OPS)
def test_nan(program, op):
    rng = np.random.default_rng(3)

    def draw(rng, shape, dtype):
        return np.where(rng.random(shape) < 0.3, np.float32(np.nan), rng.integers(-1, 2, shape)).astype(
            np.float32
        )

    cases = [
        binary_case(rng, i, op, ["float32"] * 2, "bool", values=(draw, draw), max_rank=4) for i in range(10)
    ]
    check_varied(program, cases)


def refuse(dtypes=("int8", "int8", "bool"), shapes=((2, 3), (2, 3)), out=(2, 3), scales=(0.1, 0.1)):
    m = ModelBuilder()
    a = [m.tensor(s, d, scale=c) for s, d, c in zip(shapes, dtypes, scales, strict=False)]
    y = m.tensor(out, dtypes[2])
    m.node("LESS", a, [y])
    return m.build(a, [y])


REFUSED = [
    (refuse(shapes=((2, 3), (2, 4))), MODEL, "shapes of the inputs", 3, 4),
    (refuse(out=(2, 4)), MODEL, "output's shape", 3, 4),
    (refuse(("int8", "int16", "bool")), UNSUPPORTED, "another type", 9, 7),
    (refuse(("int8", "int8", "int8")), UNSUPPORTED, "another type", 6, 9),
    (refuse(scales=(0.1, None)), UNSUPPORTED, "one scale", 1, 0),
    (refuse(("int32", "float32", "bool")), UNSUPPORTED, "another type", 2, 0),
]


def test_refused(program):
    check_refused(program, REFUSED)
