# SPDX-License-Identifier: MIT
"""Reading inputs: numbers on the command line, .npy, JSON, CSV or an image become the bytes of a tensor.

One rule says what numbers mean. Arrays of exactly the tensor's element type (an .npy of int8 for an int8
tensor) are raw: they are stored as they are. Everything else is real values and gets quantized by the
engine's own arithmetic, q = round(x / scale) + zero_point, saturated. --raw makes integers raw whatever
their type.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from .errors import ToolError, UsageError
from .tensor_info import TensorInfo

IMAGES = {".png", ".jpg", ".jpeg", ".pgm", ".ppm", ".bmp", ".gif", ".webp", ".tif", ".tiff"}
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf)"
LITERAL = re.compile(rf"\s*(?:{NUMBER})(?:[\s,;]+(?:{NUMBER}))*[\s,;]*", re.IGNORECASE)


@dataclass(frozen=True)
class Options:
    raw: bool = False  # integers are stored as they are
    resize: bool = False  # images are scaled to the tensor's size
    scale: float = 1.0  # real value = number * scale + offset
    offset: float = 0.0


def read(text: str, tensor: TensorInfo, options: Options) -> bytes:
    """The raw bytes that an --input means for a tensor. UsageError if it can't be read or does not fit."""
    values, what = _values(text, tensor, options)
    if values.size != tensor.count:
        shape = "x".join(map(str, tensor.shape))
        raise UsageError(
            f"{what} has {values.size} numbers; input '{tensor.name}' takes {tensor.count} ({shape})"
        )
    return to_bytes(values.reshape(-1), tensor, options, what)


def read_many(text: str, tensor: TensorInfo, options: Options, literal: str = "--input") -> list[bytes]:
    """As read, for an array that may hold any number of samples one after the other. literal: what an error
    calls numbers that come from no file."""
    values, what = _values(text, tensor, options, literal)
    return pieces(values, tensor, options, what)


def pieces(values: numpy.ndarray, tensor: TensorInfo, options: Options, what: str) -> list[bytes]:
    """The samples in an array, one after the other."""
    if values.dtype.kind not in "iufb":
        raise UsageError(f"{what} holds {values.dtype}, which are no numbers that an input takes")
    if not values.size or values.size % max(tensor.count, 1):
        shape = "x".join(map(str, tensor.shape))
        raise UsageError(
            f"{what} has {values.size} numbers, which is no multiple of the {tensor.count} ({shape}) "
            f"that input '{tensor.name}' takes"
        )
    flat = values.reshape(-1)
    return [
        to_bytes(flat[at : at + tensor.count], tensor, options, what)
        for at in range(0, flat.size, tensor.count)
    ]


def _values(
    text: str, tensor: TensorInfo, options: Options, literal: str = "--input"
) -> tuple[numpy.ndarray, str]:
    path = Path(text)
    suffix = path.suffix.lower()
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
    except OSError:  # a long literal is no file name
        is_file = is_folder = False
    if is_folder:
        raise UsageError(f"{literal} {text} is a folder; infer --watch {text} runs every file in it")
    if not is_file:
        if LITERAL.fullmatch(text):
            return _array([_number(n) for n in re.findall(NUMBER, text, re.I)], literal), literal
        if text.lstrip().startswith("["):
            return _json(text, literal), literal
        raise UsageError(f"{literal} {text[:60]!r} is neither a file nor numbers")
    what = str(path)
    try:
        return _file(path, suffix, tensor, options), what
    except OSError as e:
        raise UsageError(f"can't read {what}: {e.strerror or e}") from e
    except MemoryError as e:
        raise UsageError(f"{what} is too large to be an input: {e or 'out of memory'}") from e


def _file(path: Path, suffix: str, tensor: TensorInfo, options: Options) -> numpy.ndarray:
    what = str(path)
    if suffix == ".npy":
        try:
            return numpy.load(path, allow_pickle=False)
        except (ValueError, EOFError) as e:
            raise UsageError(f"{what} is not a .npy array: {e}") from e
    if suffix in IMAGES:
        return _image(path, tensor, options)
    if suffix == ".npz":
        raise UsageError(f"{what} holds several arrays; save the one meant as .npy")
    try:
        content = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as e:
        raise UsageError(f"{what} is not text; inputs are .npy, JSON, CSV or images") from e
    if suffix == ".json" or content.lstrip().startswith("["):
        return _json(content, what)
    return _csv(content, what)


def _number(text: str) -> int | float:
    return float(text) if re.search(r"[.eEnN]", text) or len(text) > 18 else int(text)


def _array(values: Sequence[Any], what: str) -> numpy.ndarray:
    try:
        array = numpy.array(values)
    except ValueError as e:
        raise UsageError(f"{what} is ragged: its rows differ in length") from e
    if array.dtype == object or array.dtype.kind not in "iufb":
        raise UsageError(f"{what} holds something that is not a number")
    return array


def _json(text: str, what: str) -> numpy.ndarray:
    try:
        return _array(json.loads(text), what)
    except (json.JSONDecodeError, RecursionError) as e:
        raise UsageError(f"{what} is not valid JSON: {e}") from e


def _csv(text: str, what: str) -> numpy.ndarray:
    """Rows of numbers. A first row of words is a heading."""
    dialect = "excel"
    if ";" in text:
        dialect = type("Semicolons", (csv.excel,), {"delimiter": ";"})
    elif "\t" in text:
        dialect = "excel-tab"
    rows: list[list[float]] = []
    try:
        lines = list(csv.reader(io.StringIO(text), dialect))
    except csv.Error as e:
        raise UsageError(f"{what} is not CSV: {e}") from e
    for number, row in enumerate(lines, 1):
        cells = [
            cell for cell in (" ".join(row).split() if len(row) == 1 else [c.strip() for c in row]) if cell
        ]
        if not cells:
            continue
        try:
            rows.append([_number(c) for c in cells])
        except ValueError as e:
            if number == 1 and not any(re.fullmatch(NUMBER, c, re.I) for c in cells):
                continue
            raise UsageError(f"{what}, line {number}: {row[:4]} are not all numbers") from e
    return _array([value for row in rows for value in row], what)


def _image(path: Path, tensor: TensorInfo, options: Options) -> numpy.ndarray:
    shape = [size for size in tensor.shape]
    while len(shape) > 3 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) == 2:
        shape = [*shape, 1]
    if len(shape) != 3 or shape[2] not in (1, 3):
        shown = "x".join(map(str, tensor.shape))
        raise UsageError(
            f"{path} is an image, but input '{tensor.name}' is {shown}, not height x width x 1 or 3"
        )
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as e:
        raise ToolError("images as input need Pillow: pip install 'arena8[images]'") from e
    height, width, channels = shape
    try:
        # Of bytes that are ours: Pillow maps some files into memory, and dies of one that gets shorter.
        content = io.BytesIO(path.read_bytes())
        image = Image.open(content).convert("L" if channels == 1 else "RGB")
    except UnidentifiedImageError as e:
        raise UsageError(f"{path} is not an image that Pillow reads") from e
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as e:
        if isinstance(e, OSError) and e.errno:
            raise
        raise UsageError(f"{path} is not an image that Pillow reads: {e}") from e
    if image.size != (width, height):
        if not options.resize:
            raise UsageError(
                f"{path} is {image.width}x{image.height} pixels, "
                f"input '{tensor.name}' takes {width}x{height}; --resize scales it"
            )
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return numpy.asarray(image)


def to_bytes(values: numpy.ndarray, tensor: TensorInfo, options: Options, what: str = "--input") -> bytes:
    """Flat numbers as the bytes of a tensor, raw or quantized."""
    dtype = numpy.dtype("uint8" if tensor.dtype == "bool" else tensor.dtype)
    plain = (options.scale, options.offset) == (1.0, 0.0)
    if options.raw and values.dtype.kind not in "iub":
        raise UsageError(f"{what} holds fractions; --raw takes integers")
    if options.raw or (plain and values.dtype == dtype and not _is_pixels(what)):
        info = numpy.iinfo(dtype) if dtype.kind in "iu" else None
        if info is not None and values.size and (values.min() < info.min or values.max() > info.max):
            bad = int(numpy.flatnonzero((values < info.min) | (values > info.max))[0])
            raise UsageError(
                f"{what}: number {bad} is {values[bad]}, {tensor.dtype} takes {info.min}..{info.max}"
            )
        return values.astype(dtype).tobytes()
    return quantize(values, tensor, options.scale, options.offset, what)


def _is_pixels(what: str) -> bool:
    return Path(what).suffix.lower() in IMAGES


def quantize(values: numpy.ndarray, tensor: TensorInfo, scale: float, offset: float, what: str) -> bytes:
    """Real values as a tensor's bytes, by the engine's arithmetic."""
    from ._native import ffi, lib

    names = {lib.a8_dtype_name(i): i for i in range(lib.A8_UINT16 + 1)}
    number = next(i for name, i in names.items() if ffi.string(name).decode() == tensor.dtype)
    source = numpy.ascontiguousarray(values, dtype=numpy.float64)
    out = numpy.zeros(tensor.nbytes, dtype=numpy.uint8)
    quantized_by = tensor.scale if not isinstance(tensor.scale, tuple) else tensor.scale[0]
    zero_point = tensor.zero_point if not isinstance(tensor.zero_point, tuple) else tensor.zero_point[0]
    if not quantized_by and tensor.dtype != "float32" and not _whole(source):
        raise UsageError(
            f"{what} holds fractions, but input '{tensor.name}' takes plain {tensor.dtype} numbers"
        )
    elements = ffi.new("a8_elements_t *", [number, quantized_by, zero_point])
    bad = ffi.new("uint32_t *")
    code = lib.a8_quantize_elements(
        elements,
        ffi.from_buffer(out),
        source.size,
        ffi.from_buffer(source),
        lib.A8_FLOAT64,
        scale,
        offset,
        bad,
    )
    if code != lib.A8_OK:
        value = source[bad[0]] if bad[0] < source.size else math.nan
        raise UsageError(f"{what}: number {bad[0]} is {value}, which input '{tensor.name}' can't take")
    return out.tobytes()


def _whole(values: numpy.ndarray) -> bool:
    return bool(numpy.all(values == numpy.floor(values)))
