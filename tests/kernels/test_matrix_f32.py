# SPDX-License-Identifier: MIT
"""Convolutions, FULLY_CONNECTED and the pools with float32 against the reference.

Sums are made term by term in the reference's order, so that outputs are the same to the bit where both round
products before they add them, as on x86-64.
"""

import numpy as np
import pytest
from differential import cases_wanted
from matrix_cases import F32, OPERATORS, check, check_nothing_crashes, pool, refused, valid

CASES = 200
OPERATORS = OPERATORS | {"l2_pool": pool("L2_POOL_2D")}
WEIGHTED = ["conv", "depthwise_conv", "transpose_conv", "fully_connected"]


@pytest.mark.parametrize("name", OPERATORS)
def test_same_as_the_reference(name, program):
    rng = np.random.default_rng([32, *name.encode()])
    outputs = check([OPERATORS[name](rng, F32) for _ in range(cases_wanted(CASES))], program)
    assert sum(len(np.unique(o)) > 4 for o in outputs) > 0.5 * len(outputs)


@pytest.mark.parametrize("name", OPERATORS)
def test_constant_inputs(name, program):
    """Which lie at any alignment, as the model's bytes do."""
    rng = np.random.default_rng([33, *name.encode()])
    cases = []
    for _ in range(32):
        case = OPERATORS[name](rng, F32)
        case.in_constant = case.values(case.in_shape, "float32")
        if case.filter is not None:
            case.filter.pop("computed", None)
        cases.append(case)
    check(cases, program)


@pytest.mark.parametrize("name", OPERATORS)
def test_not_finite(name, program):
    """Infinities become the largest floats without an activation too, and a NaN is no maximum."""
    rng = np.random.default_rng([34, *name.encode()])
    cases, strange = [], np.array([np.inf, -np.inf, np.nan, 3e38, -3e38, 1e-45, -0.0], np.float32)
    for _ in range(40):
        case = OPERATORS[name](rng, F32)
        case.in_constant = case.values(case.in_shape, "float32")
        where = rng.random(case.in_shape) < 0.05
        case.in_constant[where] = rng.choice(strange, np.count_nonzero(where))
        if case.filter is not None:
            case.filter.pop("computed", None)
        cases.append(case)
    outputs = np.concatenate(check(cases, program))
    assert np.count_nonzero(np.abs(outputs) == np.finfo(np.float32).max) > 10
    assert np.count_nonzero(np.isnan(outputs)) > 10 or name == "max_pool"


@pytest.mark.parametrize("name", OPERATORS)
def test_refused(name, program):
    check([valid(name, F32)], program)
    case = valid(name, F32)
    case.options["activation"] = "TANH"
    refused(case, program, "activation is not supported", None, 4)
    case = valid(name, F32)
    case.out_dtype = "int8"
    refused(case, program, "another type", 0, 9)
    if name not in WEIGHTED:
        return
    case = valid(name, F32)
    case.filter["dtype"] = "float16"
    refused(case, program, "a tensor has another type", 0, 1)
    case = valid(name, F32)
    case.bias["dtype"] = "int32"
    refused(case, program, "a tensor has another type", 0, 2)


@pytest.mark.parametrize("name", WEIGHTED + ["average_pool", "max_pool"])
def test_nothing_crashes(name, program):
    check_nothing_crashes(name, F32, program)
