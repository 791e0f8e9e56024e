# SPDX-License-Identifier: MIT
"""Models on any target with the surface of arena8.Interpreter: what the pytest plugin's fixtures give."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any

import numpy

from . import formats, inputs, remote, session, transports
from .errors import BoardError, ToolError
from .remote import RemoteModel
from .tensor_info import ITEM, TensorInfo
from .transports.repl import Repl


class RemoteTensor:
    """A tensor on a board. Reading and writing go over the line."""

    def __init__(self, model: RemoteModel, info: TensorInfo) -> None:
        self._model = model
        self._info = info
        self.name = info.name
        self.shape = info.shape
        self.dtype = info.dtype
        self.scale = info.scale
        self.zero_point = info.zero_point

    @property
    def data(self) -> memoryview:
        """The elements as they are: a copy, so that writing to it changes nothing on the board."""
        return memoryview(self._model.receive(self._info)).cast(ITEM[self.dtype][0])

    def __len__(self) -> int:
        return self._info.count

    def __getitem__(self, index: Any) -> Any:
        return self.data.tolist()[index]

    def __iter__(self) -> Any:
        return iter(self.data.tolist())

    def write(self, data: Any) -> None:
        """Raw bytes of the whole tensor."""
        self._model.send(self._info, bytes(memoryview(data).cast("B")))

    def quantize(self, x: Any, scale: float = 1.0, offset: float = 0.0) -> None:
        """Real values x * scale + offset, rounded and saturated."""
        values = numpy.frombuffer(x, "u1") if isinstance(x, bytes | bytearray) else numpy.asarray(x)
        if values.size != len(self):
            raise ValueError(f"tensor '{self.name}' has {len(self)} elements, got {values.size}")
        self._model.send(self._info, inputs.quantize(values.reshape(-1), self._info, scale, offset, "x"))

    def dequantize(self) -> array:
        """Real values as array('f')."""
        real = self._info.real(self._model.receive(self._info))
        return array("f", real.astype("f4").tobytes())

    def argmax(self) -> int:
        return int(numpy.argmax(self.data))

    def top(self, n: int = 5) -> list[tuple[str | int, float]]:
        """(label or index, real value) of the n largest elements."""
        real = self._info.real(self._model.receive(self._info))
        labels = self._model.labels
        best = numpy.argsort(-real.astype(numpy.float64), kind="stable")[:n]
        return [(labels[i] if len(labels) == real.size else int(i), float(real[i])) for i in best]


class RemoteInterpreter:
    """A model on a board, with the surface of arena8.Interpreter."""

    def __init__(self, model: RemoteModel, timeout: float | None = None) -> None:
        self._model = model
        self._timeout = timeout
        self.inputs = tuple(RemoteTensor(model, info) for info in model.inputs)
        self.outputs = tuple(RemoteTensor(model, info) for info in model.outputs)
        self.arena_used = model.arena_bytes
        self.microseconds: int | None = None  # of the last invoke, by the board's clock

    @property
    def model(self) -> RemoteModel:
        return self._model

    def invoke(self) -> None:
        self.microseconds = self._model.invoke(self._timeout)

    def reset(self) -> None:
        self._model.repl.exec("_a8.reset()")

    def predict(self, x: Any) -> Any:
        """Quantizes x into the input, invokes, returns the output's real values; lists for several."""
        xs = (x,) if len(self.inputs) == 1 else x
        if len(xs) != len(self.inputs):
            raise ValueError(f"model has {len(self.inputs)} inputs, got {len(xs)}")
        for tensor, values in zip(self.inputs, xs, strict=True):
            tensor.quantize(values)
        self.invoke()
        results = [tensor.dequantize() for tensor in self.outputs]
        return results[0] if len(results) == 1 else results


class Host:
    """The engine in this process, where a board is expected."""

    name = transports.HOST
    repl = None

    def models(self) -> list[tuple[str, int, int]]:
        from . import engine

        return list(engine.models())

    def exec(self, code: str) -> str:
        import pytest

        pytest.skip("the target host runs no MicroPython")

    def interpreter(self, model: str | Path) -> Any:
        from . import engine

        return engine.Interpreter(str(model))


class Board:
    """A board that has just started."""

    def __init__(self, repl: Repl, timeout: float | None) -> None:
        self.repl = repl
        self.name = repl.name
        self._timeout = timeout

    def models(self) -> list[tuple[str, int, int]]:
        """(name, bytes, crc32) of the models in the firmware."""
        return remote.models(self.repl)

    def exec(self, code: str) -> str:
        """Runs MicroPython code; what it printed. RemoteError if it raised."""
        return self.repl.exec(code, self._timeout).decode().replace("\r\n", "\n")

    def interpreter(self, model: str | Path) -> RemoteInterpreter:
        """The model of that name, or a .tflite that the board has too (by checksum). One at a time."""
        name = str(model)
        if formats.is_path(name):
            session.model_file(name)
        return RemoteInterpreter(session.open_on(self.repl, name), self._timeout)


class Line:
    """The way to a target, kept open between tests. A board that hung or went is connected anew; so is
    one after close()."""

    def __init__(self, port: str, timeout: float | None = None) -> None:
        self._port = transports.choose_port(port)
        self._timeout = timeout
        self._repl: Repl | None = None

    def fresh(self) -> Host | Board:
        if self._port == transports.HOST:
            return Host()
        if self._repl is not None:
            try:
                self._repl.soft_reset()
            except BoardError:
                self._repl.close()
                self._repl = None
        if self._repl is None:
            self._repl = transports.connect(self._port, self._timeout)
            self._repl.soft_reset()
        return Board(self._repl, self._timeout)

    def close(self) -> None:
        if self._repl is None:
            return
        try:
            self._repl.leave(self._repl.interrupted)
        except ToolError:
            pass
        self._repl.close()
        self._repl = None
