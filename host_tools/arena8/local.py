# SPDX-License-Identifier: MIT
"""A model in the engine on this machine, with the same face as a model on a board."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from . import formats
from .errors import ToolError
from .remote import Progress
from .tensor_info import TensorInfo


class LocalModel:
    def __init__(self, source: str | Path) -> None:
        from . import engine

        try:
            model = engine.Model(source)
            self._interpreter = engine.Interpreter(model)
        except (ValueError, OSError, MemoryError) as e:
            raise ToolError(formats.refusal(source, e)) from e
        self.name: str = model.name
        self.nbytes: int = model.nbytes
        self.crc32: int = model.crc32
        self.labels: tuple[str, ...] = model.labels
        self.in_flash = False
        self.arena_bytes: int = self._interpreter.arena_used
        self.heap_bytes: int | None = None  # a laptop's heap is nobody's question
        self.inputs = [_info(f"inputs[{i}]", t) for i, t in enumerate(self._interpreter.inputs)]
        self.outputs = [_info(f"outputs[{i}]", t) for i, t in enumerate(self._interpreter.outputs)]

    def send(self, tensor: TensorInfo, data: bytes, progress: Progress = lambda done, total: None) -> None:
        self._tensor(tensor).write(data)
        progress(len(data), len(data))

    def receive(self, tensor: TensorInfo, progress: Progress = lambda done, total: None) -> bytes:
        data = memoryview(self._tensor(tensor)).tobytes()
        progress(len(data), len(data))
        return data

    def invoke(self, timeout: float | None = None) -> int:
        start = time.perf_counter_ns()
        try:
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as e:
            raise ToolError(str(e)) from e
        return (time.perf_counter_ns() - start) // 1000

    def profile(self) -> list[tuple[int, str, int]]:
        return self._interpreter.profile()

    def _tensor(self, info: TensorInfo) -> Any:
        tensors, infos = (
            (self._interpreter.inputs, self.inputs)
            if info in self.inputs
            else (self._interpreter.outputs, self.outputs)
        )
        return tensors[infos.index(info)]


def _info(where: str, t: Any) -> TensorInfo:
    return TensorInfo(where, t.name, tuple(t.shape), t.dtype, t.scale, t.zero_point)
