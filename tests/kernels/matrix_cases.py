# SPDX-License-Identifier: MIT
"""Random models of one convolution, fully connected or pool, of any types, for the tests of these."""

from dataclasses import dataclass

import numpy as np
import operator_counts
from differential import Failure, run_engine, run_reference
from model_builder import ModelBuilder

INVOKES = 2


@dataclass(frozen=True)
class Types:
    """Element types of a node."""

    activations: str
    weights: str
    biases: tuple  # those that it may have
    largest_weight: int

    @property
    def dtype(self):
        return np.dtype(self.activations)


S8 = Types("int8", "int8", ("int32",), 127)
S4 = Types("int8", "int4", ("int32",), 7)
S16 = Types("int16", "int8", ("int64",), 127)
S16_NARROW = Types("int16", "int8", ("int32",), 127)
S16_SHORT = Types("int16", "int8", ("int16",), 127)
F32 = Types("float32", "float32", ("float32",), None)

ACTIVATIONS = ["NONE", "NONE", "NONE", "RELU", "RELU_N1_TO_1", "RELU6"]


class Case:
    """One model of one operator, with all that goes into it open to change before build()."""

    UNUSED = (1, 1)  # shape of an input that nothing uses, where all are constant

    def __init__(self, op, rng, types=S8):
        self.op = op
        self.rng = rng
        self.types = types
        self.options = {"activation": str(rng.choice(ACTIVATIONS))}
        self.in_zero_point, self.out_zero_point = (self.zero_point() for _ in range(2))
        self.in_scale, self.out_scale = 1.0, 1.0
        self.in_dtype = self.out_dtype = types.activations
        self.filter = self.bias = None  # dicts for ModelBuilder.constant
        self.extra_inputs = []
        self.in_constant = None  # or the input's values
        self.reference = None  # or a function that makes the model that the reference runs instead

    def __repr__(self):
        def brief(constant):
            return constant and {k: np.shape(v) if k == "values" else v for k, v in constant.items()}

        parts = [self.op, self.in_shape, self.out_shape, self.types, self.options]
        parts += [self.in_scale, self.in_zero_point, self.out_scale, self.out_zero_point]
        parts += [
            "filter",
            brief(self.filter),
            "bias",
            self.bias if self.bias == "left out" else brief(self.bias),
        ]
        return " ".join(map(str, parts))

    def zero_point(self):
        if self.types.activations != "int8":
            return 0
        return int(
            self.rng.choice([-128, 127, 0, *self.rng.integers(-128, 128, 2), *self.rng.integers(-20, 20, 2)])
        )

    def scale(self):
        """A float32 of a few magnitudes, as calibration gives them."""
        return np.float32(np.exp(self.rng.uniform(-7, 1)))

    def build(self):
        m = ModelBuilder()
        if self.in_constant is None:
            x = m.tensor(self.in_shape, self.in_dtype, scale=self.in_scale, zero_point=self.in_zero_point)
        else:
            x = m.constant(self.in_constant, scale=self.in_scale, zero_point=self.in_zero_point)
        y = m.tensor(self.out_shape, self.out_dtype, scale=self.out_scale, zero_point=self.out_zero_point)
        inputs, nodes = [x] if self.in_constant is None else [], [x]
        if self.filter is not None:
            given = dict(self.filter)
            if given.pop("computed", False):
                nodes.append(m.tensor(given.pop("values").shape, **given))
                inputs.append(nodes[-1])
            else:
                nodes.append(m.constant(**given))
        if self.bias == "left out":
            nodes.append(None)
        elif self.bias is not None:
            nodes.append(m.constant(**self.bias))
        if self.op == "TRANSPOSE_CONV":
            shape = m.constant(np.array(self.out_shape, np.int32))
            nodes[:2] = [shape, nodes[1], nodes[0]]
        m.node(self.op, nodes + self.extra_inputs, [y], **self.options)
        if not inputs:
            inputs = [m.tensor(self.UNUSED, "int8")]  # an invoke needs one
        return m.build(inputs=inputs, outputs=[y])

    def invokes(self):
        """Inputs: random bytes, then perhaps the extremes of the type."""
        tensors = [(self.in_shape, self.types.activations)] if self.in_constant is None else []
        if self.filter is not None and self.filter.get("computed"):
            tensors.append((self.filter["values"].shape, self.types.weights))
        tensors = tensors or [(self.UNUSED, "int8")]
        return [
            [self.values(shape, dtype, i and self.rng.random() < 0.5) for shape, dtype in tensors]
            for i in range(INVOKES)
        ]

    def values(self, shape, dtype, extreme=False):
        """Random values of a type, or only its extremes."""
        if dtype == "float32":
            large = self.rng.choice([-1e3, 1e3], shape)
            return (large if extreme else self.rng.normal(0, 10, shape)).astype(np.float32)
        info = np.iinfo(dtype)
        choices = np.array([info.min, info.max] if extreme else np.arange(info.min, info.max + 1))
        return self.rng.choice(choices, shape).astype(dtype)


def add_weights(case, shape, axis, channels, depth, per_channel, with_bias):
    """A filter and a bias, and scales that spread the outputs over (and beyond) the type's range."""
    rng, types = case.rng, case.types
    if types.weights == "float32":
        case.filter = {"values": rng.normal(0, 1, shape).astype(np.float32), "dtype": "float32"}
        case.in_scale = case.out_scale = None
        if with_bias:
            case.bias = {"values": rng.normal(0, 10, channels).astype(np.float32)}
        return
    top = types.largest_weight
    values = rng.integers(-top - 1 if rng.random() < 0.2 else -top, top + 1, shape)
    if rng.random() < 0.1:
        values = rng.choice([-top, top], shape)
    case.in_scale = case.scale()
    scales = np.exp(rng.uniform(-9, 0, channels if per_channel else 1)).astype(np.float32)
    # Standard deviations of weights and activations; outputs of half the type's range.
    wide = types.activations == "int16"
    spread = np.sqrt(depth) * 0.58 * top * (19000 if wide else 74) * np.exp(rng.uniform(-1.5, 2))
    if rng.random() < 0.1:
        spread = np.exp(rng.uniform(-3, 18))  # multipliers above 1, and such that nothing is left
    case.out_scale = np.float32(case.in_scale * np.float32(scales.mean()) * spread / (15000 if wide else 60))
    if wide:  # the reference's shift is undefined from 15 on
        least = np.float64(case.in_scale) * scales.max() / 16000
        case.out_scale = np.float32(max(case.out_scale, least))
    if case.options["activation"] != "NONE":  # whose bounds the reference wants to fit 32 bits
        case.out_scale = np.float32(max(case.out_scale, 1e-8))
    case.filter = {
        "values": values.astype(np.int8),
        "dtype": types.weights,
        "scale": scales,
        "axis": axis if per_channel else None,
    }
    if with_bias:
        dtype = str(rng.choice(types.biases))
        bits = {"int16": 15, "int32": 29 if wide else 21, "int64": 36}[dtype]
        bias = rng.integers(-1, 2, channels) * rng.integers(0, 2 ** rng.integers(1, bits + 1), channels)
        bias_scales = (case.in_scale * scales).astype(np.float32)
        case.bias = {
            "values": bias.astype(dtype),
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


def conv(rng, types=S8, groups=None):
    case = Case("CONV_2D", rng, types)
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


def depthwise(rng, types=S8):
    case = Case("DEPTHWISE_CONV_2D", rng, types)
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


def fully_connected(rng, types=S8):
    case = Case("FULLY_CONNECTED", rng, types)
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
    if not per_channel and types.weights != "int4" and rng.random() < 0.2:
        case.filter["computed"] = True
    if case.bias is None and rng.random() < 0.5:
        case.bias = "left out"
    return case


def pool(op):
    def make(rng, types=S8):
        case = Case(op, rng, types)
        in_h, in_w, filter_h, filter_w, out_h, out_w = window(rng, case.options, dilated=False)
        channels = int(rng.choice([1, 3, 16, 17, rng.integers(1, 40)]))
        batch = int(rng.choice([1, 1, 2]))
        case.options.update(filter_height=filter_h, filter_width=filter_w)
        case.in_shape = (batch, in_h, in_w, channels)
        case.out_shape = (batch, out_h, out_w, channels)
        case.in_scale = case.out_scale = None if types.activations == "float32" else case.scale()
        case.out_zero_point = case.in_zero_point
        return case

    return make


def transpose_conv(rng, types=S8):
    """As the gradient of a convolution from the output to the input."""
    case = Case("TRANSPOSE_CONV", rng, types)
    out_h, out_w, filter_h, filter_w, in_h, in_w = window(rng, case.options, dilated=False)
    in_c, out_c = int(rng.integers(1, 9)), int(rng.integers(1, 9))
    batch = int(rng.choice([1, 1, 2]))
    case.in_shape = (batch, in_h, in_w, in_c)
    case.out_shape = (batch, out_h, out_w, out_c)
    depth = max(1, filter_h * filter_w * in_c / case.options["stride_h"] / case.options["stride_w"])
    add_weights(
        case, (out_c, filter_h, filter_w, in_c), 0, out_c, depth, rng.random() < 0.7, rng.random() < 0.7
    )
    return case


OPERATORS = {
    "conv": conv,
    "depthwise_conv": depthwise,
    "transpose_conv": transpose_conv,
    "fully_connected": fully_connected,
    "average_pool": pool("AVERAGE_POOL_2D"),
    "max_pool": pool("MAX_POOL_2D"),
}
NAMES = {
    "conv": "CONV_2D",
    "depthwise_conv": "DEPTHWISE_CONV_2D",
    "transpose_conv": "TRANSPOSE_CONV",
    "fully_connected": "FULLY_CONNECTED",
    "average_pool": "AVERAGE_POOL_2D",
    "max_pool": "MAX_POOL_2D",
    "l2_pool": "L2_POOL_2D",
}


def same(ours, theirs):
    """All bits, but that a NaN is as good as another: which one comes out is the compiler's choice."""
    if ours.dtype == np.float32:
        ours, theirs = (np.where(np.isnan(x), np.float32(np.nan), x) for x in (ours, theirs))
    return ours.tobytes() == theirs.tobytes()


def least_polls(case):
    """A call of a kernel makes one row of outputs, or as many as take 2^17 multiplications; 2^20 where
    weights are many, so that they are not read anew for each row. Only int8 has more rows a call than one."""
    dense = case.op == "FULLY_CONNECTED"
    batches, height = (1, int(np.prod(case.out_shape[:-1]))) if dense else case.out_shape[:2]
    if case.filter is None or case.types is not S8 or case.op == "TRANSPOSE_CONV":
        return batches * height
    weights = np.size(case.filter["values"])
    products = weights * (1 if dense else case.out_shape[2])
    limit = 2**20 if weights > 2**13 else 2**17
    return batches * -(-height // max(1, limit // products))


def check(cases, program):
    """Runs them all in the engine and in the reference. Returns one array of outputs a case."""
    models = [(case.build(), case.invokes()) for case in cases]
    polls, outputs = [], []
    results = run_engine(program, models, polls)
    for case, (model, invokes), ours in zip(cases, models, results, strict=True):
        assert not isinstance(ours, Failure), f"{ours}: {case}"
        theirs = run_reference(case.reference() if case.reference else model, invokes)
        ours, theirs = (np.frombuffer(data, case.types.dtype) for data in (ours, theirs))
        assert same(ours, theirs), f"outputs differ: {case}"
        outputs.append(ours)
    operator_counts.passed(model for model, _ in models)
    for case, count in zip(cases, polls, strict=True):
        assert count >= least_polls(case), f"{count} polls: {case}"
    return outputs


def check_spread(outputs):
    """That the cases are worth something: most of the larger outputs are not just clamped."""
    large = [o for o in outputs if len(o) >= 40]
    assert len(large) > len(outputs) / 4
    assert sum(len(np.unique(o)) > 4 for o in large) > 0.6 * len(large)


def valid(name, types=S8):
    """A case that runs, for tests to spoil."""
    rng = np.random.default_rng(7)
    case = Case(NAMES[name], rng, types)
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
    elif name == "transpose_conv":
        case.in_shape, case.out_shape = (1, 4, 3, 8), (1, 7, 5, 4)
        add_weights(case, (4, 3, 3, 8), 0, 4, 18, True, True)
    else:
        case.options.update(filter_height=3, filter_width=3)
        case.out_shape = (1, 4, 3, 4)
        case.in_scale = case.out_scale = np.float32(0.1)
        case.out_zero_point = case.in_zero_point
    return case


def refused(case, program, message, needed=None, given=None):
    inputs = [np.zeros(case.in_shape, case.in_dtype)]
    (failure,) = run_engine(program, [(case.build(), [inputs])])
    assert isinstance(failure, Failure), "it runs"
    assert message in failure.message, failure
    assert failure.node in (0, None), failure
    assert needed in (None, failure.needed), failure
    assert given in (None, failure.given), failure


def check_nothing_crashes(name, types, program):
    """Shapes and options changed at random: an answer or an error, nothing else."""
    rng = np.random.default_rng([9, *name.encode(), *types.weights.encode()])
    models = []
    for _ in range(100):
        case = OPERATORS[name](rng, types)
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
