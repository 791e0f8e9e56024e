# SPDX-License-Identifier: MIT
"""Convolutions, FULLY_CONNECTED and the pools with int16 activations and int8 weights against the reference.

The reference's sums are of 64 bits, and then requantized by a multiplier of 15 bits; but CONV_2D's and
FULLY_CONNECTED's with a bias of int32 are of 32 bits and requantized as those of int8.
"""

import numpy as np
import pytest
from differential import cases_wanted
from matrix_cases import (
    OPERATORS,
    S16,
    S16_NARROW,
    S16_SHORT,
    check,
    check_nothing_crashes,
    check_spread,
    refused,
    valid,
)

CASES = 250
WEIGHTED = ["conv", "depthwise_conv", "transpose_conv", "fully_connected"]
BIASES = {
    "conv": [S16, S16_NARROW],
    "depthwise_conv": [S16],
    "transpose_conv": [S16, S16_SHORT],
    "fully_connected": [S16, S16_NARROW],
}


@pytest.mark.parametrize("name", OPERATORS)
def test_same_as_the_reference(name, program):
    rng = np.random.default_rng([16, *name.encode()])
    kinds = BIASES.get(name, [S16])
    cases = [OPERATORS[name](rng, kinds[i % len(kinds)]) for i in range(cases_wanted(CASES))]
    outputs = check(cases, program)
    assert len(np.unique(np.concatenate(outputs))) > 3000
    check_spread(outputs)


@pytest.mark.parametrize("name", OPERATORS)
def test_constant_inputs(name, program):
    """Which lie at any alignment, as the model's bytes do."""
    rng = np.random.default_rng([17, *name.encode()])
    cases = []
    for _ in range(32):
        case = OPERATORS[name](rng, S16)
        case.in_constant = case.values(case.in_shape, "int16")
        if case.filter is not None:
            case.filter.pop("computed", None)
        cases.append(case)
    check(cases, program)


def one_pixel(name, rng, types, acc, depth=1):
    """A case whose sums are acc, one a channel: weights are 0, and the biases do it."""
    case = valid(name, types)
    channels = len(acc)
    case.rng = rng
    case.in_scale = case.scale()
    case.out_zero_point = 0
    if name != "fully_connected":
        case.options.update(padding="VALID", stride_h=1, stride_w=1)
    shapes = {
        "conv": ((1, 1, 1, depth), (1, 1, 1, channels), (channels, 1, 1, depth)),
        "depthwise_conv": ((1, 1, 1, channels), (1, 1, 1, channels), (1, 1, 1, channels)),
        "transpose_conv": ((1, 1, 1, depth), (1, 1, 1, channels), (channels, 1, 1, depth)),
        "fully_connected": ((1, depth), (1, channels), (channels, depth)),
    }
    case.in_shape, case.out_shape, shape = shapes[name]
    if name == "depthwise_conv":
        case.options["depth_multiplier"] = 1
    axis = 3 if name == "depthwise_conv" else 0
    scales = np.exp(rng.uniform(-7, -6.5, channels)).astype(np.float32)
    case.filter.update(values=np.zeros(shape, np.int8), scale=scales, axis=axis)
    case.bias = {"values": acc.astype(types.biases[0]), "scale": case.in_scale * scales, "axis": 0}
    return case


@pytest.mark.parametrize("name", WEIGHTED)
def test_multipliers_to_the_last_bit(name, program):
    """Sums up to the type's limits, and shifts from end to end."""
    rng = np.random.default_rng([18, *name.encode()])
    cases = []
    for i in range(60):
        types = BIASES[name][i % len(BIASES[name])]
        bits = {"int16": 15, "int32": 31, "int64": 47}[types.biases[0]]
        acc = rng.integers(-(2**bits), 2**bits, 48)
        if i % 3 == 0:
            acc >>= rng.integers(0, bits, 48)
        case = one_pixel(name, rng, types, acc)
        # Largest outputs of about 2^15, or all kinds of shifts.
        down = bits - 15 + rng.uniform(-1, 0.5) if i % 4 else rng.uniform(-12, 30)
        case.out_scale = np.float32(case.in_scale * case.filter["scale"].mean() * 2.0**down)
        cases.append(case)
    outputs = check(cases, program)
    assert len(np.unique(np.concatenate(outputs))) > 600


@pytest.mark.parametrize("name", WEIGHTED)
def test_biases_that_wrap_around(name, program):
    """What the reference makes of biases beyond 2^47 is what 64 bits give."""
    rng = np.random.default_rng([19, *name.encode()])
    cases = []
    for _ in range(20):
        acc = rng.integers(-(2**63), 2**63 - 1, 32)
        case = one_pixel(name, rng, S16, acc)
        case.out_scale = np.float32(
            case.in_scale * case.filter["scale"].mean() * 2.0 ** rng.uniform(30, 30.9)
        )
        cases.append(case)
    outputs = check(cases, program)
    assert len(np.unique(np.concatenate(outputs))) > 50


@pytest.mark.parametrize("name", ["conv", "fully_connected", "transpose_conv"])
@pytest.mark.parametrize("with_bias", [False, True])
def test_long_sums(name, with_bias, program):
    """Sums that leave 32 bits, in which some wrap around."""
    rng = np.random.default_rng([20, with_bias, *name.encode()])
    cases = []
    for i in range(12):
        types = BIASES[name][i % len(BIASES[name])]
        depth = int(rng.integers(600, 1200))
        case = one_pixel(name, rng, types, np.arange(3) * 1000, depth)
        case.filter["values"] = rng.choice([-127, 127, 127], case.filter["values"].shape).astype(np.int8)
        case.in_constant = rng.choice([32767, 32767, -32768], case.in_shape).astype(np.int16)
        case.out_scale = np.float32(case.in_scale * case.filter["scale"].mean() * 2.0 ** rng.uniform(17, 18))
        if not with_bias:
            case.bias = None
        cases.append(case)
    outputs = check(cases, program)
    assert len(np.unique(np.concatenate(outputs))) > 20


def test_long_sums_of_depthwise_conv(program):
    """Windows of more terms than 32 bits hold."""
    rng = np.random.default_rng(22)
    cases = []
    for height, width, channels in [(16, 16, 5), (1, 257, 3), (257, 1, 17), (25, 25, 3), (30, 30, 2)]:
        case = valid("depthwise_conv", S16)
        case.options.update(depth_multiplier=1, padding="VALID", stride_h=1, stride_w=1)
        case.in_shape = (1, height + 1, width + 2, channels)
        case.out_shape = (1, 2, 3, channels)
        values = rng.choice([-127] + [127] * 9, (1, height, width, channels)).astype(np.int8)
        case.filter.update(values=values, scale=np.float32(0.01), axis=None)
        case.bias = None
        case.in_constant = rng.choice([32767] * 20 + [-32768], case.in_shape).astype(np.int16)
        case.out_scale = np.float32(case.in_scale * 0.01 * 2.0**17)
        cases.append(case)
    outputs = check(cases, program)
    assert all(len(np.unique(o)) > 4 for o in outputs)


@pytest.mark.parametrize("name", OPERATORS)
def test_refused(name, program):
    def spoiled(**changes):
        case = valid(name, S16)
        for key, value in changes.items():
            setattr(case, key, value)
        return case

    check([valid(name, S16)], program)
    refused(spoiled(out_dtype="int8"), program, "another type", 7, 9)
    refused(spoiled(in_scale=None), program, "scale", 1, 0)
    if name not in WEIGHTED:
        case = valid(name, S16)
        case.options.update(filter_height=300, filter_width=300)
        case.in_shape, case.out_shape = (1, 300, 300, 1), (1, 150, 150, 1)
        refused(case, program, "too many elements", 2**15, 90000)
        return
    refused(spoiled(in_zero_point=3), program, "zero point 0", 0, 3)
    refused(spoiled(out_zero_point=-7), program, "zero point 0", 0, -7)
    case = valid(name, S16)
    case.filter["dtype"] = "int4"  # refused by the reference too
    if name == "transpose_conv":
        refused(case, program, "does not take this element type", None, 17)
    else:
        refused(case, program, "a tensor has another type", 9, 17)
    case = valid(name, S16)
    case.filter["dtype"] = "int16"
    refused(case, program, "a tensor has another type", 9, 7)
    for dtype, code in {"int32": 2, "int16": 7, "int8": 9}.items():
        if dtype not in {t for types in BIASES[name] for t in types.biases}:
            case = valid(name, S16)
            case.bias["dtype"] = dtype  # the reference takes its bytes for int64
            refused(case, program, "a tensor has another type", 4, code)
    case = valid(name, S16)
    case.out_scale = np.float32(case.in_scale * case.filter["scale"].max() / 2**14.5)
    refused(case, program, "scales are too far apart", 14, 15)


def test_zero_points_of_weights(program):
    """FULLY_CONNECTED takes one, as with int8."""
    rng = np.random.default_rng(21)
    cases = []
    while len(cases) < 60:
        case = OPERATORS["fully_connected"](rng, S16)
        if "zero_point" in case.filter:
            cases.append(case)
    check(cases, program)


@pytest.mark.parametrize("name", OPERATORS)
def test_nothing_crashes(name, program):
    check_nothing_crashes(name, S16, program)
