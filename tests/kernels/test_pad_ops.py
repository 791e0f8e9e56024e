# SPDX-License-Identifier: MIT
"""PAD, PADV2, MIRROR_PAD, SPACE_TO_DEPTH, DEPTH_TO_SPACE, SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND against the
wheel and numpy."""

import differential
import numpy as np
import pytest
from differential import DATA, MODEL, UNSUPPORTED, Failure, a_shape, cases_wanted, check, check_refused
from model_builder import ModelBuilder
from move_cases import DTYPES, elements, move_case, quantization, refuse

CASES = 200


def make(one, seed, dtype, n=CASES):
    rng = np.random.default_rng([seed, DTYPES.index(dtype)])
    return [one(rng, i, dtype) for i in range(cases_wanted(n))]


def index_type(i):
    """int64 is what the wheel doesn't take here."""
    return np.int64 if i % 9 == 0 else np.int32


# ---- PAD and PADV2 --------------------------------------------------------------------


def some_pads(rng, rank, most=4):
    return rng.integers(0, most, (rank, 2)) * (rng.random((rank, 1)) < 0.6)


def pad_case(rng, i, dtype):
    shape = a_shape(rng, limit=7)
    pads = some_pads(rng, len(shape))
    if i % 50 == 7:
        shape, pads = (2, 50, 70, 3), np.array([[0, 0], [1, 2], [3, 1], [0, 0]])
    q = quantization(rng, dtype)
    x = elements(rng, shape, dtype)
    # int8 and uint8: the value that stands for 0. int16 has no other zero point than 0.
    y = np.pad(x, pads, constant_values=q.get("zero_point", 0))
    inputs = [x, pads.astype(index_type(i))]
    takes = len(shape) <= 5 and i % 9 != 0
    return move_case("PAD", rng, i, inputs, [y], dtype, (0,) if i % 7 else (), takes, f"{pads.tolist()}", q)


@pytest.mark.parametrize("dtype", DTYPES)
def test_pad(program, dtype):
    check(program, make(pad_case, 1, dtype))


def padv2_case(rng, i, dtype):
    shape = a_shape(rng, limit=7)
    pads = some_pads(rng, len(shape))
    x = elements(rng, shape, dtype)
    value = elements(rng, (1,) if i % 2 else (), dtype)
    y = np.pad(x, pads, constant_values=value.reshape(-1)[0])
    inputs = [x, pads.astype(index_type(i)), value]
    fed = [(0,), (0, 2), (2,), ()][int(rng.integers(4))]
    op = "PADV2" if i % 4 else "PAD"  # the reference makes no difference
    return move_case(op, rng, i, inputs, [y], dtype, fed, len(shape) <= 5 and i % 9 != 0, f"{pads.tolist()}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_padv2(program, dtype):
    check(program, make(padv2_case, 2, dtype))


# ---- MIRROR_PAD -----------------------------------------------------------------------


def mirror_pad_case(rng, i, dtype):
    shape = a_shape(rng, limit=6) if i % 40 else (3, 40, 50)
    reflect = i % 2 == 0
    pads = np.array([[int(n) for n in rng.integers(0, d + 1 - reflect, 2)] for d in shape])
    pads *= rng.random((len(shape), 1)) < 0.6
    x = elements(rng, shape, dtype)
    y = np.pad(x, pads, mode="reflect" if reflect else "symmetric")
    inputs = [x, pads.astype(np.int64 if i % 3 == 0 else np.int32)]
    mode = 0 if reflect else 1
    return move_case(
        "MIRROR_PAD", rng, i, inputs, [y], dtype, (0,) if i % 7 else (), True, f"{pads}", mode=mode
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_mirror_pad(program, dtype):
    check(program, make(mirror_pad_case, 3, dtype))


# ---- SPACE_TO_DEPTH and DEPTH_TO_SPACE ------------------------------------------------


def in_blocks(x, n):
    b, h, w, c = x.shape
    return (
        x.reshape(b, h // n, n, w // n, n, c)
        .transpose(0, 1, 3, 2, 4, 5)
        .reshape(b, h // n, w // n, n * n * c)
    )


def depth_case(rng, i, dtype, op):
    n = int(rng.integers(1, 5))
    b, h, w, c = (int(d) for d in rng.integers(1, 6, 4))
    if i % 40 == 0:
        b, n, h, w, c = 1, 2, 20, 15, 6
    space = elements(rng, (b, h * n, w * n, c), dtype)
    blocks = np.ascontiguousarray(in_blocks(space, n))
    x, y = (space, blocks) if op == "SPACE_TO_DEPTH" else (blocks, space)
    return move_case(op, rng, i, [x], [y], dtype, (0,) if i % 7 else (), block_size=n)


@pytest.mark.parametrize("op", ["SPACE_TO_DEPTH", "DEPTH_TO_SPACE"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_depth(program, dtype, op):
    check(program, make(lambda rng, i, d: depth_case(rng, i, d, op), 4, dtype))


# ---- SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND --------------------------------------------


def to_batches(x, block, pads, value):
    """numpy's SPACE_TO_BATCH_ND for one or two dimensions."""
    x = np.pad(x, [(0, 0), *pads, *[(0, 0)] * (x.ndim - 1 - len(block))], constant_values=value)
    steps = [x[:, i :: block[0]] for i in range(block[0])]
    if len(block) == 2:
        steps = [s[:, :, j :: block[1]] for s in steps for j in range(block[1])]
    return np.ascontiguousarray(np.concatenate(steps))


def batch_parts(rng, i):
    """Shape of the images, block, and padding or crops, that fit each other."""
    n = 2 if i % 3 else 1
    block = [int(b) for b in rng.integers(1, 4, n)]
    pads = [[int(p) for p in rng.integers(0, 4 if i % 5 else 9, 2)] if i % 4 else [0, 0] for _ in range(n)]
    spatial = []
    for b, (before, after) in zip(block, pads, strict=True):
        d = int(rng.integers(1, 8))
        d += -(d + before + after) % b
        spatial.append(d)
    # Behind them the reference has one dimension.
    rest = a_shape(rng, 1 if i % 8 else int(rng.integers(0, 4)), limit=6)
    if i % 40 == 0:
        rest = (300,)
    shape = (int(rng.integers(1, 4)), *spatial, *rest)
    return shape, block, pads, len(shape) <= 4 and len(rest) == 1


def space_to_batch_case(rng, i, dtype):
    shape, block, pads, takes = batch_parts(rng, i)
    q = quantization(rng, dtype)
    x = elements(rng, shape, dtype)
    zero = q.get("zero_point", 0)
    y = to_batches(x, block, pads, zero)
    # The wheel pads with memory that it never set: with 0 often, not always.
    takes = takes and i % 9 != 0 and not np.any(pads)
    inputs = [x, np.array(block, index_type(i)), np.array(pads, index_type(i))]
    fed = [(0,), (0,), (0, 1), (0, 2), (0, 1, 2), ()][int(rng.integers(6))]
    return move_case("SPACE_TO_BATCH_ND", rng, i, inputs, [y], dtype, fed, takes, f"{block} {pads}", q)


@pytest.mark.parametrize("dtype", DTYPES)
def test_space_to_batch(program, dtype):
    check(program, make(space_to_batch_case, 5, dtype))


def batch_to_space_case(rng, i, dtype):
    shape, block, crops, takes = batch_parts(rng, i)
    full = [shape[0]]
    full += [shape[1 + k] + sum(crops[k]) for k in range(len(block))]
    full += shape[1 + len(block) :]
    whole = elements(rng, full, dtype)
    x = to_batches(whole, block, [(0, 0)] * len(block), 0)
    y = whole[(slice(None), *(slice(a, n - b) for (a, b), n in zip(crops, full[1:], strict=False)))]
    inputs = [x, np.array(block, index_type(i)), np.array(crops, index_type(i))]
    takes = takes and i % 9 != 0
    fed = [(0,), (0,), (0, 1), (0, 2), (0, 1, 2), ()][int(rng.integers(6))]
    return move_case("BATCH_TO_SPACE_ND", rng, i, inputs, [y], dtype, fed, takes, f"{block} {crops}")


def test_computed_do_not_fit(program):
    """Paddings, blocks and crops that are data and don't fit the output's shape."""
    rng = np.random.default_rng(7)
    cases, wanted = [], []
    x = np.zeros((1, 4, 4, 1), np.int8)
    y = np.zeros((4, 2, 2, 1), np.int8)
    for block, pads, words in [
        ((2, 2), ((0, 0), (0, 1)), "times the block"),
        ((2, 0), ((0, 0), (0, 0)), "empty"),
        ((2, 2), ((0, 0), (-1, 1)), "negative"),
        ((4, 1), ((0, 4), (-2, 0)), "negative"),
        ((2**31 - 1, 2**31 - 1), ((2**31 - 3, 2**31 - 3),) * 2, "one for each"),
    ]:
        for op, a, b in [("SPACE_TO_BATCH_ND", x, y), ("BATCH_TO_SPACE_ND", y, x)]:
            inputs = [a, ints(block), ints(pads)]
            cases.append(move_case(op, rng, 0, inputs, [b], "int8", (0, 1, 2)))
            wanted.append(words)
    for pads, mode, words in [
        (((0, 0), (2, 1)), 0, "larger"),
        (((0, 0), (1, 1)), 0, "with its padding"),
        (((1, -1), (0, 3)), 1, "negative"),
    ]:
        inputs = [np.zeros((2, 2), np.int8), ints(pads)]
        cases.append(
            move_case("MIRROR_PAD", rng, 0, inputs, [np.zeros((2, 5), np.int8)], "int8", (0, 1), mode=mode)
        )
        wanted.append(words)
    results = differential.run_engine(program, [(c.model, c.invokes) for c in cases])
    for result, words in zip(results, wanted, strict=True):
        assert isinstance(result, Failure) and result.code == DATA and words in result.message, (
            words,
            result,
        )


@pytest.mark.parametrize("dtype", DTYPES)
def test_batch_to_space(program, dtype):
    check(program, make(batch_to_space_case, 6, dtype))


# ---- What must be refused -----------------------------------------------------------

I8 = "int8"


def ints(values):
    return np.array(values, np.int32)


def pad(pads=((0, 0), (1, 1)), out=(2, 5), constant=(1,), dtype=I8, op="PAD", pads_dtype=np.int32, **options):
    inputs = [((2, 3), I8), np.array(pads, pads_dtype)]
    return refuse(op, inputs, [(out, dtype)], constant, **options)


def padv2(value=(1,), dtype=np.int8):
    inputs = [((2, 3), I8), ints([[0, 0], [1, 1]]), np.array(value, dtype)]
    return refuse("PADV2", inputs, [((2, 5), I8)], (1, 2))


def padv2_scales(scale, zero_point):
    m = ModelBuilder()
    x, y = m.tensor((2, 3), I8, scale=0.5, zero_point=1), m.tensor((2, 5), I8, scale=0.5, zero_point=1)
    value = m.constant(np.int8(3), scale=scale, zero_point=zero_point)
    m.node("PADV2", [x, m.constant(ints([[0, 0], [1, 1]])), value], [y])
    return m.build([x], [y])


def depth(shape=(1, 4, 4, 1), out=(1, 2, 2, 4), n=2, op="SPACE_TO_DEPTH"):
    return refuse(op, [(shape, I8)], [(out, I8)], block_size=n)


def batches(
    shape=(1, 4, 4, 1), out=(4, 2, 2, 1), block=(2, 2), pads=((0, 0), (0, 0)), constant=(1, 2), back=False
):
    op, shapes = ("BATCH_TO_SPACE_ND", (out, shape)) if back else ("SPACE_TO_BATCH_ND", (shape, out))
    return refuse(op, [(shapes[0], I8), ints(block), ints(pads)], [(shapes[1], I8)], constant)


REFUSED = [
    (pad(pads=((0, 0), (-1, 3))), MODEL, "negative", 0, -1),
    (pad(pads=((0, 0), (1, 2))), MODEL, "dimension of the output", 6, 5),
    (pad(pads=((0, 0), (2**31 - 1, 2**31 - 1))), MODEL, "dimension of the output", 1, 5),
    (pad(pads=((0, 0),)), MODEL, "as many indices", 4, 2),
    (pad(out=(2, 5, 1)), MODEL, "rank", 2, 3),
    (pad(pads_dtype=np.int16), UNSUPPORTED, "not int32", 2, 7),
    (pad(constant=()), UNSUPPORTED, "constant", None, None),
    (pad(dtype="uint8"), MODEL, "type", 9, 3),
    (padv2(value=(1, 2)), MODEL, "not one element", 1, 2),
    (padv2(dtype=np.int16), MODEL, "type", 9, 7),
    (padv2_scales(0.25, 1), UNSUPPORTED, "scale or zero point", 1, 1),
    (padv2_scales(0.5, 0), UNSUPPORTED, "scale or zero point", 1, 0),
    (pad(pads=((0, 0), (3, 0)), out=(2, 6), op="MIRROR_PAD", mode=0), MODEL, "what it mirrors", 2, 3),
    (pad(pads=((0, 3), (0, 0)), out=(5, 3), op="MIRROR_PAD", mode=1), MODEL, "what it mirrors", 2, 3),
    (depth(n=0), MODEL, "block is empty", 1, 0),
    (depth(n=-2), MODEL, "block is empty", 1, -2),
    (depth(n=4), MODEL, "in blocks", None, 4),
    (depth(out=(1, 2, 2, 5)), MODEL, "in blocks", None, 2),
    (depth(out=(2, 2, 2, 4)), MODEL, "in blocks", None, 2),
    (depth(out=(1, 1, 2, 4)), MODEL, "in blocks", None, 2),
    (depth(shape=(1, 4, 4), out=(1, 2, 8)), UNSUPPORTED, "another rank", 4, 3),
    (depth(shape=(1, 2, 2, 4), out=(1, 4, 4, 2), op="DEPTH_TO_SPACE"), MODEL, "in blocks", None, 2),
    (batches(block=(2, 0)), MODEL, "empty", None, None),
    (batches(block=(2, 2, 2), pads=((0, 0),) * 3), UNSUPPORTED, "neither one nor two", 2, 3),
    (batches(pads=((0, 0), (-1, 1))), MODEL, "negative", None, None),
    (batches(pads=((0, 0), (1, 0))), MODEL, "times the block", 4, 2),
    (batches(pads=((0, 0), (2**31 - 1, 2**31 - 1))), MODEL, "times the block", 4, 2),
    (batches(block=(2**31 - 1, 2**31 - 1), pads=((2**31 - 3, 2**31 - 3),) * 2), MODEL, "one for each", 1, 4),
    (batches(pads=((0, 0),)), MODEL, "as many indices", 4, 2),
    (batches(out=(2, 2, 2, 1)), MODEL, "one for each", 1, 2),
    (batches(out=(4, 2, 2, 2)), MODEL, "behind the blocks", 1, 2),
    (batches(out=(4, 2, 2)), MODEL, "rank", 3, 4),
    (batches(shape=(1, 4, 4, 0), out=(4, 2, 2, 0)), UNSUPPORTED, "no elements", 1, 0),
    (pad(out=(2, 2)), MODEL, "dimension of the output", 3, 2),
    (batches(out=(4, 2, 2, 2), back=True), MODEL, "behind the blocks", 1, 2),
    (batches(pads=((1, 0), (0, 0)), back=True), MODEL, "times the block", 4, 2),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)
