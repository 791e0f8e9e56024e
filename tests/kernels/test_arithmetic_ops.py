# SPDX-License-Identifier: MIT
"""Operators of two inputs on int32 and float32, FLOOR_DIV and FLOOR_MOD, ADD_N against the reference."""

import numpy as np
import pytest
from broadcast_cases import ACTIVATIONS, a_quantization, binary_case, check_varied, floats
from differential import (
    DATA,
    MODEL,
    UNSUPPORTED,
    Case,
    a_shape,
    cases_wanted,
    check_refused,
    run_engine,
    values,
)
from model_builder import ModelBuilder


def finite(rng, shape, dtype=np.float32):
    """So that there are no NaNs, whose bits no standard settles."""
    return np.nan_to_num(floats(rng, shape), posinf=3e38, neginf=-3e38)


def finite_nonzero(rng, shape, dtype=np.float32):
    x = finite(rng, shape)
    return np.where(x == 0, np.float32(1e-30), x)


def numbers(rng, shape, dtype):
    """Large and small ones."""
    return values(rng, shape, dtype) if rng.random() < 0.5 else rng.integers(-9, 10, shape).astype(dtype)


def nonzero(rng, shape, dtype):
    x = numbers(rng, shape, dtype)
    return np.where(x == 0, dtype.type(2), x)


WITH_ACTIVATION = ["ADD", "SUB", "MUL", "DIV"]


@pytest.mark.parametrize("op", [*WITH_ACTIVATION, "SQUARED_DIFFERENCE", "MAXIMUM", "MINIMUM", "PRELU"])
def test_float32(program, op):
    rng = np.random.default_rng(1)
    draws = (finite, finite_nonzero if op == "DIV" else finite)
    if op in ("MAXIMUM", "MINIMUM"):
        draws = (floats, floats)
    cases = []
    for i in range(cases_wanted(100)):
        options = {"activation": str(rng.choice(ACTIVATIONS))} if op in WITH_ACTIVATION else {}
        cases.append(binary_case(rng, i, op, ["float32"] * 2, values=draws, max_rank=4, **options))
    check_varied(program, cases)


@pytest.mark.parametrize("op", [*WITH_ACTIVATION, "SQUARED_DIFFERENCE"])
def test_int32(program, op):
    """The wheel dies of -2^31 / -1."""
    rng = np.random.default_rng(2)

    def dividends(rng, shape, dtype):
        return np.maximum(numbers(rng, shape, dtype), -(2**31) + 1)

    draws = (dividends, nonzero) if op == "DIV" else (numbers, numbers)
    cases = []
    for i in range(cases_wanted(100)):
        options = {"activation": str(rng.choice(ACTIVATIONS))} if op in WITH_ACTIVATION else {}
        cases.append(binary_case(rng, i, op, ["int32"] * 2, values=draws, max_rank=4, **options))
    check_varied(program, cases)


def binary(op, a, b, dtype):
    m = ModelBuilder()
    x, y, z = (m.tensor(a.shape, dtype) for _ in range(3))
    m.node(op, [x, y], [z])
    return m.build([x, y], [z]), [[a.astype(dtype), b.astype(dtype)]]


DIVISIONS = [("DIV", "int32"), ("FLOOR_DIV", "float32")]
DIVISIONS += [(op, d) for op in ("FLOOR_DIV", "FLOOR_MOD") for d in ("int8", "int16", "int32")]


def test_division_by_zero(program):
    a, b = np.array([1, 2, 3]), np.array([1, 0, 2])
    for failure in run_engine(program, [binary(op, a, b, dtype) for op, dtype in DIVISIONS]):
        assert (failure.code, failure.message) == (DATA, "division by zero")


def test_lowest_by_minus_1(program):
    a, b = np.array([-(2**31), -128, 7]), np.array([-1, -1, -1])
    cases = []
    for op, dtype, wanted in [
        ("DIV", "int32", [-(2**31), 128, -7]),
        ("FLOOR_DIV", "int32", [2**31 - 1, 128, -7]),
        ("FLOOR_DIV", "int8", [0, 127, -7]),
        ("FLOOR_MOD", "int32", [0, 0, 0]),
    ]:
        model, invokes = binary(op, a, b, dtype)
        cases.append(Case(model, invokes, f"{op} {dtype}", np.array(wanted, dtype).tobytes(), False))
    check_varied(program, cases)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64"])
@pytest.mark.parametrize("op", ["FLOOR_DIV", "FLOOR_MOD"])
def test_floor_integers(program, op, dtype):
    """LiteRT has them, the reference hasn't; numpy rounds the same way. Quantization changes nothing."""
    if (op, dtype) == ("FLOOR_DIV", "int64"):
        return
    rng = np.random.default_rng(3)
    cases = []
    for i in range(cases_wanted(60)):
        q = [a_quantization(rng, dtype) if dtype in ("int8", "int16") else {} for _ in range(3)]
        case = binary_case(rng, i, op, [dtype] * 2, None, q[:2], q[2], values=(numbers, nonzero))
        function = np.floor_divide if op == "FLOOR_DIV" else np.remainder
        info = np.iinfo(dtype)
        case.expected = b""
        for a, b in case.operands:
            far = (a == info.min) & (b == -1)
            with np.errstate(all="ignore"):
                wanted = function(a, b)
            case.expected += (
                np.where(far, info.max if op == "FLOOR_DIV" else 0, wanted).astype(dtype).tobytes()
            )
        case.reference = False
        cases.append(case)
    check_varied(program, cases)


@pytest.mark.parametrize("op", ["FLOOR_DIV", "FLOOR_MOD"])
def test_floor_float32(program, op):
    """Quotients near whole numbers, of all sizes, subnormals; infinite divisors."""
    rng = np.random.default_rng(5)

    def whole(rng, shape, dtype):
        return (rng.integers(1, 10, shape) * np.float32(rng.choice([0.1, 1, 1e30, 1e-42]))).astype(np.float32)

    def signed(rng, shape, dtype):
        return whole(rng, shape, dtype) * rng.choice(np.array([-1, 1], np.float32), shape)

    def divisors(rng, shape, dtype):
        return np.where(rng.random(shape) < 0.9, finite_nonzero(rng, shape), np.float32(-np.inf))

    cases = []
    for i in range(cases_wanted(200)):
        draws = [(finite, finite_nonzero), (finite, divisors), (signed, signed), (signed, finite_nonzero)][
            i % 4
        ]
        cases.append(binary_case(rng, i, op, ["float32"] * 2, values=draws, max_rank=4))
    check_varied(program, cases)


# ---- ADD_N --------------------------------------------------------------------------


def add_n_case(rng, i, dtype):
    m = ModelBuilder()
    shape = a_shape(rng, limit=7) if i % 20 else (2, 41, 51)
    n = int(rng.integers(2, 7))
    q, out = {}, {}
    if dtype == "int8":
        q = a_quantization(rng, dtype)
        span = (-10, 10) if i % 5 == 0 else (-1, 2)
        out = a_quantization(rng, dtype) | {"scale": np.float32(q["scale"] * np.exp(rng.uniform(*span)))}
    draw = values if dtype == "int8" else finite
    constant = int(rng.integers(-2, n))
    data = draw(rng, shape, np.dtype(dtype))
    tensors = [m.constant(data, **q) if k == constant else m.tensor(shape, dtype, **q) for k in range(n)]
    y = m.tensor(shape, dtype, **out)
    m.node("ADD_N", tensors, [y])
    feed = [t for k, t in enumerate(tensors) if k != constant]
    invokes = [[draw(rng, shape, np.dtype(dtype)) for _ in feed] for _ in range(2)]
    return Case(m.build(feed, [y]), invokes, f"ADD_N {i} {n} {shape} {q} {out}", dtype=np.dtype(dtype).type)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_add_n(program, dtype):
    rng = np.random.default_rng(4)
    check_varied(program, [add_n_case(rng, i, dtype) for i in range(cases_wanted(200))])


# ---- What must be refused -----------------------------------------------------------


def refuse(op, n=2, dtypes=("int8",) * 4, shapes=((2, 3),) * 4, scales=(0.1,) * 4, **options):
    """The last of each is the output's."""
    m = ModelBuilder()
    a = [m.tensor(shapes[k], dtypes[k], scale=scales[k]) for k in range(n)]
    y = m.tensor(shapes[-1], dtypes[-1], scale=scales[-1])
    m.node(op, a, [y], **options)
    return m.build(a, [y])


F, I32 = ("float32",) * 3, ("int32",) * 3

REFUSED = [
    (refuse("ADD", dtypes=F, activation="TANH"), UNSUPPORTED, "activation", None, 4),
    (refuse("SUB", dtypes=I32, activation="TANH"), UNSUPPORTED, "activation", None, 4),
    (refuse("MUL", dtypes=("int32", "float32", "int32")), UNSUPPORTED, "another type", 2, 0),
    (refuse("FLOOR_DIV", dtypes=("int8", "int8", "int16")), UNSUPPORTED, "another type", 9, 7),
    (refuse("ADD_N", 1), MODEL, "number of inputs", 2, 1),
    (refuse("ADD_N", 3, shapes=((2, 3), (2, 3), (1, 3), (2, 3))), MODEL, "differ in shape", None, None),
    (refuse("ADD_N", 3, shapes=((2, 3), (2, 3), (2, 3), (3, 2))), MODEL, "differ in shape", None, None),
    (refuse("ADD_N", 3, scales=(0.1, 0.1, 0.2, 0.1)), UNSUPPORTED, "differ in scale", None, None),
    (refuse("ADD_N", 3, scales=(None,) * 4), UNSUPPORTED, "one scale", 1, 0),
    (refuse("ADD_N", 3, scales=(0.1, 0.1, 0.1, 1e-7)), UNSUPPORTED, "output scale", None, None),
    (refuse("ADD_N", 2, dtypes=("float32", "int8", "float32")), UNSUPPORTED, "another type", 0, 9),
]


def test_refused(program):
    check_refused(program, REFUSED)
