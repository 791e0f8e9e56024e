# SPDX-License-Identifier: MIT
"""Models on a board: found, opened, fed and read through a Repl. What runs over there is in here."""

from __future__ import annotations

import ast
import struct
from typing import Any

from .errors import BoardError, RemoteError, ToolError
from .tensor_info import ITEM, TensorInfo
from .transports.bulk import Bulk, Progress, ignore
from .transports.repl import Repl

# Names of ours on the board start with _a8. Values come back as one literal that Python reads.
MODELS = "import arena8\nprint(repr(arena8.models()))"
# Scales travel as the four bytes of their float: printed, some would lose their last bit.
OPEN = """
import arena8, gc
from struct import pack
try:
    from time import ticks_us as _a8_us, ticks_diff as _a8_diff
except ImportError:
    _a8_us = lambda: 0
    _a8_diff = lambda a, b: None
gc.collect()
_a8_free = gc.mem_free()
_a8m = arena8.Model({name!r})
_a8 = arena8.Interpreter(_a8m)
gc.collect()
_a8_used = _a8_free - gc.mem_free()
def _a8_bits(s):
    return [_a8_bits(x) for x in s] if isinstance(s, tuple) else pack('<f', s)
def _a8_about(t):
    return (t.name, t.shape, t.dtype, _a8_bits(t.scale), t.zero_point)
print(repr(dict(name=_a8m.name, nbytes=_a8m.nbytes, crc32=_a8m.crc32, address=_a8m.address,
    in_flash=_a8m.in_flash, labels=_a8m.labels, arena=_a8.arena_used, heap=_a8_used,
    inputs=[_a8_about(t) for t in _a8.inputs], outputs=[_a8_about(t) for t in _a8.outputs])))
"""
# Compiled for every run, so the clock is looked for before.
INVOKE = """
_a8_start = _a8_us()
_a8.invoke()
print(_a8_diff(_a8_us(), _a8_start))
"""


def models(repl: Repl) -> list[tuple[str, int, int]]:
    """(name, bytes, crc32) of the models on the board. ToolError if its firmware has no arena8."""
    try:
        return [tuple(entry) for entry in literal(repl, repl.exec(MODELS))]
    except RemoteError as e:
        if e.kind == "ImportError":
            name = repl.board.name if repl.board else None
            build = f"`make firmware BOARD={name}`" if name else "`make firmware BOARD=...`"
            raise ToolError(
                f"{repl.name} runs a MicroPython without the module arena8; `arena8 flash` puts a firmware "
                f"with it there, {build} builds one"
            ) from e
        raise older(repl, e) from e


def older(repl: Repl, e: RemoteError) -> ToolError:
    """What to raise for an error of the board that may be one of a module older than this tool."""
    if e.kind != "AttributeError":
        return e
    return ToolError(
        f"{repl.name} runs an older firmware, whose module arena8 lacks something: {e.message}. "
        "Build and flash the firmware again"
    )


class RemoteModel:
    """A model on a board with an interpreter of its own there."""

    def __init__(self, repl: Repl, name: str) -> None:
        self.repl = repl
        about: dict[str, Any] = literal(repl, repl.exec(OPEN.format(name=name)))
        self.name: str = about["name"]
        self.nbytes: int = about["nbytes"]
        self.crc32: int = about["crc32"] & 0xFFFFFFFF
        self.address: int = about["address"]
        self.in_flash: bool = about["in_flash"]
        self.labels: tuple[str, ...] = tuple(about["labels"])
        self.arena_bytes: int = about["arena"]
        self.heap_bytes: int = about["heap"]
        self.inputs = [_tensor(f"_a8.inputs[{i}]", t) for i, t in enumerate(about["inputs"])]
        self.outputs = [_tensor(f"_a8.outputs[{i}]", t) for i, t in enumerate(about["outputs"])]
        self.bulk = Bulk(repl)

    def send(self, tensor: TensorInfo, data: bytes, progress: Progress = ignore) -> None:
        """Writes the raw bytes of a tensor, checks their CRC on the board, sends again what came wrong."""
        if len(data) != tensor.nbytes:
            raise ToolError(f"{tensor.where} has {tensor.nbytes} bytes, got {len(data)}")
        code, size = ITEM[tensor.dtype]
        self.bulk.write(f"{tensor.where}.data", data, code, size, "an input", progress)

    def receive(self, tensor: TensorInfo, progress: Progress = ignore) -> bytes:
        """Reads the raw bytes of a tensor, checked in the same way."""
        _, size = ITEM[tensor.dtype]
        return self.bulk.read(f"{tensor.where}.data", 0, tensor.count, size, "an output", progress)

    def invoke(self, timeout: float | None = None) -> int | None:
        """Runs the model. Microseconds by the board's clock, None if it has none."""
        return literal(self.repl, self.repl.exec(INVOKE, timeout))


def _tensor(where: str, about: tuple) -> TensorInfo:
    name, shape, dtype, bits, zero_point = about
    scale = tuple(map(_float, bits)) if isinstance(bits, list) else _float(bits)
    return TensorInfo(where, name, tuple(shape), dtype, scale, zero_point)


def _float(bits: bytes) -> float:
    return struct.unpack("<f", bits)[0]


def literal(repl: Repl, output: bytes) -> Any:
    """The value that the last line of what the board printed means."""
    # What the board printed before (a callback, a timer) is not ours; the literal is the last line.
    line = output.strip().rpartition(b"\n")[2].strip()
    try:
        return ast.literal_eval(line.decode())
    except (ValueError, SyntaxError, UnicodeDecodeError) as e:
        raise BoardError(f"{repl.name} answered {line[:80]!r}, which is no value") from e
