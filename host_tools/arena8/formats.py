# SPDX-License-Identifier: MIT
"""Files that are given for a .tflite and are none: what they seem to be, and how to get from there to one."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

KERAS = (
    "in TensorFlow, tf.lite.TFLiteConverter.from_keras_model(tf.keras.models.load_model(FILE)) converts it"
)
TORCH = "in Python, litert_torch.convert(model.eval(), inputs).export('model.tflite') converts it"
WANTED = "arena8 wants a .tflite"
UNKNOWN = "of no format that is known here"

BEGINNINGS = (
    (b"\x89HDF\r\n\x1a\n", "a Keras or HDF5 file (.h5)", KERAS),
    (b"\x80\x02", "a Python pickle, as old PyTorch files are", TORCH),
    (b"\x80\x04", "a Python pickle", "it is no model by itself"),
    (b"GGUF", "a GGUF file of a language model", "no microcontroller runs it"),
    (b"UF2\n", "a firmware (UF2)", "flash takes firmwares"),
    (b"\x7fELF", "a program or firmware (ELF)", "flash takes firmwares"),
    (b"\x93NUMPY", "a NumPy array", "it may be an input of `arena8 infer`"),
    (b"\x1f\x8b", "compressed (gzip)", "gunzip it first"),
    (
        b"version https://git-lfs",
        "a pointer of Git LFS, not the file itself",
        "`git lfs pull` fetches the file",
    ),
    (b"\x89PNG", "an image", "it may be an input of `arena8 infer`"),
    (b"\xff\xd8\xff", "an image", "it may be an input of `arena8 infer`"),
    (b"RIFF", "a sound or image (RIFF)", "it may be an input of `arena8 infer`"),
)


def _archive(data: bytes) -> tuple[str, str] | None:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return "a damaged zip archive", "get it again"
    if any(name.endswith("data.pkl") for name in names):
        return "a PyTorch model", TORCH
    if "config.json" in names and "model.weights.h5" in names:
        return "a Keras model (.keras)", KERAS
    inside = [name for name in names if name.endswith(".tflite")]
    if inside:
        return f"a zip archive with {inside[0]} in it", "unpack it first"
    return "a zip archive", "unpack it first"


def guess(data: bytes, suffix: str = "") -> tuple[str, str] | None:
    """(what bytes that are no .tflite seem to be, how to mend it), None if they begin as one does."""
    if data[4:8] == b"TFL3":
        return None
    if not data:
        return "empty", "the download or the conversion did not finish"
    if not any(data):
        return f"{len(data)} bytes of zero", "the download or the conversion did not finish"
    if data[:4] == b"PK\x03\x04":
        return _archive(data)
    for beginning, what, mend in BEGINNINGS:
        if data.startswith(beginning):
            return what, mend
    if suffix == ".onnx" or data[:1] == b"\x08" and b"onnx" in data[:4096].lower():
        return "an ONNX model", "onnx2tf converts it"
    if suffix == ".pb" or data[:1] == b"\x0a" and b"\x12" in data[:256] and b"attr" in data[:4096]:
        return (
            "a TensorFlow graph (.pb)",
            "tf.lite.TFLiteConverter.from_saved_model(FOLDER) converts a SavedModel",
        )
    if data[8:10] == b'{"' and int.from_bytes(data[:8], "little") < len(data):
        return "a safetensors file of weights", "a model has a graph too: convert where its code is"
    if data[4:8][:3] == b"TFL" and data[4:8] != b"TFL3":
        return "a TensorFlow Lite model of another schema version", "convert it with TensorFlow 2"
    head = data[:512].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "a web page", "the download got an answer of the site instead of the file"
    if _is_text(data[:4096]):
        return "text", "give the model itself"
    if len(data) < 8:
        return f"{len(data)} bytes", "the download or the conversion did not finish"
    return UNKNOWN, "its bytes 4 to 8 are not 'TFL3', which every .tflite has there"


def _is_text(data: bytes) -> bool:
    try:
        return all(char.isprintable() or char in "\r\n\t" for char in data.decode())
    except UnicodeDecodeError:
        return False


def sentence(name: str, data: bytes, suffix: str = "") -> str | None:
    """The one sentence for a file that is no .tflite."""
    found = guess(data, suffix)
    return found and f"{name} is {found[0]}; {WANTED}: {found[1]}"


def no_firmware(data: bytes, suffix: str = "") -> str:
    """What a file that is no firmware of the kind that is wanted seems to be."""
    if data[4:8] == b"TFL3":
        return (
            "it is a model, which goes onto a board by `arena8 deploy`, or into a firmware by "
            "`arena8 build --model`"
        )
    what, _ = guess(data, suffix)
    return f"it is {what}" if what != UNKNOWN else f"it starts with {data[:8]!r}"


def refusal(source: str | Path, error: Exception) -> str:
    """The sentence for a model that the engine did not open: what the file seems to be, else the error."""
    from .model import read

    name = str(source)
    if isinstance(error, OSError):
        return _no_file(name, error)
    try:
        _, data = read(name)
    except OSError:
        return f"{name}: {error}"
    if said := sentence(name, data, Path(name).suffix.lower()):
        return said
    if len(data) < 64:
        return f"{name} is the beginning of a .tflite, {len(data)} bytes of it: get it again"
    if getattr(error, "is_malformed", False):
        return f"{name} is damaged or cut short ({len(data):,} bytes): {error}. Get or convert it again"
    return f"{name}: {error}"


def _no_file(name: str, error: OSError) -> str:
    path = Path(name)
    if path.is_dir():
        if (path / "saved_model.pb").is_file():
            convert = "tf.lite.TFLiteConverter.from_saved_model(FOLDER) converts it"
            return f"{name} is a TensorFlow SavedModel; {WANTED}: {convert}"
        return f"{name} is a folder; {WANTED}"
    if not isinstance(error, FileNotFoundError):
        return f"can't read {name}: {error.strerror or error}"
    return f"no file {name}" if is_path(name) else error.strerror


def is_path(model: str) -> bool:
    """Whether MODEL names a file rather than a model on a board or in ARENA8_MODELS."""
    return model.endswith(".tflite") or "/" in model or "\\" in model
