# SPDX-License-Identifier: MIT
"""Models of one node with one input, for the tests of such operators."""

import numpy as np
from model_builder import ModelBuilder


def model(op, x, out_dtype, scale=None, zero_point=None, out_scale=None, out_zero_point=None, **options):
    """One node from a tensor like x to one of its shape. scale None: not quantized."""
    m = ModelBuilder()
    a = m.tensor(x.shape, x.dtype.name, scale=scale, zero_point=zero_point)
    b = m.tensor(x.shape, out_dtype, scale=out_scale, zero_point=out_zero_point)
    m.node(op, [a], [b], **options)
    return m.build([a], [b])


def constant(op, x, out_dtype, scale=None, zero_point=None, out_scale=None, out_zero_point=None, **options):
    """The same from x as a constant, which lies at any alignment. Its only input, NOTHING, isn't used."""
    m = ModelBuilder()
    unused = m.tensor((1,), "int8", scale=1.0)
    a = m.constant(x, scale=scale, zero_point=zero_point)
    b = m.tensor(x.shape, out_dtype, scale=out_scale, zero_point=out_zero_point)
    m.node(op, [a], [b], **options)
    return m.build([unused], [b])


NOTHING = [np.zeros(1, np.int8)]
