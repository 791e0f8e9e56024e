# SPDX-License-Identifier: MIT
"""Cases for operators that move elements whatever they are: models of one operator, and what numpy says."""

import numpy as np
from differential import Case, a_scale, a_zero_point, values
from model_builder import ModelBuilder

DTYPES = ["int8", "int16", "int32", "float32", "uint8", "bool", "int64"]

# Element types that the wheel takes. It refuses the others, then numpy alone says.
_FLOAT_8 = {"int8", "float32"}
_16 = _FLOAT_8 | {"int16"}
_32 = _16 | {"int32"}
TAKES = {
    "BATCH_TO_SPACE_ND": _FLOAT_8,
    "CONCATENATION": _32 | {"int64", "bool"},
    "DEPTH_TO_SPACE": _FLOAT_8,
    "DYNAMIC_UPDATE_SLICE": _32,
    "EXPAND_DIMS": _16,
    "FILL": _FLOAT_8 | {"int32"},
    "GATHER": _FLOAT_8,
    "GATHER_ND": _FLOAT_8,
    "MIRROR_PAD": _FLOAT_8,
    "PACK": _FLOAT_8 | {"int32", "int64"},
    "PAD": _32,
    "PADV2": _32,
    "RESHAPE": set(DTYPES),
    "REVERSE_V2": set(DTYPES),
    "SHAPE": set(DTYPES),
    "SLICE": _32 | {"bool"},
    "SPACE_TO_BATCH_ND": _FLOAT_8,
    "SPACE_TO_DEPTH": _FLOAT_8,
    "SPLIT": _32,
    "SPLIT_V": _32,
    "SQUEEZE": set(DTYPES),
    "STRIDED_SLICE": _32 | {"bool"},
    "TRANSPOSE": _16,
    "UNPACK": _32,
    "ZEROS_LIKE": _FLOAT_8 | {"int32", "int64"},
}
QUANTIZED = {"int8", "uint8", "int16"}


def elements(rng, shape, dtype):
    """Random elements: for floats any bits but those of a NaN, which a copy might quieten."""
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype == "float32":
        bits = rng.integers(-(2**31), 2**31, shape).astype(np.int32)
        return np.where(bits & 0x7F800000 == 0x7F800000, bits & 0x3FFFFFFF, bits).astype(np.int32).view(dtype)
    return values(rng, shape, np.dtype(dtype))


def quantization(rng, dtype):
    if dtype not in QUANTIZED:
        return {}
    low, high = {"int8": (-128, 127), "uint8": (0, 255), "int16": (0, 0)}[dtype]
    return {"scale": a_scale(rng), "zero_point": a_zero_point(rng, low, high) if low < high else 0}


def move_case(op, rng, i, inputs, outputs, dtype, fed=(0,), takes=True, note="", q=None, **options):
    """A model of one node. inputs: arrays; those numbered in fed are the model's inputs, others are constant
    (nothing fed: the model has an input that nothing uses). outputs: arrays, what the node must compute.
    takes: whether the wheel runs this case, if it takes the type. q: quantization of all tensors."""
    m = ModelBuilder()
    q = quantization(rng, dtype) if q is None else q
    tensors = []
    for k, x in enumerate(inputs):
        quantized = q if x.dtype == np.dtype(dtype) and dtype in QUANTIZED else {}
        if k in fed:
            tensors.append(m.tensor(x.shape, x.dtype.name, **quantized))
        else:
            tensors.append(m.constant(x, **quantized))
    results = []
    for y in outputs:
        quantized = q if y.dtype == np.dtype(dtype) and dtype in QUANTIZED else {}
        results.append(m.tensor(y.shape, y.dtype.name, **quantized))
    m.node(op, tensors, results, **options)
    feeds, data = [tensors[k] for k in fed], [inputs[k] for k in fed]
    if not fed:
        feeds, data = [m.tensor((1,), "int8")], [np.zeros(1, np.int8)]
    shapes = " ".join(str(x.shape) for x in inputs)
    return Case(
        m.build(inputs=feeds, outputs=results),
        [data],
        f"{op} {i} {dtype} {shapes} {note} {options}",
        b"".join(np.ascontiguousarray(y).tobytes() for y in outputs),
        takes and dtype in TAKES.get(op, ()),
        outputs[0].dtype.type,
        len(outputs),
    )


def refuse(op, inputs, outputs, constant=(), **options):
    """A model to be refused. inputs and outputs: arrays, or (shape, dtype); constant: which inputs are."""
    m = ModelBuilder()
    tensors = []
    for k, x in enumerate(inputs):
        if k in constant:
            tensors.append(m.constant(x))
        else:
            shape, dtype = x if isinstance(x, tuple) else (x.shape, x.dtype.name)
            tensors.append(m.tensor(shape, dtype))
    results = [m.tensor(shape, dtype) for shape, dtype in outputs]
    m.node(op, tensors, results, **options)
    return m.build([t for k, t in enumerate(tensors) if k not in constant], results)
