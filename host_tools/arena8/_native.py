# SPDX-License-Identifier: MIT
"""What model, tensor and interpreter share: the engine's library, its errors as exceptions, its names."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NoReturn

from . import _buffer
from ._engine import ffi, lib
from .boards import all_boards

ALIGN: int = lib.A8_ALIGN

# Format of one element as array, memoryview and struct have it. A bool is a byte, 0 or 1.
FORMATS: dict[int, str] = {
    lib.A8_FLOAT32: "f",
    lib.A8_INT32: "i",
    lib.A8_UINT8: "B",
    lib.A8_INT64: "q",
    lib.A8_BOOL: "B",
    lib.A8_INT16: "h",
    lib.A8_INT8: "b",
    lib.A8_UINT32: "I",
    lib.A8_UINT16: "H",
}

# Instruction sets with kernels of their own, by the name that boards/**/facts.json gives.
TARGETS: dict[str, int] = {
    "generic": lib.A8_TARGET_GENERIC,
    "armv6m": lib.A8_TARGET_ARMV6M,
    "armdsp": lib.A8_TARGET_ARMDSP,
    "rv32": lib.A8_TARGET_RV32,
    "xtensa": lib.A8_TARGET_XTENSA,
}

EXCEPTIONS: dict[int, type[Exception]] = {
    lib.A8_ERR_MODEL: ValueError,
    lib.A8_ERR_UNSUPPORTED: ValueError,
    lib.A8_ERR_MEMORY: MemoryError,
    lib.A8_ERR_DATA: ValueError,
    lib.A8_ERR_ABORTED: RuntimeError,
}


def text(string: Any) -> str:
    """A string of the engine (char * or a8_string_t) as str."""
    if ffi.typeof(string) is ffi.typeof("char *"):
        return ffi.string(string).decode()
    raw = bytes(ffi.buffer(string.str, string.len)) if string.str else b""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return bytes(byte if byte < 0x80 else ord("?") for byte in raw).decode()


def op_name(op: int) -> str:
    name = lib.a8_op_name(op)
    return text(name) if name else f"operator {op}"


def dtype_name(dtype: int) -> str:
    return text(lib.a8_dtype_name(dtype))


def shape_text(shape: tuple[int, ...], dtype: str) -> str:
    """'1x8x8x1 int8'"""
    return f"{'x'.join(map(str, shape)) or 'scalar'} {dtype}"


def opening(kind: str, name: str) -> str:
    """How the repr of a thing with a name begins."""
    return f"<{kind} {name[:24]}" if name else f"<{kind}"


def cut(text: str) -> str:
    """A repr of at most 100 columns."""
    return text if len(text) <= 100 else text[:96] + "...>"


# Messages are composed by the engine, the same for every binding. It hands out pieces.
@ffi.def_extern()
def a8_host_write(arg: Any, piece: Any, size: int) -> None:
    ffi.from_handle(arg).append(bytes(ffi.buffer(piece, size)))


@ffi.def_extern()
def a8_host_place(arg: Any, place: Any) -> None:
    fields = (place.subgraph, place.tensor, place.bytes, place.offset, place.first, place.last)
    ffi.from_handle(arg).append(fields)


def compose(function: Callable[..., None], *args: Any) -> str:
    """Runs a composer of engine/message.h and returns its text."""
    pieces: list[bytes] = []
    handle = ffi.new_handle(pieces)
    function(*args, lib.a8_host_write, handle)
    return b"".join(pieces).decode("utf-8", "replace")


def fail(error: Any, view: Any = ffi.NULL) -> NoReturn:
    """Raises an error of the engine. With the model's view, all of its unsupported operators are named."""
    raised = EXCEPTIONS[error.code](compose(lib.a8_error_text, error, view))
    raised.is_malformed = error.code == lib.A8_ERR_MODEL
    raise raised


def aligned(size: int) -> tuple[Any, Any]:
    """Zeroed memory: (what keeps it alive, pointer aligned to ALIGN)."""
    block = ffi.new("uint8_t[]", size + ALIGN - 1)
    return block, block + -int(ffi.cast("uintptr_t", block)) % ALIGN


def measure(view: Any, target: int, places: list[tuple[int, ...]] | None = None) -> Any:
    """The a8_sizes_t of a model on a target. places: gets the fields of every a8_place_t."""
    sizes = ffi.new("a8_sizes_t *")
    error = ffi.new("a8_error_t *")
    told: list[tuple[int, ...]] = []
    handle = ffi.new_handle(told)
    size = 4096
    while True:
        keep, work = aligned(size)
        told.clear()
        if places is None:
            code = lib.a8_measure(view, target, work, size, sizes, error)
        else:
            code = lib.a8_measure_plan(view, target, work, size, sizes, lib.a8_host_place, handle, error)
        del keep
        if code == lib.A8_OK:
            if places is not None:
                places.extend(told)
            return sizes
        if code != lib.A8_ERR_MEMORY or error.needed <= size:
            fail(error, view)
        size = (error.needed + ALIGN - 1) // ALIGN * ALIGN


def target_number(target: str) -> int:
    """Number of a target, given by its own name or that of a board."""
    if target in TARGETS:
        return TARGETS[target]
    boards = all_boards()
    if target in boards:
        return TARGETS[boards[target].target]
    known = ", ".join([*TARGETS, *sorted(boards)])
    raise ValueError(f"no target or board '{target}' (known: {known})")


_raised = threading.local()


def _keep(kind: Any, exception: Any, traceback: Any) -> None:
    _raised.exception = exception


@ffi.def_extern(error=False, onerror=_keep)
def a8_host_signals(arg: Any) -> bool:
    _buffer.check_signals()
    return True


def take_raised() -> BaseException | None:
    """The exception that stopped this thread's last invoke, if one did."""
    exception = getattr(_raised, "exception", None)
    _raised.exception = None
    return exception
