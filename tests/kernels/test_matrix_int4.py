# SPDX-License-Identifier: MIT
"""Convolutions and FULLY_CONNECTED with int8 activations and int4 weights against the reference.

Where the reference takes int4 weights with a scale for the whole tensor only (FULLY_CONNECTED), it runs the
same model with the same weights as int8.
"""

import copy

import numpy as np
import pytest
from differential import cases_wanted
from matrix_cases import OPERATORS, S4, check, check_nothing_crashes, check_spread, refused, valid

CASES = 250
WEIGHTED = ["conv", "depthwise_conv", "fully_connected"]


def widened(case):
    """The model with int8 weights."""
    wide = copy.copy(case)
    wide.filter = {**case.filter, "dtype": "int8"}
    return wide.build()


@pytest.mark.parametrize("name", WEIGHTED)
def test_same_as_the_reference(name, program):
    rng = np.random.default_rng([4, *name.encode()])
    cases = []
    for _ in range(cases_wanted(CASES)):
        case = OPERATORS[name](rng, S4)
        if "zero_point" in case.filter:
            case.filter["zero_point"] = [int(rng.integers(-8, 8))]
        if name == "fully_connected" and case.filter["axis"] is not None:
            case.reference = lambda case=case: widened(case)
        cases.append(case)
    outputs = check(cases, program)
    assert len(np.unique(np.concatenate(outputs))) == 256
    check_spread(outputs)


def test_odd_channels_of_a_depthwise_convolution(program):
    """Each row of weights begins in the middle of a byte where the last one has ended there."""
    rng = np.random.default_rng(5)
    cases = []
    for channels in (1, 3, 15, 16, 17, 31, 33, 34):
        for height in (1, 2, 3):
            case = valid("depthwise_conv", S4)
            case.options.update(depth_multiplier=1, padding="SAME", stride_h=1, stride_w=1)
            case.in_shape = case.out_shape = (1, 4, 5, channels)
            values = rng.integers(-8, 8, (1, height, 3, channels)).astype(np.int8)
            case.filter.update(values=values, scale=np.float32(0.02), axis=None)
            case.bias = None
            cases.append(case)
    outputs = check(cases, program)
    assert all(len(np.unique(o)) > 4 for o in outputs)


@pytest.mark.parametrize("name", WEIGHTED)
def test_refused(name, program):
    case = valid(name, S4)
    if name == "fully_connected":
        case.reference = lambda: widened(case)
    check([case], program)
    for dtype, code in {"uint8": 3, "int32": 2}.items():
        case = valid(name, S4)
        case.in_dtype = case.out_dtype = dtype
        refused(case, program, "another type", 9, code)
    case = valid(name, S4)
    case.bias["dtype"] = "int64"
    refused(case, program, "a tensor has another type", 2, 4)


def test_refused_transpose_conv(program):
    """As by the reference."""
    refused(valid("transpose_conv", S4), program, "element type", None, 17)


@pytest.mark.parametrize("name", WEIGHTED)
def test_nothing_crashes(name, program):
    check_nothing_crashes(name, S4, program)
