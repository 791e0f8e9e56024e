# SPDX-License-Identifier: MIT
"""CAST against the reference, and against numpy for the pairs of types that the wheel lacks."""

import numpy as np
import pytest
import unary
from differential import UNSUPPORTED, Case, a_shape, cases_wanted, check, check_refused

TAKEN = ["int8", "int16", "int32", "uint32", "bool", "float32"]  # by the wheel
DTYPES = [*TAKEN, "uint8", "int64"]


def numbers(rng, shape, source, target):
    """Of float32 such that the target holds them: the rest is undefined in C."""
    if source == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if source == "float32":
        if target in ("float32", "bool"):
            x = rng.integers(0, 2**32, shape, dtype=np.uint64).astype(np.uint32).view(np.float32)
            x = np.where(np.isfinite(x), x, np.float32(0.25))
            return np.where(rng.random(shape) < 0.3, np.float32(0), x)
        info = np.iinfo(target)
        x = rng.uniform(-1, 1, shape) * 10.0 ** rng.uniform(-2, 19, shape)
        low, high = float(info.min), np.nextafter(np.float32(info.max + 1.0), np.float32(0))
        x = x if info.min else np.abs(x)
        return np.clip(x, low, high).astype(np.float32)
    info = np.iinfo(source)
    x = rng.integers(info.min, info.max, shape, endpoint=True, dtype=source)
    few = rng.integers(0, 3, shape).astype(source)
    return np.where(rng.random(shape) < 0.3, few, x)


@pytest.mark.parametrize("target", DTYPES)
@pytest.mark.parametrize("source", DTYPES)
def test_cast(program, source, target):
    rng = np.random.default_rng(1)
    cases = []
    for i in range(cases_wanted(25)):
        shape = a_shape(rng) if i else (3, 4099)
        x, more = (numbers(rng, shape, source, target) for _ in range(2))
        constant = i % 5 == 4
        arrays = [x] if constant else [x, more]
        wanted = b"".join(v.astype(target).tobytes() for v in arrays)
        model = (unary.constant if constant else unary.model)("CAST", x, target)
        invokes = [unary.NOTHING] if constant else [[x], [more]]
        taken = source in TAKEN and target in TAKEN
        note = f"CAST {source} {target} {i} {shape}"
        cases.append(Case(model, invokes, note, wanted, taken, np.dtype(target).type))
    assert len(set(np.concatenate(check(program, cases)))) > 1


def test_cast_saturates(program):
    x = np.array(
        [np.nan, np.inf, -np.inf, 3e38, -3e38, 1e10, -1e10, 300, -300, 127.9, -128.9, 1e-45], np.float32
    )
    cases = []
    for target in ["int8", "uint8", "int16", "int32", "uint32", "int64"]:
        info = np.iinfo(target)
        wanted = [0 if np.isnan(v) else int(max(info.min, min(info.max, np.trunc(v)))) for v in x.tolist()]
        data = np.array(wanted, target).tobytes()
        cases.append(Case(unary.model("CAST", x, target), [[x]], target, data, False, np.dtype(target).type))
    check(program, cases)


def test_bools_of_other_bytes(program):
    """A bool's byte may be anything: true is 1."""
    x = np.arange(256, dtype=np.uint8)
    m = unary.model("CAST", x.astype(bool), "int32")
    wanted = (x != 0).astype(np.int32).tobytes()
    check(program, [Case(m, [[x]], "bool", wanted, False, np.int32)])


def test_refused(program):
    x = np.zeros((2, 4), np.int8)
    refused = [(unary.model("CAST", x, "float16"), UNSUPPORTED, "can't write", None, 1)]
    refused.append((unary.model("CAST", x, "int4"), UNSUPPORTED, "can't write", None, 17))
    check_refused(program, refused)
