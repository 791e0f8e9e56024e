# SPDX-License-Identifier: MIT
"""CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and the pools against TFLite Micro's reference kernels.

Random models of one operator run in the engine, under ASan and UBSan and with the model's bytes at every
alignment, and in the wheel tflite_micro. Outputs must be the same to the bit.
"""

import numpy as np
import pytest
from model_builder import ModelBuilder
from tflite_micro.python.tflite_micro import runtime

CASES = 300  # random models an operator
INVOKES = 2

ACTIVATIONS = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6"]


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
        return int(self.rng.choice([-128, 127, 0, self.rng.integers(-128, 128)]))

    def scale(self):
        """A float32 of a few magnitudes, as calibration gives them."""
        return np.float32(np.exp(self.rng.uniform(-7, 1)))

    def build(self):
        m = ModelBuilder()
        x = m.tensor(self.in_shape, self.in_dtype, scale=self.in_scale, zero_point=self.in_zero_point)
        y = m.tensor(self.out_shape, self.out_dtype, scale=self.out_scale, zero_point=self.out_zero_point)
        inputs, nodes = [x], [x]
        if self.filter is not None:
            if self.filter.pop("computed", False):
                values = self.filter.pop("values")
                filters = m.tensor(values.shape, "int8", **self.filter)
                inputs.append(filters)
            else:
                filters = m.constant(**self.filter)
            nodes.append(filters)
        if self.bias == "left out":
            nodes.append(None)
        elif self.bias is not None:
            nodes.append(m.constant(**self.bias))
        m.node(self.op, nodes + self.extra_inputs, [y], **self.options)
        return m.build(inputs=inputs, outputs=[y])

    def feed(self, model_inputs):
        """Bytes for INVOKES invokes: random, then the extremes of the type."""
        arrays = []
        for i in range(INVOKES):
            for shape in model_inputs:
                values = self.rng.integers(-128, 128, shape)
                if i and self.rng.random() < 0.5:
                    values = self.rng.choice([-128, 127], shape)
                arrays.append(values.astype(np.int8))
        return arrays


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
        case.bias = {"values": bias.astype(np.int32), "scale": bias_scales, "axis": 0 if per_channel else None}


def out_size(padding, size, filter_size, stride, dilation=1):
    span = (filter_size - 1) * dilation + 1
    return -(-size // stride) if padding == "SAME" else (size - span) // stride + 1


def window(rng, options, dilated=True):
    """Random sizes of input, filter, stride, dilation and padding: (in_h, in_w, filter_h, filter_w, out_h, out_w)."""
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


def reference(model, feeds):
    """Outputs of the wheel, one array an invoke."""
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=1 << 20)
    outputs = []
    for arrays in feeds:
        for i, array in enumerate(arrays):
            interpreter.set_input(array, i)
        interpreter.invoke()
        outputs.append(np.array(interpreter.get_output(0)))
    return outputs


def check(case, run_model, misalign):
    computed = case.filter is not None and case.filter.get("computed")
    shapes = [case.in_shape] + ([case.filter["values"].shape] if computed else [])
    model = case.build()
    arrays = case.feed(shapes)
    feeds = [arrays[i : i + len(shapes)] for i in range(0, len(arrays), len(shapes))]
    expected = reference(model, feeds)
    output = run_model.outputs(model, b"".join(a.tobytes() for a in arrays), misalign)
    ours = np.frombuffer(output, np.int8).reshape(INVOKES, *case.out_shape)
    for invoke in range(INVOKES):
        assert np.array_equal(ours[invoke], expected[invoke].reshape(case.out_shape)), (
            f"{np.count_nonzero(ours[invoke] != expected[invoke])} of {ours[invoke].size} differ: {vars(case)}"
        )
    return expected


@pytest.mark.parametrize("name", OPERATORS)
def test_same_as_the_reference(name, run_model):
    rng = np.random.default_rng(list(name.encode()))
    outputs = []
    for i in range(CASES):
        outputs += [o.reshape(-1) for o in check(OPERATORS[name](rng), run_model, i % 16)]
    # The cases are worth something: most outputs are neither clamped nor all alike.
    values = np.concatenate(outputs)
    assert len(np.unique(values)) == 256
    assert sum(len(np.unique(o)) > 2 for o in outputs) > len(outputs) / 2
