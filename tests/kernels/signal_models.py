# SPDX-License-Identifier: MIT
"""Models of one operator of the audio front end, for the tests."""

import numpy as np
from flatbuffers import flexbuffers
from model_builder import DTYPES, ModelBuilder


def options(**values):
    """A map in FlexBuffers. The reference finds options by their place in alphabetical order."""
    b = flexbuffers.Builder()
    with b.Map():
        for key in sorted(values):
            b.Key(key)
            if isinstance(values[key], bool):
                b.Bool(values[key])
            else:
                b.Int(values[key])
    return bytes(b.Finish())


def model(name, inputs, outputs, **values):
    """inputs: arrays, or (array,) for a constant; outputs: (shape, dtype). Returns the model's bytes."""
    m = ModelBuilder()
    tensors, computed = [], []
    for x in inputs:
        if isinstance(x, tuple):
            tensors.append(m.constant(x[0]))
        else:
            tensors.append(m.tensor(x.shape, x.dtype.name))
            computed.append(tensors[-1])
    results = [m.tensor(shape, np.dtype(dtype).name) for shape, dtype in outputs]
    m.node("CUSTOM", tensors, results, custom_code=name, custom_options=options(**values))
    return m.build(computed, results)


def fft(name, x, length, **values):
    """x: rows of samples, or of real and imaginary parts in turn."""
    width = length + 2 if name == "SignalRfft" else length
    values = {"T": DTYPES[x.dtype.name], "fft_length": length} | values
    return model(name, [x], [((*x.shape[:-1], width), x.dtype)], **values)
