# SPDX-License-Identifier: MIT
"""UNIDIRECTIONAL_SEQUENCE_LSTM against TFLite Micro's reference kernel, over invokes that share a state."""

import math

import differential
import numpy as np
import operator_counts
import pytest
from differential import (
    MODEL,
    UNSUPPORTED,
    Case,
    a_zero_point,
    cases_wanted,
    check,
    check_refused,
    values,
)
from model_builder import ModelBuilder

HIDDEN, CELL = 18, 19


class Lstm:
    """One LSTM node; whatever goes into it may be changed before build()."""

    def __init__(self, rng, dtype="int8"):
        self.rng, self.dtype = rng, dtype
        wide = dtype == "int16"
        width = 256 if wide else 1
        self.resize(
            rng.choice([1, 1, 2, 3]),
            rng.choice([1, 2, 5]),
            rng.choice([1, 3, 8, rng.integers(1, 40)]),
            rng.choice([1, 4, 16, 17, rng.integers(1, 40)]),
            rng.random() < 0.4,
        )
        # Sums before the activations of a few units up and down, and cells of a few more.
        self.in_scale = np.float32(np.exp(rng.uniform(-6, -2)) / width)
        self.hidden_scale = np.float32(np.exp(rng.uniform(-0.5, 1)) / 128 / width)
        self.in_zero_point = 0 if wide else a_zero_point(rng)
        self.hidden_zero_point = 0 if wide else a_zero_point(rng, -60, 60)
        spread = np.exp(rng.uniform(-1, 1.5, 8)) / 74 / 74 / width
        depths = np.repeat([self.inputs, self.units], 4)
        scales = np.repeat([self.in_scale, self.hidden_scale], 4)
        self.scales = [np.float32(s) for s in spread / scales / np.sqrt(depths)]
        self.zero_points = [0] * 8
        self.cell_scale = 2.0 ** int(rng.choice([-11, -11, -12, -13, -10, -9]))
        self.cell_zero_point = 0
        self.bias_dtype = {"int8": "int32", "int16": "int64"}.get(dtype, dtype)
        self.cell_dtype = "float32" if dtype == "float32" else "int16"
        self.options = {"activation": "TANH", "time_major": bool(self.time_major)}
        if rng.random() < 0.5:
            self.options["cell_clip"] = float(np.float32(rng.choice([10.0, rng.uniform(0.1, 4), 1e6])))
        self.left_out = set()
        self.extra = {}  # tensors at other inputs
        self.n_inputs = 24
        self.variable = True
        self.computed = False  # weights that are inputs of the model
        self.constant = None  # the input, if it isn't one of the model

    def resize(self, batches, steps, inputs, units, time_major):
        self.batches, self.steps, self.inputs, self.units = map(int, (batches, steps, inputs, units))
        self.time_major = bool(time_major)
        outer = (self.steps, self.batches) if time_major else (self.batches, self.steps)
        self.in_shape, self.out_shape = (*outer, self.inputs), (*outer, self.units)
        self.hidden_shape = self.cell_shape = (self.batches, self.units)
        shapes = [(self.units, self.inputs)] * 4 + [(self.units, self.units)] * 4
        if self.dtype == "float32":
            self.weights = [(self.rng.normal(size=s) / np.sqrt(s[1])).astype(np.float32) for s in shapes]
            self.biases = [self.rng.normal(size=self.units).astype(np.float32) for _ in range(4)]
            return
        self.weights = [self.rng.integers(-127, 128, s).astype(np.int8) for s in shapes]
        reach = 127 * 127 * max(self.inputs, 4) // 4 * (256 if self.dtype == "int16" else 1)
        self.biases = [self.rng.integers(-reach, reach, self.units) for _ in range(4)]

    def build(self):
        m = ModelBuilder()

        def quantized(scale, zero_point=0):
            return {} if self.dtype == "float32" else {"scale": scale, "zero_point": zero_point}

        x = m.tensor(
            self.in_shape, self.dtype, data=self.constant, **quantized(self.in_scale, self.in_zero_point)
        )
        of_output = quantized(self.hidden_scale, self.hidden_zero_point)
        y = m.tensor(self.out_shape, self.dtype, **of_output)
        tensors = [None] * 24
        tensors[0] = x
        for i, array in enumerate(self.weights):
            quantization = quantized(self.scales[i], self.zero_points[i])
            data = None if self.computed else array
            tensors[1 + i] = m.tensor(array.shape, array.dtype.name, data=data, **quantization)
        for i, bias in enumerate(self.biases):
            scale = float(self.in_scale) * float(np.ravel(self.scales[i])[0])
            tensors[12 + i] = m.constant(bias, self.bias_dtype, **quantized(scale))
        tensors[HIDDEN] = m.tensor(self.hidden_shape, self.dtype, variable=self.variable, **of_output)
        quantization = quantized(self.cell_scale, self.cell_zero_point)
        tensors[CELL] = m.tensor(self.cell_shape, self.cell_dtype, variable=True, **quantization)
        for i, (array, scale) in self.extra.items():
            tensors[i] = m.constant(array, **quantized(scale))
        for i in self.left_out:
            tensors[i] = None
        m.node("UNIDIRECTIONAL_SEQUENCE_LSTM", tensors[: self.n_inputs], [y], **self.options)
        inputs = [x] if self.constant is None else []
        return m.build(inputs + (tensors[1:9] if self.computed else []), [y])

    def invokes(self, n):
        inputs = [values(self.rng, self.in_shape, self.dtype)] if self.constant is None else []
        return [inputs + (self.weights if self.computed else []) for _ in range(n)]

    def note(self, i):
        sizes = (self.batches, self.steps, self.inputs, self.units)
        scales = (self.in_scale, self.hidden_scale, self.cell_scale)
        return f"LSTM {i} {self.dtype} {sizes} {scales} {self.options} {self.computed}"


DTYPES = pytest.mark.parametrize("dtype", ["int8", "int16"])


def compare(program, dtype, seed, count, change=None):
    rng = np.random.default_rng(seed)
    cases = []
    for i in range(cases_wanted(count)):
        lstm = Lstm(rng, dtype)
        lstm.computed = i % 8 == 5
        if i % 16 == 5:
            lstm.constant = values(rng, lstm.in_shape, dtype)
        if change is not None:
            change(lstm, rng)
        cases.append(Case(lstm.build(), lstm.invokes(1 + i % 4), lstm.note(i), dtype=np.dtype(dtype).type))
    return check(program, cases)


@DTYPES
def test_lstm(program, dtype):
    arrays = compare(program, dtype, 41, 200)
    assert sum(len(np.unique(a)) > 10 for a in arrays) > len(arrays) // 2


@DTYPES
def test_sums_of_all_sizes(program, dtype):
    """From gates that hardly move to gates that saturate."""

    def change(lstm, rng):
        factor = np.exp(rng.uniform(-6, 5))
        # Neither takes a multiplier of 2^14 or more for 64-bit sums.
        limit = 2.0**13.9 / 4096 if dtype == "int16" else math.inf
        scales = [lstm.in_scale] * 4 + [lstm.hidden_scale] * 4
        lstm.scales = [
            np.float32(min(float(s) * factor, limit / float(other)))
            for s, other in zip(lstm.scales, scales, strict=True)
        ]

    compare(program, dtype, 42, 50, change)


@DTYPES
def test_cell_scales(program, dtype):
    """Any scale of the cell: the reference takes the nearest power of 2 for tanh only."""

    def change(lstm, rng):
        lstm.cell_scale = float(np.float32(2.0 ** rng.uniform(-16, -6)))
        if rng.random() < 0.5:
            lstm.cell_scale = 2.0 ** int(rng.integers(-20, -2))

    compare(program, dtype, 43, 100, change)


@DTYPES
def test_hidden_scales(program, dtype):
    def change(lstm, rng):
        lstm.hidden_scale = np.float32(lstm.hidden_scale * np.exp(rng.uniform(-9, 3)))
        if dtype == "int8":
            lstm.hidden_zero_point = a_zero_point(rng)

    compare(program, dtype, 44, 50, change)


TOLERANCE = 1e-5  # outputs are below 1, and errors don't grow from step to step


def test_float(program):
    """Not to the bit: logistic and tanh are not those of the C library."""
    rng = np.random.default_rng(48)
    models, invokes = [], []
    for i in range(cases_wanted(200)):
        lstm = Lstm(rng, "float32")
        lstm.computed = i % 8 == 5
        models.append(lstm.build())
        constants = lstm.weights if lstm.computed else []
        spread = np.exp(rng.uniform(-2, 3))
        shape = lstm.in_shape
        invokes.append([[(rng.normal(size=shape) * spread).astype(np.float32), *constants] for _ in range(3)])
    results = differential.run_engine(program, list(zip(models, invokes, strict=True)))
    for model, given, result in zip(models, invokes, results, strict=True):
        assert isinstance(result, bytes), result
        got = np.frombuffer(result, np.float32)
        wanted = np.frombuffer(differential.run_reference(model, given), np.float32)
        assert len(got) == len(wanted) and len(np.unique(got)) > 1
        assert np.abs(got - wanted).max() <= TOLERANCE
    operator_counts.passed(models)


def test_polls(program):
    lstm = Lstm(np.random.default_rng(45))
    lstm.resize(1, 2, 300, 100, False)
    polls = []
    differential.run_engine(program, [(lstm.build(), lstm.invokes(1))], polls)
    assert polls[0] >= 2 * 4 * 400 * 100 / 16384


def test_twenty_inputs(program):
    """Files from before layer normalization; the reference wants 24 inputs."""
    rng = np.random.default_rng(46)
    cases = []
    for i in range(5):
        lstm = Lstm(rng)
        invokes = lstm.invokes(2)
        wanted = differential.run_reference(lstm.build(), invokes)
        lstm.n_inputs = 20
        cases.append(Case(lstm.build(), invokes, lstm.note(i), wanted, reference=False))
    check(program, cases)


def refuse(dtype="int8", **changes):
    lstm = Lstm(np.random.default_rng(47), dtype)
    lstm.resize(2, 3, 5, 4, False)
    lstm.options = {"activation": "TANH", "time_major": False}
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(getattr(lstm, name), list):
            for i, item in value.items():
                getattr(lstm, name)[i] = item
        else:
            setattr(lstm, name, value)
    return lstm.build()


def ones(*shape, dtype=np.int8):
    return np.ones(shape, dtype)


REFUSED = [
    (refuse(n_inputs=19), MODEL, "number of inputs", 24, 19),
    (refuse(variable=False), MODEL, "nothing has computed", None, None),
    (refuse(options={}), UNSUPPORTED, "TANH", 4, 0),
    (refuse(options={"activation": "RELU"}), UNSUPPORTED, "TANH", 4, 1),
    (refuse(options={"activation": "TANH", "cell_clip": -1.0}), MODEL, "clip", None, None),
    (refuse(options={"activation": "TANH", "cell_clip": math.nan}), MODEL, "clip", None, None),
    (refuse(options={"activation": "TANH", "time_major": True}), MODEL, "a unit and batch", 12, 8),
    (refuse(left_out={1, 5, 12}), UNSUPPORTED, "lacks a gate's", None, None),
    (refuse(left_out={14}), UNSUPPORTED, "lacks a gate's", None, None),
    (refuse(extra={10: (ones(4, dtype=np.int16), 0.1)}), UNSUPPORTED, "peepholes", None, 10),
    (refuse(extra={16: (ones(4, 4), 0.1)}), UNSUPPORTED, "projection", None, 16),
    (refuse(extra={23: (ones(4, dtype=np.int16), 0.1)}), UNSUPPORTED, "normalization", None, 23),
    (refuse(cell_dtype="int8"), UNSUPPORTED, "another type", 7, 9),
    (refuse(cell_zero_point=1), UNSUPPORTED, "int16 tensor", 0, 1),
    (refuse("int16", in_zero_point=2), UNSUPPORTED, "int16 tensor", 0, 2),
    (refuse("int16", hidden_zero_point=-2), UNSUPPORTED, "int16 tensor", 0, -2),
    (refuse(zero_points={3: 5}), UNSUPPORTED, "zero point of weights", 0, 5),
    (refuse(scales={2: (0.1, 0.2, 0.3, 0.4)}), UNSUPPORTED, "one scale", 1, 4),
    (refuse(weights={0: ones(4, 6)}), MODEL, "one column an input", 5, 6),
    (refuse(weights={0: ones(5, 5)}), MODEL, "one row a unit", 4, 5),
    (refuse(weights={5: ones(4, 5)}), MODEL, "one column an input", 4, 5),
    (refuse(weights={5: ones(16)}), MODEL, "another rank", 2, 1),
    (refuse(weights={1: ones(4, 5, dtype=np.int16)}), UNSUPPORTED, "another type", 9, 7),
    (refuse(biases={1: ones(5)}), MODEL, "one element a unit", 4, 5),
    (refuse(bias_dtype="int64"), UNSUPPORTED, "bias", 2, 4),
    (refuse("int16", bias_dtype="int32"), UNSUPPORTED, "bias", 4, 2),
    (refuse("float32", bias_dtype="int32"), UNSUPPORTED, "bias", 0, 2),
    (refuse("float32", cell_dtype="int16"), UNSUPPORTED, "another type", 0, 7),
    (refuse("float32", weights={6: ones(4, 4)}), UNSUPPORTED, "another type", 0, 9),
    (refuse(in_shape=(2, 15)), MODEL, "another rank", 3, 2),
    (refuse(out_shape=(2, 2, 4)), MODEL, "batches and steps", 3, 2),
    (refuse(hidden_shape=(3, 4)), MODEL, "a unit and batch", 8, 12),
    (refuse(cell_shape=(2, 2)), MODEL, "a unit and batch", 8, 4),
    (refuse("int16", in_scale=1.0, scales={0: 4.0}), MODEL, "too far apart", 14, 15),
    (refuse(in_scale=2.0**10, scales={0: 2.0**10}), MODEL, "too far apart", 30, 33),
    (refuse(cell_scale=2.0**-70), MODEL, "too far apart", 30, 41),
]


def test_refused(program):
    check_refused(program, REFUSED)
