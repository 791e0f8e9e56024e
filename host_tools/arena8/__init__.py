# SPDX-License-Identifier: MIT
"""int8 TensorFlow Lite models: the engine of MicroPython's arena8 module, for CPython.

The same surface, numbers and errors as on a board, so that one script runs on both:

    it = arena8.Interpreter("digits")   # digits.tflite in a folder of ARENA8_MODELS, or in this one
    it.inputs[0].quantize(pixels)       # real values, as the model was trained on them
    it.invoke()
    print(it.outputs[0].top(3))         # [(label, probability), ...]

Make one Interpreter and keep it. Model() looks at a file without running it, arena_size() says how much RAM
it takes on a board, models() lists what is found by name, operators() what can be run. The command `arena8`
brings models onto boards.
"""

from ._native import lib as _lib
from ._native import text as _text
from .interpreter import Interpreter
from .model import Model, arena_size, models
from .tensor import Tensor

__all__ = [
    "Interpreter",
    "Model",
    "Tensor",
    "arena_size",
    "models",
    "operators",
    "static_arena",
]

__version__ = _text(_lib.a8_host_version)

static_arena = None
"""Memory reserved at link time: only a firmware has it."""


def operators(name: str | None = None) -> tuple[str, ...]:
    """Names of the operators in this build, as the TFLite schema has them.

    With a name the element types that this operator takes, "any" for whatever they are.
    """
    if name is not None and not isinstance(name, str):
        raise TypeError(f"name must be a str, not {type(name).__name__}")
    found: list[str] = []
    while True:
        i = len(found)
        entry = _lib.a8_op_listed(i) if name is None else _lib.a8_op_dtype_listed(name.encode(), i)
        if not entry:
            return tuple(found)
        found.append(_text(entry))
