# SPDX-License-Identifier: MIT
"""Interpreter: a model with the memory it runs in."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

from . import _native
from ._native import ffi, lib
from .model import Model, as_model
from .tensor import Tensor


class Core:
    """Memory and state of one interpreter.

    Interpreter and Tensors hold it, it holds neither, so that there is no cycle and dropping
    the objects frees at once.
    """

    __slots__ = ("__weakref__", "_error", "_keep", "busy", "handle", "last_look", "model", "place", "span")

    def __init__(self, model: Model, arena: Any) -> None:
        self.model = model
        self.busy = False
        self._error = ffi.new("a8_error_t *")
        self.handle = ffi.new("a8_interpreter_t *")
        self.last_look = ffi.new("uint32_t *")
        sizes = _native.measure(model._view, lib.a8_target_native())
        # What users count: a board's largest need, so that what fits here fits there.
        needed = max(model.arena_size, sizes.records + sizes.arena)
        if arena is None:
            arena = needed
        span = None
        self.place = "heap"
        if isinstance(arena, int):
            if arena < needed:
                raise MemoryError(f"arena too small: model needs {needed} bytes, {arena} given")
            keep, records = _native.aligned(arena)
            tensors = records + sizes.records
            self._keep: tuple[Any, ...] = (keep,)
        else:
            given = writable(arena)
            self.place = "a buffer"
            start = int(ffi.cast("uintptr_t", given))
            span = (start, start + len(given))
            if start < model.address + model.nbytes and model.address < span[1]:
                raise ValueError("arena lies in the model's own bytes")
            claim(span)
            padding = -start % _native.ALIGN
            if len(given) < needed + padding:
                unaligned = f" ({padding} of them to align the buffer to {_native.ALIGN})" if padding else ""
                raise MemoryError(
                    f"arena too small: model needs {needed + padding} bytes{unaligned}, {len(given)} given"
                )
            tensors = given + padding
            # Records steer memory access, so they lie where the buffer's owner doesn't write.
            keep, records = _native.aligned(sizes.records)
            self._keep = (given, keep)
        start = int(ffi.cast("uintptr_t", tensors))
        self.span = (start, start + sizes.arena)
        with registry_lock:
            claim(span or self.span)
            code = lib.a8_load(
                self.handle,
                model._view,
                lib.a8_target_native(),
                records,
                sizes.records,
                tensors,
                sizes.arena,
                self._error,
            )
            if code != lib.A8_OK:
                _native.fail(self._error, model._view)
            live.append(weakref.ref(self, live.remove))
        self.handle.clock = lib.a8_host_clock
        self.handle.poll = lib.a8_host_poll
        self.handle.arg = self.last_look

    def idle(self) -> None:
        """RuntimeError while an invoke runs (a signal handler or another thread may get here)."""
        if self.busy:
            raise RuntimeError("interpreter is busy: an invoke is running")

    def run(self, function: Any) -> int:
        """a8_invoke or a8_step. What a signal handler raised meanwhile (Ctrl-C) is raised here."""
        self.idle()
        self.busy = True
        try:
            code = function(self.handle, self._error)
        finally:
            self.busy = False
        raised = _native.take_raised()
        if raised is not None:
            raise raised
        if code < 0:
            _native.fail(self._error)
        return code

    def labels(self) -> tuple[str, ...]:
        return self.model.labels

    def tensor_info(self, index: int) -> Any:
        info = ffi.new("a8_tensor_info_t *")
        if lib.a8_model_tensor(self.model._view, 0, index, info, self._error) != lib.A8_OK:
            _native.fail(self._error)
        return info


# Interpreters whose memory is in use. References are weak: dropping the objects is enough.
live: list[weakref.ref[Core]] = []
registry_lock = threading.RLock()


def holder(span: tuple[int, int]) -> Core | None:
    for reference in live:
        core = reference()
        if core is not None and core.span[0] < span[1] and span[0] < core.span[1]:
            return core
    return None


def claim(span: tuple[int, int]) -> None:
    """RuntimeError if a live interpreter uses some of that memory."""
    if holder(span) is not None:
        gc.collect()  # it may be garbage
    other = holder(span)
    if other is not None:
        model = other.model
        raise RuntimeError(
            f"arena is in use by a live Interpreter of model '{model.name[:40]}', "
            f"{model.nbytes} bytes at {model.address:#x}"
        )


def writable(buffer: Any) -> Any:
    try:
        return ffi.from_buffer("uint8_t[]", buffer, require_writable=True)
    except (TypeError, BufferError, ValueError):
        kind = type(buffer).__name__
        raise TypeError(f"arena must be None, a number of bytes or a writable buffer, not {kind}") from None


class Interpreter:
    """A model made ready to run.

    source: a Model, or whatever Model() takes. arena: None for exactly as many bytes as the model takes,
    a number of bytes, or a writable buffer. That stays locked while the interpreter or one of its tensors
    lives, and an unaligned one needs up to 15 bytes more. There is nothing to close: dropping the objects is
    enough.

    Raises ValueError for a model that can't run (all unsupported operators in one message), MemoryError with
    the bytes needed and given if the arena is too small, RuntimeError if another live Interpreter uses the
    buffer, and what Model() raises.

    Invoke may overwrite inputs. Outputs stay until an input is written or the next invoke.
    """

    __slots__ = ("_core", "_inputs", "_outputs")

    def __init__(self, source: Any, arena: Any = None) -> None:
        self._core = core = Core(as_model(source), arena)
        self._inputs = self._tensors(lib.a8_inputs(core.handle), lib.a8_input)
        self._outputs = self._tensors(lib.a8_outputs(core.handle), lib.a8_output)

    def _tensors(self, count: int, get: Any) -> tuple[Tensor, ...]:
        tensors = []
        for i in range(count):
            io = ffi.new("a8_io_t *")
            get(self._core.handle, i, io)
            tensors.append(Tensor(self._core, io))
        return tuple(tensors)

    def invoke(self) -> None:
        """Runs the model. Ctrl-C stops it: outputs are undefined then, and a stateful model wants reset()."""
        self._core.run(lib.a8_invoke)

    def step(self) -> bool:
        """Runs one operator. False when that was the last; the next step starts over."""
        return self._core.run(lib.a8_step) != lib.A8_DONE

    def reset(self) -> None:
        """Sets variables and state to their initial values and goes back to the first operator."""
        self._core.idle()
        lib.a8_reset(self._core.handle)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The model's inputs, in its order."""
        return self._inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The model's outputs, in its order."""
        return self._outputs

    @property
    def model(self) -> Model:
        """The model that it runs."""
        return self._core.model

    @property
    def arena_used(self) -> int:
        """Bytes that the model takes, as arena_size() says."""
        return self._core.model.arena_size

    def predict(self, x: Any, out: Any = None) -> Any:
        """Quantizes x into the input, invokes, and returns the dequantized output as array('f').

        With several inputs x is a tuple or list, one element an input; with several outputs a list comes
        back. If out is given it is filled instead: a writable buffer of floats, for several outputs a list.
        """
        xs = self._spread(x, self.inputs, "input")
        outs = [None] * len(self.outputs) if out is None else self._spread(out, self.outputs, "output")
        for tensor, values in zip(self.inputs, xs, strict=True):
            tensor.quantize(values)
        self.invoke()
        results = [tensor.dequantize(into) for tensor, into in zip(self.outputs, outs, strict=True)]
        if out is not None:
            return out
        return results[0] if len(results) == 1 else results

    @staticmethod
    def _spread(x: Any, tensors: tuple[Tensor, ...], what: str) -> Any:
        if len(tensors) == 1:
            return (x,)
        if not isinstance(x, tuple | list):
            raise TypeError(f"model has {len(tensors)} {what}s: need a tuple or list, not {type(x).__name__}")
        if len(x) != len(tensors):
            raise ValueError(f"model has {len(tensors)} {what}s, got {len(x)}")
        return x

    def profile(self) -> list[tuple[int, str, int]]:
        """(index, operator, microseconds) of each node in the last invoke, with the subgraphs it had run."""
        handle = self._core.handle
        return [
            (i, _native.op_name(lib.a8_node_op(handle, i)), lib.a8_node_microseconds(handle, i))
            for i in range(lib.a8_nodes(handle))
        ]

    def __repr__(self) -> str:
        def shapes(tensors: tuple[Tensor, ...]) -> str:
            return ", ".join(_native.shape_text(t.shape, t.dtype) for t in tensors)

        return _native.cut(
            f"{_native.opening('Interpreter', self._core.model.name)} {shapes(self.inputs)} -> "
            f"{shapes(self.outputs)}, arena {self.arena_used} bytes of {self._core.place}>"
        )
