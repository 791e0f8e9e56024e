# SPDX-License-Identifier: MIT
"""The engine as the host tools use it: the surface of the package, and what only a host asks."""

from ._native import TARGETS
from .interpreter import Interpreter
from .model import Model, arena_size, known_names, models
from .plan import plan
from .tensor import Tensor
from .view import describe, nodes, trace, unsupported

__all__ = [
    "TARGETS",
    "Interpreter",
    "Model",
    "Tensor",
    "arena_size",
    "describe",
    "known_names",
    "models",
    "nodes",
    "plan",
    "trace",
    "unsupported",
]
