# SPDX-License-Identifier: MIT
"""SLICE, STRIDED_SLICE, DYNAMIC_UPDATE_SLICE, TRANSPOSE, REVERSE_V2 against the wheel and numpy."""

import differential
import numpy as np
import pytest
from differential import DATA, MODEL, UNSUPPORTED, Failure, a_shape, cases_wanted, check, check_refused
from move_cases import DTYPES, elements, move_case, refuse

CASES = 200


def make(one, seed, dtype, n=CASES):
    rng = np.random.default_rng([seed, DTYPES.index(dtype)])
    return [one(rng, i, dtype) for i in range(cases_wanted(n))]


def index_type(i):
    return np.int64 if i % 3 == 0 else np.int32


# ---- SLICE ----------------------------------------------------------------------------


def slice_case(rng, i, dtype):
    shape = a_shape(rng, limit=9) if i % 50 else (3, 70, 110)
    begin = [int(rng.integers(0, d)) if rng.random() < 0.7 else 0 for d in shape]
    size = [
        int(rng.integers(1, d - b + 1)) if rng.random() < 0.7 else d - b
        for d, b in zip(shape, begin, strict=True)
    ]
    x = elements(rng, shape, dtype)
    y = x[tuple(slice(b, b + s) for b, s in zip(begin, size, strict=True))]
    if i % 3 == 1:
        size = [
            -1 if b + s == d and rng.random() < 0.5 else s for d, b, s in zip(shape, begin, size, strict=True)
        ]
    fed = [(0,), (0, 1), (0, 2), (0, 1, 2), (1,), (1, 2)][int(rng.integers(6))]
    inputs = [x, np.array(begin, index_type(i)), np.array(size, index_type(i))]
    return move_case("SLICE", rng, i, inputs, [y], dtype, fed, len(shape) <= 5, f"{begin} {size} {fed}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_slice(program, dtype):
    check(program, make(slice_case, 1, dtype))


def test_slice_out_of_range(program):
    """Corners that are data."""
    cases, expected = [], []
    for dtype in [np.int32, np.int64]:
        for begin, room, given in [
            ((0, 3), 2, 3),
            ((2, 0), 1, 2),
            ((0, -1), 2, -1),
            ((2**31 - 1, 0), 1, 2**31 - 1),
            ((-(2**31) + 1, 0), 1, -(2**31) + 1),
        ]:
            x = np.zeros((3, 5), np.int8)
            case = move_case(
                "SLICE",
                np.random.default_rng(0),
                0,
                [x, np.array(begin, dtype), np.array([2, 3], dtype)],
                [x[:2, :3]],
                "int8",
                (0, 1),
            )
            cases.append((case.model, case.invokes))
            expected.append((room, given))
    for i, result in enumerate(differential.run_engine(program, cases)):
        assert isinstance(result, Failure), i
        assert (result.code, result.needed, result.given) == (DATA, *expected[i])


# ---- STRIDED_SLICE --------------------------------------------------------------------


def a_range(rng, extent):
    """begin, end and stride of a range of at least one step, and whether begin and end are left out."""
    while True:
        stride = int(rng.choice([1, 1, 1, 2, 3, -1, -1, -2, -5, 2**31 - 1, -(2**31)]))
        begin, end = (int(rng.integers(-extent - 2, extent + 3)) for _ in range(2))
        begin_out, end_out = rng.random() < 0.3, rng.random() < 0.3
        if rng.random() < 0.1:
            end = int(rng.choice([2**31 - 1, -(2**31)]))
        if not begin_out and stride > 0 and begin >= extent:
            continue
        taken = slice(None if begin_out else begin, None if end_out else end, stride)
        if len(range(*taken.indices(extent))):
            return begin, end, stride, begin_out, end_out, taken


def strided_slice_case(rng, i, dtype):
    rank = int(rng.integers(1, 5 if i % 10 else 7))
    shape = a_shape(rng, rank, limit=9)
    if i % 50 == 0:
        shape = (3, 70, 110)
    triples, taken, masks = [], [], [0, 0, 0]
    for k, d in enumerate(shape):
        begin, end, stride, begin_out, end_out, of = a_range(rng, d)
        if rng.random() < 0.2:  # an index: the dimension goes away. Its end doesn't matter
            begin, stride, begin_out = int(rng.integers(-d, d)), int(rng.integers(1, 3)), rng.random() < 0.2
            masks[2] |= 1 << k
            of = 0 if begin_out else begin
        masks[0] |= begin_out << k
        masks[1] |= end_out << k
        triples.append((begin, end, stride))
        taken.append(of)
    x = elements(rng, shape, dtype)
    y = np.asarray(x[tuple(taken)])
    # The wheel takes four dimensions, and steps out of memory when adding a stride wraps around.
    takes = len(shape) <= 4 and all(abs(stride) < 2**30 for _, _, stride in triples)
    inputs = [x, *(np.array(column, np.int32) for column in zip(*triples, strict=True))]
    return move_case(
        "STRIDED_SLICE", rng, i, inputs, [y], dtype, (0,) if i % 7 else (), takes, f"{triples}",
        begin_mask=masks[0], end_mask=masks[1], shrink_axis_mask=masks[2],
    )  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_strided_slice(program, dtype):
    check(program, make(strided_slice_case, 2, dtype))


def strided_slice_case_more(rng, i, dtype):
    """What the wheel doesn't look at: an ellipsis, new axes, offset ends, too few indices, int64."""
    shape = a_shape(rng, int(rng.integers(1, 6)), limit=6)
    own = int(rng.integers(0, len(shape) + 1))
    kinds = ["range"] * own
    if rng.random() < 0.5:
        kinds.insert(int(rng.integers(0, len(kinds) + 1)), "ellipsis")
    for _ in range(int(rng.integers(0, 3))):
        kinds.insert(int(rng.integers(0, len(kinds) + 1)), "new")
    kinds = kinds or ["ellipsis"]
    offset = i % 4 == 0
    triples, taken, masks, at = [], [], [0] * 5, 0
    for k, kind in enumerate(kinds):
        triple = [int(n) for n in rng.integers(-3, 4, 3)]
        if kind == "ellipsis":
            masks[2] |= 1 << k
            taken.append(Ellipsis)
            at = len(shape) - kinds[k + 1 :].count("range")
        elif kind == "new":
            masks[3] |= 1 << k
            taken.append(None)
        else:
            begin, end, stride, begin_out, end_out, of = a_range(rng, shape[at])
            if rng.random() < 0.2:
                begin, stride, begin_out, of = 0, 1, False, 0
                masks[4] |= 1 << k
            elif offset:
                first = range(*of.indices(shape[at])).start
                end = int(np.clip(end, -(2**30), 2**30)) - first
                if end + first < -(2**31) or end + first >= 2**31:
                    end = 0
            masks[0] |= begin_out << k
            masks[1] |= end_out << k
            triple = [begin, end, stride]
            taken.append(of)
            at += 1
        triples.append(triple)
    x = elements(rng, shape, dtype)
    y = np.asarray(x[tuple(taken)])
    if y.ndim > 6:
        return strided_slice_case_more(rng, i, dtype)
    inputs = [x, *(np.array(column, index_type(i)) for column in zip(*triples, strict=True))]
    names = ["begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"]
    options = dict(zip(names, masks, strict=True)) | ({"offset": True} if offset else {})
    return move_case("STRIDED_SLICE", rng, i, inputs, [y], dtype, (0,), False, f"{triples}", **options)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32"])
def test_strided_slice_more(program, dtype):
    check(program, make(strided_slice_case_more, 3, dtype))


# ---- DYNAMIC_UPDATE_SLICE ---------------------------------------------------------------


def dynamic_update_slice_case(rng, i, dtype):
    shape = a_shape(rng, limit=9) if i % 50 else (3, 70, 110)
    small = [int(rng.integers(1, d + 1)) for d in shape] if i % 10 else shape
    begin = [int(rng.integers(-2, d + 2)) for d in shape]
    if i % 13 == 0:
        begin[0] = int(rng.choice([2**31 - 1, -(2**31)]))
        if i % 3 == 0:
            begin[0] = int(rng.choice([2**62, -(2**62), 2**32, -(2**32)]))  # int64
    x, update = elements(rng, shape, dtype), elements(rng, small, dtype)
    y = x.copy()
    corner = [min(max(b, 0), d - s) for b, d, s in zip(begin, shape, small, strict=True)]
    y[tuple(slice(b, b + s) for b, s in zip(corner, small, strict=True))] = update
    fed = [(0, 1, 2), (0, 1), (1, 2), (0, 2), (2,), (0,)][int(rng.integers(6))]
    inputs = [x, update, np.array(begin, index_type(i))]
    return move_case("DYNAMIC_UPDATE_SLICE", rng, i, inputs, [y], dtype, fed, True, f"{begin}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_dynamic_update_slice(program, dtype):
    check(program, make(dynamic_update_slice_case, 4, dtype))


# ---- TRANSPOSE and REVERSE_V2 -----------------------------------------------------------


def transpose_case(rng, i, dtype):
    shape = a_shape(rng, limit=9)
    if i % 20 == 0:
        shape = [(30, 70), (3, 70, 11), (2, 13, 5, 17)][i // 20 % 3]
    perm = rng.permutation(len(shape)).astype(np.int32)
    x = elements(rng, shape, dtype)
    y = np.ascontiguousarray(x.transpose(perm))
    return move_case(
        "TRANSPOSE", rng, i, [x, perm], [y], dtype, (0,) if i % 7 else (), len(shape) <= 5, f"{perm}"
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_transpose(program, dtype):
    check(program, make(transpose_case, 5, dtype))


def reverse_case(rng, i, dtype):
    shape = a_shape(rng, limit=9) if i % 20 else (30, 70, 3)
    rank = len(shape)
    if i % 2:  # the wheel takes neighbouring axes only
        first = int(rng.integers(rank))
        axes = list(range(first, int(rng.integers(first, rank)) + 1))
    else:
        axes = [k for k in range(rank) if rng.random() < 0.5] or [0]
    neighbours = axes[-1] - axes[0] == len(axes) - 1
    x = elements(rng, shape, dtype)
    y = np.ascontiguousarray(np.flip(x, axes))
    named = [a - rank if rng.random() < 0.3 else a for a in rng.permutation(axes)]
    # The wheel rounds its count of axes from what it knows of the type, int32 only.
    inputs = [x, np.array(named, np.int32 if i % 5 else np.int64)]
    fed = [(0,), (0, 1), (1,), ()][int(rng.integers(4))]
    takes = neighbours and i % 5 != 0
    return move_case("REVERSE_V2", rng, i, inputs, [y], dtype, fed, takes, f"{named} {fed}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_reverse(program, dtype):
    check(program, make(reverse_case, 6, dtype))


def test_reverse_out_of_range(program):
    cases = []
    for axes in [(0, 2), (0, 0), (1, -1), (-3, 1)]:
        x = np.zeros((3, 5), np.int8)
        inputs = [x, np.array(axes, np.int32)]
        case = move_case("REVERSE_V2", np.random.default_rng(0), 0, inputs, [x], "int8", (0, 1))
        cases.append((case.model, case.invokes))
    for axis, result in zip([2, 0, -1, -3], differential.run_engine(program, cases), strict=True):
        assert isinstance(result, Failure), axis
        assert (result.code, result.needed, result.given) == (DATA, 2, axis)


# ---- What must be refused -----------------------------------------------------------

I8 = "int8"


def ints(*values):
    return np.array(values, np.int32)


def slice_of(begin=(0, 1), size=(2, 2), out=(2, 2), shape=(3, 5), constant=(1, 2), dtype=I8):
    return refuse("SLICE", [(shape, I8), ints(*begin), ints(*size)], [(out, dtype)], constant)


def strided(begin=(0, 1), end=(2, 3), stride=(1, 1), out=(2, 2), constant=(1, 2, 3), **options):
    inputs = [((3, 5), I8), ints(*begin), ints(*end), ints(*stride)]
    return refuse("STRIDED_SLICE", inputs, [(out, I8)], constant, **options)


def update(begin=(0, 1), small=(2, 2), out=(3, 5), dtype=I8):
    return refuse("DYNAMIC_UPDATE_SLICE", [((3, 5), I8), (small, dtype), ints(*begin)], [(out, I8)])


def permuted(perm=(1, 0), out=(5, 3), constant=(1,), dtype=np.int32):
    return refuse("TRANSPOSE", [((3, 5), I8), np.array(perm, dtype)], [(out, I8)], constant)


def reversed_(axes=(1,), out=(3, 5), dtype=np.int32):
    return refuse("REVERSE_V2", [((3, 5), I8), np.array(axes, dtype)], [(out, I8)], (1,))


REFUSED = [
    (slice_of(begin=(0, 4)), MODEL, "begins outside", 3, 4),
    (slice_of(begin=(-1, 0)), MODEL, "begins outside", 1, -1),
    (slice_of(size=(2, 3)), MODEL, "slice's size", 3, 2),
    (slice_of(size=(2, -1)), MODEL, "slice's size", 4, 2),
    (slice_of(size=(2, -2)), MODEL, "slice's size", -2, 2),
    (slice_of(out=(4, 2)), MODEL, "larger than the input", 3, 4),
    (slice_of(out=(2, 2, 1)), MODEL, "rank", 2, 3),
    (slice_of(out=(2, 0)), UNSUPPORTED, "no elements", 1, 0),
    (slice_of(begin=(0,)), MODEL, "as many indices", 2, 1),
    (slice_of(size=(2, 2, 2)), MODEL, "as many indices", 2, 3),
    (slice_of(dtype="uint8"), MODEL, "type", 9, 3),
    (strided(constant=(2, 3)), UNSUPPORTED, "constant", None, None),
    (strided(constant=(1, 3)), UNSUPPORTED, "constant", None, None),
    (strided(constant=(1, 2)), UNSUPPORTED, "constant", None, None),
    (strided(end=(2,)), MODEL, "as many indices", 2, 1),
    (strided(stride=(1, 0)), MODEL, "stride is 0", None, None),
    (strided(out=(2, 3)), MODEL, "slice's shape", 2, None),
    (strided(out=(2, 2, 1)), MODEL, "slice's rank", 2, 3),
    (strided(out=(2,)), MODEL, "slice's shape", 2, None),
    (strided(end=(0, 3)), MODEL, "slice's shape", 0, None),
    (strided(begin=(0, 5), out=(2,), shrink_axis_mask=2), MODEL, "goes away", 5, 5),
    (strided(stride=(1, -1), out=(2,), shrink_axis_mask=2), MODEL, "goes away", 5, 1),
    (strided(begin=(0, 0, 0), end=(1, 1, 1), stride=(1, 1, 1)), MODEL, "more indices", 2, 3),
    (strided(begin=[0] * 13, end=[1] * 13, stride=[1] * 13), MODEL, "too many indices", 12, 13),
    (strided(out=(3, 5), ellipsis_mask=3), MODEL, "more than one ellipsis", None, None),
    (update(small=(2, 6)), MODEL, "larger than the input", 5, 6),
    (update(small=(2,)), MODEL, "rank", 2, 1),
    (update(out=(5, 3)), MODEL, "shape", 3, 5),
    (update(begin=(0,)), MODEL, "as many indices", 2, 1),
    (update(dtype="uint8"), MODEL, "type", 9, 3),
    (permuted(perm=(1, 1), out=(5, 5)), MODEL, "permutation", 2, 1),
    (permuted(perm=(1, 2)), MODEL, "permutation", 2, 2),
    (permuted(perm=(-1, 0)), MODEL, "permutation", 2, -1),
    (permuted(out=(3, 5)), MODEL, "permuted", 3, 5),
    (permuted(out=(15,)), MODEL, "rank", 2, 1),
    (permuted(constant=()), UNSUPPORTED, "constant", None, None),
    (permuted(perm=(0,)), MODEL, "as many indices", 2, 1),
    (permuted(dtype=np.float32), UNSUPPORTED, "not int32", 2, 0),
    (reversed_(axes=(2,)), MODEL, "no such axis", 2, 2),
    (reversed_(axes=(1, -1)), MODEL, "no such axis", 2, -1),
    (reversed_(axes=(0, 1, 1)), MODEL, "more axes", 2, 3),
    (reversed_(out=(5, 3)), MODEL, "shape", 3, 5),
    (reversed_(dtype=np.int16), UNSUPPORTED, "not int32", 2, 7),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)
