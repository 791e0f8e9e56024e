# SPDX-License-Identifier: MIT
"""quantize.c against the processor's binary64 and binary32, and against exact integers.

The C code is compiled with UBSan, which ends the test run at the first undefined step. The form with
16-bit products (Cortex-M0+) is compiled for the host too.
"""

import ctypes
import math
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
ENGINE = HERE.parents[1] / "micropython_module" / "engine"
N = 1_000_000
CFLAGS = ["-std=c99", "-ffp-contract=off", "-O2", "-Wall", "-Wextra", "-Werror"]
SANITIZE = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]

INT_MIN, INT_MAX = -(2**31), 2**31 - 1


@pytest.fixture(scope="module", params=[0, 1], ids=["product64", "product16"])
def lib(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("quantize") / f"quantize{request.param}.so"
    sources = [HERE / "test_quantize_arrays.c", ENGINE / "quantize.c"]
    flags = [*CFLAGS, *SANITIZE, "-shared", "-fPIC", f"-DA8_HIGH_MUL_16={request.param}", f"-I{ENGINE}"]
    subprocess.run(["cc", *flags, *sources, "-o", path], check=True)
    return ctypes.CDLL(str(path))


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def call(function, *args):
    """Calls a C function with numbers as int32 and arrays as pointers."""
    function.restype = None
    function(
        *(a.ctypes.data_as(ctypes.c_void_p) if isinstance(a, np.ndarray) else ctypes.c_int32(a) for a in args)
    )


def parts(values):
    """binary64 values, not negative, as (53-bit mantissas, exponents)."""
    fractions, exponents = np.frexp(np.asarray(values, np.float64))
    mantissas = np.ldexp(fractions, 53).astype(np.uint64)
    return mantissas, np.where(mantissas == 0, 0, exponents - 53).astype(np.int32)


def run_real(lib, op, a, b=None):
    am, ae = parts(a)
    bm, be = parts(a if b is None else b)
    rm, re = np.empty(len(am), np.uint64), np.empty(len(am), np.int32)
    call(lib.test_real, op, len(am), am, ae, bm, be, rm, re)
    return rm, re


def assert_real(result, expected):
    rm, re = result
    m, e = parts(expected)
    wrong = np.flatnonzero((rm != m) | (re != e))
    assert len(wrong) == 0, (
        f"{len(wrong)} differ, the first: {rm[wrong[0]]} * 2^{re[wrong[0]]}, {expected[wrong[0]]}"
    )


def doubles(rng, n):
    """Doubles far from overflow: random mantissas, few-bit ones (ties), all ones."""
    mantissas = rng.integers(2**52, 2**53, n, dtype=np.uint64)
    bits = rng.integers(0, 53, n, dtype=np.uint64)
    sparse = mantissas >> bits << bits
    mantissas = np.where(rng.random(n) < 0.5, mantissas, sparse)
    mantissas[rng.random(n) < 0.02] = 2**53 - 1
    return np.ldexp(mantissas.astype(np.float64), rng.integers(-300, 300, n).astype(np.int32))


def floats(rng, n):
    """Positive float32 of all magnitudes, subnormal ones too."""
    return rng.integers(1, 0x7F800000, n, dtype=np.uint32).view(np.float32)


def test_from_float(lib, rng):
    values = np.concatenate(
        [floats(rng, N), np.array([0, 1, 2**-149, 2**-126, 3.4028234663852886e38], np.float32)]
    )
    rm, re = np.empty(len(values), np.uint64), np.empty(len(values), np.int32)
    call(lib.test_from_float, len(values), values, rm, re)
    assert_real((rm, re), values.astype(np.float64))


def test_mul(lib, rng):
    a, b = doubles(rng, N), doubles(rng, N)
    a[:100] = 0
    b[50:150] = 0
    assert_real(run_real(lib, 0, a, b), a * b)


def test_div(lib, rng):
    a, b = doubles(rng, N), doubles(rng, N)
    a[:100] = 0
    b[100:5000] = a[100:5000]
    assert_real(run_real(lib, 1, a, b), a / b)


def test_chain_of_a_convolution(lib, rng):
    x, w, y = (np.exp(rng.uniform(-12, 6, N)).astype(np.float32) for _ in range(3))
    product = run_real(lib, 0, x.astype(np.float64), w.astype(np.float64))
    ym, ye = parts(y)
    rm, re = np.empty(N, np.uint64), np.empty(N, np.int32)
    call(lib.test_real, 1, N, *product, ym, ye, rm, re)
    assert_real((rm, re), x.astype(np.float64) * w.astype(np.float64) / y.astype(np.float64))


def test_to_float(lib, rng):
    wide = np.ldexp(doubles(rng, N), rng.integers(-300, 300, N))
    edge = np.ldexp(rng.uniform(0.5, 1, N), rng.integers(-153, -120, N))  # around the smallest normal and 0
    ties = np.ldexp(rng.integers(0, 2**25, N).astype(np.float64), rng.integers(-152, -20, N))
    values = np.concatenate([wide[(wide < 3e38)], edge, ties])
    with np.errstate(under="ignore"):
        assert_real(run_real(lib, 2, values), values.astype(np.float32).astype(np.float64))


def test_product_of_floats_as_a_float(lib, rng):
    a, b = floats(rng, N), floats(rng, N)
    with np.errstate(over="ignore", under="ignore"):
        expected = a * b
    keep = np.isfinite(expected)
    rm, re = run_real(lib, 0, a[keep].astype(np.float64), b[keep].astype(np.float64))
    fm, fe = np.empty(len(rm), np.uint64), np.empty(len(rm), np.int32)
    call(lib.test_real, 2, len(rm), rm, re, rm, re, fm, fe)
    assert_real((fm, fe), expected[keep].astype(np.float64))


def test_cmp_and_scale(lib, rng):
    a, b = doubles(rng, N), doubles(rng, N)
    b[: N // 4] = a[: N // 4]
    b[N // 4 : N // 2] = np.nextafter(a[N // 4 : N // 2], 0)
    a[:10], b[5:15] = 0, 0
    result = np.empty(N, np.int32)
    call(lib.test_cmp, N, *parts(a), *parts(b), result)
    assert np.array_equal(np.sign(result), np.sign(a - b))
    power = rng.integers(-200, 200, N).astype(np.int32)
    rm, re = np.empty(N, np.uint64), np.empty(N, np.int32)
    call(lib.test_scale, N, *parts(a), power, rm, re)
    assert_real((rm, re), np.ldexp(a, power))


def quantize_multiplier(value):
    """TFLite's formula with exact rounding, half away from zero."""
    fraction, shift = math.frexp(value)
    fixed = math.floor(Fraction(fraction) * 2**31 + Fraction(1, 2))
    if fixed == 2**31:
        fixed, shift = fixed // 2, shift + 1
    return (fixed, shift) if shift >= -31 and value else (0, 0)


def test_multiplier(lib, rng):
    n = 100_000
    values = np.exp(rng.uniform(-24, 10, n))
    halves = np.ldexp(2.0 * rng.integers(2**30, 2**31, n) + 1, rng.integers(-70, -20, n))  # just between two
    edge = np.ldexp(
        1 - rng.integers(0, 2**24, n) * 2.0**-53, rng.integers(-34, 32, n)
    )  # rounding up to a power of 2
    values = np.concatenate([values, halves, edge, [0.0, 2.0**-32, 2.0**-33, np.nextafter(2.0**-32, 0)]])
    multipliers, shifts = np.empty(len(values), np.int32), np.empty(len(values), np.int32)
    call(lib.test_multiplier, len(values), *parts(values), multipliers, shifts)
    for value, multiplier, shift in zip(values.tolist(), multipliers.tolist(), shifts.tolist(), strict=True):
        assert (multiplier, shift) == quantize_multiplier(value), value


def high_mul(a, b):
    """Saturating rounding doubling high multiply, as gemmlowp defines it."""
    if a == b == INT_MIN:
        return INT_MAX
    product = a * b
    nudged = product + (2**30 if product >= 0 else 1 - 2**30)
    return nudged // 2**31 if nudged >= 0 else -(-nudged // 2**31)


def rounding_shift(value, exponent):
    mask = 2**exponent - 1
    return (value >> exponent) + ((value & mask) > (mask >> 1) + (value < 0))


def requantize(value, multiplier, shift):
    value = (value * 2 ** max(shift, 0) + 2**31) % 2**32 - 2**31
    return rounding_shift(high_mul(value, multiplier), max(-shift, 0))


def integers(rng, n):
    """int32 of all magnitudes, and the corners of the type."""
    values = rng.integers(INT_MIN, INT_MAX + 1, n) >> rng.integers(0, 31, n)
    corners = [
        INT_MIN,
        INT_MIN + 1,
        INT_MAX,
        INT_MAX - 1,
        -1,
        0,
        1,
        2**30,
        -(2**30),
        2**30 - 1,
        65535,
        65536,
        -65536,
    ]
    return np.where(rng.random(n) < 0.1, rng.choice(corners, n), values).astype(np.int32)


@pytest.mark.parametrize("op, formula", [(0, high_mul), (1, rounding_shift), (2, requantize)])
def test_fixed_point(lib, rng, op, formula):
    n = 300_000
    a, b = integers(rng, n), integers(rng, n)
    c = rng.integers(0, 32, n).astype(np.int32)
    if op == 2:
        b = rng.integers(2**30, 2**31, n).astype(np.int32)
        c = rng.integers(-31, 31, n).astype(np.int32)
    if op != 1:
        # Products around a tie: x.5 times 2^31.
        odd = 2 * rng.integers(-(2**14), 2**14, n // 10) + 1
        a[: n // 10], b[: n // 10] = odd * 2**15, 2**15 if op == 0 else 2**30
    result = np.empty(n, np.int32)
    call(lib.test_fixed, op, n, a, b, c, result)
    for x, y, z, r in zip(a.tolist(), b.tolist(), c.tolist(), result.tolist(), strict=True):
        expected = formula(x, y) if op == 0 else formula(x, z) if op == 1 else formula(x, y, z)
        assert r == expected, (x, y, z)


@pytest.mark.parametrize("activation", [0, 1, 2, 3])
def test_activation_range(lib, rng, activation):
    scales = np.concatenate([floats(rng, 2000), np.exp(rng.uniform(-9, 3, 20_000)).astype(np.float32)])
    scales[-2000:] = np.float32(6) / (rng.integers(0, 256, 2000) + np.float32(0.5)).astype(np.float32)  # ties
    zero_points = rng.choice([-128, 127, 0, -1, 1, 50, -77], len(scales))
    function = lib.a8_activation_range
    function.argtypes = [ctypes.c_int32, ctypes.c_float, ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p]
    low, high = ctypes.c_int32(), ctypes.c_int32()
    with np.errstate(over="ignore"):
        limits = np.float32(6 if activation == 3 else 1) / scales
    for scale, zero_point, limit in zip(scales.tolist(), zero_points.tolist(), limits.tolist(), strict=True):
        low.value, high.value = -128, 127
        assert function(activation, scale, zero_point, ctypes.byref(low), ctypes.byref(high)) == 0
        steps = 10**6 if limit > 10**6 else math.floor(Fraction(limit) + Fraction(1, 2))
        expected = {
            0: (-128, 127),
            1: (zero_point, 127),
            2: (max(-128, zero_point - steps), min(127, zero_point + steps)),
            3: (zero_point, min(127, zero_point + steps)),
        }[activation]
        assert (low.value, high.value) == expected, (scale, zero_point)


def test_other_activations_are_refused(lib):
    low, high = ctypes.c_int32(-128), ctypes.c_int32(127)
    for activation in (-1, 4, 5, 6, 127):
        assert (
            lib.a8_activation_range(activation, ctypes.c_float(1), 0, ctypes.byref(low), ctypes.byref(high))
            == -1
        )


def test_load_i32(lib):
    for value in (0, 1, -1, INT_MIN, INT_MAX, 0x12345678, -0x12345678):
        for misalignment in range(4):
            data = bytes(misalignment) + value.to_bytes(4, "little", signed=True)
            buffer = ctypes.create_string_buffer(data, len(data))
            assert lib.test_load_i32(ctypes.byref(buffer, misalignment)) == value
