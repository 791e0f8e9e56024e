# SPDX-License-Identifier: MIT
"""EMBEDDING_LOOKUP against TFLite Micro's reference kernel."""

import differential
import numpy as np
import pytest
from differential import DATA, MODEL, UNSUPPORTED, Case, Failure, cases_wanted, check, check_refused, values
from model_builder import ModelBuilder


def lookup(
    ids, rows, out_shape, constant=(True, False), dtypes=("int32", None, None), n_inputs=2, zero_point=0
):
    """constant: whether rows and ids are. zero_point: of int8 rows."""
    m = ModelBuilder()
    rows_dtype = dtypes[1] or rows.dtype.name
    tensors = []
    for array, dtype, is_constant in ((ids, dtypes[0], constant[1]), (rows, rows_dtype, constant[0])):
        quantized = {"scale": 0.3, "zero_point": zero_point} if dtype == "int8" else {}
        tensors.append(m.tensor(array.shape, dtype, data=array if is_constant else None, **quantized))
    out_dtype = dtypes[2] or rows_dtype
    y = m.tensor(out_shape, out_dtype, scale=0.3 if out_dtype == "int8" else None)
    m.node("EMBEDDING_LOOKUP", tensors[:n_inputs], [y])
    return m.build([t for t, c in zip(tensors, constant[::-1], strict=True) if not c], [y])


@pytest.mark.parametrize("dtype, out_dtype", [("int8", "int8"), ("float32", "float32"), ("int8", "float32")])
def test_embedding_lookup(program, dtype, out_dtype):
    rng = np.random.default_rng(61)
    cases = []
    for i in range(cases_wanted(200)):
        shape = tuple(int(d) for d in rng.integers(1, 9, rng.choice([2, 2, 3, 4])))
        if i % 40 == 7:
            shape = (9, 3000)  # more than between two polls
        rows = values(rng, shape) if dtype == "int8" else rng.normal(size=shape).astype(np.float32)
        ids = rng.integers(0, shape[0], rng.integers(1, 12)).astype(np.int32)
        constant = [(True, False), (False, False), (False, True)][i % 3]
        arrays = [a for a, c in zip((ids, rows), constant[::-1], strict=True) if not c]
        model = lookup(ids, rows, (len(ids), *shape[1:]), constant, ("int32", None, out_dtype))
        wanted = rows[ids] if dtype == out_dtype else rows[ids].astype(np.float32) * np.float32(0.3)
        note = f"EMBEDDING_LOOKUP {i} {shape}"
        cases.append(Case(model, [arrays], note, wanted.tobytes(), dtype=np.dtype(out_dtype).type))
    check(program, cases)


@pytest.mark.parametrize("wrong", [-1, 3, 2**31 - 1, -(2**31)])
def test_ids_out_of_range(program, wrong):
    """The reference fails too."""
    rows = np.arange(12, dtype=np.int8).reshape(3, 4)
    ids = np.array([0, 2, wrong], np.int32)
    (failure,) = differential.run_engine(program, [(lookup(ids, rows, (3, 4)), [[ids]])])
    assert isinstance(failure, Failure) and failure.code == DATA and failure.needed == 2, failure
    assert failure.given == (wrong if wrong != -(2**31) else None)
    with pytest.raises(RuntimeError):
        differential.run_reference(lookup(ids, rows, (3, 4)), [[ids]])


def refuse(ids=(3,), rows=(5, 4), out=(3, 4), rows_dtype=np.int8, **kwargs):
    return lookup(np.zeros(ids, np.int32), np.zeros(rows, rows_dtype), out, **kwargs)


REFUSED = [
    (refuse(n_inputs=1), MODEL, "number of inputs", 2, 1),
    (refuse(ids=(3, 1)), MODEL, "one dimension", 1, 2),
    (refuse(rows_dtype=np.int16), UNSUPPORTED, "int8 (type 9) or float32", 9, 7),
    (refuse(dtypes=("int32", None, "int16")), UNSUPPORTED, "rows' type", 9, 7),
    (refuse(dtypes=("int32", None, "float32"), zero_point=3), UNSUPPORTED, "zero point 0", 0, 3),
    (refuse(rows=(5,)), MODEL, "same rank", 2, 1),
    (refuse(out=(3, 4, 1)), MODEL, "same rank", 2, 3),
    (refuse(out=(4, 4)), MODEL, "one row an id", 3, 4),
    (refuse(out=(3, 5)), MODEL, "one row an id", 4, 5),
]


def test_refused(program):
    check_refused(program, REFUSED)
