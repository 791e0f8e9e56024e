# SPDX-License-Identifier: MIT
"""Model: a verified view of .tflite bytes."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from . import _native
from ._native import ffi, lib


def search_path() -> list[Path]:
    """Where models are looked up: the folders and files of ARENA8_MODELS, then the working directory."""
    listed = os.environ.get("ARENA8_MODELS", "").split(os.pathsep)
    return [*(Path(entry) for entry in listed if entry), Path()]


def find(name: str) -> Path | None:
    """The file of the model called name."""
    for entry in search_path():
        file = entry / f"{name}.tflite" if entry.is_dir() else entry
        if file.stem == name and file.suffix == ".tflite" and file.is_file():
            return file
    return None


def known_names() -> list[str]:
    """Names that find() finds, sorted."""
    names = set()
    for entry in search_path():
        files = entry.glob("*.tflite") if entry.is_dir() else [entry]
        names.update(file.stem for file in files if file.is_file() and file.suffix == ".tflite")
    return sorted(names)


def read(source: str | os.PathLike[str]) -> tuple[str, bytes]:
    """Name and bytes of the model that a name or a path says."""
    given = os.fspath(source)
    is_name = isinstance(source, str) and os.path.basename(given) == given
    file = find(given) if is_name else None
    if file is None:
        file = Path(given)
        if not file.is_file():
            known = ", ".join(known_names()) or "none"
            raise FileNotFoundError(errno.ENOENT, f"no model or file '{given}' (known models: {known})")
    return file.stem, file.read_bytes()


class Model:
    """A view of a model's bytes, checked and not copied.

    source is a readable buffer of .tflite bytes (bytes, bytearray, memoryview, mmap, array ...), the
    name of a model (name.tflite in a folder of ARENA8_MODELS or in the working directory), a path (the file
    is read into RAM), or another Model. A str is never taken for model bytes. A buffer is used in place and
    stays locked while the Model lives.

    Raises ValueError for malformed bytes, OSError if there is no such model or file, TypeError for
    a source of another type.
    """

    __slots__ = ("_arena_size", "_data", "_is_copy", "_name", "_view")

    def __init__(self, source: Any) -> None:
        self._arena_size: int | None = None
        self._is_copy = False
        if isinstance(source, Model):
            self._name, self._data, self._is_copy = source._name, source._data, source._is_copy
        elif isinstance(source, str | os.PathLike):
            self._name, content = read(source)
            self._data = ffi.from_buffer("uint8_t[]", content)
            self._is_copy = True
        else:
            self._name = ""
            self._data = from_buffer(source)
        self._view = ffi.new("a8_model_t *")
        error = ffi.new("a8_error_t *")
        if len(self._data) > 0x7FFFFFFF:
            raise ValueError(f"model has {len(self._data)} bytes, at most {0x7FFFFFFF} are possible")
        if lib.a8_model_open(self._view, self._data, len(self._data), error) != lib.A8_OK:
            _native.fail(error)

    @property
    def name(self) -> str:
        """The name or the file's stem; empty for a buffer."""
        return self._name

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes that travel in the model file; empty if there are none."""
        rest = ffi.new("a8_string_t *", lib.a8_model_labels_text(self._view))
        label = ffi.new("a8_string_t *")
        found = []
        while lib.a8_next_label(rest, label):
            found.append(_native.text(label[0]))
        return tuple(found)

    @property
    def nbytes(self) -> int:
        """Length of the model in bytes."""
        return len(self._data)

    @property
    def address(self) -> int:
        """Where the model's bytes lie in memory."""
        return int(ffi.cast("uintptr_t", self._data))

    @property
    def in_flash(self) -> bool:
        """Whether the bytes lie in flash: never here."""
        return False

    @property
    def crc32(self) -> int:
        """CRC-32 of the model's bytes, as zlib.crc32 counts it."""
        return lib.a8_crc32(0, self._data, len(self._data))

    @property
    def arena_size(self) -> int:
        """Bytes that an Interpreter of this model takes, as arena_size() says. ValueError if it can't run."""
        if self._arena_size is None:
            self._arena_size = max(size_on(self, target) for target in _native.TARGETS.values())
        return self._arena_size

    def __repr__(self) -> str:
        def ends(count: int, get: Any) -> str:
            info, error = ffi.new("a8_tensor_info_t *"), ffi.new("a8_error_t *")
            shown = []
            for i in range(min(count, 4)):
                if lib.a8_model_tensor(self._view, 0, get(self._view, 0, i), info, error) == lib.A8_OK:
                    dtype = _native.dtype_name(info.dtype)
                    shown.append(_native.shape_text(tuple(info.dims[0 : info.rank]), dtype))
            return ", ".join(shown)

        place = "RAM (a copy)" if self._is_copy else "RAM"
        inputs = ends(lib.a8_model_inputs(self._view, 0), lib.a8_model_input)
        outputs = ends(lib.a8_model_outputs(self._view, 0), lib.a8_model_output)
        return _native.cut(
            f"{_native.opening('Model', self.name)} {self.nbytes} bytes in {place} at {self.address:#x}, "
            f"{inputs} -> {outputs}>"
        )


def from_buffer(source: Any) -> Any:
    try:
        return ffi.from_buffer("uint8_t[]", source)
    except TypeError:
        kind = type(source).__name__
        raise TypeError(f"model must be bytes or another buffer, a name or a path, not {kind}") from None


def as_model(source: Any) -> Model:
    return source if isinstance(source, Model) else Model(source)


def size_on(model: Model, target: int) -> int:
    """Bytes of both regions together."""
    sizes = _native.measure(model._view, target)
    return sizes.records + sizes.arena


def arena_size(source: Any, target: str | None = None) -> int:
    """Exact bytes that an Interpreter of a model takes, before any arena exists.

    source: a Model, or whatever Model() takes. target: a board ("RPI_PICO") or an instruction set
    ("generic", "armv6m", "armdsp", "rv32", "xtensa"); without it the largest of all, which fits everywhere.

    Raises ValueError for a model that can't run or an unknown target.
    """
    model = as_model(source)
    return model.arena_size if target is None else size_on(model, _native.target_number(target))


def models() -> list[tuple[str, int, int]]:
    """(name, bytes, crc32) of every model that a name finds. Files that are no models are left out."""
    found = []
    for name in known_names():
        try:
            model = Model(name)
        except (OSError, ValueError):
            continue
        found.append((name, model.nbytes, model.crc32))
    return found
