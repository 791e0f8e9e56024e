# SPDX-License-Identifier: MIT
"""Random cases of operators whose inputs' shapes are broadcast against each other."""

from dataclasses import dataclass, field

import numpy as np
from differential import Case, a_scale, a_shape, a_zero_point, check, values
from model_builder import ModelBuilder


def bools(rng, shape, dtype=np.bool_):
    return np.asarray(rng.random(shape) < 0.5)


def floats(rng, shape, dtype=np.float32):
    """Magnitudes of all kinds, small whole numbers, zeros of both signs, infinities."""
    x = rng.normal(0, 1, shape) * np.exp(rng.uniform(-20, 20, shape) * (rng.random() < 0.5))
    x = np.where(rng.random(shape) < 0.2, rng.integers(-3, 4, shape), x)
    if rng.random() < 0.3:
        x = np.where(rng.random(shape) < 0.1, rng.choice([0.0, -0.0, np.inf, -np.inf, 1e-42], shape), x)
    return np.asarray(x, np.float32)


ACTIVATIONS = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6"]


@dataclass
class BinaryCase(Case):
    operands: list = field(default_factory=list)  # both inputs of each invoke
    quantizations: tuple = ()  # of both inputs


def broadcast_shapes(rng, i, n=2, max_rank=6, large=(2, 100, 113)):
    """Shapes of n inputs and of the output; now and then a large one."""
    out_shape = a_shape(rng, rank=int(rng.integers(1, max_rank + 1)), limit=7) if i % 50 else large
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
    large = (2, 100, 113) if np.dtype(dtypes[0]).itemsize < 4 else (3, 41, 51)
    shapes, out_shape = broadcast_shapes(rng, i, 2, max_rank, large)
    constant = rng.choice([-1, -1, 0, 1])
    tensors, feed, data = [], [], None
    for k in range(2):
        if k == constant:
            data = values[k](rng, shapes[k], np.dtype(dtypes[k]))
            tensors.append(m.constant(data, dtypes[k], **quantizations[k]))
        else:
            tensors.append(m.tensor(shapes[k], dtypes[k], **quantizations[k]))
            feed.append(k)
    if i % 20 == 9 and constant < 0 and dtypes[0] == dtypes[1] and values[0] is values[1]:
        tensors, feed, quantizations = [tensors[0]] * 2, [0], [quantizations[0]] * 2
    out_dtype = out_dtype or dtypes[0]
    y = m.tensor(out_shape, out_dtype, **(out_quantization or {}))
    m.node(op, tensors, [y], **options)
    model = m.build(inputs=[tensors[k] for k in feed], outputs=[y])
    invokes = [[values[k](rng, shapes[k], np.dtype(dtypes[k])) for k in feed] for _ in range(2)]
    note = f"{op} {dtypes} {i} {shapes} {quantizations} {out_quantization} {options}"
    case = BinaryCase(model, invokes, note, dtype=np.dtype(out_dtype).type, quantizations=quantizations)
    for invoke in invokes:
        pair = [invoke[feed.index(k)] if k in feed else invoke[0] if data is None else data for k in range(2)]
        case.operands.append(pair)
    return case


def a_quantization(rng, dtype, low=-7.0, high=1.0, symmetric=False):
    info = np.iinfo(dtype)
    zero_point = 0 if symmetric else a_zero_point(rng, int(info.min), int(info.max))
    return {"scale": a_scale(rng, low, high), "zero_point": zero_point}


def check_varied(program, cases):
    arrays = check(program, cases)
    assert len(np.unique(np.concatenate([np.unique(a) for a in arrays]))) > 1
