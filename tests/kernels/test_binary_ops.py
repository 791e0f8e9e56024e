# SPDX-License-Identifier: MIT
"""ADD, SUB, MUL, DIV, MAXIMUM, MINIMUM, SQUARED_DIFFERENCE, PRELU against the reference.

Random shapes that are broadcast against each other, inputs constant and computed. The reference gets rank 4
at most where it takes no more.
"""

import numpy as np
import pytest
from broadcast_cases import a_quantization, binary_case, check_varied
from differential import (
    DATA,
    MODEL,
    UNSUPPORTED,
    Case,
    a_scale,
    a_zero_point,
    cases_wanted,
    check_refused,
    multiplier,
    requantize,
    run_engine,
    values,
)
from model_builder import ModelBuilder

ALL = np.arange(-128, 128, dtype=np.int8)
ACTIVATIONS = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6"]


# ---- ADD, SUB ---------------------------------------------------------------------


def sum_case(rng, i, op, dtype):
    quantizations = [a_quantization(rng, dtype) for _ in range(2)]
    if i % 4 == 0:
        quantizations[1]["scale"] = quantizations[0]["scale"]
    if i % 7 == 0:
        quantizations[1]["scale"] = a_scale(rng, -20, 5)
    if dtype == "int16" and i % 2:
        for q in quantizations:
            q["zero_point"] = 0
    span = (-9 if dtype == "int16" else -12, 12) if i % 5 == 0 else (-1, 1.5)
    scale = np.float32(max(q["scale"] for q in quantizations) * np.exp(rng.uniform(*span)))
    out = {"scale": scale, "zero_point": quantizations[0]["zero_point"]}
    if i % 3:
        out["zero_point"] = a_quantization(rng, dtype)["zero_point"]
    options = {"activation": str(rng.choice(ACTIVATIONS))}
    if i % 3 == 0:
        options["pot_scale_int16"] = i % 2  # to be ignored
    return binary_case(rng, i, op, [dtype] * 2, None, quantizations, out, **options)


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("op", ["ADD", "SUB"])
def test_sum(program, op, dtype):
    rng = np.random.default_rng(1)
    check_varied(program, [sum_case(rng, i, op, dtype) for i in range(cases_wanted(200))])


def all_pairs(rng, op, out_scale, i):
    """Every pair of inputs, for scales and zero points as real models have them."""
    m = ModelBuilder()
    scales = [a_scale(rng), a_scale(rng)]
    a = m.tensor((256, 1), "int8", scale=scales[0], zero_point=a_zero_point(rng))
    b = m.tensor((1, 256), "int8", scale=scales[1], zero_point=a_zero_point(rng))
    y = m.tensor((256, 256), "int8", scale=out_scale(*scales), zero_point=a_zero_point(rng))
    m.node(op, [a, b], [y])
    invokes = [[ALL.reshape(256, 1), ALL.reshape(1, 256)]]
    return Case(m.build([a, b], [y]), invokes, f"{op} pairs {i} {scales}")


@pytest.mark.parametrize("op", ["ADD", "SUB"])
def test_sum_all_pairs(program, op):
    rng = np.random.default_rng(2)
    check_varied(program, [all_pairs(rng, op, lambda *_: a_scale(rng, -5, 2), i) for i in range(20)])


# ---- MUL ----------------------------------------------------------------------------


def product_scale(rng, i, a, b, dtype):
    """Mostly such that not everything saturates, never such that the reference's shifted product wraps."""
    top = 100 if dtype == "int8" else 30000
    span = (-4, 12) if i % 5 == 0 else (-1, 2)
    least = a * b * (1e-4 if dtype == "int8" else 1.01)
    return np.float32(max(a * b * top * np.exp(rng.uniform(*span)), least))


def product_case(rng, i, op, dtype, max_rank):
    quantizations = [a_quantization(rng, dtype, symmetric=dtype == "int16") for _ in range(2)]
    scale = product_scale(rng, i, *(q["scale"] for q in quantizations), dtype)
    out = a_quantization(rng, dtype, symmetric=dtype == "int16") | {"scale": scale}
    options = {"activation": str(rng.choice(ACTIVATIONS))} if op == "MUL" else {}
    return binary_case(rng, i, op, [dtype] * 2, None, quantizations, out, max_rank, **options)


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_mul(program, dtype):
    rng = np.random.default_rng(3)
    check_varied(program, [product_case(rng, i, "MUL", dtype, 4) for i in range(cases_wanted(200))])


def test_mul_all_pairs(program):
    rng = np.random.default_rng(4)
    cases = [all_pairs(rng, "MUL", lambda a, b: product_scale(rng, 1, a, b, "int8"), i) for i in range(20)]
    check_varied(program, cases)


# ---- DIV ----------------------------------------------------------------------------


def nonzero(zero_point):
    """Divisors: any element but the zero point, at which the reference is undefined."""

    def draw(rng, shape, dtype):
        x = values(rng, shape, dtype)
        return np.where(x == zero_point, np.int8(zero_point - 1 if zero_point > 0 else zero_point + 1), x)

    return draw


def one_over_one_plus(x):
    """1 / (1 + x) in 31 fractional bits, as gemmlowp has it: Newton from 48/17 - 32/17 * (1 + x) / 2."""
    half = (x + 2**31) // 2
    y = 1515870810 + (half * -1010580540 + 2**30 >> 31)
    for _ in range(3):
        rest = 2**29 - (half * y + 2**30 >> 31)
        y += 4 * (y * rest + 2**30 >> 31)
    return min(2 * y, 2**31 - 1)


def quotients(a, b, scales, zero_points, low):
    """The reference's formula on integers without bounds, and whether the reference is defined: its last
    shift to the right must be by 0 to 31 bits. Beyond, the quotient saturates or vanishes."""
    fixed, shift = multiplier(float(np.float32(scales[0] / np.float32(scales[1] * scales[2]))))
    out, defined = [], True
    for x, y in zip(*(t.ravel().tolist() for t in np.broadcast_arrays(a, b)), strict=True):
        x, y = x - zero_points[0], y - zero_points[1]
        x, y = (-x, -y) if y < 0 else (x, y)
        over = y.bit_length() - 1
        room = 31 - (~x if x < 0 else x).bit_length()
        quotient = (x << room) * one_over_one_plus((y << 31 - over) - 2**31) + 2**30 >> 31
        total = shift - over - room
        defined = defined and -31 <= total <= 0
        result = quotient << total if total > 0 else requantize(quotient, fixed, total)
        out.append(max(low, min(127, result + zero_points[2])))
    return np.array(out, np.int8).tobytes(), defined


def div_case(rng, i):
    q = [a_quantization(rng, "int8") for _ in range(3)]
    q[2]["scale"] = np.float32(q[0]["scale"] / q[1]["scale"] * np.exp(rng.uniform(-5, 2)))
    if i % 4 == 0:
        q[2]["scale"] = a_scale(rng, -25, 25)
    zero_points = [t["zero_point"] for t in q]
    relu = i % 3 == 0
    case = binary_case(rng, i, "DIV", ["int8"] * 2, None, q[:2], q[2], 5, (values, nonzero(zero_points[1])),
                       activation="RELU" if relu else "NONE")  # fmt: skip
    scales = [t["scale"] for t in q]
    wanted = [
        quotients(*pair, scales, zero_points, zero_points[2] if relu else -128) for pair in case.operands
    ]
    case.expected = b"".join(data for data, _ in wanted)
    case.reference = all(defined for _, defined in wanted)
    return case


def test_div(program):
    """Where the reference shifts by more than 31 bits (quotients near 0, mostly), it is undefined: in the
    wheel 2 / 255 may well be 127."""
    rng = np.random.default_rng(5)
    cases = [div_case(rng, i) for i in range(cases_wanted(200))]
    check_varied(program, cases)
    assert sum(case.reference for case in cases) > len(cases) / 3


def test_div_by_zero(program):
    m = ModelBuilder()
    a, b, y = (m.tensor((2, 3), "int8", scale=0.1, zero_point=z) for z in (0, 5, 0))
    m.node("DIV", [a, b], [y])
    x = np.arange(6, dtype=np.int8).reshape(2, 3)
    (failure,) = run_engine(program, [(m.build([a, b], [y]), [[x, x]])])
    assert (failure.code, failure.message) == (DATA, "division by zero")


# ---- MAXIMUM, MINIMUM, SQUARED_DIFFERENCE, PRELU --------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64"])
@pytest.mark.parametrize("op", ["MAXIMUM", "MINIMUM"])
def test_maximum_minimum(program, op, dtype):
    """Quantization changes nothing."""
    rng = np.random.default_rng(6)
    cases = []
    for i in range(cases_wanted(100)):
        q = [a_quantization(rng, dtype) if dtype in ("int8", "int16") else {} for _ in range(3)]
        cases.append(binary_case(rng, i, op, [dtype] * 2, None, q[:2], q[2], 5))
    check_varied(program, cases)


def squared_difference_case(rng, i, dtype):
    symmetric = dtype == "int16"
    q = [a_quantization(rng, dtype, symmetric=symmetric) for _ in range(3)]
    if i % 4 == 0:
        q[1]["scale"] = q[0]["scale"]
    largest = max(q[0]["scale"], q[1]["scale"])
    span = (-4, 12) if i % 5 == 0 else (-2, 2)
    # The smallest that doesn't make the reference's shifted square wrap around.
    least = 4.1 * largest**2 * (1 if symmetric else 2.0**-14)
    top = 100 if dtype == "int8" else 30000
    q[2]["scale"] = np.float32(max(least, largest**2 * top * np.exp(rng.uniform(*span))))
    return binary_case(rng, i, "SQUARED_DIFFERENCE", [dtype] * 2, None, q[:2], q[2])


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_squared_difference(program, dtype):
    rng = np.random.default_rng(7)
    check_varied(program, [squared_difference_case(rng, i, dtype) for i in range(cases_wanted(200))])


def prelu_case(rng, i, dtype):
    q = [a_quantization(rng, dtype), a_quantization(rng, "int8", -7, -2), a_quantization(rng, dtype)]
    q[2]["scale"] = np.float32(q[0]["scale"] * np.exp(rng.uniform(-2, 2)))
    if i % 3 == 0:
        q[0]["zero_point"] = 0
    if i % 5 == 0:
        q[2] = q[0]
    return binary_case(rng, i, "PRELU", [dtype, "int8"], None, q[:2], q[2], 4)


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_prelu(program, dtype):
    rng = np.random.default_rng(8)
    check_varied(program, [prelu_case(rng, i, dtype) for i in range(cases_wanted(200))])


# ---- Polls --------------------------------------------------------------------------


def test_polls(program):
    """At least every 4096 elements, whether rows are long or short."""
    cases = []
    for op in ["SUB", "MUL", "DIV", "MAXIMUM", "SQUARED_DIFFERENCE", "PRELU"]:
        for shape in [(1, 1), (50, 1), (1, 1000)]:
            m = ModelBuilder()
            a, b = m.tensor((50, 1000), "int8", scale=0.1), m.tensor(shape, "int8", scale=0.1)
            y = m.tensor((50, 1000), "int8", scale=0.1)
            m.node(op, [a, b], [y])
            cases.append((m.build([a, b], [y]), [[np.ones((50, 1000), np.int8), np.ones(shape, np.int8)]]))
    polls = []
    run_engine(program, cases, polls)
    assert len(polls) == len(cases) and min(polls) >= 50_000 // 4096, polls


# ---- What must be refused -----------------------------------------------------------


def refuse(op="ADD", shapes=((2, 3), (2, 3)), out=(2, 3), dtypes=("int8",) * 3, scales=(0.1, 0.1, 0.1),
           zero_points=(0, 0, 0), n_outputs=1, **options):  # fmt: skip
    m = ModelBuilder()
    dtypes = [*dtypes[: len(shapes)], dtypes[-1]]
    a = [
        m.tensor(s, d, scale=c, zero_point=z)
        for s, d, c, z in zip(shapes, dtypes, scales, zero_points, strict=False)
    ]
    y = [m.tensor(out, dtypes[-1], scale=scales[-1], zero_point=zero_points[-1]) for _ in range(n_outputs)]
    m.node(op, a, y, **options)
    return m.build(a, y)


INT16 = {"dtypes": ("int16",) * 3}

REFUSED = [
    (refuse(shapes=((2, 3), (2, 4)), out=(2, 4)), MODEL, "shapes of the inputs", 3, 4),
    (refuse(shapes=((2, 4), (2, 3)), out=(2, 4)), MODEL, "shapes of the inputs", 4, 3),
    (refuse(shapes=((2, 3), (1, 3)), out=(1, 3)), MODEL, "output's shape", 2, 1),
    (refuse(out=(3, 2)), MODEL, "output's shape", 3, 2),
    (refuse(out=(2, 2, 3)), MODEL, "output's shape", 1, 2),
    (refuse(out=()), MODEL, "output's shape", 3, 1),
    (refuse(shapes=((0, 3), (0, 3)), out=(0, 3)), UNSUPPORTED, "no elements", 1, 0),
    (refuse(scales=(0.1, 0.1, 1e-7)), UNSUPPORTED, "output scale", None, None),
    (refuse(activation="TANH"), UNSUPPORTED, "activation", None, 4),
    (refuse(shapes=((2,), (2,)), out=(2,), scales=((1, 2), 1, 1)), UNSUPPORTED, "one scale", 1, 2),
    (refuse(scales=(0.1, 0.1, None)), UNSUPPORTED, "one scale", 1, 0),
    (refuse(shapes=((2, 3),)), MODEL, "number of inputs", 2, 1),
    (refuse(shapes=((2, 3),) * 3), MODEL, "number of inputs", 2, 3),
    (refuse(dtypes=("int8", "int16", "int8")), UNSUPPORTED, "another type", 9, 7),
    (refuse(dtypes=("int8", "int8", "int16")), UNSUPPORTED, "another type", 9, 7),
    (refuse(n_outputs=2), MODEL, "number of outputs", 1, 2),
    (refuse("SUB", scales=(0.1, 0.1, 1e-7)), UNSUPPORTED, "output scale", None, None),
    (refuse("MUL", scales=(1e9, 1e9, 1e-7)), UNSUPPORTED, "output scale", None, None),
    (refuse("MUL", activation="SIGN_BIT"), UNSUPPORTED, "activation", None, 5),
    (refuse("MUL", **INT16, zero_points=(0, 3, 0)), UNSUPPORTED, "zero point 0", 0, 3),
    (refuse("DIV", scales=(1, 1e-30, 1e-30)), UNSUPPORTED, "too small", None, None),
    (refuse("DIV", activation="TANH"), UNSUPPORTED, "activation", None, 4),
    (refuse("MAXIMUM", dtypes=("int8", "int16", "int8")), UNSUPPORTED, "another type", 9, 7),
    (refuse("MINIMUM", out=(2, 4)), MODEL, "output's shape", 3, 4),
    (refuse("SQUARED_DIFFERENCE", scales=(1e9, 1e9, 1e-7)), UNSUPPORTED, "output scale", None, None),
    (refuse("SQUARED_DIFFERENCE", **INT16, zero_points=(1, 0, 0)), UNSUPPORTED, "zero point 0", 0, 1),
    (refuse("PRELU", **INT16), UNSUPPORTED, "another type", 9, 7),
    (refuse("PRELU", dtypes=("int8", "int8", "int16")), UNSUPPORTED, "another type", 9, 7),
    (refuse("PRELU", scales=(1e9, 1e9, 1e-7)), UNSUPPORTED, "output scale", None, None),
    (refuse("PRELU", scales=(1, None, 1)), UNSUPPORTED, "one scale", 1, 0),
    (refuse("MUL", **INT16, zero_points=(0, 0, -1)), UNSUPPORTED, "zero point 0", 0, -1),
]


def test_refused(program):
    check_refused(program, REFUSED)
