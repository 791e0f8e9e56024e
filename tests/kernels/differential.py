# SPDX-License-Identifier: MIT
"""Runs models in the engine (sanitized) and in the wheel tflite_micro, to compare their outputs."""

import math
import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import operator_counts
from tflite_micro import runtime

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

import engine_build

OK, MODEL, UNSUPPORTED, MEMORY, DATA = 0, -1, -2, -3, -4
NONE = -(2**31)


@dataclass
class Failure:
    """An error record of the engine."""

    code: int
    message: str
    node: int
    needed: int | None
    given: int | None


def build():
    """Compiles run_models, or finds it in the cache. Returns its path."""
    return engine_build.program("../kernels/run_models")


def run_engine(program, cases, polls=None):
    """cases: (model bytes, list of invokes, each a list of input arrays). Returns for each case the bytes of
    all outputs of all invokes, or a Failure. Models lie at every alignment in turn. polls: a list that gets
    the number of times that an invoke polls, for each case that runs."""
    stream = bytearray()
    for i, (model, invokes) in enumerate(cases):
        data = b"".join(np.ascontiguousarray(x).tobytes() for invoke in invokes for x in invoke)
        stream += struct.pack("<3I", i % 16, len(model), len(data)) + model + data
    done = subprocess.run([program], input=bytes(stream), capture_output=True)
    results, at = [], 0
    while at < len(done.stdout):
        code, size = struct.unpack_from("<iI", done.stdout, at)
        body = done.stdout[at + 8 : at + 8 + size]
        at += 8 + size
        if code == OK:
            results.append(body[4:])
            if polls is not None:
                polls.append(struct.unpack_from("<I", body)[0])
        else:
            node, needed, given = (None if n == NONE else n for n in struct.unpack_from("<3i", body))
            results.append(Failure(code, body[12:].decode(), node, needed, given))
    assert done.returncode == 0, f"case {len(results)} ended the engine:\n{done.stderr.decode()}"
    assert len(results) == len(cases)
    return results


def run_reference(model, invokes, outputs=1):
    """Bytes of the outputs of all invokes in the wheel."""
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=4 * len(model) + 400_000)
    out = b""
    for invoke in invokes:
        for i, x in enumerate(invoke):
            interpreter.set_input(x, i)
        interpreter.invoke()
        for i in range(outputs):
            out += interpreter.get_output(i).tobytes()
    return out


# ---- Cases --------------------------------------------------------------------


@dataclass
class Case:
    """A model, usually of one operator, and what its outputs must be."""

    model: bytes
    invokes: list  # each a list of input arrays
    note: str
    expected: bytes | None = None  # of all outputs of all invokes; None: as the reference has it
    reference: bool = True  # whether the reference can run it
    dtype: type = np.int8  # of the outputs, for messages; several dtypes: leave it
    outputs: int = 1


def cases_wanted(n):
    """How many cases a test should make of a random kind: n, or a multiple for a long run."""
    return n * int(os.environ.get("ARENA8_LONG", "1"))


def check(program, cases):
    """Runs the cases in the engine and in the reference and compares all bytes.

    The number of cases that passed is kept for the docs. Returns one array of outputs a case.
    """
    results = run_engine(program, [(c.model, c.invokes) for c in cases])
    arrays = []
    for case, result in zip(cases, results, strict=True):
        assert isinstance(result, bytes), f"{case.note}: {result}"
        got = np.frombuffer(result, case.dtype)
        wanted = [] if case.expected is None else [("formula", case.expected)]
        if case.reference:
            wanted.append(("reference", run_reference(case.model, case.invokes, case.outputs)))
        assert wanted, case.note
        for name, data in wanted:
            want = np.frombuffer(data, case.dtype)
            assert len(got) == len(want), f"{case.note}: {len(got)} elements, {name} {len(want)}"
            wrong = np.flatnonzero(got.view(np.uint8) != want.view(np.uint8)) // got.itemsize
            assert len(wrong) == 0, (
                f"{case.note}: {len(wrong)} of {len(got)} elements differ from the {name}, "
                f"the first at {wrong[0]}: {got[wrong[0]]}, {want[wrong[0]]}"
            )
        arrays.append(got)
    assert arrays
    operator_counts.passed(c.model for c in cases)
    return arrays


def check_refused(program, refused):
    """refused: (model, code, words of the message, needed, given) each; numbers None: the error has none."""
    results = run_engine(program, [(model, []) for model, *_ in refused])
    for (_, code, words, needed, given), failure in zip(refused, results, strict=True):
        assert isinstance(failure, Failure), words
        assert words in failure.message, f"{words!r} wanted: {failure}"
        assert (failure.code, failure.needed, failure.given) == (code, needed, given), failure
        assert failure.node == 0, failure


# ---- Random parts -----------------------------------------------------------


def a_scale(rng, low=-7.0, high=1.0):
    return np.float32(np.exp(rng.uniform(low, high)))


def a_zero_point(rng, low=-128, high=127):
    return int(rng.choice([low, high, 0, rng.integers(low, high + 1)]))


def a_shape(rng, rank=None, limit=8):
    rank = int(rng.integers(1, 7)) if rank is None else rank
    return tuple(int(d) for d in rng.integers(1, limit if rank < 5 else 4, rank))


def values(rng, shape, dtype=np.int8):
    """Values of an integer type, sometimes only its extremes."""
    info = np.iinfo(dtype)
    x = rng.integers(info.min, info.max, shape, endpoint=True, dtype=dtype)
    if rng.random() < 0.2:
        x = rng.choice(np.array([info.min, info.max], dtype), shape)
    return np.asarray(x, dtype)


# ---- Formulas in exact integers ---------------------------------------------


def multiplier(real):
    """QuantizeMultiplier of the reference on a double."""
    if real == 0:
        return 0, 0
    fraction, shift = math.frexp(real)
    fixed = math.floor(fraction * 2**31 + 0.5)
    if fixed == 2**31:
        fixed, shift = 2**30, shift + 1
    return (0, 0) if shift < -31 else (fixed, shift)


def requantize(x, fixed, shift):
    """MultiplyByQuantizedMultiplier of the reference: two roundings. x: an int without bounds."""
    product = (x << max(shift, 0)) * fixed
    high = (product + 2**30) >> 31
    exponent = max(-shift, 0)
    half = 1 << exponent >> 1
    return (high + half >> exponent) if high >= 0 else -(-high + half >> exponent)


def saturate(x, dtype):
    info = np.iinfo(dtype)
    return max(info.min, min(info.max, x))


def round_away(x):
    """Half away from zero, of float32 values."""
    return np.trunc(x + np.copysign(np.float32(0.49999997), x))
