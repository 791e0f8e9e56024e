# SPDX-License-Identifier: MIT
"""Functions of one real number: of float32, and of int8 through a table.

float32: what takes one operation of the processor must be as the wheel has it, to the bit. The rest may be
off by ULPS units in the last place of the true value (the wheel's libm is off by about 1).
int8: the wheel has ELU, which must be the same to the bit. The others are in LiteRT only, whose tables are
made in float32 as the one here: within a step.
"""

import math

import differential
import numpy as np
import operator_counts
import pytest
import unary
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
    round_away,
)

ULPS = 2.5
ALL = np.arange(-128, 128, dtype=np.int8)
F32 = np.float32
ERF = np.vectorize(math.erf)

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


# In float64. GELU's are those of LiteRT.
FUNCTIONS = {
    "CEIL": np.ceil,
    "COS": np.cos,
    "ELU": lambda x: np.where(x < 0, np.expm1(x), x),
    "EXP": np.exp,
    "FLOOR": np.floor,
    "GELU": lambda x: 0.5 * x * (1 + ERF(x / math.sqrt(2))),
    "GELU approximate": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "LOG": lambda x: np.where(x <= 0, -np.inf, np.log(x)),
    "LOGISTIC": lambda x: 1 / (1 + np.exp(-x)),
    "RELU_0_TO_1": lambda x: np.clip(x, 0, 1),
    "RELU_N1_TO_1": lambda x: np.clip(x, -1, 1),
    "ROUND": np.round,
    "SIGN": np.sign,
    "SIN": np.sin,
    "SQRT": np.sqrt,
    "SQUARE": np.square,
    "TANH": np.tanh,
}


# ---- float32 ------------------------------------------------------------------------


def numbers(rng, i):
    """Of all magnitudes, and of those where functions bend."""
    shape = a_shape(rng) if i % 30 else (3, 4099)
    if i % 3 == 0:
        x = rng.integers(0, 2**32, shape, dtype=np.uint64).astype(np.uint32).view(F32)
        return np.where(np.isfinite(x), x, F32(1.5))
    x = rng.uniform(-1, 1, shape) * 10.0 ** rng.uniform(-6, 2, shape if i % 3 == 1 else None)
    x = x.astype(F32).reshape(-1)
    ends = np.array([0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1, -1, 3, -3, 6, 7], F32)
    x[: len(ends)] = ends[: len(x)]
    return rng.permutation(x).reshape(shape)


def model_of(i, op, x, **options):
    return (unary.constant if i % 5 == 4 else unary.model)(op, x, "float32", **options)


EXACT = ["ABS", "CEIL", "FLOOR", "HARD_SWISH", "LEAKY_RELU", "NEG", "RELU", "RELU6", "ROUND", "RSQRT", "SQRT"]
EXACT.append("SQUARE")


@pytest.mark.parametrize("op", EXACT)
def test_exact(program, op):
    rng = np.random.default_rng(1)
    cases = []
    for i in range(cases_wanted(100)):
        x = numbers(rng, i)
        if "SQRT" in op:
            x = np.abs(x)
        options = {"alpha": float(rng.uniform(-2, 2))} if op == "LEAKY_RELU" else {}
        model = model_of(i, op, x, **options)
        cases.append(Case(model, [unary.NOTHING if i % 5 == 4 else [x]], f"{op} {i}", dtype=F32))
    check(program, cases)


def spacing(x):
    """A unit in the last place; below the smallest normal number none is smaller."""
    return np.spacing(np.maximum(np.abs(x.astype(F32)), F32(2.0**-126))).astype(np.float64)


NEAR = [
    "COS",
    "ELU",
    "EXP",
    "GELU",
    "GELU approximate",
    "LOG",
    "LOGISTIC",
    "RELU_0_TO_1",
    "RELU_N1_TO_1",
    "SIGN",
]
NEAR += ["SIN", "TANH"]


@pytest.mark.parametrize("name", NEAR)
def test_near(program, name):
    rng = np.random.default_rng(2)
    op, *approximate = name.split()
    options = {"approximate": 1} if approximate else {}
    arrays = [numbers(rng, i) for i in range(cases_wanted(200))]
    if op == "LOG":
        arrays = [np.abs(x) for x in arrays]
    cases = [
        (model_of(i, op, x, **options), [unary.NOTHING if i % 5 == 4 else [x]]) for i, x in enumerate(arrays)
    ]
    seen = set()
    for i, result in enumerate(differential.run_engine(program, cases)):
        assert isinstance(result, bytes), result
        x = arrays[i].reshape(-1).astype(np.float64)
        got, wanted = np.frombuffer(result, F32), FUNCTIONS[name](x)
        finite = np.isfinite(wanted.astype(F32))
        assert np.array_equal(got[~finite], wanted.astype(F32)[~finite]), i
        error = np.abs(got[finite] - wanted[finite]) / spacing(wanted[finite])
        if op == "GELU":
            # One plus a number near -1 loses what its last place says, as in LiteRT.
            error *= spacing(wanted[finite]) / spacing(np.maximum(np.abs(x[finite]), np.abs(wanted[finite])))
        assert error.max(initial=0) <= ULPS, (i, x[finite][error.argmax()], error.max())
        seen.update(got)
        if i % 40 == 0 and op in ("COS", "ELU", "EXP", "LOG", "LOGISTIC", "SIN", "TANH"):
            # The wheel's logistic function is the exponential below -9.
            where = finite & (x >= -9) if op == "LOGISTIC" else finite
            wheel = np.frombuffer(differential.run_reference(*cases[i]), F32)[where]
            error = np.abs(wheel - wanted[where]) / spacing(wanted[where])
            assert error.max(initial=0) <= ULPS, i
    assert len(seen) > (1000 if op != "SIGN" else 1)
    operator_counts.passed(model for model, _ in cases)


@pytest.mark.parametrize(
    "op,wanted",
    [
        ("EXP", [np.nan, np.inf, 0]),
        ("LOG", [np.nan, np.inf, np.nan]),
        ("SQRT", [np.nan, np.inf, np.nan]),
        ("SIN", [np.nan, np.nan, np.nan]),
        ("COS", [np.nan, np.nan, np.nan]),
        ("TANH", [np.nan, 1, -1]),
        ("LOGISTIC", [np.nan, 1, 0]),
        ("ELU", [np.nan, np.inf, -1]),
        ("FLOOR", [np.nan, np.inf, -np.inf]),
        ("ROUND", [np.nan, np.inf, -np.inf]),
    ],
)
def test_not_finite(program, op, wanted):
    x = np.array([np.nan, np.inf, -np.inf], F32)
    model = unary.model(op, x, "float32")
    got = np.frombuffer(differential.run_engine(program, [(model, [[x]])])[0], F32)
    assert np.array_equal(got, np.array(wanted, F32), equal_nan=True)
    reference = np.frombuffer(differential.run_reference(model, [[x]]), F32)
    assert np.array_equal(reference, got, equal_nan=True)


# ---- int8 ---------------------------------------------------------------------------


def test_elu(program):
    rng = np.random.default_rng(3)
    cases = []
    for i in range(cases_wanted(300)):
        scale = a_scale(rng, -7, 0) if i % 4 else a_scale(rng, -20, 3)
        out_scale = np.float32(scale * np.exp(rng.uniform(-2, 1))) if i % 4 else a_scale(rng, -12, 0)
        # The conversion of a float that no int32 holds is undefined in the reference.
        out_scale = max(out_scale, np.float32(scale * 2e-7))
        args = "ELU", ALL, "int8", scale, a_zero_point(rng), out_scale, a_zero_point(rng)
        if i % 5 == 4:
            cases.append(Case(unary.constant(*args), [unary.NOTHING], f"ELU {i} {args[3:]}"))
        else:
            cases.append(Case(unary.model(*args), [[ALL]], f"ELU {i} {args[3:]}"))
    assert len(set(np.concatenate(check(program, cases)))) == 256


IN_TABLES = [n for n in FUNCTIONS if n not in ("ELU", "LOGISTIC", "TANH", "RELU_0_TO_1", "RELU_N1_TO_1")]


@pytest.mark.parametrize("name", IN_TABLES)
def test_table(program, name):
    rng = np.random.default_rng(4)
    op, *approximate = name.split()
    options = {"approximate": 1} if approximate else {}
    cases, wanted = [], []
    for _ in range(cases_wanted(200)):
        scale, zero_point = a_scale(rng, -7, 0), a_zero_point(rng)
        x = (F32(scale) * (ALL.astype(F32) - zero_point)).astype(F32)
        y = FUNCTIONS[name](x.astype(np.float64)).astype(F32)
        largest = np.max(np.abs(y), initial=1e-3, where=np.isfinite(y))
        out_scale = F32(min(largest, 1e30) / 128 * np.exp(rng.uniform(-1, 2)))
        out_zero_point = a_zero_point(rng)
        y = np.nan_to_num(y * (F32(1) / out_scale), nan=0.0, posinf=1e9, neginf=-1e9)
        y = round_away(np.clip(y, -1e6, 1e6).astype(F32)) + out_zero_point
        wanted.append(np.clip(y, -128, 127))
        args = op, ALL, "int8", scale, zero_point, out_scale, out_zero_point
        cases.append((unary.model(*args, **options), [[ALL]]))
    different = 0
    for i, result in enumerate(differential.run_engine(program, cases)):
        assert isinstance(result, bytes), result
        error = np.abs(np.frombuffer(result, np.int8) - wanted[i])
        assert error.max() <= 1, (i, ALL[error.argmax()])
        different += np.count_nonzero(error)
    assert different <= 256 * len(cases) // 1000
    assert len(np.unique(np.concatenate(wanted))) > 100
    operator_counts.passed(model for model, _ in cases)


# ---- What must be refused ---------------------------------------------------------------


def refuse(op, dtype, out_dtype, scale=None, out_scale=None):
    return unary.model(op, np.zeros((2, 4), dtype), out_dtype, scale, None, out_scale, None)


REFUSED = [
    (refuse("EXP", "int8", "int8"), UNSUPPORTED, "one scale", 1, 0),
    (refuse("EXP", "int8", "float32", 0.1), UNSUPPORTED, "another type", 9, 0),
    (refuse("EXP", "float32", "int8", None, 0.1), UNSUPPORTED, "another type", 0, 9),
    (refuse("LEAKY_RELU", "float32", "float16"), UNSUPPORTED, "another type", 0, 1),
]


def test_refused(program):
    m = unary.ModelBuilder()
    a, b = m.tensor((2, 4), "float32"), m.tensor((7,), "float32")
    m.node("SIN", [a], [b])
    check_refused(program, [*REFUSED, (m.build([a], [b]), MODEL, "as many elements", 8, 7)])
