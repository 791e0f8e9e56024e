# SPDX-License-Identifier: MIT
"""SVDF against TFLite Micro's reference kernel, over several invokes that share a state."""

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


def f32(x):
    return np.float32(x)


def wrapped(x, dtype):
    return int(np.int64(x).astype(dtype))


class Svdf:
    """One SVDF node; whatever goes into it may be changed before build()."""

    def __init__(self, rng, state_dtype="int8"):
        self.rng = rng
        self.state_dtype = state_dtype
        self.resize(
            rng.choice([1, 1, 1, 2, 3]),
            rng.choice([1, 2, 7, 16, rng.integers(1, 60)]),
            rng.choice([1, 3, 8, rng.integers(1, 20)]),
            rng.choice([1, 2, 3]),
            rng.choice([1, 2, 10, rng.integers(1, 16)]),
        )
        self.in_scale, self.in_zero_point = a_scale(rng), a_zero_point(rng)
        self.feature_scale = a_scale(rng)
        width = 1 if state_dtype == "int8" else 256
        spread = np.sqrt(self.inputs) * 74 * 74 * np.exp(rng.uniform(-1.5, 1.5)) / 60 / width
        self.state_scale = f32(self.in_scale * self.feature_scale * spread)
        self.time_scale = f32(min(a_scale(rng) / width, 32 / self.state_scale))
        self.state_zero_point = 0
        if state_dtype == "int8" and rng.random() < 0.4:
            self.state_zero_point = a_zero_point(rng)
        spread = np.sqrt(self.memory * self.rank) * 74 * 74 * np.exp(rng.uniform(-1.5, 1.5)) / 60
        self.out_scale = f32(self.state_scale * self.time_scale * spread * width * width)
        self.out_zero_point = a_zero_point(rng)
        if state_dtype != "float32":
            bias = rng.integers(-1, 2, self.units) * rng.integers(0, 5000 * width * width, self.units)
            self.bias = bias.astype(np.int32)
        self.bias_dtype = self.bias.dtype.name
        self.variable = True
        self.n_inputs = 5
        self.computed = False  # weights that are inputs of the model

    def resize(self, *sizes):
        self.batches, self.inputs, self.units, self.rank, self.memory = map(int, sizes)
        self.filters = self.units * self.rank
        shapes = [(self.filters, self.inputs), (self.filters, self.memory), (self.units,)]
        if self.state_dtype == "float32":
            arrays = [self.rng.normal(size=s).astype(np.float32) for s in shapes]
            self.features, self.times, self.bias = arrays
        else:
            self.features = self.rng.integers(-127, 128, shapes[0]).astype(np.int8)
            self.times = values(self.rng, shapes[1], self.state_dtype)
            self.bias = np.zeros(shapes[2], np.int32)
        self.in_shape = (self.batches, self.inputs)
        self.state_shape = (self.batches, self.filters * self.memory)
        self.out_shape = (self.batches, self.units)
        self.options = {"rank": self.rank, "activation": str(self.rng.choice(["NONE", "RELU"]))}

    def build(self):
        m = ModelBuilder()
        activations = "float32" if self.state_dtype == "float32" else "int8"

        def quantized(scale, zero_point=0):
            return {} if self.state_dtype == "float32" else {"scale": scale, "zero_point": zero_point}

        def weights(array, scale):
            data = None if self.computed else array
            return m.tensor(array.shape, array.dtype.name, data=data, **quantized(scale))

        x = m.tensor(self.in_shape, activations, **quantized(self.in_scale, self.in_zero_point))
        y = m.tensor(self.out_shape, activations, **quantized(self.out_scale, self.out_zero_point))
        features = weights(self.features, self.feature_scale)
        times = weights(self.times, self.time_scale)
        bias = None
        if self.bias is not None:
            # The reference insists on this scale to 1e-5, though nothing depends on it.
            scale = np.float64(self.state_scale) * np.float64(self.time_scale)
            bias = m.constant(self.bias, self.bias_dtype, **quantized(scale))
        quantization = quantized(self.state_scale, self.state_zero_point)
        state = m.tensor(self.state_shape, self.state_dtype, variable=self.variable, **quantization)
        m.node("SVDF", [x, features, times, bias, state][: self.n_inputs], [y], **self.options)
        return m.build([x, features, times] if self.computed else [x], [y])

    def invokes(self, rng, n):
        invokes = []
        for _ in range(n):
            invokes.append([values(rng, self.in_shape)])
            if self.computed:
                invokes[-1] += [self.features, self.times]
        return invokes

    def formula(self, invokes):
        """Bytes of all outputs, in exact integers that wrap around where the reference's do."""
        state_scale = float(self.state_scale)
        to_state = multiplier(float(self.in_scale) * float(self.feature_scale) / state_scale)
        to_output = multiplier(state_scale * float(self.time_scale) / float(self.out_scale))
        state = np.full((self.batches, self.filters, self.memory), self.state_zero_point, np.int64)
        out = b""
        for x, *_ in invokes:
            sums = (x.astype(np.int64) - self.in_zero_point) @ self.features.astype(np.int64).T
            state = np.roll(state, -1, axis=2)
            for b in range(self.batches):
                for f in range(self.filters):
                    newest = saturate(requantize(int(sums[b, f]), *to_state), self.state_dtype)
                    state[b, f, -1] = wrapped(newest + self.state_zero_point, self.state_dtype)
            weighed = ((state - self.state_zero_point) * self.times).sum(axis=2)
            totals = weighed.reshape(self.batches, self.units, self.rank).sum(axis=2)
            totals += 0 if self.bias is None else self.bias
            totals = [wrapped(t, np.int32) for t in totals.reshape(-1)]
            scaled = [requantize(t, *to_output) + self.out_zero_point for t in totals]
            out += np.array([saturate(v, np.int8) for v in scaled], np.int8).tobytes()
        return out


@pytest.mark.parametrize("state_dtype", ["int8", "int16"])
def test_svdf(program, state_dtype):
    rng = np.random.default_rng(31)
    cases = []
    for i in range(cases_wanted(200)):
        s = Svdf(rng, state_dtype)
        s.computed = i % 7 == 3
        invokes = s.invokes(rng, 1 + i % 6)
        cases.append(Case(s.build(), invokes, f"SVDF {i} {vars(s)}", s.formula(invokes)))
    arrays = check(program, cases)
    assert sum(len(np.unique(a)) > 1 for a in arrays) > len(arrays) // 2


@pytest.mark.parametrize("state_dtype", ["int8", "int16"])
def test_without_bias(program, state_dtype):
    """The reference reads a null pointer."""
    rng = np.random.default_rng(32)
    cases = []
    for i in range(cases_wanted(20)):
        s = Svdf(rng, state_dtype)
        s.bias = None
        invokes = s.invokes(rng, 3)
        cases.append(Case(s.build(), invokes, f"SVDF {i}", s.formula(invokes), reference=False))
    check(program, cases)


@pytest.mark.parametrize("state_dtype", ["int8", "int16"])
def test_extreme_scales(program, state_dtype):
    """Multipliers far above and below 1, within what a sum can take without wrapping around."""
    rng = np.random.default_rng(33)
    cases = []
    for i in range(cases_wanted(50)):
        s = Svdf(rng, state_dtype)
        s.state_scale = f32(s.in_scale * s.feature_scale * np.exp(rng.uniform(-5, 25)))
        s.time_scale = f32(min(s.time_scale, 32 / s.state_scale))
        s.out_scale = f32(s.state_scale * s.time_scale * np.exp(rng.uniform(1, 25)))
        s.bias //= 8
        invokes = s.invokes(rng, 3)
        cases.append(Case(s.build(), invokes, f"SVDF {i} {vars(s)}", s.formula(invokes)))
    check(program, cases)


def test_multipliers_in_double(program):
    """Sums near the boundaries of outputs, where multipliers rounded to float32 would give others."""
    rng = np.random.default_rng(36)
    cases = []
    for i in range(cases_wanted(20)):
        s = Svdf(rng, "int16")
        s.resize(1, 1, 100, 1, 1)
        s.features[:] = 0
        s.out_zero_point = 0
        s.state_scale, s.time_scale = (f32(rng.uniform(1e-4, 2e-4)) for _ in range(2))
        real = float(s.state_scale) * float(s.time_scale)
        s.out_scale = f32(real * 2**24 * rng.uniform(0.5, 1))
        steps = (np.arange(100) - 49.5) * (float(s.out_scale) / real)
        s.bias = (steps + rng.integers(-3, 4, 100)).astype(np.int32)
        invokes = s.invokes(rng, 1)
        cases.append(Case(s.build(), invokes, f"SVDF {i}", s.formula(invokes)))
    check(program, cases)


def test_float(program):
    """To the bit: sums are made in the same order."""
    rng = np.random.default_rng(37)
    cases = []
    for i in range(cases_wanted(200)):
        s = Svdf(rng, "float32")
        activations = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6"]
        s.options["activation"] = activations[i % 4]
        invokes = [[rng.normal(size=s.in_shape).astype(np.float32)] for _ in range(1 + i % 6)]
        if i % 7 == 3:
            s.computed = True
            invokes = [[x, s.features, s.times] for (x,) in invokes]
        cases.append(Case(s.build(), invokes, f"SVDF {i} {vars(s)}", dtype=np.float32))
    arrays = check(program, cases)
    assert sum(len(np.unique(a)) > 1 for a in arrays) > len(arrays) // 2


def test_polls(program):
    rng = np.random.default_rng(34)
    s = Svdf(rng)
    s.resize(1, 300, 70, 2, 20)
    polls = []
    differential.run_engine(program, [(s.build(), s.invokes(rng, 1))], polls)
    assert polls[0] >= s.features.size // 8192


FLOAT = {"dtype": "float32"}


def refuse(dtype="int8", **changes):
    s = Svdf(np.random.default_rng(35), dtype)
    s.resize(2, 5, 3, 2, 4)
    s.state_zero_point, s.bias_dtype = 0, s.bias.dtype.name
    s.options = {"rank": 2}
    for name, value in changes.items():
        setattr(s, name, value)
    return s.build()


REFUSED = [
    (refuse(n_inputs=4), MODEL, "number of inputs", 5, 4),
    (refuse(variable=False), MODEL, "nothing has computed", None, None),
    (refuse(options={}), MODEL, "rank", 6, 0),
    (refuse(options={"rank": -2}), MODEL, "rank", 6, -2),
    (refuse(options={"rank": 4}), MODEL, "rank", 6, 4),
    (refuse(options={"rank": 2, "activation": "TANH"}), UNSUPPORTED, "activation", None, 4),
    (refuse(features=np.ones((6, 4), np.int8)), MODEL, "one column an input", 5, 4),
    (refuse(features=np.ones((6, 5, 1), np.int8)), MODEL, "another rank", 2, 3),
    (refuse(times=np.ones((5, 4), np.int8)), MODEL, "one row a filter", 6, 5),
    (refuse(times=np.ones((6, 5), np.int8)), MODEL, "state has not", 30, 24),
    (refuse(times=np.ones((6, 4), np.int16)), UNSUPPORTED, "another type", 9, 7),
    (refuse(state_shape=(1, 48)), MODEL, "state has not", 24, 48),
    (refuse(state_shape=(48,)), MODEL, "another rank", 2, 1),
    (refuse(state_dtype="int32"), UNSUPPORTED, "another type", 9, 2),
    (refuse(state_dtype="int16", times=np.ones((6, 4), np.int16), state_zero_point=3),
     UNSUPPORTED, "zero point 0", 0, 3),
    (refuse(bias_dtype="int32", **FLOAT), UNSUPPORTED, "bias", 0, 2),
    (refuse(features=np.ones((6, 5), np.float16), **FLOAT), UNSUPPORTED, "another type", 0, 1),
    (refuse(options={"rank": 2, "activation": "TANH"}, **FLOAT), UNSUPPORTED, "activation", None, 4),
    (refuse(out_shape=(2, 6)), MODEL, "output has not", 3, 6),
    (refuse(out_shape=(3, 3)), MODEL, "output has not", 3, 3),
    (refuse(bias=np.zeros(4, np.int32)), MODEL, "element a unit", 3, 4),
    (refuse(bias_dtype="int64"), UNSUPPORTED, "bias", 2, 4),
    (refuse(feature_scale=(0.1, 0.2, 0.1, 0.2, 0.1, 0.2)), UNSUPPORTED, "one scale", 1, 6),
    (refuse(out_scale=None), UNSUPPORTED, "one scale", 1, 0),
    (refuse(state_scale=1.0, time_scale=1.0, out_scale=2.0**-40), MODEL, "too far apart", 30, 41),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)
