# SPDX-License-Identifier: MIT
"""SignalRfft and SignalIrfft against the reference, for int16, int32 and float32, to the bit.

The reference crashes for lengths of 2 and for those with prime factors above 5.
"""

import ctypes
import math
import subprocess

import numpy as np
import pytest
from differential import (
    MODEL,
    UNSUPPORTED,
    Case,
    cases_wanted,
    check,
    check_refused,
    engine_build,
    run_engine,
    values,
)
from model_builder import ModelBuilder
from signal_models import fft, model, options

SMOOTH = sorted(2 * 2**a * 3**b * 5**c for a in range(11) for b in range(8) for c in range(6))
POWERS = [n for n in SMOOTH if 4 <= n <= 4096 and n & (n - 1) == 0]
# Multiples of 3 have cosines of 1/2, at which the noise of the reference's binary64 decides.
OTHERS = [n for n in SMOOTH if n <= 2000 and n & (n - 1) != 0]
DTYPES = [np.int16, np.int32, np.float32]


def a_signal(rng, shape, dtype):
    if dtype == np.float32:
        return (rng.normal(size=shape) * np.exp(rng.uniform(-20, 20))).astype(dtype)
    x = values(rng, shape, dtype)
    kind = rng.integers(4)
    if kind == 0:
        x >>= int(rng.integers(1, 10))
    elif kind == 1:
        t = np.arange(math.prod(shape)).reshape(shape)
        x = (np.iinfo(dtype).max * np.sin(t * rng.uniform(0, 3) + rng.uniform(0, 6))).astype(dtype)
    return x


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
@pytest.mark.parametrize("name", ["SignalRfft", "SignalIrfft"])
def test_fft(program, name, dtype):
    rng = np.random.default_rng(30)
    cases = []
    for i in range(cases_wanted(200)):
        length = (
            [*POWERS, *OTHERS][i]
            if i < len(POWERS) + len(OTHERS)
            else int(rng.choice(POWERS[:9] + OTHERS[:30]))
        )
        width = (
            length + 2 if name == "SignalIrfft" else int(rng.choice([length, rng.integers(1, length + 1)]))
        )
        shape = [(width,), (2, width), (2, 1, width)][i % 3 if length < 1000 else 0]
        x = a_signal(rng, shape, dtype)
        cases.append(
            Case(fft(name, x, length), [[x]], f"{name} {length} {shape} {dtype.__name__}", dtype=dtype)
        )
    outputs = check(program, cases)
    assert sum(len(np.unique(got)) > 2 for got in outputs) > len(outputs) * 3 // 4


def test_constant_signals(program):
    """Every bin but the first is 0 or noise."""
    cases = []
    for dtype in DTYPES[:2]:
        for value in [np.iinfo(dtype).min, np.iinfo(dtype).max, 0, 1, -1]:
            x = np.full((1, 64), value, dtype)
            cases.append(Case(fft("SignalRfft", x, 64), [[x]], f"all {value}", dtype=dtype))
            x = np.full((1, 66), value, dtype)
            cases.append(Case(fft("SignalIrfft", x, 64), [[x]], f"all {value}", dtype=dtype))
    check(program, cases)


def test_fft_of_constants(program):
    """The input lies in the model, at any alignment."""
    rng = np.random.default_rng(31)
    cases = []
    for dtype in DTYPES:
        for _ in range(16):
            x = a_signal(rng, (1, 34), dtype)
            for name, width in [("SignalRfft", 36), ("SignalIrfft", 32)]:
                length = 34 if name == "SignalRfft" else 32
                if name == "SignalRfft":
                    length, width = 36, 38
                m = ModelBuilder()
                a, c = m.tensor((1,), "int16"), m.constant(x)
                y, z = m.tensor((1, width), np.dtype(dtype).name), m.tensor((1,), "int16")
                code = {np.int16: 7, np.int32: 2, np.float32: 0}[dtype]
                m.node(
                    "CUSTOM", [c], [y], custom_code=name, custom_options=options(T=code, fft_length=length)
                )
                m.node("CUSTOM", [a], [z], custom_code="SignalDelay", custom_options=options(delay_length=0))
                cases.append(
                    Case(m.build([a], [y, z]), [[np.zeros(1, np.int16)]], name, dtype=np.int16, outputs=2)
                )
    check(program, cases)


def test_longest(program):
    """More than the reference's arena here has room for: within the noise of fixed point."""
    rng = np.random.default_rng(32)
    x = rng.integers(-(2**31), 2**31, (1, 16384)).astype(np.int32)
    length = 16384
    wanted = np.fft.rfft(x[0].astype(float)) / length
    got = np.frombuffer(run_engine(program, [(fft("SignalRfft", x, length), [[x]])])[0], np.int32)
    assert np.abs(got[0::2] + 1j * got[1::2] - wanted).max() < 64


def test_tables(tmp_path):
    """Quarters of cosines of all lengths, rounded as the reference rounds binary64; 1/2 upwards."""
    sources = [engine_build.ENGINE / "kernels" / "fft_table.c", engine_build.ENGINE / "quantize.c"]
    flags = [
        *engine_build.STANDARD,
        "-O2",
        "-fsanitize=undefined",
        "-fno-sanitize-recover=all",
        "-shared",
        "-fPIC",
    ]
    subprocess.run(["cc", *flags, *sources, "-o", tmp_path / "table.so"], check=True)
    lib = ctypes.CDLL(str(tmp_path / "table.so"))
    for length in [n for n in SMOOTH if 4 <= n <= 16384]:
        fft = np.zeros(3, np.uint32)
        assert lib.a8_fft_prepare(fft.ctypes.data_as(ctypes.c_void_p), length) == 0
        quarter = int(fft[1])
        assert (fft[0], quarter) == (length // 2, length // 4 if length % 4 == 0 else length // 2)
        cosines = np.cos(np.arange(quarter + 1) * (math.pi / 2 / quarter))
        for name, dtype, scale in [("s16", np.int16, 2**15 - 1), ("s32", np.int32, 2**31 - 1)]:
            table = np.zeros(quarter + 1, dtype)
            getattr(lib, f"a8_fft_table_{name}")(*(x.ctypes.data_as(ctypes.c_void_p) for x in (fft, table)))
            wrong = np.flatnonzero(table != np.floor(0.5 + scale * cosines))
            assert all(abs(cosines[i] - 0.5) < 1e-12 and table[i] == (scale + 1) // 2 for i in wrong), length
        table = np.zeros(quarter + 1, np.float32)
        lib.a8_fft_table_f32(*(x.ctypes.data_as(ctypes.c_void_p) for x in (fft, table)))
        assert np.array_equal(table[:-1], cosines[:-1].astype(np.float32)) and table[-1] == 0


def refuse(name="SignalRfft", length=64, width=None, out_width=None, out_rank=None, dtype=np.int16, **values):
    rfft = name == "SignalRfft"
    x = np.zeros((1, width or (length if rfft else length + 2)), dtype)
    shape = (1, out_width or (length + 2 if rfft else length))
    values = {
        "T": {np.int16: 7, np.int32: 2, np.float32: 0, np.int8: 9}[dtype],
        "fft_length": length,
    } | values
    return model(name, [x], [(shape if out_rank is None else (shape[1],), dtype)], **values)


REFUSED = [
    (refuse(length=2), UNSUPPORTED, "fft_length", None, 2),
    (refuse(length=63), UNSUPPORTED, "fft_length", None, 63),
    (refuse(length=14), UNSUPPORTED, "fft_length", None, 14),
    (refuse(length=32768), UNSUPPORTED, "fft_length", None, 32768),
    (refuse(fft_length=-64), UNSUPPORTED, "fft_length", None, -64),
    (refuse(fft_length=0), UNSUPPORTED, "fft_length", None, 0),
    (refuse(T=2), MODEL, "option T", 7, 2),
    (refuse(width=65), MODEL, "rows of the input", 64, 65),
    (refuse(out_width=64), MODEL, "rows of the output", 66, 64),
    (refuse(out_rank=1), MODEL, "rank", 2, 1),
    (refuse("SignalIrfft", width=64), MODEL, "rows of the input", 66, 64),
    (refuse("SignalIrfft", out_width=66), MODEL, "rows of the output", 64, 66),
    (model("SignalRfft", [np.zeros((2, 8), np.int16)], [((3, 10), np.int16)], T=7, fft_length=8),
     MODEL, "as many elements", 20, 30),
    (model("SignalRfft", [np.zeros((2, 8), np.int16)], [((2, 10), np.int32)], T=7, fft_length=8),
     UNSUPPORTED, "another type", 7, 2),
    (model("SignalRfft", [np.zeros((2, 8), np.int16)], [((2, 10), np.int16)], T=7),
     MODEL, "not there", None, None),
    (refuse(dtype=np.int8), UNSUPPORTED, "element type", None, 9),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)
