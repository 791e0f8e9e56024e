# SPDX-License-Identifier: MIT
"""BATCH_MATMUL of int8, int16 and float32 against TFLite Micro's reference kernel."""

import differential
import numpy as np
import pytest
from differential import (
    MODEL,
    UNSUPPORTED,
    Case,
    a_scale,
    a_zero_point,
    cases_wanted,
    check,
    check_refused,
    multiplier,
    requantize,
    saturate,
    values,
)
from model_builder import ModelBuilder


def transposed(x):
    return np.swapaxes(x, -1, -2)


class Product:
    """One BATCH_MATMUL node; whatever goes into it may be changed before build()."""

    def __init__(self, rng, dtype="int8"):
        self.rng, self.dtype = rng, dtype
        self.rows, self.columns = (int(rng.choice([1, 2, 5, rng.integers(1, 12)])) for _ in range(2))
        self.depth = int(rng.choice([1, 3, 16, rng.integers(1, 40)]))
        self.adj_x, self.adj_y = (bool(rng.random() < 0.5) for _ in range(2))
        batch = [int(d) for d in rng.integers(1, 4, rng.choice([0, 1, 1, 2, 3]))]
        batches = []
        for _ in range(2):
            mine = [1 if rng.random() < 0.25 else d for d in batch]
            while mine and mine[0] == 1 and rng.random() < 0.5:  # leading ones may be missing
                mine = mine[1:]
            batches.append(mine)
        if rng.random() < 0.1:  # the other one gives the rank
            batches[rng.integers(2)] = []
        left, right = (self.rows, self.depth), (self.depth, self.columns)
        self.shapes = [
            (*batches[0], *(left[::-1] if self.adj_x else left)),
            (*batches[1], *(right[::-1] if self.adj_y else right)),
        ]
        self.out_shape = (*np.broadcast_shapes(*map(tuple, batches)), self.rows, self.columns)
        wide = dtype == "int16"
        self.scales = [a_scale(rng) / (256 if wide else 1) for _ in range(2)]
        self.zero_points = [0 if wide else a_zero_point(rng) for _ in range(3)]
        spread = np.sqrt(self.depth) * 74 * 74 * np.exp(rng.uniform(-1.5, 2)) / 60 * (256 if wide else 1)
        self.scales.append(np.float32(self.scales[0] * self.scales[1] * spread))
        self.constant = rng.choice([None, None, 0, 1])
        self.out_dtype = self.right_dtype = dtype
        self.options = {"adj_x": self.adj_x, "adj_y": self.adj_y}

    def build(self, arrays=None):
        m = ModelBuilder()
        tensors, inputs = [], []
        quantized = self.dtype != "float32"
        dtypes = [self.dtype, self.right_dtype, self.out_dtype]
        for i, shape in enumerate([*self.shapes, self.out_shape]):
            quantization = {"scale": self.scales[i], "zero_point": self.zero_points[i]} if quantized else {}
            data = arrays[i] if arrays is not None and i == self.constant else None
            tensors.append(m.tensor(shape, dtypes[i], data=data, **quantization))
            if i < 2 and data is None:
                inputs.append(tensors[i])
        m.node("BATCH_MATMUL", tensors[:2], tensors[2:], **self.options)
        return m.build(inputs, tensors[2:])

    def case(self, note, formula=False, reference=True):
        arrays = [
            self.rng.normal(size=s).astype(np.float32)
            if self.dtype == "float32"
            else values(self.rng, s, self.dtype)
            for s in self.shapes
        ]
        given = [a for i, a in enumerate(arrays) if i != self.constant]
        wanted = self.formula(arrays) if formula else None
        dtype = np.dtype(self.dtype).type
        note = f"BATCH_MATMUL {note} {self.shapes} {self.options} {self.scales} constant {self.constant}"
        return Case(self.build(arrays), [given], note, wanted, reference, dtype)

    def formula(self, arrays):
        left, right = (a.astype(np.int64) - z for a, z in zip(arrays, self.zero_points, strict=False))
        sums = (transposed(left) if self.adj_x else left) @ (transposed(right) if self.adj_y else right)
        fixed, shift = multiplier(float(self.scales[0]) * float(self.scales[1]) / float(self.scales[2]))
        out = []
        for acc in map(int, sums.reshape(-1)):
            if self.dtype == "int16":
                reduced = min((fixed + 2**15) >> 16, 0x7FFF)
                y = (acc * reduced + (1 << (14 - shift))) >> (15 - shift)
                y = (y + 2**31) % 2**32 - 2**31  # the reference keeps 32 bits
            else:
                y = requantize(acc, fixed, shift)
            out.append(saturate(y + self.zero_points[2], self.dtype))
        return np.array(out, self.dtype).tobytes()


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_batch_matmul(program, dtype):
    rng = np.random.default_rng(51)
    arrays = check(program, [Product(rng, dtype).case(i, formula=True) for i in range(cases_wanted(300))])
    assert sum(len(np.unique(a)) > 1 for a in arrays) > len(arrays) // 2


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_extreme_scales(program, dtype):
    """Multipliers up to 2^7 (int16: 2^14), and down to where nothing is left."""
    rng = np.random.default_rng(52)
    least = -9.6 if dtype == "int16" else -4.8
    cases = []
    for i in range(cases_wanted(100)):
        p = Product(rng, dtype)
        p.scales[2] = np.float32(p.scales[0] * p.scales[1] * np.exp(rng.uniform(least, 24)))
        cases.append(p.case(i, formula=True))
    check(program, cases)


def test_float(program):
    """To the bit: sums are made in the same order."""
    rng = np.random.default_rng(53)
    check(program, [Product(rng, "float32").case(i) for i in range(cases_wanted(200))])


def test_polls(program):
    p = Product(np.random.default_rng(54))
    p.shapes, p.out_shape, p.options = [(20, 300), (300, 40)], (20, 40), {}
    polls = []
    model = p.build()
    differential.run_engine(program, [(model, [[values(p.rng, s) for s in p.shapes]])], polls)
    assert polls[0] >= 20 * 300 * 40 // 8192


def refuse(dtype="int8", left=(2, 3, 4), right=(2, 4, 5), out=(2, 3, 5), **changes):
    p = Product(np.random.default_rng(55), dtype)
    p.shapes, p.out_shape, p.constant = [left, right], out, None
    p.options = {"adj_x": False, "adj_y": False}
    p.scales, p.zero_points = [0.5, 0.5, 0.5], [0, 0, 0]
    for name, value in changes.items():
        setattr(p, name, value)
    return p.build()


ADJ_X, ADJ_Y = {"options": {"adj_x": True}}, {"options": {"adj_y": True}}

REFUSED = [
    (refuse(left=(4,)), MODEL, "2 to 5", 2, 1),
    (refuse(right=(1, 1, 1, 1, 4, 5)), UNSUPPORTED, "2 to 5", 5, 6),
    (refuse(right=(2, 3, 5)), MODEL, "fit together", 4, 3),
    (refuse(**ADJ_X), MODEL, "fit together", 3, 4),
    (refuse(**ADJ_Y), MODEL, "fit together", 4, 5),
    (refuse(right=(3, 4, 5)), MODEL, "batches", 2, 3),
    (refuse(left=(1, 3, 4), right=(4, 5), out=(3, 5)), MODEL, "rank", 3, 2),
    (refuse(out=(1, 3, 5)), MODEL, "shape of the matrices' product", 2, 1),
    (refuse(out=(2, 5, 3)), MODEL, "shape of the matrices' product", 3, 5),
    (refuse(out=(2, 3, 6)), MODEL, "shape of the matrices' product", 5, 6),
    (refuse(right_dtype="int16"), UNSUPPORTED, "another type", 9, 7),
    (refuse(out_dtype="int32"), UNSUPPORTED, "another type", 9, 2),
    (refuse("float32", out_dtype="int32"), UNSUPPORTED, "another type", 0, 2),
    (refuse(scales=[0.5, [0.5] * 2, 0.5]), UNSUPPORTED, "one scale", 1, 2),
    (refuse("int16", zero_points=[0, 3, 0]), UNSUPPORTED, "int16 tensor", 0, 3),
    (refuse("int16", zero_points=[0, 0, -3]), UNSUPPORTED, "int16 tensor", 0, -3),
    (refuse(scales=[1.0, 1.0, 2.0**-31]), MODEL, "too far apart", 30, 32),
    (refuse("int16", scales=[1.0, 1.0, 2.0**-15]), MODEL, "too far apart", 14, 16),
]


def test_refused(program):
    check_refused(program, REFUSED)
