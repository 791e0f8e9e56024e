# SPDX-License-Identifier: MIT
"""RESHAPE, EXPAND_DIMS, SQUEEZE, CONCATENATION, PACK, UNPACK, SPLIT, SPLIT_V against the wheel and numpy."""

import differential
import numpy as np
import pytest
from differential import (
    MODEL,
    UNSUPPORTED,
    Case,
    a_scale,
    a_shape,
    cases_wanted,
    check,
    check_refused,
    values,
)
from model_builder import ModelBuilder
from move_cases import DTYPES, elements, move_case, refuse

CASES = 200


def make(op, one, seed, dtypes=DTYPES, n=CASES):
    """Cases of one operator for every element type. one(rng, i, dtype) -> Case."""
    rng = np.random.default_rng(seed)
    return [one(rng, i, dtype) for dtype in dtypes for i in range(cases_wanted(n))]


# ---- RESHAPE, EXPAND_DIMS, SQUEEZE ----------------------------------------------------


def factors(rng, n):
    """A random shape of n elements."""
    shape = []
    while n > 1 and len(shape) < 4:
        d = int(rng.choice([d for d in range(1, min(n, 200) + 1) if n % d == 0]))
        shape.append(d)
        n //= d
    shape = [*shape, n] + [1] * int(rng.integers(0, 2))
    return tuple(int(d) for d in rng.permutation(shape))


def reshape_case(rng, i, dtype):
    shape = a_shape(rng) if i % 50 else (50, 401)
    x = elements(rng, shape, dtype)
    y = x.reshape(factors(rng, x.size))
    inputs, fed = [x], (0,)
    if i % 3:
        inputs.append(np.array(y.shape, np.int32))
        fed = [(0,), (0, 1), (1,)][i % 4 % 3]
    return move_case("RESHAPE", rng, i, inputs, [y], dtype, fed, new_shape=y.shape)


@pytest.mark.parametrize("dtype", DTYPES)
def test_reshape(program, dtype):
    check(program, make("RESHAPE", reshape_case, 1, [dtype], 60))


def expand_dims_case(rng, i, dtype):
    shape = a_shape(rng, rank=int(rng.integers(1, 6)))
    axis = int(rng.integers(-len(shape) - 1, len(shape) + 1))
    x = elements(rng, shape, dtype)
    a = np.array([axis] if i % 2 else axis, np.int32)
    return move_case("EXPAND_DIMS", rng, i, [x, a], [np.expand_dims(x, axis)], dtype, (0,) if i % 7 else ())


@pytest.mark.parametrize("dtype", DTYPES)
def test_expand_dims(program, dtype):
    check(program, make("EXPAND_DIMS", expand_dims_case, 2, [dtype], 60))


def squeeze_case(rng, i, dtype):
    shape = tuple(int(d) for d in np.where(rng.random(int(rng.integers(1, 7))) < 0.5, 1, rng.integers(2, 5)))
    ones = [k for k, d in enumerate(shape) if d == 1]
    axes = [k for k in ones if rng.random() < 0.7] if i % 3 else []
    x = elements(rng, shape, dtype)
    y = x.squeeze(tuple(axes)) if axes else x.squeeze()
    named = [a - len(shape) if rng.random() < 0.4 else a for a in axes]
    return move_case("SQUEEZE", rng, i, [x], [y], dtype, squeeze_dims=named)


@pytest.mark.parametrize("dtype", DTYPES)
def test_squeeze(program, dtype):
    check(program, make("SQUEEZE", squeeze_case, 3, [dtype], 60))


# ---- CONCATENATION and PACK -----------------------------------------------------------


def some_fed(rng, n):
    """Most inputs are computed, some constant."""
    return tuple(k for k in range(n) if rng.random() < 0.7)


def concatenation_case(rng, i, dtype):
    shape = list(a_shape(rng, limit=6))
    axis = int(rng.integers(0, len(shape)))
    n = int(rng.integers(1, 11 if i % 10 == 0 else 5))
    if i % 40 == 7:
        shape, axis, n = [3, 30, 50], i // 40 % 3, 2
    parts = [
        elements(rng, [*shape[:axis], int(rng.integers(1, 6)), *shape[axis + 1 :]], dtype) for _ in range(n)
    ]
    y = np.concatenate(parts, axis)
    named = axis - len(shape) if i % 3 == 0 else axis
    # The wheel takes four dimensions and ten inputs.
    takes = len(shape) <= 4
    return move_case(
        "CONCATENATION", rng, i, parts, [y], dtype, some_fed(rng, n), takes, axis=named, activation="NONE"
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_concatenation(program, dtype):
    check(program, make("CONCATENATION", concatenation_case, 4, [dtype]))


def test_concatenation_scales(program):
    """Scales that differ: the reference moves int16 as it is, and refuses int8."""
    rng = np.random.default_rng(5)
    cases, refused = [], []
    for i in range(20):
        dtype = ["int8", "int16"][i % 2]
        m = ModelBuilder()
        shape = a_shape(rng, rank=3)
        parts = [values(rng, shape, dtype) for _ in range(3)]
        zero_points = [0, 0, 0] if i % 4 else [0, 5, 0]
        scales = [a_scale(rng) for _ in parts] if i % 4 else [0.3, 0.3, 0.3]
        ts = [m.tensor(shape, dtype, scale=s, zero_point=z) for s, z in zip(scales, zero_points, strict=True)]
        y = m.tensor((*shape[:2], 3 * shape[2]), dtype, scale=0.3)
        m.node("CONCATENATION", ts, [y], axis=2)
        model = m.build(ts, [y])
        if dtype == "int8":
            refused.append(
                (model, UNSUPPORTED, "scale or zero point", 0, next(iter(zero_points[i % 4 == 0 :])))
            )
        else:
            cases.append(Case(model, [parts], f"scales {i}", np.concatenate(parts, 2).tobytes()))
    check(program, cases)
    check_refused(program, refused)


def test_many_parts(program):
    """More than the wheel takes."""
    rng = np.random.default_rng(6)
    parts = [elements(rng, (2, 1 + k % 3), "int8") for k in range(255)]
    y = np.concatenate(parts, 1)
    check(program, [move_case("CONCATENATION", rng, 0, parts, [y], "int8", range(255), False, axis=1)])
    sizes = np.array([p.shape[1] for p in parts], np.int32)
    check(
        program,
        [move_case("SPLIT_V", rng, 0, [y, sizes, np.int32(1)], parts, "int8", (0,), False, num_splits=255)],
    )


def pack_case(rng, i, dtype):
    shape = a_shape(rng, rank=int(rng.integers(0, 6)), limit=6)
    n = int(rng.integers(1, 6))
    axis = int(rng.integers(0, len(shape) + 1))
    parts = [elements(rng, shape, dtype) for _ in range(n)]
    named = axis - len(shape) - 1 if i % 3 == 0 else axis
    y = np.stack(parts, axis)
    return move_case("PACK", rng, i, parts, [y], dtype, some_fed(rng, n), values_count=n, axis=named)


@pytest.mark.parametrize("dtype", DTYPES)
def test_pack(program, dtype):
    check(program, make("PACK", pack_case, 7, [dtype]))


# ---- UNPACK, SPLIT, SPLIT_V -------------------------------------------------------------


def unpack_case(rng, i, dtype):
    shape = a_shape(rng, limit=6)
    axis = int(rng.integers(0, len(shape)))
    x = elements(rng, shape, dtype)
    parts = [np.take(x, k, axis) for k in range(shape[axis])]
    named = axis - len(shape) if i % 3 == 0 else axis
    return move_case("UNPACK", rng, i, [x], parts, dtype, (0,) if i % 7 else (), num=len(parts), axis=named)


@pytest.mark.parametrize("dtype", DTYPES)
def test_unpack(program, dtype):
    check(program, make("UNPACK", unpack_case, 8, [dtype]))


def split_case(rng, i, dtype):
    shape = list(a_shape(rng, limit=6))
    axis = int(rng.integers(0, len(shape)))
    n = int(rng.integers(1, 5))
    shape[axis] *= n
    x = elements(rng, shape, dtype)
    named = np.array(axis - len(shape) if i % 3 == 0 else axis, np.int32)
    if i % 2:
        named = named.reshape(1)
    return move_case(
        "SPLIT", rng, i, [named, x], np.split(x, n, axis), dtype, (1,) if i % 7 else (), num_splits=n
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_split(program, dtype):
    check(program, make("SPLIT", split_case, 9, [dtype]))


def split_v_case(rng, i, dtype):
    shape = list(a_shape(rng, limit=6))
    axis = int(rng.integers(0, len(shape)))
    sizes = rng.integers(1, 5, int(rng.integers(1, 5)))
    shape[axis] = int(sizes.sum())
    x = elements(rng, shape, dtype)
    parts = np.split(x, np.cumsum(sizes)[:-1], axis)
    if i % 4 == 0:
        sizes[rng.integers(len(sizes))] = -1
    named = np.array(axis - len(shape) if i % 3 == 0 else axis, np.int32)
    inputs = [x, sizes.astype(np.int64 if i % 5 == 0 else np.int32), named]
    fed = [(0,), (), (1,), (0, 1)][i % 8 % 4]  # computed sizes can only repeat the outputs' shapes
    return move_case("SPLIT_V", rng, i, inputs, parts, dtype, fed, num_splits=len(sizes))


@pytest.mark.parametrize("dtype", DTYPES)
def test_split_v(program, dtype):
    check(program, make("SPLIT_V", split_v_case, 10, [dtype]))


# ---- What must be refused -----------------------------------------------------------

F, I8 = "float32", "int8"
CAT = "CONCATENATION"
AXIS = np.array(1, np.int32)
ONES = np.array([1, 1], np.int32)
SIZES = np.array([1, 2], np.int32)

REFUSED = [
    (refuse("RESHAPE", [((2, 4), I8)], [((3, 3), I8)]), MODEL, "as many elements", 8, 9),
    (refuse("RESHAPE", [((2, 4), I8)], [((2, 4), "int16")]), MODEL, "input's type", 9, 7),
    (refuse("RESHAPE", [((2, 4), I8)] * 3, [((2, 4), I8)]), MODEL, "number of inputs", 2, 3),
    (refuse("SQUEEZE", [((2, 1, 4), I8)], [((4, 2), I8)]), MODEL, "not 1", 2, 4),
    (refuse("SQUEEZE", [((2, 1, 4), I8)], [((2,), I8)]), MODEL, "not 1", 4, 1),
    (refuse("SQUEEZE", [((2,), I8)], [((2, 4), I8)]), MODEL, "not 1", 1, 4),
    (refuse("SQUEEZE", [((2, 1), I8)], [((2,), "uint8")]), MODEL, "input's type", 9, 3),
    (refuse("SQUEEZE", [((2, 1), I8)] * 2, [((2,), I8)]), MODEL, "number of inputs", 1, 2),
    (refuse("EXPAND_DIMS", [((2, 4), I8)], [((2, 1, 4), I8)]), MODEL, "number of inputs", 2, 1),
    (refuse(CAT, [((2, 4), I8)] * 2, [((2, 9), I8)], axis=1), MODEL, "smaller", 9, 8),
    (refuse(CAT, [((2, 4), I8)] * 2, [((2, 7), I8)], axis=1), MODEL, "larger", 3, 4),
    (refuse(CAT, [((2, 4), I8)] * 2, [((3, 8), I8)], axis=1), MODEL, "dimension of a part", 3, 2),
    (refuse(CAT, [((2, 4), I8)] * 2, [((2, 8, 1), I8)], axis=1), MODEL, "rank", 3, 2),
    (refuse(CAT, [((2, 4), I8)] * 2, [((2, 8), I8)], axis=2), MODEL, "no such axis", 2, 2),
    (refuse(CAT, [((2, 4), I8)] * 2, [((2, 8), I8)], axis=-3), MODEL, "no such axis", 2, -3),
    (refuse(CAT, [((2, 4), I8)] * 2, [((2, 8), I8)], axis=-(2**31)), MODEL, "no such axis", 2, None),
    (refuse(CAT, [((2, 4), I8), ((2, 4), "uint8")], [((2, 8), I8)], axis=1), MODEL, "type", 9, 3),
    (refuse(CAT, [((2, 4), I8), ((2, 0), I8)], [((2, 4), I8)], axis=1), UNSUPPORTED, "no elem", 1, 0),
    (refuse(CAT, [((2, 4), I8)], [((2, 4), I8)], axis=1, activation="RELU"), UNSUPPORTED, "act", 0, 1),
    (refuse(CAT, [((2, 4), I8)], [((2, 4), I8)] * 2, axis=1), MODEL, "number of", 1, 2),
    (refuse(CAT, [((2, 4), "int4")], [((2, 4), "int4")], axis=1), UNSUPPORTED, "elements of", None, 17),
    (refuse("PACK", [((4,), I8)] * 2, [((3, 4), I8)], values_count=2), MODEL, "smaller", 3, 2),
    (refuse("PACK", [((4,), I8)] * 2, [((2, 4), I8)], values_count=3), MODEL, "number of inputs", 3, 2),
    (refuse("PACK", [((2, 4), I8)] * 2, [((4, 4), I8)], values_count=2), MODEL, "rank", 1, 2),
    (refuse("PACK", [((), I8)], [((), I8)], values_count=1), MODEL, "no such axis", 0, 0),
    (refuse("UNPACK", [((2, 4), I8)], [((4,), I8)] * 3, num=3), MODEL, "larger", 0, 1),
    (refuse("UNPACK", [((2, 4), I8)], [((4,), I8)] * 2, num=3), MODEL, "number of outputs", 3, 2),
    (refuse("UNPACK", [((2, 4), I8)] * 2, [((4,), I8)] * 2, num=2), MODEL, "number of inputs", 1, 2),
    (refuse("SPLIT", [AXIS, ((2, 4), I8)], [((2, 2), I8)] * 2), UNSUPPORTED, "constant", None, None),
    (refuse("SPLIT", [AXIS, ((2, 4), I8)], [((2, 1), I8), ((2, 3), I8)], (0,)), MODEL, "size", 1, 3),
    (refuse("SPLIT", [AXIS.astype(F), ((2, 4), I8)], [((2, 4), I8)], (0,)), UNSUPPORTED, "not int32", 2, 0),
    (refuse("SPLIT", [ONES, ((2, 4), I8)], [((2, 4), I8)], (0,)), MODEL, "as many", 1, 2),
    (refuse("SPLIT", [AXIS], [((2, 4), I8)], ()), MODEL, "number of inputs", 2, 1),
    (refuse("SPLIT_V", [((2, 4), I8), SIZES, AXIS], [((2, 1), I8), ((2, 3), I8)], (1, 2)),
     MODEL, "size", 2, 3),
    (refuse("SPLIT_V", [((2, 4), I8), ONES[:1], AXIS], [((2, 1), I8), ((2, 3), I8)], (1, 2)),
     MODEL, "as many", 2, 1),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)


# ---- Polls ------------------------------------------------------------------------


def ints(*values):
    return np.array(values, np.int32)


def polling_cases():
    """Every operator that moves elements, with some 200 KB of output."""
    rng = np.random.default_rng(11)
    x = np.zeros((1, 100, 100, 20), np.int8)
    flat, long = x.reshape(-1), np.zeros(200_000, np.int16)
    pairs = np.zeros((200_000, 2), np.int8)
    pads = ints((0, 0), (2, 2), (3, 3), (0, 0))
    batches, hot = np.zeros((4, 26, 100, 20), np.int8), flat.reshape(2, -1)
    q = {"scale": 0.5, "zero_point": 0}
    sequence, depth = {"options": (87, [(0, "i", 1)])}, {"options": (61, [(0, "i", -1)])}
    padded = np.zeros((1, 104, 106, 20), np.int8)
    return {
        op + str(k): move_case(op, rng, k, inputs, outputs, outputs[0].dtype.name, fed, q=q, **options)
        for k, (op, inputs, outputs, fed, options) in enumerate(
            [
                ("RESHAPE", [x], [flat], (0,), {}),
                ("CONCATENATION", [x, x], [np.zeros((1, 100, 100, 40), np.int8)], (0, 1), {"axis": 3}),
                ("PACK", [flat, flat], [pairs], (0, 1), {"axis": 1, "values_count": 2}),
                ("SPLIT", [ints(2), x], [x[:, :, :50]] * 2, (1,), {}),
                ("UNPACK", [pairs], [flat, flat], (0,), {"num": 2, "axis": 1}),
                ("SLICE", [x, ints(0, 0, 1, 0), ints(1, 100, 99, 20)], [x[:, :, 1:]], (0,), {}),
                ("SLICE", [flat, ints(1), ints(-1)], [flat[1:]], (0, 1), {}),
                ("STRIDED_SLICE", [long, ints(-1), ints(0), ints(-1)], [long], (0,), {"end_mask": 1}),
                ("DYNAMIC_UPDATE_SLICE", [x, x[:, :, 1:], ints(0, 0, 0, 0)], [x], (0, 1), {}),
                ("TRANSPOSE", [x, ints(0, 3, 1, 2)], [np.zeros((1, 20, 100, 100), np.int8)], (0,), {}),
                ("TRANSPOSE", [x, ints(0, 2, 1, 3)], [x], (0,), {}),
                ("REVERSE_V2", [flat, ints(0)], [flat], (0,), {}),
                ("PAD", [x, pads], [padded], (0,), {}),
                ("PAD", [flat, ints((100_000, 100_000))], [np.zeros(400_000, np.int8)], (0,), {}),
                ("MIRROR_PAD", [x, pads], [padded], (0,), {}),
                ("SPACE_TO_DEPTH", [x], [x.reshape(1, 50, 50, 80)], (0,), {"block_size": 2}),
                ("DEPTH_TO_SPACE", [x.reshape(1, 50, 50, 80)], [x], (0,), {"block_size": 2}),
                ("SPACE_TO_BATCH_ND", [x, ints(4), ints((2, 2))], [batches], (0,), {}),
                ("BATCH_TO_SPACE_ND", [x.reshape(2, 50, 100, 20), ints(2), ints((0, 0))], [x], (0,), {}),
                ("GATHER", [x[0, 0], np.zeros(10_000, np.int32)], [x[0].reshape(-1, 20)], (0,), {}),
                ("GATHER", [long[:9], np.zeros(200_000, np.int32)], [long], (0,), {}),
                ("FILL", [ints(200_000), long[0]], [long], (1,), {}),
                ("ZEROS_LIKE", [x], [x], (0,), {}),
                ("TILE", [x[:, :, :1], ints(1, 1, 100, 1)], [x], (0,), {}),
                ("REVERSE_SEQUENCE", [x[0], ints(*range(100))], [x[0]], (0,), sequence),
                ("ONE_HOT", [np.zeros(2, np.int32), ints(100_000), flat[0], flat[0]], [hot], (0,), depth),
            ]
        )
    }  # fmt: skip


def test_polls(program):
    """Long operators look for a stop at least every 16 KB, and do stop."""
    cases = polling_cases()
    polls = []
    results = differential.run_engine(program, [(c.model, c.invokes) for c in cases.values()], polls)
    for (name, case), result in zip(cases.items(), results, strict=True):
        assert result == case.expected, (name, result)
    for (name, case), n in zip(cases.items(), polls, strict=True):
        assert n >= len(case.expected) // 16384, (name, n)
