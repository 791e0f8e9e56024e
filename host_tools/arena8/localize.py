# SPDX-License-Identifier: MIT
"""Finds the operator at which a board's numbers first differ from this machine's.

The board runs the model again, one operator at a time, in an arena of ours: a bytearray, whose bytes Python
can read between two steps. Where the tensors lie in it is what the planner says for the board's target, here
as there. A CRC-32 of each operator's outputs comes back; the first that is not this machine's tells where to
look, and a second run up to there fetches that tensor.
"""

from __future__ import annotations

import ast
import zlib
from dataclasses import dataclass
from typing import Any

import numpy

from . import _native, render
from ._native import ffi, lib
from .errors import BoardError, RemoteError
from .interpreter import Interpreter
from .model import Model, arena_size
from .remote import RemoteModel
from .tensor_info import ITEM, TensorInfo
from .transports.repl import Repl
from .view import nodes

# MicroPython's blocks are aligned to 16 wherever there is no uctypes.
OPEN = """
import gc, binascii
_a8 = None
gc.collect()
_a8_arena = bytearray({size})
_a8 = arena8.Interpreter(_a8m, _a8_arena)
try:
    from uctypes import addressof as _a8_address
except ImportError:
    _a8_address = lambda b: 0
_a8_view = memoryview(_a8_arena)[-_a8_address(_a8_arena) % 16:]
class _a8_span:
    pass
def _a8_steps(plan):
    found = []
    for steps, spans in plan:
        for _ in range(steps):
            _a8.step()
        found.append([binascii.crc32(_a8_view[a:b]) & 0xffffffff for a, b in spans])
    return found
"""
STEPS = "print(repr(_a8_steps({plan!r})))"
SPAN = "_a8_span.data = _a8_view[{start}:{stop}]"


@dataclass(frozen=True)
class Result:
    """What a node puts out: where it lies in the arena, and the bytes that are right."""

    tensor: int
    offset: int
    data: bytes


@dataclass(frozen=True)
class Node:
    index: int
    op: str
    steps: int  # of the interpreter: more than one for a node that has subgraphs run
    results: tuple[Result, ...]


def _offsets(model: Model, target: int) -> dict[tuple[int, int], int]:
    """(node, output): offset in the arena on that target."""
    sizes = _native.measure(model._view, target)
    keep, records = _native.aligned(sizes.records + sizes.arena)
    handle, error = ffi.new("a8_interpreter_t *"), ffi.new("a8_error_t *")
    code = lib.a8_load(
        handle, model._view, target, records, sizes.records, records + sizes.records, sizes.arena, error
    )
    if code != lib.A8_OK:
        _native.fail(error, model._view)
    found, io = {}, ffi.new("a8_io_t *")
    for node in range(lib.a8_nodes(handle)):
        output = 0
        while lib.a8_node_result(handle, node, output, io):
            if not io.is_constant:
                found[node, output] = io.offset
            output += 1
    del keep
    return found


def _feed(interpreter: Interpreter, fed: list[bytes]) -> None:
    for tensor, data in zip(interpreter.inputs, fed, strict=True):
        tensor.write(data)


def expected(source: Any, samples: list[list[bytes]], target: int) -> list[Node]:
    """The nodes of a model as they run on the last sample here, after the others."""
    interpreter = Interpreter(source)
    offsets = _offsets(interpreter.model, target)
    for fed in samples[:-1]:
        _feed(interpreter, fed)
        interpreter.invoke()
    _feed(interpreter, samples[-1])
    handle = interpreter._core.handle
    io = ffi.new("a8_io_t *")
    found = []
    steps, more = 0, True
    while more:
        index = lib.a8_next_node(handle)
        more = interpreter.step()
        steps += 1
        if more and lib.a8_next_node(handle) == index:
            continue
        results, output = [], 0
        while lib.a8_node_result(handle, index, output, io):
            if (index, output) in offsets and io.bytes:
                data = bytes(ffi.buffer(io.data, io.bytes))
                results.append(Result(io.tensor, offsets[index, output], data))
            output += 1
        found.append(Node(index, _native.op_name(lib.a8_node_op(handle, index)), steps, tuple(results)))
        steps = 0
    return found


def first_wrong_node(
    repl: Repl, model: RemoteModel, source: Any, samples: list[list[bytes]], timeout: float | None = None
) -> dict[str, Any]:
    """The first operator whose output differs on the last of the samples, with the element that differs, or
    {"reason": why it can't be said}. The board's interpreter is another one afterwards.

    samples: the inputs of every invoke since the interpreter was new, because a model may have state.
    """
    target = _native.TARGETS[repl.board.target if repl.board else "generic"]
    run = expected(source, samples, target)
    try:
        repl.exec(OPEN.format(size=model.arena_bytes + _native.ALIGN))
        _replay(model, samples, timeout)
        plan = [(node.steps, [(r.offset, r.offset + len(r.data)) for r in node.results]) for node in run]
        found = ast.literal_eval(repl.exec(STEPS.format(plan=plan), timeout).strip().decode())
        for at, (node, crcs) in enumerate(zip(run, found, strict=True)):
            for result, crc in zip(node.results, crcs, strict=True):
                if crc != zlib.crc32(result.data):
                    _replay(model, samples, timeout)
                    repl.exec(STEPS.format(plan=[(n.steps, []) for n in run[: at + 1]]), timeout)
                    return _describe(repl, model, source, node, result)
    except RemoteError as e:
        what = "its RAM does not hold a second look" if e.kind == "MemoryError" else str(e)
        return {"reason": f"{repl.name} can't keep all tensors: {what}"}
    except (ValueError, SyntaxError) as e:
        raise BoardError(f"{repl.name} did not answer with checksums: {e}") from e
    return {"reason": "run again one operator at a time, all of its tensors are right"}


def _replay(model: RemoteModel, samples: list[list[bytes]], timeout: float | None) -> None:
    model.repl.exec("_a8.reset()")
    for at, fed in enumerate(samples):
        if at:
            model.invoke(timeout)
        for tensor, data in zip(model.inputs, fed, strict=True):
            model.send(tensor, data)


def _describe(repl: Repl, model: RemoteModel, source: Any, node: Node, result: Result) -> dict[str, Any]:
    about = next(n for n in nodes(source) if n["subgraph"] == 0 and n["index"] == node.index)
    facts = next(t for t in about["outputs"] if t["index"] == result.tensor)
    start = result.offset
    repl.exec(SPAN.format(start=start, stop=start + len(result.data)))
    span = TensorInfo("_a8_span", facts["name"], (len(result.data),), "uint8", 0.0, 0)
    there = model.receive(span)
    difference = compare(
        TensorInfo("", facts["name"], tuple(facts["shape"]), facts["dtype"], 0.0, 0), there, result.data
    )
    target = repl.board.target if repl.board else "generic"
    here = arena_size(source, target=target)
    return {
        "node": node.index,
        "op": about["op"],
        # Another arena size means another version of the engine, whose planner may put tensors elsewhere.
        "doubt": None
        if model.arena_bytes == here
        else f"its arena takes {model.arena_bytes} bytes, here {here}: the firmware is of another version, "
        "so this may mislead",
        "tensor": facts["name"],
        **({k: difference[k] for k in ("index", "board", "host", "differ", "of")} if difference else {}),
    }


def compare(tensor: TensorInfo, there: bytes, here: bytes) -> dict[str, Any] | None:
    """The first element that differs and how many do; None: the same to the bit."""
    if there == here:
        return None
    item = ITEM[tensor.dtype][1]
    # By bytes, so that two NaNs of the same bits are no difference.
    a, b = (numpy.frombuffer(data, dtype=numpy.uint8).reshape(-1, item) for data in (there, here))
    differ = numpy.flatnonzero((a != b).any(axis=1))
    at = int(differ[0])
    return {
        "output": tensor.name,
        "index": at,
        "board": render.number(tensor.values(there)[at]),
        "host": render.number(tensor.values(here)[at]),
        "differ": len(differ),
        "of": tensor.count,
    }
