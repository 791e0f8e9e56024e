# SPDX-License-Identifier: MIT
"""TILE, REVERSE_SEQUENCE, ONE_HOT, TOPK_V2, which the wheel doesn't have, against numpy."""

import differential
import numpy as np
import pytest
from differential import DATA, MODEL, UNSUPPORTED, Failure, a_shape, cases_wanted, check, check_refused
from move_cases import DTYPES, elements, move_case, refuse

CASES = 100


def make(one, seed, dtype, n=CASES):
    rng = np.random.default_rng([seed, DTYPES.index(dtype)])
    return [one(rng, i, dtype) for i in range(cases_wanted(n))]


def index_type(i):
    return np.int64 if i % 3 == 0 else np.int32


# ---- TILE -----------------------------------------------------------------------------


def tile_case(rng, i, dtype):
    shape = a_shape(rng, limit=5) if i % 20 else (5, 70, 30)
    times = [int(n) for n in np.where(rng.random(len(shape)) < 0.4, 1, rng.integers(1, 4, len(shape)))]
    x = elements(rng, shape, dtype)
    inputs = [x, np.array(times, index_type(i))]
    return move_case(
        "TILE", rng, i, inputs, [np.tile(x, times)], dtype, (0,) if i % 7 else (), note=f"{times}"
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_tile(program, dtype):
    check(program, make(tile_case, 1, dtype))


# ---- REVERSE_SEQUENCE -----------------------------------------------------------------


def sequence_options(sequence, batch):
    return {"options": (87, [(0, "i", sequence), (1, "i", batch)])}


def reverse_sequence_case(rng, i, dtype):
    shape = a_shape(rng, int(rng.integers(2, 7)), limit=7) if i % 20 else (30, 4, 70)
    sequence, batch = (int(d) for d in rng.permutation(len(shape))[:2])
    lengths = rng.integers(0, shape[sequence] + 1, shape[batch])
    x = elements(rng, shape, dtype)
    y = np.moveaxis(x, (batch, sequence), (0, 1)).copy()
    for b, n in enumerate(lengths):
        y[b, :n] = y[b, :n][::-1].copy()
    y = np.ascontiguousarray(np.moveaxis(y, (0, 1), (batch, sequence)))
    inputs = [x, lengths.astype(index_type(i))]
    fed = [(0, 1), (0,), (1,)][i % 4 % 3]
    options = sequence_options(sequence, batch)
    return move_case("REVERSE_SEQUENCE", rng, i, inputs, [y], dtype, fed, note=f"{lengths}", **options)


@pytest.mark.parametrize("dtype", DTYPES)
def test_reverse_sequence(program, dtype):
    check(program, make(reverse_sequence_case, 2, dtype))


def test_reverse_sequence_too_long(program):
    rng = np.random.default_rng(3)
    x = np.zeros((2, 5), np.int8)
    cases = []
    for n in [-1, 6, 2**31 - 1]:
        inputs = [x, np.array([5, n], np.int32)]
        cases.append(
            move_case("REVERSE_SEQUENCE", rng, 0, inputs, [x], "int8", (0, 1), **sequence_options(1, 0))
        )
    results = differential.run_engine(program, [(c.model, c.invokes) for c in cases])
    assert all(isinstance(r, Failure) for r in results)
    assert [(r.code, r.needed, r.given) for r in results] == [
        (DATA, 5, -1),
        (DATA, 5, 6),
        (DATA, 5, 2**31 - 1),
    ]


# ---- ONE_HOT --------------------------------------------------------------------------


def one_hot_options(axis):
    return {"options": (61, [(0, "i", axis)])}


def one_hot_case(rng, i, dtype):
    shape = a_shape(rng, int(rng.integers(0, 6)), limit=5) if i % 20 else (60,)
    depth = int(rng.integers(1, 8)) if i % 20 else 500
    axis = int(rng.integers(0, len(shape) + 1))
    indices = rng.integers(-1, depth + 1, shape)
    if i % 5 == 0:
        indices = np.where(rng.random(shape) < 0.3, rng.choice([2**31 - 1, -(2**31)]), indices)
    on, off = elements(rng, (), dtype), elements(rng, (1,) if i % 2 else (), dtype)
    hot = np.expand_dims(indices, axis) == np.arange(depth).reshape([-1] + [1] * (len(shape) - axis))
    y = np.where(hot, on, off.reshape(())).astype(dtype)
    inputs = [indices.astype(index_type(i)), np.array(depth, np.int32), on, off]
    fed = [(0,), (0, 2), (0, 2, 3), (3,)][i % 8 % 4]
    named = axis - len(shape) - 1 if i % 3 == 0 else axis
    return move_case("ONE_HOT", rng, i, inputs, [y], dtype, fed, False, f"{axis}", **one_hot_options(named))


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_hot(program, dtype):
    check(program, make(one_hot_case, 4, dtype))


# ---- TOPK_V2 --------------------------------------------------------------------------


def top_k_case(rng, i, dtype):
    shape = a_shape(rng, limit=12) if i % 20 else (3, 2000)
    k = int(rng.integers(1, shape[-1] + 1)) if i % 20 else 40
    x = elements(rng, shape, dtype)
    if i % 2:  # many equals
        few = elements(rng, (3,), dtype)
        if dtype == "float32":
            few[:2] = 0.0, -0.0
        x = rng.choice(few, shape)
    order = np.argsort(-x.astype(np.float64 if dtype == "float32" else object), axis=-1, kind="stable")[
        ..., :k
    ]
    values, indices = np.take_along_axis(x, order, -1), order.astype(np.int32)
    c = move_case("TOPK_V2", rng, i, [x, np.array(k, index_type(i))], [values, indices], dtype, note=f"{k}")
    c.dtype = np.uint8
    return c


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "float32", "uint8", "int64"])
def test_top_k(program, dtype):
    check(program, make(top_k_case, 5, dtype))


# ---- What must be refused -----------------------------------------------------------

I8 = "int8"


def tile(times=(2, 3), out=(4, 9), constant=(1,)):
    return refuse("TILE", [((2, 3), I8), np.array(times, np.int32)], [(out, I8)], constant)


def sequence(sequence=1, batch=0, lengths=2):
    inputs = [((2, 3), I8), ((lengths,), "int32")]
    return refuse("REVERSE_SEQUENCE", inputs, [((2, 3), I8)], **sequence_options(sequence, batch))


def one_hot(depth=3, out=(2, 3), axis=-1, constant=(1,), value=((), I8)):
    inputs = [((2,), "int32"), np.array(depth, np.int32), ((), I8), value]
    return refuse("ONE_HOT", inputs, [(out, I8)], constant, **one_hot_options(axis))


def top_k(k=2, shape=(2, 3), out=(2, 2), dtype="int32", in_dtype=I8, constant=(1,)):
    return refuse(
        "TOPK_V2", [(shape, in_dtype), np.array(k, np.int32)], [(out, in_dtype), (out, dtype)], constant
    )


REFUSED = [
    (top_k(k=4), MODEL, "not so many", 3, 4),
    (top_k(k=0), MODEL, "not so many", 3, 0),
    (top_k(shape=(), out=(1,), k=0), MODEL, "not so many", 0, 0),
    (top_k(out=(2, 3)), MODEL, "shape", 2, 3),
    (top_k(dtype="int64"), UNSUPPORTED, "not int32", 2, 4),
    (top_k(in_dtype="bool"), UNSUPPORTED, "of this type", None, 6),
    (top_k(constant=()), UNSUPPORTED, "constant", None, None),
    (tile(times=(2, 4)), MODEL, "so many times", 4, 9),
    (tile(times=(-2, 3)), MODEL, "so many times", -2, 4),
    (tile(times=(2,)), MODEL, "as many indices", 2, 1),
    (tile(out=(4, 9, 1)), MODEL, "rank", 2, 3),
    (tile(constant=()), UNSUPPORTED, "constant", None, None),
    (sequence(sequence=2), MODEL, "no such axis", 2, 2),
    (sequence(batch=-3), MODEL, "no such axis", 2, -3),
    (sequence(batch=1), MODEL, "one dimension", None, 1),
    (sequence(lengths=3), MODEL, "as many indices", 2, 3),
    (one_hot(depth=4), MODEL, "depth", 4, None),
    (one_hot(out=(3, 2)), MODEL, "depth", 3, None),
    (one_hot(out=(2, 3, 1)), MODEL, "depth", 3, None),
    (one_hot(axis=2), MODEL, "no such axis", 2, 2),
    (one_hot(constant=()), UNSUPPORTED, "constant", None, None),
    (one_hot(value=((2,), I8)), MODEL, "not one element", 1, 2),
    (one_hot(value=((), "uint8")), MODEL, "type", 3, 9),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)
