# SPDX-License-Identifier: MIT
"""ADD, MEAN, QUANTIZE, DEQUANTIZE, LOGISTIC, RELU, RELU6, SOFTMAX against the reference.

Random models of one operator run in the engine, under ASan and UBSan, and in the wheel tflite_micro: outputs
must be the same to the bit. Where the wheel is undefined, wrong or unable (each place says why), the expected
numbers come from the formula in exact integers, which is checked against the wheel where both work.
"""

import math

import differential
import numpy as np
import pytest
from differential import (
    DATA,
    MODEL,
    UNSUPPORTED,
    Case,
    a_scale,
    a_shape,
    a_zero_point,
    check,
    check_refused,
    multiplier,
    requantize,
    round_away,
    saturate,
    values,
)
from model_builder import ModelBuilder

CASES = 200
ALL = np.arange(-128, 128, dtype=np.int8)


@pytest.fixture(scope="module")
def program():
    return differential.build()


# ---- ADD ----------------------------------------------------------------------


def add_case(rng, i):
    m = ModelBuilder()
    out_shape = a_shape(rng, limit=7) if i % 50 else (2, 100, 113)
    shapes = [out_shape, out_shape]
    if i % 3 and i % 20 != 9:
        for k in range(2):
            kept = rng.random(len(out_shape)) < 0.6
            shapes[k] = tuple(d if keep else 1 for d, keep in zip(out_shape, kept, strict=True))
            if rng.random() < 0.4:  # leading ones may be missing
                while len(shapes[k]) > 1 and shapes[k][0] == 1:
                    shapes[k] = shapes[k][1:]
        out_shape = np.broadcast_shapes(*shapes)
    scales = [a_scale(rng), a_scale(rng)]
    if i % 4 == 0:
        scales[1] = scales[0]
    span = (-12, 12) if i % 5 == 0 else (-1, 1.5)
    out_scale = np.float32(max(scales) * np.exp(rng.uniform(*span)))
    activation = rng.choice(["NONE", "RELU", "RELU_N1_TO_1", "RELU6"])
    constant = rng.choice([-1, -1, 0, 1])
    tensors, feed = [], []
    for k in range(2):
        kwargs = {"scale": scales[k], "zero_point": a_zero_point(rng)}
        data = values(rng, shapes[k])
        if k == constant:
            tensors.append(m.constant(data, **kwargs))
        else:
            tensors.append(m.tensor(shapes[k], "int8", **kwargs))
            feed.append(k)
    if i % 20 == 9 and constant < 0:  # both inputs are one tensor
        tensors, feed = [tensors[0]] * 2, [0]
    y = m.tensor(out_shape, "int8", scale=out_scale, zero_point=a_zero_point(rng))
    m.node("ADD", tensors, [y], activation=str(activation))
    model = m.build(inputs=[tensors[k] for k in feed], outputs=[y])
    invokes = [[values(rng, shapes[k]) for k in feed] for _ in range(2)]
    return Case(model, invokes, f"ADD {i} {shapes} scales {scales} {out_scale} {activation}")


def test_add(program):
    rng = np.random.default_rng(1)
    check(program, [add_case(rng, i) for i in range(CASES)])


def test_add_all_pairs(program):
    """Every pair of inputs, for scales and zero points as real models have them."""
    rng = np.random.default_rng(2)
    cases = []
    for i in range(20):
        m = ModelBuilder()
        a = m.tensor((256, 1), "int8", scale=a_scale(rng), zero_point=a_zero_point(rng))
        b = m.tensor((1, 256), "int8", scale=a_scale(rng), zero_point=a_zero_point(rng))
        y = m.tensor((256, 256), "int8", scale=a_scale(rng, -5, 2), zero_point=a_zero_point(rng))
        m.node("ADD", [a, b], [y])
        cases.append(
            Case(m.build([a, b], [y]), [[ALL.reshape(256, 1), ALL.reshape(1, 256)]], f"ADD pairs {i}")
        )
    check(program, cases)


# ---- MEAN ---------------------------------------------------------------------


def mean_formula(x, axes, scales, zero_points):
    """The reference's integer mean: the division by count is part of the multiplier."""
    axes = tuple(sorted({a % x.ndim for a in axes}))
    count = int(np.prod([x.shape[a] for a in axes], dtype=np.int64))
    sums = x.astype(np.int64).sum(axis=axes).reshape(-1) - zero_points[0] * count
    fixed, shift = multiplier(float(scales[0]) / float(scales[1]))
    down = min(count.bit_length() - 1, 32, 31 + shift)
    fixed = (fixed << down) // count
    means = [saturate(requantize(int(s), fixed, shift - down) + zero_points[1], np.int8) for s in sums]
    return np.array(means, np.int8).tobytes()


def mean_case(rng, i):
    m = ModelBuilder()
    shape = a_shape(rng, limit=9) if i % 25 else (1, 40, 50, 3)
    rank = len(shape)
    n_axes = int(rng.integers(1, rank + 1)) if i % 25 else 2
    axes = [int(a) for a in rng.permutation(rank)[:n_axes]] if i % 25 else [1, 2]
    axes = [a - rank if rng.random() < 0.3 else a for a in axes]
    if rng.random() < 0.1:
        axes.append(axes[0] % rank)  # twice the same
    keep = bool(rng.random() < 0.5)
    reduced = {a % rank for a in axes}
    if keep:
        out_shape = tuple(1 if d in reduced else s for d, s in enumerate(shape))
    else:
        out_shape = tuple(s for d, s in enumerate(shape) if d not in reduced)
    scales = [a_scale(rng), a_scale(rng)]
    zero_points = [a_zero_point(rng), a_zero_point(rng)]
    if i % 3 == 0:
        scales[1], zero_points[1] = scales[0], zero_points[0]
    elif i % 3 == 1:
        scales[1] = np.float32(
            scales[0] * np.exp(rng.uniform(-12, 12) if i % 5 == 0 else rng.uniform(-2, 0.5))
        )
    x = m.tensor(shape, "int8", scale=scales[0], zero_point=zero_points[0])
    y = m.tensor(out_shape, "int8", scale=scales[1], zero_point=zero_points[1])
    a = m.constant(np.array(axes, np.int32)) if len(axes) > 1 or i % 2 else m.constant(np.int32(axes[0]))
    m.node("MEAN", [x, a], [y], keep_dims=keep)
    invokes = [[values(rng, shape)] for _ in range(2)]
    expected = b"".join(mean_formula(v[0], axes, scales, zero_points) for v in invokes)
    return Case(m.build([x], [y]), invokes, f"MEAN {i} {shape} axes {axes} {scales} {zero_points}", expected)


def test_mean(program):
    rng = np.random.default_rng(3)
    check(program, [mean_case(rng, i) for i in range(CASES)])


# ---- QUANTIZE and DEQUANTIZE ----------------------------------------------------


def unary(op, x, out_dtype, scale, zero_point, out_scale, out_zero_point, **options):
    """A model with one node from x to a tensor of its shape. scale None: not quantized."""
    m = ModelBuilder()
    a = m.tensor(x.shape, x.dtype.name, scale=scale, zero_point=zero_point)
    b = m.tensor(x.shape, out_dtype, scale=out_scale, zero_point=out_zero_point)
    m.node(op, [a], [b], **options)
    return m.build([a], [b])


def test_quantize_float(program):
    rng = np.random.default_rng(5)
    cases = []
    for i in range(CASES):
        dtype = ["int8", "int16", "uint8"][i % 3]
        info = np.iinfo(dtype)
        scale = a_scale(rng, -20, 5)
        zero_point = a_zero_point(rng, info.min, info.max)
        steps = rng.uniform(info.min - 1000, info.max + 1000, 400).astype(np.float32)
        steps[::3] = np.floor(steps[::3]) + np.float32(0.5)  # halves, as far as scale lets them stay halves
        x = (steps * scale).astype(np.float32)
        if i % 4 == 0:
            scale = np.float32(2.0 ** int(rng.integers(-20, 10)))
            x = (steps * scale).astype(np.float32)
        wanted = np.clip(round_away(x / scale) + zero_point, info.min, info.max).astype(dtype).tobytes()
        model = unary("QUANTIZE", x, dtype, None, None, scale, zero_point)
        # The reference doesn't write uint8.
        cases.append(
            Case(model, [[x]], f"QUANTIZE float32 to {dtype} {scale} {zero_point}", wanted, dtype != "uint8",
                 np.dtype(dtype).type)
        )  # fmt: skip
    check(program, cases)


def test_quantize_float_far(program):
    """Beyond int32 the reference's cast is undefined: the right answer saturates."""
    x = np.array([3e38, -3e38, np.inf, -np.inf, 1e9, -1e9, 0, -0.0, 1e-45], np.float32)
    cases = []
    for dtype in ["int8", "int16", "uint8"]:
        info = np.iinfo(dtype)
        for scale in [1e-30, 0.5, 1e30]:
            with np.errstate(over="ignore"):
                steps = round_away(x / np.float32(scale))
            wanted = np.clip(steps + 1, info.min, info.max).astype(dtype).tobytes()
            model = unary("QUANTIZE", x, dtype, None, None, scale, 1)
            cases.append(Case(model, [[x]], f"{dtype} {scale}", wanted, False, np.dtype(dtype).type))
    check(program, cases)


def test_quantize_nan(program):
    x = np.array([1, 2, np.nan, 4], np.float32)
    model = unary("QUANTIZE", x, "int8", None, None, 0.1, 0)
    (failure,) = differential.run_engine(program, [(model, [[x]])])
    assert (failure.code, failure.node, failure.given) == (DATA, 0, 2)
    assert "NaN" in failure.message


PAIRS = [("int8", "int8"), ("int8", "uint8"), ("uint8", "int8"), ("int8", "int16"), ("int8", "int32"),
         ("uint8", "uint8"), ("uint8", "int16"), ("uint8", "int32")]  # fmt: skip


def test_requantize(program):
    rng = np.random.default_rng(6)
    cases = []
    for i in range(CASES):
        source, target = PAIRS[i % len(PAIRS)]
        info = np.iinfo(target)
        scale = a_scale(rng)
        out_scale = scale if i // 8 % 4 == 0 else np.float32(scale * np.exp(rng.uniform(-9, 9)))
        if i // 8 % 8 == 1:
            out_scale = np.float32(scale * np.exp(rng.uniform(-14, 30)))
        zero_point = a_zero_point(rng, *((-128, 127) if source == "int8" else (0, 255)))
        limits = (-1000, 1000) if target == "int32" else (info.min, info.max)
        out_zero_point = a_zero_point(rng, *limits)
        if out_scale == scale and i % 2 and "int8" in (source, target) and "uint8" in (source, target):
            out_zero_point = zero_point + (128 if target == "uint8" else -128)
        x = np.arange(np.iinfo(source).min, np.iinfo(source).max + 1).astype(source)
        fixed = multiplier(float(scale) / float(out_scale))
        wanted = [saturate(requantize(int(v) - zero_point, *fixed) + out_zero_point, target) for v in x]
        cases.append(
            Case(unary("QUANTIZE", x, target, scale, zero_point, out_scale, out_zero_point), [[x]],
                 f"QUANTIZE {source} {target} {scale} {zero_point} {out_scale} {out_zero_point}",
                 np.array(wanted, target).tobytes(), i % len(PAIRS) < 5, np.dtype(target).type)
        )  # fmt: skip
    check(program, cases)


def test_requantize_far(program):
    """Scales that make the reference's shifted input wrap around: the right answer saturates."""
    cases = []
    for ratio in [2.0**21, 2.0**31, 1e12, 1e30, 1e-12, 1e-38]:
        for target in ["int8", "int16"]:
            model = unary("QUANTIZE", ALL, target, 1.0, 5, np.float32(1 / ratio), -3)
            fixed = multiplier(1.0 / float(np.float32(1 / ratio)))
            wanted = [saturate(requantize(int(v) - 5, *fixed) - 3, target) for v in ALL]
            data = np.array(wanted, target).tobytes()
            cases.append(Case(model, [[ALL]], f"{ratio} {target}", data, False, np.dtype(target).type))
    check(program, cases)


def test_dequantize(program):
    rng = np.random.default_rng(7)
    cases = []
    for i in range(CASES):
        scale, zero_point = a_scale(rng, -30, 20), a_zero_point(rng)
        x = ALL if i % 2 else values(rng, (100, 97))
        model = unary("DEQUANTIZE", x, "float32", scale, zero_point, None, None)
        cases.append(Case(model, [[x]], f"DEQUANTIZE {scale} {zero_point}", dtype=np.float32))
    check(program, cases)


# ---- LOGISTIC, RELU, RELU6 --------------------------------------------------------


def test_logistic(program):
    """All 256 inputs."""
    rng = np.random.default_rng(8)
    cases = []
    for i in range(CASES):
        scale = a_scale(rng) if i % 4 else a_scale(rng, -16, 5)
        if i % 10 == 0:
            scale = np.float32(2.0 ** int(rng.integers(-20, 8)))
        zero_point = a_zero_point(rng)
        model = unary("LOGISTIC", ALL, "int8", scale, zero_point, 1 / 256, -128)
        cases.append(Case(model, [[ALL]], f"LOGISTIC {scale} {zero_point}"))
    check(program, cases)


def relu_formula(top, scale, zero_point, out_scale, out_zero_point):
    fixed = multiplier(float(scale) / float(out_scale))
    high = 127
    if top is not None:
        steps = int(round_away(min(np.float32(top) / out_scale, np.float32(1e6))))
        high = min(high, out_zero_point + steps)
    results = []
    for x in ALL:
        y = requantize(int(x) - zero_point, *fixed) + out_zero_point
        results.append(min(max(y, out_zero_point, -128), high))
    return np.array(results, np.int8).tobytes()


@pytest.mark.parametrize("op,top", [("RELU", None), ("RELU6", 6)])
def test_relu(program, op, top):
    """All 256 inputs. The reference doesn't requantize RELU6; scaled inputs of RELU wrap around far off."""
    rng = np.random.default_rng(9)
    cases = []
    for i in range(CASES):
        scale, zero_point = a_scale(rng, -6, 1), a_zero_point(rng)
        same = i % 2 == 0
        out_scale, out_zero_point = scale, zero_point
        if not same:
            out_scale = np.float32(scale * np.exp(rng.uniform(-2, 2) if i % 10 > 1 else rng.uniform(-25, 25)))
            out_zero_point = a_zero_point(rng)
        wanted = relu_formula(top, scale, zero_point, out_scale, out_zero_point)
        model = unary(op, ALL, "int8", scale, zero_point, out_scale, out_zero_point)
        note = f"{op} {scale} {zero_point} {out_scale} {out_zero_point}"
        cases.append(Case(model, [[ALL]], note, wanted, same or (op == "RELU" and scale / out_scale < 2**20)))
    check(program, cases)


def test_long_lookup(program):
    """More elements than between two polls, and a count that is no multiple of them."""
    rng = np.random.default_rng(10)
    x = values(rng, (3, 4099))
    check(program, [Case(unary("RELU", x, "int8", 0.1, 5, 0.1, 5), [[x]], "RELU")])


# ---- Polls ------------------------------------------------------------------------


def test_polls(program):
    """Long operators look for a stop at least every 16 KB."""
    x = np.zeros((1, 100, 100, 20), np.int8)
    m = ModelBuilder()
    a = m.tensor(x.shape, "int8", scale=0.5)
    b = m.tensor((1, 104, 100, 20), "int8", scale=0.5)
    m.node("PAD", [a, m.constant(np.array([[0, 0], [2, 2], [0, 0], [0, 0]], np.int32))], [b])
    cases = [(m.build([a], [b]), [[x]])]
    m = ModelBuilder()
    a, b = (m.tensor(x.shape, "int8", scale=0.5) for _ in range(2))
    c = m.tensor(x.shape, "int8", scale=0.5)
    m.node("ADD", [a, b], [c])
    cases.append((m.build([a, b], [c]), [[x, x]]))
    m = ModelBuilder()
    a, b = m.tensor(x.shape, "int8", scale=0.5), m.tensor((1, 20), "int8", scale=0.5)
    m.node("MEAN", [a, m.constant(np.array([1, 2], np.int32))], [b])
    cases.append((m.build([a], [b]), [[x]]))
    for op in ["RELU", "RELU6", "RESHAPE", "QUANTIZE"]:
        cases.append((unary(op, x, "int8", 0.5, 0, 0.5, 0), [[x]]))
    cases.append((unary("LOGISTIC", x, "int8", 0.5, 0, 1 / 256, -128), [[x]]))
    cases.append((unary("SOFTMAX", x, "int8", 0.5, 0, 1 / 256, -128, beta=1.0), [[x]]))
    cases.append((unary("DEQUANTIZE", x, "float32", 0.5, 0, None, None), [[x]]))
    y = x.astype(np.float32)
    cases.append((unary("QUANTIZE", y, "int8", None, None, 0.5, 0), [[y]]))
    polls = []
    differential.run_engine(program, cases, polls)
    assert len(polls) == len(cases) and min(polls) >= x.size // 16384, polls


# ---- SOFTMAX ----------------------------------------------------------------------


def softmax_case(rng, i, x):
    dtype = "int16" if i % 4 == 3 else "int8"
    beta = 1.0 if i % 3 else np.float32(np.exp(rng.uniform(-2, 2)))
    scale = a_scale(rng, -7, 0) if i % 5 else a_scale(rng, -14, 6)
    quantization = (1 / 256, -128) if dtype == "int8" else (1 / 65536, -32768)
    model = unary("SOFTMAX", x, dtype, scale, a_zero_point(rng), *quantization, beta=beta)
    return Case(model, [[x]], f"SOFTMAX {i} {x.shape} {dtype} {scale} {beta}", dtype=np.dtype(dtype).type)


def test_softmax(program):
    rng = np.random.default_rng(12)
    shapes = [(1, 10), (1, 12), (3, 5, 2), (7,), (2, 2, 2, 2, 4), (1, 1), (1, 500)]
    cases = []
    for i in range(CASES):
        x = values(rng, shapes[i % len(shapes)] if i % 2 else a_shape(rng))
        cases.append(softmax_case(rng, i, x))
    check(program, cases)


def test_softmax_all_differences(program):
    rng = np.random.default_rng(13)
    x = np.stack([np.full(256, 127, np.int8), ALL], axis=1)
    check(program, [softmax_case(rng, i, x) for i in range(CASES)])


def test_softmax_flat(program):
    """Sums of 512 and more, where the reference gives up: every probability is at most half a step."""
    cases = []
    for depth in [512, 1000, 4096, 8191]:
        x = np.zeros((2, depth), np.int8)
        model = unary("SOFTMAX", x, "int8", 0.1, 0, 1 / 256, -128, beta=1.0)
        cases.append(Case(model, [[x]], f"depth {depth}", np.full(2 * depth, -128, np.int8).tobytes(), False))
    check(program, cases)


# ---- What must be refused -----------------------------------------------------------


def refuse_unary(op, scale=0.1, zero_point=0, out_scale=0.1, out_zero_point=0, dtype="int8", out_dtype="int8",
                 shape=(2, 4), out_shape=(2, 4), n_inputs=1, n_outputs=1, **options):  # fmt: skip
    m = ModelBuilder()
    a = [m.tensor(shape, dtype, scale=scale, zero_point=zero_point) for _ in range(n_inputs)]
    b = [m.tensor(out_shape, out_dtype, scale=out_scale, zero_point=out_zero_point) for _ in range(n_outputs)]
    m.node(op, a, b, **options)
    return m.build(a, b)


def refuse_add(shapes=((2, 3), (2, 3)), out=(2, 3), scales=(0.1, 0.1), out_scale=0.1, **options):
    m = ModelBuilder()
    a = [m.tensor(s, "int8", scale=c) for s, c in zip(shapes, scales, strict=True)]
    y = m.tensor(out, "int8", scale=out_scale)
    m.node("ADD", a, [y], **options)
    return m.build(a, [y])


def refuse_mean(axes=(1,), shape=(2, 3), out=(2,), dtype=np.int32, constant=True, scale=0.1, out_scale=0.1):
    m = ModelBuilder()
    x = m.tensor(shape, "int8", scale=scale)
    axes = np.array(axes, dtype)
    a = m.constant(axes) if constant else m.tensor(axes.shape, axes.dtype.name)
    y = m.tensor(out, "int8", scale=out_scale)
    m.node("MEAN", [x, a], [y])
    return m.build([x] if constant else [x, a], [y])


SOFTMAX = {"op": "SOFTMAX", "out_scale": 1 / 256, "out_zero_point": -128, "beta": 1.0}
LOGISTIC = {"op": "LOGISTIC", "out_scale": 1 / 256, "out_zero_point": -128}

REFUSED = [
    (refuse_add(((2, 3), (2, 4)), (2, 4)), MODEL, "shapes of the inputs", 3, 4),
    (refuse_add(((2, 3), (1, 3)), (1, 3)), MODEL, "output's shape", 2, 1),
    (refuse_add(((2, 3), (2, 3)), (3, 2)), MODEL, "output's shape", 3, 2),
    (refuse_add(((2, 3), (2, 3)), (2, 2, 3)), MODEL, "output's shape", 1, 2),
    (refuse_add(out_scale=1e-7), UNSUPPORTED, "output scale", None, None),
    (refuse_add(activation="TANH"), UNSUPPORTED, "activation", None, 4),
    (refuse_add(((3,), (3,)), (3,), ((0.1, 0.2, 0.3), 0.1)), UNSUPPORTED, "one scale", 1, 3),
    (refuse_unary("ADD", n_inputs=1), MODEL, "number of inputs", 2, 1),
    (refuse_unary("ADD", n_inputs=3), MODEL, "number of inputs", 2, 3),
    (refuse_unary("ADD", n_inputs=2, out_dtype="int16"), UNSUPPORTED, "another type", 9, 7),
    (refuse_unary("ADD", n_inputs=2, n_outputs=2), MODEL, "number of outputs", 1, 2),
    (refuse_unary("ADD", n_inputs=2, out_scale=None), UNSUPPORTED, "one scale", 1, 0),
    (refuse_mean(axes=(2,)), MODEL, "axis", 2, 2),
    (refuse_mean(axes=(-3,)), MODEL, "axis", 2, -3),
    (refuse_mean(axes=(2**31 - 1,)), MODEL, "axis", 2, 2**31 - 1),
    (refuse_mean(axes=(-(2**31),)), MODEL, "axis", 2, None),
    (refuse_mean(dtype=np.int64), UNSUPPORTED, "axes are not int32", 2, 4),
    (refuse_mean(constant=False), UNSUPPORTED, "not constant", None, None),
    (refuse_mean(out=(3,)), MODEL, "one element for each mean", 2, 3),
    (refuse_mean(scale=1e6, out_scale=1e-3), UNSUPPORTED, "2^20", None, None),
    (refuse_mean(axes=(0,), shape=(2**23, 1), out=(1,)), UNSUPPORTED, "too many", 2**23 - 1, 2**23),
    (refuse_unary("QUANTIZE", out_dtype="uint16"), UNSUPPORTED, "can't write", None, 16),
    (refuse_unary("QUANTIZE", None, dtype="float32", out_dtype="int32"), UNSUPPORTED, "can't write", None, 2),
    (refuse_unary("QUANTIZE", out_shape=(2, 5)), MODEL, "as many elements", 8, 10),
    (refuse_unary("QUANTIZE", out_scale=None), UNSUPPORTED, "one scale", 1, 0),
    (refuse_unary("QUANTIZE", out_dtype="int32", scale=1.0, out_scale=1e-9), UNSUPPORTED, "2^22", None, None),
    (refuse_unary("QUANTIZE", 0.1, 0, 0.1, -(1 << 31), out_dtype="int32"), UNSUPPORTED, "zero", 2**30, None),
    (refuse_unary("DEQUANTIZE"), UNSUPPORTED, "another type", 0, 9),
    (refuse_unary("DEQUANTIZE", out_dtype="float32", out_scale=None, out_shape=(7,)), MODEL, "as many", 8, 7),
    (refuse_unary("LOGISTIC", out_scale=1 / 256), UNSUPPORTED, "zero point", -128, 0),
    (refuse_unary("LOGISTIC", out_zero_point=-128), UNSUPPORTED, "scale 1/256", None, None),
    (refuse_unary("RELU", n_inputs=2), MODEL, "number of inputs", 1, 2),
    (refuse_unary("RELU", out_shape=(4,)), MODEL, "as many elements", 8, 4),
    (refuse_unary("RELU6", out_dtype="uint8"), UNSUPPORTED, "another type", 9, 3),
    (refuse_unary("SOFTMAX", out_scale=1 / 256, beta=1.0), UNSUPPORTED, "lowest value", -128, 0),
    (refuse_unary("SOFTMAX", out_zero_point=-128, beta=1.0), UNSUPPORTED, "scale 1/256", None, None),
    (refuse_unary(**SOFTMAX | {"out_dtype": "int16"}), UNSUPPORTED, "lowest value", -32768, -128),
    (refuse_unary(**SOFTMAX | {"beta": 0.0}), UNSUPPORTED, "beta", None, None),
    (refuse_unary(**SOFTMAX | {"beta": -1.0}), UNSUPPORTED, "beta", None, None),
    (refuse_unary(**SOFTMAX | {"beta": math.nan}), UNSUPPORTED, "beta", None, None),
    (refuse_unary(**SOFTMAX | {"beta": math.inf}), UNSUPPORTED, "beta", None, None),
    (refuse_unary("SOFTMAX", out_scale=1 / 256, out_zero_point=-128), UNSUPPORTED, "beta", None, None),
    (refuse_unary(**SOFTMAX | {"scale": 1e-9}), UNSUPPORTED, "2^-26", None, None),
    (refuse_unary(**SOFTMAX | {"out_shape": (4, 2)}), MODEL, "last dimension", 4, 2),
    (refuse_unary(**SOFTMAX | {"shape": (), "out_shape": ()}), MODEL, "dimension to go along", 1, 0),
    (refuse_unary(**SOFTMAX | {"shape": (8192,), "out_shape": (8192,)}), UNSUPPORTED, "large", 8191, 8192),
]  # fmt: skip


def test_refused(program):
    check_refused(program, REFUSED)
