# SPDX-License-Identifier: MIT
"""CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and the pools against TFLite Micro's reference kernels.

Random models of one operator run in the engine, under ASan and UBSan and with the model's bytes at every
alignment, and in the wheel tflite_micro. Outputs must be the same to the bit.
"""

import numpy as np
import operator_counts
import pytest
from differential import Failure, build, run_engine, run_reference
from model_builder import ModelBuilder

CASES = 1000  # random models an operator
INVOKES = 2


@pytest.fixture(scope="module")
def program():
    return build()


ACTIVATIONS = ["NONE", "NONE", "NONE", "RELU", "RELU_N1_TO_1", "RELU6"]


class Case:
    """One model of one operator, with all that goes into it open to change before build()."""

    def __init__(self, op, rng):
        self.op = op
        self.rng = rng
        self.options = {"activation": str(rng.choice(ACTIVATIONS))}
        self.in_zero_point, self.out_zero_point = (self.zero_point() for _ in range(2))
        self.in_scale, self.out_scale = 1.0, 1.0
        self.in_dtype = self.out_dtype = "int8"
        self.filter = self.bias = None  # dicts for ModelBuilder.constant
        self.extra_inputs = []

    def zero_point(self):
        return int(
            self.rng.choice([-128, 127, 0, *self.rng.integers(-128, 128, 2), *self.rng.integers(-20, 20, 2)])
        )

    def scale(self):
        """A float32 of a few magnitudes, as calibration gives them."""
        return np.float32(np.exp(self.rng.uniform(-7, 1)))

    def build(self):
        m = ModelBuilder()
        x = m.tensor(self.in_shape, self.in_dtype, scale=self.in_scale, zero_point=self.in_zero_point)
        y = m.tensor(self.out_shape, self.out_dtype, scale=self.out_scale, zero_point=self.out_zero_point)
        inputs, nodes = [x], [x]
        if self.filter is not None:
            given = dict(self.filter)
            if given.pop("computed", False):
                nodes.append(m.tensor(given.pop("values").shape, "int8", **given))
                inputs.append(nodes[-1])
            else:
                nodes.append(m.constant(**given))
        if self.bias == "left out":
            nodes.append(None)
        elif self.bias is not None:
            nodes.append(m.constant(**self.bias))
        m.node(self.op, nodes + self.extra_inputs, [y], **self.options)
        return m.build(inputs=inputs, outputs=[y])

    def invokes(self):
        """Inputs: random bytes, then perhaps the extremes of the type."""
        shapes = [self.in_shape]
        if self.filter is not None and self.filter.get("computed"):
            shapes.append(self.filter["values"].shape)
        invokes = []
        for i in range(INVOKES):
            extreme = i and self.rng.random() < 0.5
            choices = [-128, 127] if extreme else np.arange(-128, 128)
            invokes.append([self.rng.choice(choices, shape).astype(np.int8) for shape in shapes])
        return invokes


def add_weights(case, shape, axis, channels, depth, per_channel, with_bias):
    """A filter and a bias, and scales that spread the outputs over (and beyond) the type's range."""
    rng = case.rng
    values = rng.integers(-128 if rng.random() < 0.2 else -127, 128, shape)
    if rng.random() < 0.1:
        values = rng.choice([-127, 127], shape)
    case.in_scale = case.scale()
    scales = np.exp(rng.uniform(-9, 0, channels if per_channel else 1)).astype(np.float32)
    spread = np.sqrt(depth) * 74 * 74 * np.exp(rng.uniform(-1.5, 2))
    if rng.random() < 0.1:
        spread = np.exp(rng.uniform(-3, 18))  # multipliers above 1, and such that nothing is left
    case.out_scale = np.float32(case.in_scale * np.float32(scales.mean()) * spread / 60)
    case.filter = {"values": values.astype(np.int8), "scale": scales, "axis": axis if per_channel else None}
    if with_bias:
        bias = rng.integers(-1, 2, channels) * rng.integers(0, 2 ** rng.integers(1, 22), channels)
        bias_scales = (case.in_scale * scales).astype(np.float32)
        case.bias = {
            "values": bias.astype(np.int32),
            "scale": bias_scales,
            "axis": 0 if per_channel else None,
        }


def out_size(padding, size, filter_size, stride, dilation=1):
    span = (filter_size - 1) * dilation + 1
    return -(-size // stride) if padding == "SAME" else (size - span) // stride + 1


def window(rng, options, dilated=True):
    """Random window options, and the sizes (in_h, in_w, filter_h, filter_w, out_h, out_w)."""
    padding = str(rng.choice(["SAME", "VALID"]))
    options["padding"] = padding
    sizes = []
    for axis in "hw":
        filter_size = int(rng.choice([1, 2, 3, 3, 4, 5, rng.integers(1, 9)]))
        stride = int(rng.choice([1, 1, 2, 3, rng.integers(1, 7)]))
        dilation = int(rng.choice([1, 1, 1, 2, 3])) if dilated else 1
        size = int(rng.integers(1, 12))
        if padding == "VALID":
            size = max(size, (filter_size - 1) * dilation + 1)
        options[f"stride_{axis}"] = stride
        if dilated and (dilation != 1 or rng.random() < 0.5):
            options[f"dilation_{axis}_factor"] = dilation
        sizes.append((size, filter_size, out_size(padding, size, filter_size, stride, dilation)))
    (in_h, filter_h, out_h), (in_w, filter_w, out_w) = sizes
    return in_h, in_w, filter_h, filter_w, out_h, out_w


def conv(rng, groups=None):
    case = Case("CONV_2D", rng)
    in_h, in_w, filter_h, filter_w, out_h, out_w = window(rng, case.options)
    groups = groups or int(rng.choice([1, 1, 2, 3]))
    group_in, group_out = int(rng.integers(1, 9)), int(rng.integers(1, 9))
    batch = int(rng.choice([1, 1, 2, 3]))
    case.in_shape = (batch, in_h, in_w, groups * group_in)
    case.out_shape = (batch, out_h, out_w, groups * group_out)
    shape = (groups * group_out, filter_h, filter_w, group_in)
    depth = filter_h * filter_w * group_in
    add_weights(case, shape, 0, groups * group_out, depth, rng.random() < 0.7, rng.random() < 0.8)
    return case


def depthwise(rng):
    case = Case("DEPTHWISE_CONV_2D", rng)
    in_h, in_w, filter_h, filter_w, out_h, out_w = window(rng, case.options)
    channels = int(rng.choice([1, 2, 3, 16, 17, rng.integers(1, 40)]))
    multiplier = int(rng.choice([1, 1, 1, 2, 3, 8]))
    case.options["depth_multiplier"] = multiplier
    batch = int(rng.choice([1, 1, 2]))
    case.in_shape = (batch, in_h, in_w, channels)
    case.out_shape = (batch, out_h, out_w, channels * multiplier)
    shape = (1, filter_h, filter_w, channels * multiplier)
    depth = filter_h * filter_w
    add_weights(case, shape, 3, channels * multiplier, depth, rng.random() < 0.7, rng.random() < 0.8)
    return case


def fully_connected(rng):
    case = Case("FULLY_CONNECTED", rng)
    depth = int(rng.choice([1, 2, 5, 16, rng.integers(1, 200)]))
    channels = int(rng.choice([1, 2, 10, rng.integers(1, 40)]))
    rows = [int(d) for d in rng.integers(1, 4, rng.integers(0, 4))]
    per_channel = rng.random() < 0.4
    # A per-channel reference reads no more than two dimensions of the output.
    keep = rng.random() < 0.5 and not per_channel
    case.options["keep_num_dims"] = int(keep)
    case.in_shape = (*rows, depth) if rows or rng.random() < 0.5 else (1, depth)
    total = int(np.prod(rows, dtype=int))
    case.out_shape = (*case.in_shape[:-1], channels) if keep else (total, channels)
    if not keep and rows and rng.random() < 0.3:
        case.in_shape = (total * depth,)
    add_weights(case, (channels, depth), 0, channels, depth, per_channel, rng.random() < 0.8)
    if not per_channel and rng.random() < 0.3:
        case.filter["zero_point"] = [int(rng.integers(-128, 128))]
    if not per_channel and rng.random() < 0.2:
        case.filter["computed"] = True
    if case.bias is None and rng.random() < 0.5:
        case.bias = "left out"
    return case


def pool(op):
    def make(rng):
        case = Case(op, rng)
        in_h, in_w, filter_h, filter_w, out_h, out_w = window(rng, case.options, dilated=False)
        channels = int(rng.choice([1, 3, 16, 17, rng.integers(1, 40)]))
        batch = int(rng.choice([1, 1, 2]))
        case.options.update(filter_height=filter_h, filter_width=filter_w)
        case.in_shape = (batch, in_h, in_w, channels)
        case.out_shape = (batch, out_h, out_w, channels)
        case.in_scale = case.out_scale = case.scale()
        case.out_zero_point = case.in_zero_point
        return case

    return make


OPERATORS = {
    "conv": conv,
    "depthwise_conv": depthwise,
    "fully_connected": fully_connected,
    "average_pool": pool("AVERAGE_POOL_2D"),
    "max_pool": pool("MAX_POOL_2D"),
}


def check(cases, program):
    """Runs them all in the engine and in the reference. Returns one array of outputs a case."""
    models = [(case.build(), case.invokes()) for case in cases]
    polls, outputs = [], []
    results = run_engine(program, models, polls)
    for case, (model, invokes), ours in zip(cases, models, results, strict=True):
        assert not isinstance(ours, Failure), f"{ours}: {vars(case)}"
        assert ours == run_reference(model, invokes), f"outputs differ: {vars(case)}"
        outputs.append(np.frombuffer(ours, np.int8))
    operator_counts.passed(model for model, _ in models)
    for case, count in zip(cases, polls, strict=True):
        rows = case.out_shape[:-1] if case.op == "FULLY_CONNECTED" else case.out_shape[:2]
        assert count >= np.prod(rows), f"{count} polls: {vars(case)}"
    return outputs


@pytest.mark.parametrize("name", OPERATORS)
def test_same_as_the_reference(name, program):
    rng = np.random.default_rng(list(name.encode()))
    outputs = check([OPERATORS[name](rng) for _ in range(CASES)], program)
    # The cases are worth something: outputs of all values, and most of the larger ones not just clamped.
    assert len(np.unique(np.concatenate(outputs))) == 256
    large = [o for o in outputs if len(o) >= 40]
    assert len(large) > CASES / 4
    assert sum(len(np.unique(o)) > 4 for o in large) > 0.7 * len(large)


def exact_multiplier(product, out_scale):
    """Multiplier and shift of a product of scales, by TFLite's formula."""
    fraction, shift = np.frexp(product / np.float64(out_scale))
    return np.floor(fraction * 2**31 + 0.5).astype(np.int64), shift


def requantize(acc, multiplier, shift):
    """What the reference makes of accumulators, for shifts below 0."""
    high = (acc * multiplier + 2**30) >> 31
    down = -shift.astype(np.int64)
    return np.sign(high) * ((np.abs(high) + (1 << (down - 1))) >> down)


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("name", ["conv", "depthwise_conv", "fully_connected"])
def test_multipliers_to_the_last_bit(name, per_channel, program):
    """Weights of 0 and biases such that the output tells a multiplier from its neighbour."""
    rng = np.random.default_rng([per_channel, *name.encode()])
    channels, told_bits, told_forms = 64, 0, 0
    cases = []
    for _ in range(30):
        case = Case(
            {"conv": "CONV_2D", "depthwise_conv": "DEPTHWISE_CONV_2D"}.get(name, "FULLY_CONNECTED"), rng
        )
        case.options["activation"] = "NONE"
        case.out_zero_point = 0
        if name != "fully_connected":
            case.options.update(padding="VALID", stride_h=1, stride_w=1)
        case.in_shape, case.out_shape = {
            "conv": ((1, 1, 1, 3), (1, 1, 1, channels)),
            "depthwise_conv": ((1, 1, 1, channels), (1, 1, 1, channels)),
            "fully_connected": ((1, 3), (1, channels)),
        }[name]
        if name == "depthwise_conv":
            case.options["depth_multiplier"] = 1
        case.in_scale = case.scale()
        scales = np.exp(rng.uniform(-7, -6.5, channels if per_channel else 1)).astype(np.float32)
        # Accumulators of 2^29 to 2^31 become outputs up to 127.
        case.out_scale = np.float32(case.in_scale * scales.max() * 2.0 ** rng.uniform(23, 23.9))
        product = np.float64(case.in_scale) * scales.astype(np.float64)
        rounded = (case.in_scale * scales).astype(np.float64)
        multiplier, shift = exact_multiplier(product, case.out_scale)
        other, other_shift = exact_multiplier(rounded, case.out_scale)
        half = rng.integers(70, 126, channels) + 0.5
        real = multiplier.astype(np.float64) * 2.0 ** (shift - 31)
        acc = np.broadcast_to(np.rint(half / real), channels).astype(np.int64) + rng.integers(-1, 2, channels)
        acc = np.minimum(acc, 2**31 - 1)
        told_bits += np.count_nonzero(
            requantize(acc, multiplier, shift) != requantize(acc, multiplier - 1, shift)
        )
        told_forms += np.count_nonzero(
            requantize(acc, multiplier, shift) != requantize(acc, other, other_shift)
        )
        shape = {
            "conv": (channels, 1, 1, 3),
            "depthwise_conv": (1, 1, 1, channels),
            "fully_connected": (channels, 3),
        }[name]
        axis = {"conv": 0, "depthwise_conv": 3, "fully_connected": 0}[name] if per_channel else None
        case.filter = {"values": np.zeros(shape, np.int8), "scale": scales, "axis": axis}
        case.bias = {"values": acc.astype(np.int32), "scale": rounded, "axis": 0 if per_channel else None}
        cases.append(case)
    check(cases, program)
    # Otherwise this would show nothing: it tells the last bit, and the float32 product from the exact one.
    assert told_bits > 250
    assert told_forms > 250


def valid(name):
    """A case that runs, for the tests below to spoil."""
    rng = np.random.default_rng(7)
    op = {"conv": "CONV_2D", "depthwise_conv": "DEPTHWISE_CONV_2D", "fully_connected": "FULLY_CONNECTED"}
    op.update(average_pool="AVERAGE_POOL_2D", max_pool="MAX_POOL_2D")
    case = Case(op[name], rng)
    case.options["activation"] = "NONE"
    if name == "fully_connected":
        case.in_shape, case.out_shape = (3, 8), (3, 6)
        add_weights(case, (6, 8), 0, 6, 8, True, True)
        return case
    case.options.update(padding="SAME", stride_h=2, stride_w=2)
    case.in_shape, case.out_shape = (1, 7, 5, 4), (1, 4, 3, 8)
    if name == "conv":
        add_weights(case, (8, 3, 3, 2), 0, 8, 18, True, True)
    elif name == "depthwise_conv":
        case.options["depth_multiplier"] = 2
        add_weights(case, (1, 3, 3, 8), 3, 8, 9, True, True)
    else:
        case.options.update(filter_height=3, filter_width=3)
        case.out_shape = (1, 4, 3, 4)
        case.in_scale = case.out_scale = np.float32(0.1)
        case.out_zero_point = case.in_zero_point
    return case


@pytest.mark.parametrize("name", OPERATORS)
def test_the_cases_to_spoil_run(name, program):
    check([valid(name)], program)


def refused(case, program, message, needed=None, given=None):
    inputs = [np.zeros(case.in_shape, np.int8)]
    (failure,) = run_engine(program, [(case.build(), [inputs])])
    assert isinstance(failure, Failure), "it runs"
    assert message in failure.message, failure
    assert failure.node in (0, None), failure
    assert needed in (None, failure.needed), failure
    assert given in (None, failure.given), failure


WINDOWED = ["conv", "depthwise_conv", "average_pool", "max_pool"]
WEIGHTED = ["conv", "depthwise_conv", "fully_connected"]


@pytest.mark.parametrize("axis", "hw")
@pytest.mark.parametrize("name", WINDOWED)
def test_refused_windows(name, axis, program):
    def spoiled(out_h=4, **options):
        case = valid(name)
        case.out_shape = (1, out_h, *case.out_shape[2:])
        case.options.update(options)
        return case

    refused(spoiled(**{f"stride_{axis}": 0}), program, "stride is not from 1 to 65535", None, 0)
    refused(spoiled(**{f"stride_{axis}": -2}), program, "stride is not from 1 to 65535", None, -2)
    refused(spoiled(**{f"stride_{axis}": 65536}), program, "stride is not from 1 to 65535", None, 65536)
    expected, given = (7, 4) if axis == "h" else (5, 3)
    refused(spoiled(**{f"stride_{axis}": 1}), program, "output height or width", expected, given)
    refused(spoiled(padding=2), program, "neither SAME nor VALID", None, 2)
    refused(spoiled(activation="TANH"), program, "activation is not supported", None, 4)
    refused(spoiled(activation=-1), program, "activation is not supported", None, -1)
    if "pool" in name:
        field = {"h": "filter_height", "w": "filter_width"}[axis]
        refused(spoiled(**{field: 0}), program, "filter size is not positive", 1, 0)
        refused(spoiled(**{field: -7}), program, "filter size is not positive", 1, -7)
        refused(spoiled(**{field: 2**31 - 1}), program, "filter is too large", None, 2**31 - 1)
        refused(
            spoiled(**{field: 8}, out_h=3, padding="VALID"),
            program,
            "smaller than the filter",
            8,
            7 if axis == "h" else 5,
        )
    else:
        field = f"dilation_{axis}_factor"
        refused(spoiled(**{field: 0}), program, "dilation is not from 1 to 65535", None, 0)
        refused(spoiled(**{field: -1}), program, "dilation is not from 1 to 65535", None, -1)
        refused(spoiled(**{field: 65536}), program, "dilation is not from 1 to 65535", None, 65536)
        refused(
            spoiled(**{field: 4}, out_h=3, padding="VALID"),
            program,
            "smaller than the filter",
            9,
            7 if axis == "h" else 5,
        )


@pytest.mark.parametrize("name", WINDOWED)
def test_refused_images(name, program):
    case = valid(name)
    case.in_shape = (7, 5, 4)
    refused(case, program, "four dimensions", 4, 3)
    case = valid(name)
    case.out_shape = (*case.out_shape, 1)
    refused(case, program, "four dimensions", 4, 5)
    case = valid(name)
    case.in_shape = (2, *case.in_shape[1:])
    refused(case, program, "same batch size", 2, 1)
    case = valid(name)
    case.out_shape = (*case.out_shape[:3], case.out_shape[3] + 1)
    refused(case, program, "channels")


@pytest.mark.parametrize("name", WEIGHTED)
def test_refused_weights(name, program):
    def with_filter(**changes):
        case = valid(name)
        case.filter.update(changes)
        return case

    def with_bias(**changes):
        case = valid(name)
        case.bias.update(changes)
        return case

    channels = valid(name).out_shape[-1]
    values = valid(name).filter["values"]
    scales = valid(name).filter["scale"]
    refused(with_filter(dtype="int4"), program, "must be int8", 9, 17)
    refused(with_filter(dtype="uint8"), program, "must be int8", 9, 3)
    refused(with_filter(scale=None), program, "weights have no scale", 1, 0)
    # Scales that are right for the tensor, but not those of output channels.
    along = {"conv": (3, 2), "depthwise_conv": (1, 3), "fully_connected": (1, 8)}[name]
    other = {
        "scale": scales[: along[1]] if along[1] < channels else np.resize(scales, along[1]),
        "axis": along[0],
    }
    refused(with_filter(**other), program, "one scale an output channel", channels, along[1])
    zero_points = [0] * (channels - 1) + [3]
    refused(with_filter(zero_point=zero_points), program, "zero point of weights", 0, 3)
    refused(with_filter(scale=scales * np.float32(1e30)), program, "scales are too far apart", 30)
    if name != "fully_connected":
        refused(with_filter(scale=scales[:1], zero_point=[-5]), program, "zero point of weights", 0, -5)
        refused(with_filter(values=values[0], scale=scales[:1]), program, "weights need four dimensions")
    else:
        refused(with_filter(values=values[0], scale=scales[:1]), program, "weights need two dimensions", 2, 1)
    refused(with_filter(values=np.zeros((0, *values.shape[1:]), np.int8), scale=scales[:1]), program, "")
    refused(with_bias(dtype="int64"), program, "bias of an int8 operator must be int32", 2, 4)
    refused(
        with_bias(values=np.zeros(channels + 1, np.int32), scale=None),
        program,
        "bias",
        channels,
        channels + 1,
    )
    case = valid(name)
    case.extra_inputs = [0]
    refused(case, program, "wrong number of inputs", 3, 4)
    case = valid(name)
    case.options["activation"] = "SIGN_BIT"
    refused(case, program, "activation is not supported", None, 5)


def test_refused_scales_along_a_dimension_of_the_same_size(program):
    rng = np.random.default_rng(8)
    case = valid("conv")
    case.in_shape = (1, 7, 5, 8)
    add_weights(case, (8, 3, 3, 8), 0, 8, 72, True, True)
    case.filter["axis"] = 3
    refused(case, program, "along another dimension", 0, 3)
    case = valid("fully_connected")
    case.in_shape, case.out_shape = (3, 6), (3, 6)
    add_weights(case, (6, 6), 0, 6, 6, True, True)
    case.filter.update(axis=1, values=rng.integers(-127, 128, (6, 6)).astype(np.int8))
    refused(case, program, "along another dimension", 0, 1)


def test_refused_groups(program):
    case = valid("conv")
    case.in_shape = (1, 7, 5, 5)
    refused(case, program, "no multiple of the weights' channels", 2, 5)
    case = valid("conv")
    case.in_shape = (1, 7, 5, 6)
    refused(case, program, "no multiple of the number of groups", 3, 8)
    case = valid("conv")
    case.in_shape = (1, 7, 5, 1)
    refused(case, program, "no multiple of the weights' channels", 2, 1)
    case = valid("depthwise_conv")
    case.in_shape = (1, 7, 5, 3)
    refused(case, program, "no multiple of input channels", 3, 8)
    for wrong in (0, 1, 3, -2):
        case = valid("depthwise_conv")
        case.options["depth_multiplier"] = wrong
        refused(case, program, "depth multiplier", 2, wrong)


def test_refused_matrices(program):
    case = valid("fully_connected")
    case.in_shape = (3, 7)
    refused(case, program, "no multiple of the weights' columns", 8, 21)
    case = valid("fully_connected")
    case.out_shape = (3, 5)
    refused(case, program, "last dimension of the output", 6, 5)
    case = valid("fully_connected")
    case.out_shape = ()
    refused(case, program, "last dimension of the output", 6, 0)
    case = valid("fully_connected")
    case.out_shape = (2, 6)
    refused(case, program, "one row of elements a row of the input", 18, 12)
    case = valid("fully_connected")
    case.filter.update(values=np.zeros((6, 2, 4), np.int8))
    refused(case, program, "more than two dimensions")
    case = valid("fully_connected")
    case.options["weights_format"] = 1
    refused(case, program, "shuffled weights", 0, 1)


@pytest.mark.parametrize("name", ["average_pool", "max_pool"])
def test_refused_pools(name, program):
    case = valid(name)
    case.out_zero_point = 11
    case.in_zero_point = 12
    refused(case, program, "same zero point", 12, 11)
    for scale in (0.10001, 0.09999):
        case = valid(name)
        case.out_scale = scale
        refused(case, program, "same scale")
    case = valid(name)
    case.out_scale = np.float32(0.1) + np.float32(5e-7)
    check([case], program)


@pytest.mark.parametrize("name", OPERATORS)
def test_refused_types(name, program):
    case = valid(name)
    case.out_dtype = "int16"
    refused(case, program, "type", 9, 7)
    for tensor in ("in_scale", "out_scale"):
        case = valid(name)
        setattr(case, tensor, None)
        refused(case, program, "scale", 1, 0)


@pytest.mark.parametrize("name", OPERATORS)
def test_nothing_crashes(name, program):
    """Shapes and options changed at random: an answer or an error, nothing else."""
    rng = np.random.default_rng([9, *name.encode()])
    models = []
    for _ in range(100):
        case = OPERATORS[name](rng)
        for _ in range(rng.integers(1, 3)):
            choice = rng.integers(0, 4)
            if choice == 0 and len(case.in_shape):
                shape = list(case.in_shape)
                shape[rng.integers(0, len(shape))] = int(rng.integers(0, 20))
                case.in_shape = tuple(shape)
            elif choice == 1 and len(case.out_shape):
                shape = list(case.out_shape)
                shape[rng.integers(0, len(shape))] = int(rng.integers(0, 20))
                case.out_shape = tuple(shape)
            elif choice == 2 and case.filter is not None:
                shape = list(case.filter["values"].shape)
                shape[rng.integers(0, len(shape))] = int(rng.integers(0, 9))
                case.filter["values"] = np.resize(case.filter["values"], shape)
            else:
                numbers = [k for k, v in case.options.items() if not isinstance(v, str)]
                if numbers:
                    value = rng.choice([-1, 0, 1, 2, 7, 255, 65535, 2**20, 2**31 - 1, -(2**31)])
                    case.options[str(rng.choice(numbers))] = int(value) if "keep" not in numbers[0] else 1
        models.append((case.build(), case.invokes()))
    results = run_engine(program, models)
    assert 20 < sum(isinstance(result, Failure) for result in results) < 100
