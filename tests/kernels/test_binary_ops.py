# SPDX-License-Identifier: MIT
"""ADD, SUB, MUL, DIV, MAXIMUM, MINIMUM, SQUARED_DIFFERENCE, PRELU against the reference.

Random shapes that are broadcast against each other, inputs constant and computed. The reference gets rank 4
at most where it takes no more.
"""

import differential
import numpy as np
import pytest
from differential import (
    MODEL,
    UNSUPPORTED,
    Case,
    a_scale,
    a_shape,
    a_zero_point,
    cases_wanted,
    check,
    check_refused,
    values,
)
from model_builder import ModelBuilder

ALL = np.arange(-128, 128, dtype=np.int8)
ACTIVATIONS = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6"]


@pytest.fixture(scope="module")
def program():
    return differential.build()


def broadcast_shapes(rng, i, n=2, max_rank=6):
    """Shapes of n inputs and of the output."""
    out_shape = a_shape(rng, rank=int(rng.integers(1, max_rank + 1)), limit=7) if i % 50 else (2, 100, 113)
    shapes = [out_shape] * n
    if i % 3 and i % 20 != 9:
        for k in range(n):
            kept = rng.random(len(out_shape)) < 0.6
            shapes[k] = tuple(d if keep else 1 for d, keep in zip(out_shape, kept, strict=True))
            if rng.random() < 0.4:  # leading ones may be missing
                while len(shapes[k]) > 1 and shapes[k][0] == 1:
                    shapes[k] = shapes[k][1:]
        out_shape = np.broadcast_shapes(*shapes)
    return shapes, out_shape


def binary_case(rng, i, op, dtypes, out_dtype=None, quantizations=({}, {}), out_quantization=None, max_rank=6,
                values=(values, values), **options):  # fmt: skip
    """A node of two inputs; one of them may be constant, both may be one tensor."""
    m = ModelBuilder()
    shapes, out_shape = broadcast_shapes(rng, i, max_rank=max_rank)
    constant = rng.choice([-1, -1, 0, 1])
    tensors, feed = [], []
    for k in range(2):
        if k == constant:
            data = values[k](rng, shapes[k], np.dtype(dtypes[k]))
            tensors.append(m.constant(data, dtypes[k], **quantizations[k]))
        else:
            tensors.append(m.tensor(shapes[k], dtypes[k], **quantizations[k]))
            feed.append(k)
    if i % 20 == 9 and constant < 0 and dtypes[0] == dtypes[1] and values[0] is values[1]:
        tensors, feed = [tensors[0]] * 2, [0]
    out_dtype = out_dtype or dtypes[0]
    y = m.tensor(out_shape, out_dtype, **(out_quantization or {}))
    m.node(op, tensors, [y], **options)
    model = m.build(inputs=[tensors[k] for k in feed], outputs=[y])
    invokes = [[values[k](rng, shapes[k], np.dtype(dtypes[k])) for k in feed] for _ in range(2)]
    note = f"{op} {dtypes} {i} {shapes} {quantizations} {out_quantization} {options}"
    return Case(model, invokes, note, dtype=np.dtype(out_dtype).type)


def a_quantization(rng, dtype, low=-7.0, high=1.0, symmetric=False):
    info = np.iinfo(dtype)
    zero_point = 0 if symmetric else a_zero_point(rng, int(info.min), int(info.max))
    return {"scale": a_scale(rng, low, high), "zero_point": zero_point}


def check_varied(program, cases):
    arrays = check(program, cases)
    assert len(np.unique(np.concatenate([np.unique(a) for a in arrays]))) > 1


# ---- ADD, SUB ---------------------------------------------------------------------


def sum_case(rng, i, op, dtype):
    quantizations = [a_quantization(rng, dtype) for _ in range(2)]
    if i % 4 == 0:
        quantizations[1]["scale"] = quantizations[0]["scale"]
    if i % 7 == 0:
        quantizations[1]["scale"] = a_scale(rng, -20, 5)
    if dtype == "int16" and i % 2:
        for q in quantizations:
            q["zero_point"] = 0
    span = (-9 if dtype == "int16" else -12, 12) if i % 5 == 0 else (-1, 1.5)
    scale = np.float32(max(q["scale"] for q in quantizations) * np.exp(rng.uniform(*span)))
    out = {"scale": scale, "zero_point": quantizations[0]["zero_point"]}
    if i % 3:
        out["zero_point"] = a_quantization(rng, dtype)["zero_point"]
    activation = str(rng.choice(ACTIVATIONS))
    return binary_case(rng, i, op, [dtype] * 2, None, quantizations, out, activation=activation)


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("op", ["ADD", "SUB"])
def test_sum(program, op, dtype):
    rng = np.random.default_rng(1)
    check_varied(program, [sum_case(rng, i, op, dtype) for i in range(cases_wanted(200))])


def all_pairs(rng, op, out_scale, i):
    """Every pair of inputs, for scales and zero points as real models have them."""
    m = ModelBuilder()
    scales = [a_scale(rng), a_scale(rng)]
    a = m.tensor((256, 1), "int8", scale=scales[0], zero_point=a_zero_point(rng))
    b = m.tensor((1, 256), "int8", scale=scales[1], zero_point=a_zero_point(rng))
    y = m.tensor((256, 256), "int8", scale=out_scale(*scales), zero_point=a_zero_point(rng))
    m.node(op, [a, b], [y])
    invokes = [[ALL.reshape(256, 1), ALL.reshape(1, 256)]]
    return Case(m.build([a, b], [y]), invokes, f"{op} pairs {i} {scales}")


@pytest.mark.parametrize("op", ["ADD", "SUB"])
def test_sum_all_pairs(program, op):
    rng = np.random.default_rng(2)
    check_varied(program, [all_pairs(rng, op, lambda *_: a_scale(rng, -5, 2), i) for i in range(20)])


# ---- MUL ----------------------------------------------------------------------------


def product_scale(rng, i, a, b, dtype):
    """Mostly such that not everything saturates, never such that the reference's shifted product wraps."""
    top = 100 if dtype == "int8" else 30000
    span = (-4, 12) if i % 5 == 0 else (-1, 2)
    least = a * b * (1e-4 if dtype == "int8" else 1.01)
    return np.float32(max(a * b * top * np.exp(rng.uniform(*span)), least))


def product_case(rng, i, op, dtype, max_rank):
    quantizations = [a_quantization(rng, dtype, symmetric=dtype == "int16") for _ in range(2)]
    scale = product_scale(rng, i, *(q["scale"] for q in quantizations), dtype)
    out = a_quantization(rng, dtype, symmetric=dtype == "int16") | {"scale": scale}
    options = {"activation": str(rng.choice(ACTIVATIONS))} if op == "MUL" else {}
    return binary_case(rng, i, op, [dtype] * 2, None, quantizations, out, max_rank, **options)


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_mul(program, dtype):
    rng = np.random.default_rng(3)
    check_varied(program, [product_case(rng, i, "MUL", dtype, 4) for i in range(cases_wanted(200))])


def test_mul_all_pairs(program):
    rng = np.random.default_rng(4)
    cases = [all_pairs(rng, "MUL", lambda a, b: product_scale(rng, 1, a, b, "int8"), i) for i in range(20)]
    check_varied(program, cases)


# ---- What must be refused -----------------------------------------------------------


def refuse(op="ADD", shapes=((2, 3), (2, 3)), out=(2, 3), dtypes=("int8",) * 3, scales=(0.1, 0.1, 0.1),
           zero_points=(0, 0, 0), n_outputs=1, **options):  # fmt: skip
    m = ModelBuilder()
    dtypes = [*dtypes[: len(shapes)], dtypes[-1]]
    a = [
        m.tensor(s, d, scale=c, zero_point=z)
        for s, d, c, z in zip(shapes, dtypes, scales, zero_points, strict=False)
    ]
    y = [m.tensor(out, dtypes[-1], scale=scales[-1], zero_point=zero_points[-1]) for _ in range(n_outputs)]
    m.node(op, a, y, **options)
    return m.build(a, y)


INT16 = {"dtypes": ("int16",) * 3}

REFUSED = [
    (refuse(shapes=((2, 3), (2, 4)), out=(2, 4)), MODEL, "shapes of the inputs", 3, 4),
    (refuse(shapes=((2, 4), (2, 3)), out=(2, 4)), MODEL, "shapes of the inputs", 4, 3),
    (refuse(shapes=((2, 3), (1, 3)), out=(1, 3)), MODEL, "output's shape", 2, 1),
    (refuse(out=(3, 2)), MODEL, "output's shape", 3, 2),
    (refuse(out=(2, 2, 3)), MODEL, "output's shape", 1, 2),
    (refuse(out=()), MODEL, "output's shape", 3, 1),
    (refuse(shapes=((0, 3), (0, 3)), out=(0, 3)), UNSUPPORTED, "no elements", 1, 0),
    (refuse(scales=(0.1, 0.1, 1e-7)), UNSUPPORTED, "output scale", None, None),
    (refuse(activation="TANH"), UNSUPPORTED, "activation", None, 4),
    (refuse(shapes=((2,), (2,)), out=(2,), scales=((1, 2), 1, 1)), UNSUPPORTED, "one scale", 1, 2),
    (refuse(scales=(0.1, 0.1, None)), UNSUPPORTED, "one scale", 1, 0),
    (refuse(shapes=((2, 3),)), MODEL, "number of inputs", 2, 1),
    (refuse(shapes=((2, 3),) * 3), MODEL, "number of inputs", 2, 3),
    (refuse(dtypes=("int8", "int16", "int8")), UNSUPPORTED, "another type", 9, 7),
    (refuse(dtypes=("int8", "int8", "int16")), UNSUPPORTED, "another type", 9, 7),
    (refuse(n_outputs=2), MODEL, "number of outputs", 1, 2),
    (refuse("SUB", scales=(0.1, 0.1, 1e-7)), UNSUPPORTED, "output scale", None, None),
    (refuse("MUL", scales=(1e9, 1e9, 1e-7)), UNSUPPORTED, "output scale", None, None),
    (refuse("MUL", activation="SIGN_BIT"), UNSUPPORTED, "activation", None, 5),
    (refuse("MUL", **INT16, zero_points=(0, 3, 0)), UNSUPPORTED, "zero point 0", 0, 3),
    (refuse("MUL", **INT16, zero_points=(0, 0, -1)), UNSUPPORTED, "zero point 0", 0, -1),
]


def test_refused(program):
    check_refused(program, REFUSED)
