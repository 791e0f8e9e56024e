# SPDX-License-Identifier: MIT
"""GATHER, GATHER_ND, SHAPE, RANK, FILL, ZEROS_LIKE against the wheel and numpy."""

import differential
import numpy as np
import pytest
from differential import DATA, MODEL, UNSUPPORTED, Failure, a_shape, cases_wanted, check, check_refused
from model_builder import ModelBuilder
from move_cases import DTYPES, elements, move_case, refuse

CASES = 200


def make(one, seed, dtype, n=CASES):
    rng = np.random.default_rng([seed, DTYPES.index(dtype)])
    return [one(rng, i, dtype) for i in range(cases_wanted(n))]


def index_type(i):
    """int64 is what the wheel doesn't take here."""
    return np.int64 if i % 4 == 0 else np.int32


# ---- GATHER and GATHER_ND -------------------------------------------------------------


def gather(x, indices, axis, batch_dims):
    if batch_dims == 0:
        return np.take(x, indices, axis)
    parts = [gather(a, b, axis - 1, batch_dims - 1) for a, b in zip(x, indices, strict=True)]
    return np.stack(parts)


def gather_case(rng, i, dtype):
    rank = int(rng.integers(1, 5))
    shape = a_shape(rng, rank, limit=6)
    axis = int(rng.integers(0, rank))
    batch_dims = int(rng.integers(0, axis + 1)) if i % 2 else 0
    more = int(rng.integers(0, 7 - rank + 1))
    index_shape = (*shape[:batch_dims], *a_shape(rng, min(more, 3), limit=5))
    if i % 40 == 0:
        shape, axis, batch_dims, index_shape = (7, 300), 0, 0, (60,)
    x = elements(rng, shape, dtype)
    indices = rng.integers(0, shape[axis], index_shape).astype(index_type(i))
    y = gather(x, indices, axis, batch_dims)
    fed = [(0, 1), (1,), (0,), ()][int(rng.integers(4))]
    options = {"axis": axis - len(shape) if i % 3 == 0 else axis}
    if batch_dims or i % 5 == 0:
        options["batch_dims"] = batch_dims - len(index_shape) if i % 7 == 0 and index_shape else batch_dims
        if options["batch_dims"] == 0 and batch_dims:
            options["batch_dims"] = batch_dims
    return move_case("GATHER", rng, i, [x, indices], [y], dtype, fed, indices.dtype == np.int32, **options)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gather(program, dtype):
    check(program, make(gather_case, 1, dtype))


def gather_nd_case(rng, i, dtype):
    rank = int(rng.integers(1, 6 if i % 5 else 7))
    shape = a_shape(rng, rank, limit=6)
    digits = int(rng.integers(1, rank + 1))
    index_shape = a_shape(rng, int(rng.integers(0, min(4, 7 - rank + digits))), limit=5)
    x = elements(rng, shape, dtype)
    indices = np.stack([rng.integers(0, d, index_shape) for d in shape[:digits]], -1).astype(index_type(i))
    y = np.asarray(x[tuple(np.moveaxis(indices, -1, 0))])
    fed = [(0, 1), (1,), (0,), ()][int(rng.integers(4))]
    takes = indices.dtype == np.int32 and digits <= 5
    return move_case("GATHER_ND", rng, i, [x, indices], [y], dtype, fed, takes)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gather_nd(program, dtype):
    check(program, make(gather_nd_case, 2, dtype))


@pytest.mark.parametrize("op", ["GATHER", "GATHER_ND"])
def test_out_of_range(program, op):
    cases, given = [], []
    rng = np.random.default_rng(3)
    for dtype, index in [
        (np.int32, -1),
        (np.int32, 5),
        (np.int32, 2**31 - 1),
        (np.int32, -(2**31) + 1),
        (np.int64, 5),
        (np.int64, 2**31),
        (np.int64, 2**32),
        (np.int64, -(2**40)),
    ]:
        x = np.zeros((5, 3), np.int8)
        indices = np.array([0, 4, index, 1], dtype)
        indices = indices.reshape(4, 1) if op == "GATHER_ND" else indices
        for fed in [(0, 1), (0,)]:
            case = move_case(op, rng, 0, [x, indices], [x[:4]], "int8", fed)
            cases.append((case.model, case.invokes))
            given.append(None if index < -(2**31) else min(index, 2**31 - 1))
    for result, index in zip(differential.run_engine(program, cases), given, strict=True):
        assert isinstance(result, Failure), index
        assert (result.code, result.needed, result.given) == (DATA, 5, index)


def test_batches_are_checked(program):
    """An index that is only wrong in the second batch."""
    x = np.zeros((2, 3), np.int8)
    indices = np.array([[0, 2], [1, 3]], np.int32)
    case = move_case(
        "GATHER", np.random.default_rng(4), 0, [x, indices], [x[:, :2]], "int8", (0, 1), axis=1, batch_dims=1
    )
    (result,) = differential.run_engine(program, [(case.model, case.invokes)])
    assert isinstance(result, Failure) and (result.code, result.needed, result.given) == (DATA, 3, 3)


# ---- SHAPE, RANK, FILL, ZEROS_LIKE ------------------------------------------------------


def shape_case(rng, i, dtype):
    shape = a_shape(rng, limit=20) if i % 20 else (3, 70000)
    x = elements(rng, shape, dtype)
    out = "int64" if i % 5 == 0 else "int32"
    y = np.array(shape, out)
    return move_case("SHAPE", rng, i, [x], [y], dtype, (0,) if i % 7 else (), out == "int32", out_type=out)


@pytest.mark.parametrize("dtype", DTYPES)
def test_shape(program, dtype):
    check(program, make(shape_case, 5, dtype, 40))


def rank_case(rng, i, dtype):
    x = elements(rng, a_shape(rng, int(rng.integers(0, 7)), limit=4), dtype)
    return move_case("RANK", rng, i, [x], [np.array(x.ndim, np.int32)], dtype)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32"])
def test_rank(program, dtype):
    check(program, make(rank_case, 6, dtype, 30))


def fill_case(rng, i, dtype):
    shape = a_shape(rng, limit=8) if i % 20 else (70, 300)
    value = elements(rng, (), dtype)
    inputs = [np.array(shape, np.int64 if i % 3 == 0 else np.int32), value]
    fed = [(1,), (0, 1), (0,), ()][int(rng.integers(4))]
    takes = 0 not in fed  # the wheel wants the dimensions constant
    return move_case("FILL", rng, i, inputs, [np.full(shape, value)], dtype, fed, takes)


def test_fill_another_shape(program):
    """Computed dimensions that are not the output's."""
    cases = []
    for dims in [(2, 4), (-1, 3), (3, 2)]:
        m = ModelBuilder()
        d, y = m.tensor((2,), "int32"), m.tensor((2, 3), "int8")
        m.node("FILL", [d, m.constant(np.int8(1))], [y])
        cases.append((m.build([d], [y]), [[np.array(dims, np.int32)]]))
    results = differential.run_engine(program, cases)
    assert [(r.code, r.needed, r.given) for r in results] == [(DATA, 4, 3), (DATA, -1, 2), (DATA, 3, 2)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_fill(program, dtype):
    check(program, make(fill_case, 7, dtype, 100))


def zeros_like_case(rng, i, dtype):
    x = elements(rng, a_shape(rng, limit=8) if i % 20 else (70, 300), dtype)
    return move_case("ZEROS_LIKE", rng, i, [x], [np.zeros_like(x)], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_zeros_like(program, dtype):
    check(program, make(zeros_like_case, 8, dtype, 30))


# ---- What must be refused -----------------------------------------------------------

I8 = "int8"


def gathered(shape=(5, 3), indices=(4,), out=(4, 3), op="GATHER", dtype="int32", out_dtype=I8, **options):
    return refuse(op, [(shape, I8), (indices, dtype)], [(out, out_dtype)], **options)


def nd(**kwargs):
    return gathered(**{"indices": (4, 1), "op": "GATHER_ND"} | kwargs)


def filled(dims=(2, 3), value=((), I8), out=((2, 3), I8), constant=(0,)):
    return refuse("FILL", [np.array(dims, np.int32), value], [out], constant)


REFUSED = [
    (gathered(axis=2), MODEL, "no such axis", 2, 2),
    (gathered(axis=-3), MODEL, "no such axis", 2, -3),
    (gathered(batch_dims=1), MODEL, "batch dimensions", 0, 1),
    (gathered(axis=1, batch_dims=2, indices=(5,)), MODEL, "batch dimensions", 1, 2),
    (gathered(axis=1, batch_dims=-2), MODEL, "batch dimensions", 1, -1),
    (gathered(axis=1, batch_dims=1), MODEL, "batch dimension", 5, 4),
    (gathered(out=(3, 3)), MODEL, "shape of what is gathered", 4, 3),
    (gathered(out=(4,)), MODEL, "shape of what is gathered", 3, None),
    (gathered(out=(4, 3, 1)), MODEL, "rank of what is gathered", 2, 3),
    (gathered(dtype="int16"), UNSUPPORTED, "not int32", 2, 7),
    (gathered(indices=(0,)), UNSUPPORTED, "no elements", 1, 0),
    (gathered(out_dtype="uint8"), MODEL, "type", 9, 3),
    (nd(indices=(4, 3)), MODEL, "more digits", 2, 3),
    (nd(indices=()), MODEL, "more digits", 2, None),
    (nd(out=(4, 2)), MODEL, "shape of what is gathered", 3, 2),
    (nd(out=(4, 3, 1)), MODEL, "rank of what is gathered", 2, 3),
    (nd(indices=(4, 0)), UNSUPPORTED, "no elements", 1, 0),
    (refuse("SHAPE", [((2, 3), I8)], [((2,), "int16")]), UNSUPPORTED, "not int32", 2, 7),
    (refuse("SHAPE", [((2, 3), I8)], [((3,), "int32")]), MODEL, "each dimension", 2, 3),
    (refuse("RANK", [((2, 3), I8)], [((2,), "int32")]), MODEL, "each dimension", 1, 2),
    (filled(dims=(2, 4)), MODEL, "shape of the first", 4, 3),
    (filled(dims=(2,)), MODEL, "as many indices", 2, 1),
    (filled(value=((2,), I8)), MODEL, "not one element", 1, 2),
    (filled(value=((), "uint8")), MODEL, "type", 3, 9),
    (refuse("ZEROS_LIKE", [((2, 3), I8)], [((3, 2), I8)]), MODEL, "shape", 2, 3),
    (refuse("ZEROS_LIKE", [((2, 3), I8)], [((2, 3), "int16")]), MODEL, "type", 9, 7),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)
