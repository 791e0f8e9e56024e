# SPDX-License-Identifier: MIT
"""Convolutions, FULLY_CONNECTED and the pools with int8 activations and weights against the reference.

Random models of one operator run in the engine, under ASan and UBSan and with the model's bytes at every
alignment, and in the wheel tflite_micro. Outputs must be the same to the bit.
"""

import numpy as np
import pytest
from differential import cases_wanted
from matrix_cases import (
    NAMES,
    OPERATORS,
    S8,
    Case,
    add_weights,
    check,
    check_nothing_crashes,
    check_spread,
    refused,
    valid,
)

CASES = 600  # random models an operator

WINDOWED = ["conv", "depthwise_conv", "average_pool", "max_pool"]
WEIGHTED = ["conv", "depthwise_conv", "transpose_conv", "fully_connected"]


@pytest.mark.parametrize("name", OPERATORS)
def test_same_as_the_reference(name, program):
    rng = np.random.default_rng(list(name.encode()))
    outputs = check([OPERATORS[name](rng) for _ in range(cases_wanted(CASES))], program)
    assert len(np.unique(np.concatenate(outputs))) == 256
    check_spread(outputs)


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
@pytest.mark.parametrize("name", WEIGHTED)
def test_multipliers_to_the_last_bit(name, per_channel, program):
    """Weights of 0 and biases such that the output tells a multiplier from its neighbour."""
    rng = np.random.default_rng([per_channel, *name.encode()])
    channels, told_bits, told_forms = 64, 0, 0
    cases = []
    for _ in range(30):
        case = Case(NAMES[name], rng)
        case.options["activation"] = "NONE"
        case.out_zero_point = 0
        if name != "fully_connected":
            case.options.update(padding="VALID", stride_h=1, stride_w=1)
        case.in_shape, case.out_shape = {
            "conv": ((1, 1, 1, 3), (1, 1, 1, channels)),
            "depthwise_conv": ((1, 1, 1, channels), (1, 1, 1, channels)),
            "transpose_conv": ((1, 1, 1, 3), (1, 1, 1, channels)),
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
            "transpose_conv": (channels, 1, 1, 3),
            "fully_connected": (channels, 3),
        }[name]
        axis = {"depthwise_conv": 3}.get(name, 0) if per_channel else None
        case.filter = {"values": np.zeros(shape, np.int8), "scale": scales, "axis": axis}
        case.bias = {"values": acc.astype(np.int32), "scale": rounded, "axis": 0 if per_channel else None}
        cases.append(case)
    check(cases, program)
    # Otherwise this would show nothing: it tells the last bit, and the float32 product from the exact one.
    assert told_bits > 250
    assert told_forms > 250


@pytest.mark.parametrize("name", OPERATORS)
def test_the_cases_to_spoil_run(name, program):
    check([valid(name)], program)


@pytest.mark.parametrize("axis", "hw")
@pytest.mark.parametrize("name", WINDOWED)
def test_refused_windows(name, axis, program):
    def spoiled(out_h=4, **options):
        case = valid(name)
        case.out_shape = (1, out_h, *case.out_shape[2:])
        case.options.update(options)
        return case

    refused(spoiled(**{f"stride_{axis}": 0}), program, "stride or dilation is not from 1 to 65535", None, 0)
    refused(spoiled(**{f"stride_{axis}": -2}), program, "stride or dilation is not from 1 to 65535", None, -2)
    refused(
        spoiled(**{f"stride_{axis}": 65536}),
        program,
        "stride or dilation is not from 1 to 65535",
        None,
        65536,
    )
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
        refused(spoiled(**{field: 0}), program, "stride or dilation is not from 1 to 65535", None, 0)
        refused(spoiled(**{field: -1}), program, "stride or dilation is not from 1 to 65535", None, -1)
        refused(spoiled(**{field: 65536}), program, "stride or dilation is not from 1 to 65535", None, 65536)
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
    refused(case, program, "another rank", 4, 3)
    case = valid(name)
    case.out_shape = (*case.out_shape, 1)
    refused(case, program, "another rank", 4, 5)
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
    refused(with_filter(dtype="uint8"), program, "a tensor has another type", 9, 3)
    refused(with_filter(scale=None), program, "one scale an output channel", channels, 0)
    # Scales that are right for the tensor, but not those of output channels.
    along = {"conv": (3, 2), "depthwise_conv": (1, 3), "transpose_conv": (3, 8), "fully_connected": (1, 8)}[
        name
    ]
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
        refused(with_filter(values=values[0], scale=scales[:1]), program, "another rank", 4)
    else:
        refused(with_filter(values=values[0], scale=scales[:1]), program, "another rank", 2, 1)
    refused(with_filter(values=np.zeros((0, *values.shape[1:]), np.int8), scale=scales[:1]), program, "")
    refused(with_bias(dtype="int64"), program, "a tensor has another type", 2, 4)
    refused(
        with_bias(values=np.zeros(channels + 1, np.int32), scale=None),
        program,
        "bias",
        channels,
        channels + 1,
    )
    case = valid(name)
    case.extra_inputs = [0]
    n = 4 if name == "transpose_conv" else 3
    refused(case, program, "wrong number of inputs", n, n + 1)
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
    refused(case, program, "channels is no multiple", 2, 5)
    case = valid("conv")
    case.in_shape = (1, 7, 5, 6)
    refused(case, program, "channels is no multiple", 3, 8)
    case = valid("conv")
    case.in_shape = (1, 7, 5, 1)
    refused(case, program, "channels is no multiple", 2, 1)
    case = valid("depthwise_conv")
    case.in_shape = (1, 7, 5, 3)
    refused(case, program, "channels is no multiple", 3, 8)
    for wrong in (0, 1, 3, -2):
        case = valid("depthwise_conv")
        case.options["depth_multiplier"] = wrong
        refused(case, program, "depth multiplier", 2, wrong)


def test_refused_transpose_conv(program):
    def spoiled(**changes):
        case = valid("transpose_conv")
        for key, value in changes.items():
            setattr(case, key, value)
        return case

    refused(spoiled(in_shape=(1, 4, 4, 8)), program, "output height or width", 3, 4)
    refused(spoiled(in_shape=(1, 3, 3, 8)), program, "output height or width", 4, 3)
    refused(spoiled(in_shape=(2, 4, 3, 8)), program, "same batch size")
    refused(spoiled(in_shape=(1, 4, 3, 7)), program, "as many channels as the input", 7, 8)
    refused(spoiled(out_shape=(1, 7, 5, 5)), program, "as many channels as the output", 5, 4)
    refused(spoiled(in_shape=(4, 3, 8)), program, "another rank", 4, 3)
    for key, value, words in [
        ("stride_h", 0, "stride or dilation is not from 1"),
        ("stride_w", 65536, "stride or dilation is not from 1"),
        ("padding", 3, "neither SAME nor VALID"),
    ]:
        case = valid("transpose_conv")
        case.options[key] = value
        refused(case, program, words, None, value)


def test_wide_strides_of_transpose_conv(program):
    """Strides beyond the filter leave outputs that are the bias alone."""
    rng = np.random.default_rng(11)
    cases = []
    for i in range(60):
        case = OPERATORS["transpose_conv"](rng)
        (batch, h, w, _), (*_, channels) = case.in_shape, case.out_shape
        filter_h, filter_w = case.filter["values"].shape[1:3]
        strides = rng.integers(1, 40, 2)
        extra = [int(rng.integers(0, s)) for s in strides]
        case.options.update(padding="VALID", stride_h=int(strides[0]), stride_w=int(strides[1]))
        sizes = [(h - 1) * strides[0] + filter_h + extra[0], (w - 1) * strides[1] + filter_w + extra[1]]
        case.out_shape = (batch, int(sizes[0]), int(sizes[1]), channels)
        if i % 2 == 0:
            case.options["padding"] = "SAME"
            case.out_shape = (batch, int(h * strides[0] - extra[0]), int(w * strides[1] - extra[1]), channels)
        if np.prod(case.out_shape) < 50000:  # what the reference's accumulators fit its arena for
            cases.append(case)
    assert len(cases) > 40
    check(cases, program)


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
    refused(case, program, "same scale and zero point", 12, 11)
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
    check_nothing_crashes(name, S8, program)
