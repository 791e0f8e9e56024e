# SPDX-License-Identifier: MIT
"""Tensor: an input or output of an interpreter, flat and typed."""

from __future__ import annotations

import operator
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import _buffer, _native
from ._native import ffi, lib

if TYPE_CHECKING:
    import numpy

    from .interpreter import Core

# Element type of a buffer, by kind and bytes of its format: how many bytes a format has differs by platform.
KINDS = dict.fromkeys("bhilqn", "int") | dict.fromkeys("cBHILQN?", "uint") | dict.fromkeys("efd", "float")
SOURCES = {
    ("int", 1): lib.A8_INT8,
    ("int", 2): lib.A8_INT16,
    ("int", 4): lib.A8_INT32,
    ("int", 8): lib.A8_INT64,
    ("uint", 1): lib.A8_UINT8,
    ("uint", 2): lib.A8_UINT16,
    ("uint", 4): lib.A8_UINT32,
    ("float", 4): lib.A8_FLOAT32,
    ("float", 8): lib.A8_FLOAT64,
}


def typed(x: Any) -> tuple[int, Any, int] | None:
    """A buffer's element type, its bytes in C order and its element count; None if x is no such buffer.

    Elements that the engine doesn't read (float16, uint64, another byte order) come back as float64 or int64.
    TypeError for what is no number.
    """
    if isinstance(x, str):
        raise TypeError("str has no numbers")
    try:
        view = memoryview(x)
    except TypeError:
        return None
    order, code = ("@", view.format) if len(view.format) == 1 else (view.format[:1], view.format[1:])
    dtype = SOURCES.get((KINDS.get(code, ""), view.itemsize)) if order in "@=<" else None
    if dtype is None:
        import numpy

        values = numpy.asarray(view)
        if values.dtype.kind not in "iuf":
            raise TypeError(f"buffer has elements of format '{view.format}', need integers or floats")
        values = values.astype("d" if values.dtype.kind == "f" else "q")
        dtype = lib.A8_FLOAT64 if values.dtype.kind == "f" else lib.A8_INT64
        view = memoryview(values)
    return dtype, ffi.from_buffer(view if view.c_contiguous else view.tobytes()), view.nbytes // view.itemsize


def writable_floats(out: Any) -> memoryview:
    try:
        view = memoryview(out)
    except TypeError:
        view = None
    if view is None or view.readonly or not view.c_contiguous or view.format.lstrip("@=<") != "f":
        kind = type(out).__name__
        raise TypeError(f"out must be a writable buffer of floats (type 'f'), not {kind}")
    return view


def is_float(dtype: int) -> bool:
    return dtype in (lib.A8_FLOAT32, lib.A8_FLOAT64)


class Tensor(_buffer.Exporter):
    """An input or output of an Interpreter, which it keeps alive.

    Flat: len(t), t[i], t[a:b], iteration and buffers count elements in the order in which they lie, whatever
    the shape is. Values are those stored, quantized where the tensor is; quantize() and dequantize() convert.
    A Tensor exports its memory as a buffer, so memoryview(t) and numpy.asarray(t) are views of it.
    """

    __slots__ = (
        "_code",
        "_core",
        "_data",
        "_dtype",
        "_elements",
        "_name",
        "_readonly",
        "_scale",
        "_shape",
        "_zero",
    )

    def __new__(cls, core: Core, io: Any) -> Tensor:
        info = core.tensor_info(io.tensor)
        code = _native.FORMATS.get(info.dtype)
        if code is None:
            kind = _native.dtype_name(info.dtype)
            raise ValueError(f"tensor {io.tensor} is {kind}, which has no Python form")
        self = super().__new__(cls, ffi.buffer(io.data, io.bytes), code, bool(io.is_constant))
        self._core = core
        self._data = io.data
        self._code = code
        self._readonly = bool(io.is_constant)
        self._elements = ffi.new("a8_elements_t *", [info.dtype, info.scale, info.zero_point])
        self._name = _native.text(info.name)
        self._dtype = _native.dtype_name(info.dtype)
        self._shape = tuple(info.dims[i] for i in range(info.rank))
        channels = range(info.n_scales)
        if info.n_scales > 1:
            self._scale = tuple(lib.a8_tensor_scale(info, i) for i in channels)
            self._zero = tuple(lib.a8_tensor_zero_point(info, i) for i in channels)
        else:
            self._scale = info.scale
            self._zero = info.zero_point
        return self

    # ---- What the model says

    @property
    def name(self) -> str:
        """Name in the model."""
        return self._name

    @property
    def shape(self) -> tuple[int, ...]:
        """Elements along each dimension."""
        return self._shape

    @property
    def dtype(self) -> str:
        """Type of an element: 'int8', 'uint8', 'int16', 'float32', ..."""
        return self._dtype

    @property
    def scale(self) -> float | tuple[float, ...]:
        """Real value of one step; a tuple where it differs by channel; 0.0 if the tensor isn't quantized."""
        return self._scale

    @property
    def zero_point(self) -> int | tuple[int, ...]:
        """The value that stands for 0.0; a tuple where it differs by channel."""
        return self._zero

    # ---- As it is stored

    @property
    def data(self) -> memoryview:
        """A typed flat memoryview of the tensor's memory. It keeps the tensor alive."""
        return memoryview(self)

    def numpy(self) -> numpy.ndarray:
        """A numpy array of the tensor's shape and type on the tensor's own memory."""
        import numpy

        return numpy.asarray(self).reshape(self.shape)

    def __len__(self) -> int:
        return memoryview(self).shape[0]

    def __getitem__(self, index: int | slice) -> Any:
        """An element, or some of them as an array."""
        if isinstance(index, slice):
            start, count = self._span(index)
            return array(self._code, memoryview(self)[start : start + count].tobytes())
        return memoryview(self)[self._index(index)]

    def __iter__(self) -> Iterator[Any]:
        return iter(memoryview(self))

    def __setitem__(self, index: int | slice, value: Any) -> None:
        """Sets one element, or as many as value (a buffer or sequence) has. Nothing is written on errors.

        Raises ValueError for a value that the type doesn't take or another count, TypeError for a float
        where integers are stored.
        """
        self._writable()
        if not isinstance(index, slice):
            start = self._index(index)
            self._store(start, self._checked([value], start))
            return
        start, count = self._span(index)
        source = typed(value)
        if source is None:
            values = self._checked(list(value), start)
            self._need(count, len(values))
            self._store(start, values)
            return
        dtype, pointer, given = source
        self._need(count, given)
        if is_float(dtype) and self._elements.dtype != lib.A8_FLOAT32:
            raise TypeError(f"tensor is {self.dtype}, got floats: use quantize()")
        bad = lib.a8_host_assign(self._elements.dtype, self._at(start), dtype, pointer, given)
        if bad < given:
            self._out_of_range(start + bad, lib.a8_element_int(dtype, pointer, bad))

    def write(self, buffer: Any) -> None:
        """Copies raw bytes into the tensor. ValueError unless buffer has as many bytes as the tensor."""
        self._writable()
        try:
            view = memoryview(buffer)
        except TypeError:
            raise TypeError(f"need a buffer of bytes, not {type(buffer).__name__}") from None
        size = memoryview(self).nbytes
        if view.nbytes != size:
            raise ValueError(f"tensor has {size} bytes, got {view.nbytes}")
        ffi.memmove(self._data, view if view.c_contiguous else view.tobytes(), size)

    # ---- As real numbers

    def quantize(self, x: Any, scale: float = 1.0, offset: float = 0.0) -> None:
        """Stores x * scale + offset as quantized values, rounded half away from zero, saturated.

        x: a buffer of integers or floats (bytes count 0 to 255) or a sequence of numbers, as many as the
        tensor has elements. All arithmetic is float32. Raises ValueError for a NaN or another count, and
        writes nothing then.
        """
        self._writable()
        self._per_tensor()
        source = typed(x)
        if source is None:
            values = array("d", list(x))  # which takes numbers only
            source = lib.A8_FLOAT64, ffi.from_buffer(values), len(values)
        dtype, pointer, given = source
        self._need(len(self), given)
        bad = ffi.new("uint32_t *")
        code = lib.a8_quantize_elements(self._elements, self._data, given, pointer, dtype, scale, offset, bad)
        if code != lib.A8_OK:
            raise ValueError(f"element {bad[0]} is NaN")

    def dequantize(self, out: Any = None) -> Any:
        """The elements as real numbers, (element - zero_point) * scale in float32.

        Returns array('f') of as many elements as the tensor has, or out, a writable buffer of floats to fill.
        """
        self._per_tensor()
        count = len(self)
        if out is None:
            out = array("f", bytes(4 * count))
        view = writable_floats(out)
        self._need(count, view.nbytes // 4, "out")
        lib.a8_dequantize_elements(self._elements, self._data, count, ffi.from_buffer("float[]", view, True))
        return out

    def argmax(self) -> int:
        """Index of the largest element, the first of equals."""
        return lib.a8_argmax(self._elements.dtype, self._data, self._some())

    def top(self, k: int) -> list[tuple[str | int, float]]:
        """The k largest elements, best first: (label, or index where there is none, real value)."""
        self._per_tensor()
        values = memoryview(self)
        # A NaN comes after every number.
        best = sorted(range(self._some()), key=lambda i: (values[i] != values[i], -values[i], i))[: max(0, k)]
        labels = self._core.labels()
        named = len(labels) == len(values)
        return [
            (labels[i] if named else i, lib.a8_dequantize_element(self._elements, self._data, i))
            for i in best
        ]

    def __repr__(self) -> str:
        if isinstance(self.scale, tuple):
            scale = ", scales per channel"
        else:
            scale = f", scale {self.scale:.7g}, zero_point {self.zero_point}" if self.scale else ""
        return _native.cut(
            f"{_native.opening('Tensor', self.name)} {_native.shape_text(self.shape, self.dtype)} "
            f"{memoryview(self).nbytes} bytes in RAM{scale}>"
        )

    # ---- Checks

    def _index(self, index: Any) -> int:
        i = operator.index(index)
        count = len(self)
        if not -count <= i < count:
            raise IndexError(f"index {i}, tensor has {count} elements")
        return i % count

    def _span(self, index: slice) -> tuple[int, int]:
        """First element and number of elements."""
        start, stop, step = index.indices(len(self))
        if step != 1:
            raise NotImplementedError("only slices with step=1 (aka None) are supported")
        return start, max(0, stop - start)

    def _some(self) -> int:
        if not len(self):
            raise ValueError("tensor has 0 elements")
        return len(self)

    def _need(self, count: int, given: int, who: str = "tensor") -> None:
        if count != given:
            raise ValueError(f"{who} has {count} elements, got {given}")

    def _per_tensor(self) -> None:
        if isinstance(self.scale, tuple):
            raise ValueError("tensor has a scale for each channel")

    def _writable(self) -> None:
        self._core.idle()
        if self._readonly:
            raise TypeError("tensor is constant")

    def _at(self, index: int) -> Any:
        return self._data + index * memoryview(self).itemsize

    def _checked(self, values: list[Any], start: int) -> list[Any]:
        """Values that the tensor's type takes; ValueError or TypeError for others."""
        if self._elements.dtype == lib.A8_FLOAT32:
            return array("d", values).tolist()
        low, high = ffi.new("int64_t *"), ffi.new("int64_t *")
        lib.a8_dtype_range(self._elements.dtype, low, high)
        checked = [operator.index(value) for value in values]
        for i, value in enumerate(checked):
            if not low[0] <= value <= high[0]:
                self._out_of_range(start + i, value)
        return checked

    def _out_of_range(self, index: int, value: int) -> None:
        low, high = ffi.new("int64_t *"), ffi.new("int64_t *")
        lib.a8_dtype_range(self._elements.dtype, low, high)
        raise ValueError(f"element {index} is {value}, {self.dtype} takes {low[0]}..{high[0]}")

    def _store(self, start: int, values: list[Any]) -> None:
        memoryview(self)[start : start + len(values)] = array(self._code, values)
