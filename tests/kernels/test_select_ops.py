# SPDX-License-Identifier: MIT
"""SELECT, SELECT_V2, LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT, BROADCAST_TO, BROADCAST_ARGS.

They are held against numpy, and against the reference but where it takes fewer types or ranks, or lacks the
operator (SELECT).
"""

import numpy as np
import pytest
from broadcast_cases import binary_case, bools, broadcast_shapes, check_varied, floats
from differential import (
    DATA,
    MODEL,
    UNSUPPORTED,
    Case,
    a_shape,
    cases_wanted,
    check_refused,
    run_engine,
    values,
)
from model_builder import ModelBuilder

DTYPES = ["int8", "int16", "float32", "int32", "uint8", "int64", "bool", "uint16"]


def draw(rng, shape, dtype):
    return {"bool": bools, "float32": floats}.get(dtype, values)(rng, shape, np.dtype(dtype))


def a_node(rng, op, shapes, dtypes, out_shape, out_dtype, formula, reference, note):
    """Inputs constant and computed, at least one computed; two invokes."""
    m = ModelBuilder()
    data = [draw(rng, s, d) for s, d in zip(shapes, dtypes, strict=True)]
    computed = rng.random(len(shapes)) < 0.7
    computed[int(rng.integers(len(shapes)))] = True
    tensors = [
        m.tensor(s, d) if c else m.constant(x, d)
        for s, d, c, x in zip(shapes, dtypes, computed, data, strict=True)
    ]
    y = m.tensor(out_shape, out_dtype)
    m.node(op, tensors, [y])
    invokes, expected = [], b""
    for _ in range(2):
        invoke = [
            draw(rng, s, d) if c else x for s, d, c, x in zip(shapes, dtypes, computed, data, strict=True)
        ]
        invokes.append([x for x, c in zip(invoke, computed, strict=True) if c])
        expected += np.broadcast_to(formula(*invoke), out_shape).astype(out_dtype).tobytes()
    model = m.build([t for t, c in zip(tensors, computed, strict=True) if c], [y])
    return Case(
        model, invokes, f"{op} {note} {shapes} {dtypes}", expected, reference, np.dtype(out_dtype).type
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_select_v2(program, dtype):
    rng = np.random.default_rng(1)
    cases = []
    for i in range(cases_wanted(60)):
        shapes, out_shape = broadcast_shapes(rng, i, 3, large=(3, 41, 51))
        dtypes = ["bool", dtype, dtype]
        reference = dtype in DTYPES[:3] and len(out_shape) < 6
        cases.append(a_node(rng, "SELECT_V2", shapes, dtypes, out_shape, dtype, np.where, reference, i))
    check_varied(program, cases)


@pytest.mark.parametrize("dtype", DTYPES[:4])
def test_select(program, dtype):
    """The condition has the inputs' shape, or is one bool for each row, or for all."""
    rng = np.random.default_rng(2)

    def formula(condition, x, y):
        return np.where(condition.reshape(condition.shape + (1,) * (x.ndim - condition.ndim)), x, y)

    cases = []
    for i in range(cases_wanted(60)):
        shape = a_shape(rng)
        condition = [shape, shape[:1], ()][i % 3]
        shapes = [condition, shape, shape]
        cases.append(a_node(rng, "SELECT", shapes, ["bool", dtype, dtype], shape, dtype, formula, False, i))
    check_varied(program, cases)


@pytest.mark.parametrize("op", ["LOGICAL_AND", "LOGICAL_OR"])
def test_logical(program, op):
    rng = np.random.default_rng(3)
    dtypes = ["bool", "bool"]
    cases = [
        binary_case(rng, i, op, dtypes, values=(bools, bools), max_rank=4) for i in range(cases_wanted(100))
    ]
    check_varied(program, cases)


def test_logical_not(program):
    rng = np.random.default_rng(4)
    cases = []
    for i in range(cases_wanted(100)):
        shape = a_shape(rng)
        cases.append(a_node(rng, "LOGICAL_NOT", [shape], ["bool"], shape, "bool", np.logical_not, True, i))
    check_varied(program, cases)


def test_any_byte_is_true(program):
    """A model may hold bools that are neither 0 nor 1."""
    x = np.array([0, 1, 2, 255], np.uint8)
    other = np.array([1, 1, 1, 1], bool)
    cases = []
    for op, wanted in [("LOGICAL_AND", [0, 1, 1, 1]), ("EQUAL", [0, 1, 1, 1]), ("LOGICAL_OR", [1, 1, 1, 1])]:
        m = ModelBuilder()
        a, b, y = m.tensor((4,), "bool", data=x.tobytes()), m.tensor((4,), "bool"), m.tensor((4,), "bool")
        m.node(op, [a, b], [y])
        model = m.build([b], [y])
        cases.append(Case(model, [[other]], op, bytes(wanted), False, np.uint8))
    check_varied(program, cases)


# ---- BROADCAST_TO, BROADCAST_ARGS ----------------------------------------------------


def broadcast_to_case(rng, i, dtype):
    m = ModelBuilder()
    (shape, _), _ = broadcast_shapes(rng, i, 2, 5, (3, 41, 51))
    out_shape = tuple(d if d > 1 or rng.random() < 0.3 else int(rng.integers(1, 5)) for d in shape)
    while len(out_shape) < 5 and rng.random() < 0.5:
        out_shape = (int(rng.integers(1, 4)), *out_shape)
    quantization = {"scale": 0.1, "zero_point": 3} if dtype == "int8" else {}
    x, y = m.tensor(shape, dtype, **quantization), m.tensor(out_shape, dtype, **quantization)
    to = np.array(out_shape, np.int32 if i % 2 else np.int64)
    computed = i % 10 == 3  # the reference wants to know the shape beforehand
    t = m.tensor(to.shape, to.dtype.name) if computed else m.constant(to)
    m.node("BROADCAST_TO", [x, t], [y])
    data = draw(rng, shape, dtype)
    model = m.build([x, t] if computed else [x], [y])
    invokes = [[data, to] if computed else [data]]
    expected = np.broadcast_to(data, out_shape).tobytes()
    note = f"BROADCAST_TO {dtype} {i} {shape} {out_shape}"
    return Case(model, invokes, note, expected, not computed, np.dtype(dtype).type)


def test_broadcast_to(program):
    rng = np.random.default_rng(5)
    for dtype in DTYPES[:-1]:
        check_varied(program, [broadcast_to_case(rng, i, dtype) for i in range(cases_wanted(30))])


def test_broadcast_to_another_shape(program):
    m = ModelBuilder()
    x, t, y = m.tensor((1, 3), "int8"), m.tensor((2,), "int32"), m.tensor((2, 3), "int8")
    m.node("BROADCAST_TO", [x, t], [y])
    model = m.build([x, t], [y])
    data = np.ones((1, 3), np.int8)
    (failure,) = run_engine(program, [(model, [[data, np.array([2, 4], np.int32)]])])
    assert (failure.code, failure.message) == (DATA, "the shape to broadcast to is not the output's")


def broadcast_args(a, b):
    return np.array(np.broadcast_shapes(tuple(a.tolist()), tuple(b.tolist())))


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_broadcast_args(program, dtype):
    """Output and inputs are shapes here. The reference keeps 32 bits of int64."""
    rng = np.random.default_rng(6)
    cases = []
    for i in range(cases_wanted(50)):
        shapes, out_shape = broadcast_shapes(rng, 1 + i % 49)
        m = ModelBuilder()
        data = [np.array(s, dtype) for s in shapes]
        constant = i % 4
        tensors = [m.constant(x) if k == constant else m.tensor(x.shape, dtype) for k, x in enumerate(data)]
        y = m.tensor((max(map(len, shapes)),), dtype)
        m.node("BROADCAST_ARGS", tensors, [y])
        model = m.build([t for k, t in enumerate(tensors) if k != constant], [y])
        expected = broadcast_args(*data).astype(dtype).tobytes()
        invoke = [x for k, x in enumerate(data) if k != constant]
        cases.append(Case(model, [invoke], f"BROADCAST_ARGS {shapes}", expected, dtype=np.dtype(dtype).type))
    check_varied(program, cases)


def test_broadcast_args_that_do_not_match(program):
    m = ModelBuilder()
    a, b, y = m.tensor((2,), "int32"), m.tensor((1,), "int32"), m.tensor((2,), "int32")
    m.node("BROADCAST_ARGS", [a, b], [y])
    x = np.array([2, 3], np.int32)
    (failure,) = run_engine(program, [(m.build([a, b], [y]), [[x, x[:1]]])])
    assert (failure.code, failure.message) == (DATA, "shapes don't match in a dimension")


# ---- What must be refused -----------------------------------------------------------


def refuse(op, shapes, dtypes, out=(2, 3), out_dtype="int8", constant=None):
    m = ModelBuilder()
    a = [m.tensor(s, d) for s, d in zip(shapes, dtypes, strict=True)]
    if constant is not None:
        a[-1] = m.constant(np.array(constant, dtypes[-1]), shape=shapes[-1])
    y = m.tensor(out, out_dtype)
    m.node(op, a, [y])
    return m.build(a[: len(a) - (constant is not None)], [y])


I8, TO = ("bool", "int8", "int8"), ("int8", "int32")
X = ((2, 3),) * 3
ARGS = ("int32",) * 2

REFUSED = [
    (refuse("SELECT_V2", ((2, 3), (2, 3), (2, 4)), I8), MODEL, "shapes of the inputs", 3, 4),
    (refuse("SELECT_V2", X, ("bool", "int8", "int16")), UNSUPPORTED, "another type", 9, 7),
    (refuse("SELECT_V2", X, I8, out_dtype="bool"), UNSUPPORTED, "another type", 9, 6),
    (
        refuse("SELECT_V2", X, ("bool", "complex128", "complex128")),
        UNSUPPORTED,
        "takes no elements of this type",
        None,
        11,
    ),
    (refuse("SELECT_V2", X[:2], I8[:2]), MODEL, "number of inputs", 3, 2),
    (refuse("SELECT", ((2, 3), (2, 3), (1, 3)), I8), MODEL, "differ in shape", None, None),
    (refuse("SELECT", ((3,), (2, 3), (2, 3)), I8), MODEL, "one for each row", 2, 3),
    (refuse("SELECT", ((2, 1), (2, 3), (2, 3)), I8), MODEL, "one for each row", 2, None),
    (refuse("SELECT", X, I8, out=(2, 4)), MODEL, "output's shape", 3, 4),
    (refuse("LOGICAL_AND", X[:2], ("bool", "int8")), UNSUPPORTED, "another type", 6, 9),
    (refuse("LOGICAL_NOT", X[:1], ("bool",)), UNSUPPORTED, "another type", 6, 9),
    (refuse("LOGICAL_NOT", ((1, 3),), ("bool",), out_dtype="bool"), MODEL, "output's shape", 1, 2),
    (
        refuse("BROADCAST_TO", ((1, 3), (2,)), TO, constant=(2, 4)),
        MODEL,
        "to broadcast to",
        None,
        None,
    ),
    (refuse("BROADCAST_TO", ((1, 3), (3,)), TO, constant=(1, 2, 3)), MODEL, "one element for each", 2, 3),
    (refuse("BROADCAST_TO", ((1, 2), (2,)), TO, constant=(2, 3)), MODEL, "shapes of the inputs", 3, 2),
    (refuse("BROADCAST_TO", ((1, 3), (2,)), ("int8", "int16"), constant=(2, 3)), UNSUPPORTED, "type", 2, 7),
    (refuse("BROADCAST_ARGS", ((2,), (3,)), ARGS, (2,), "int32"), MODEL, "as many dimensions", 3, 2),
    (refuse("BROADCAST_ARGS", ((2, 1), (3,)), ARGS, (3,), "int32"), MODEL, "as many dimensions", 3, 3),
    (refuse("BROADCAST_ARGS", ((9,), (3,)), ARGS, (9,), "int32"), UNSUPPORTED, "too many", 6, 9),
    (refuse("BROADCAST_ARGS", ((2,), (2,)), ("int32", "int64"), (2,), "int32"), UNSUPPORTED, "type", 2, 4),
]


def test_refused(program):
    check_refused(program, REFUSED)
