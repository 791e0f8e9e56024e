# SPDX-License-Identifier: MIT
"""LOGISTIC and TANH of int16 against the reference, each case over all 65,536 inputs."""

import differential
import numpy as np
import pytest
import unary
from differential import UNSUPPORTED, Case, a_scale, a_shape, cases_wanted, check, check_refused, values

ALL = np.arange(-(2**15), 2**15).astype(np.int16)
OUT = 1 / 32768


def formula(op, scale):
    with np.errstate(over="ignore"):
        return np.tanh(ALL * float(scale)) if op == "TANH" else 1 / (1 + np.exp(-(ALL * float(scale))))


def scales(rng, i):
    if i % 4 == 0:
        return np.float32(2.0 ** int(rng.integers(-20, 2)))
    if i % 4 == 1:  # taken for a power of two, or just not
        return np.float32(2.0 ** (int(rng.integers(-13, -9)) + rng.uniform(-0.0012, 0.0012)))
    return a_scale(rng, -14, 0) if i % 4 == 2 else a_scale(rng, -30, 1)


@pytest.mark.parametrize("op", ["LOGISTIC", "TANH"])
def test_all_inputs(program, op):
    rng = np.random.default_rng(1)
    notes = [scales(rng, i) for i in range(cases_wanted(100))]
    cases = [
        Case(unary.model(op, ALL, "int16", s, 0, OUT, 0), [[ALL]], f"{op} {s!r}", dtype=np.int16)
        for s in notes
    ]
    got = check(program, cases)
    # The table is interpolated, and the scale has 15 bits at most.
    for scale, y in zip(notes, got, strict=True):
        if 2.0**-12 <= scale <= 1:
            assert np.abs(y * OUT - formula(op, scale)).max() < 3e-3, scale


@pytest.mark.parametrize("op", ["LOGISTIC", "TANH"])
def test_shapes_and_constants(program, op):
    rng = np.random.default_rng(2)
    cases = []
    for i in range(cases_wanted(100)):
        x = values(rng, a_shape(rng) if i % 20 else (3, 4099), np.int16)
        args = "int16", a_scale(rng, -14, 0), 0, OUT, 0
        if i % 2:
            cases.append(Case(unary.constant(op, x, *args), [unary.NOTHING], f"{op} {i}", dtype=np.int16))
        else:
            more = values(rng, x.shape, np.int16)
            cases.append(Case(unary.model(op, x, *args), [[x], [more]], f"{op} {i}", dtype=np.int16))
    check(program, cases)


@pytest.mark.parametrize("op", ["LOGISTIC", "TANH"])
def test_large_scales(program, op):
    """Multipliers that don't fit 15 bits, where the reference's product may overflow."""
    for scale in [2.6, 2.67, 3.0, 5.0, 11.0, 21.0, 22.0, 1e3, 1e9, 1e38]:
        y = np.clip(formula(op, scale) / OUT, -32768, 32767)
        model = unary.model(op, ALL, "int16", np.float32(scale), 0, OUT, 0)
        got = np.frombuffer(differential.run_engine(program, [(model, [[ALL]])])[0], np.int16)
        assert np.abs(got - y).max() < 4, scale
        assert len(set(got)) > 2


REFUSED = [
    (unary.model("TANH", ALL, "int16", 0.1, 1, OUT, 0), UNSUPPORTED, "zero point 0", 0, 1),
    (unary.model("TANH", ALL, "int16", 0.1, 0, OUT, 5), UNSUPPORTED, "zero point 0", 0, 5),
    (unary.model("LOGISTIC", ALL, "int16", 0.1, 0, 1 / 256, 0), UNSUPPORTED, "1/32768", None, None),
    (unary.model("LOGISTIC", ALL, "int8", 0.1, 0, OUT, 0), UNSUPPORTED, "another type", 7, 9),
    (unary.model("TANH", ALL, "int16", None, None, OUT, 0), UNSUPPORTED, "one scale", 1, 0),
]


def test_refused(program):
    check_refused(program, REFUSED)
