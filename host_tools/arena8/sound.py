# SPDX-License-Identifier: MIT
"""Sound as inputs of a model: windows of the samples of a WAV, or features that a front end makes of them."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy

from . import inputs, metadata
from .errors import ToolError, UsageError
from .local import LocalModel
from .tensor_info import TensorInfo

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
MEANING = "arena8.json"  # in the zip behind a model, where its labels are
LOOKS = 10  # a front end's window of features moves by this part of itself, unless --hop says otherwise


class Wav:
    """Samples of a WAV file as they come: int16, channels averaged. The stream may be endless."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self.name = stream, name
        start = self._bytes(12)
        if start[:4] != b"RIFF" or start[8:] != b"WAVE":
            raise UsageError(f"{name} is not a WAV file: it starts with {start[:12]!r}")
        form = b""
        while True:
            head = self._bytes(8)
            size = struct.unpack("<I", head[4:])[0]
            if head[:4] == b"data":
                break
            content = self._bytes(size + size % 2)
            form = content if head[:4] == b"fmt " else form
        if len(form) < 16:
            raise UsageError(f"{name} is not a WAV file: it does not say what its samples are")
        kind, self.channels, self.rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
        if kind == EXTENSIBLE and len(form) >= 26:
            kind = struct.unpack_from("<H", form, 24)[0]
        if (kind, bits) not in [(PCM, b) for b in (8, 16, 24, 32)] + [(FLOAT, 32)] or not self.channels:
            raise UsageError(
                f"{name} has samples of format {kind} with {bits} bits; plain ones of 8 to 32 bits "
                "and floats of 32 can be read"
            )
        self._float, self._width = kind == FLOAT, bits // 8
        # A recorder that writes to a pipe does not know the size; what it says then is more than will come.
        self._left = size

    def _bytes(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) < count:
            raise UsageError(f"{self.name} is not a WAV file: it ends in its header")
        return data

    def read(self, count: int) -> numpy.ndarray:
        """The next samples; fewer where the sound ends."""
        frame = self._width * self.channels
        data = self._stream.read(min(count * frame, self._left))
        self._left -= len(data)
        data = data[: len(data) // frame * frame]
        if self._float:
            values = numpy.clip(numpy.nan_to_num(numpy.frombuffer(data, "<f4")) * 32768.0, -32768, 32767)
        elif self._width == 1:
            values = (numpy.frombuffer(data, "u1").astype(numpy.int32) - 128) << 8
        elif self._width == 3:
            parts = numpy.frombuffer(data, "u1").reshape(-1, 3).astype(numpy.int32)
            values = (parts[:, 1] | parts[:, 2] << 8) - ((parts[:, 2] & 128) << 9)
        else:
            values = numpy.frombuffer(data, f"<i{self._width}").astype(numpy.int64) >> (8 * self._width - 16)
        mono = values.reshape(-1, self.channels).mean(axis=1)
        return numpy.rint(mono).astype(numpy.int16)


def windows(wav: Wav, size: int, hop: int) -> Iterator[tuple[int, numpy.ndarray]]:
    """(first sample, samples) of every whole window."""
    at, window = 0, wav.read(size)
    while len(window) == size:
        yield at, window
        wav.read(max(hop - size, 0))
        fresh = wav.read(min(hop, size))
        if len(fresh) < min(hop, size):
            return
        window = numpy.concatenate((window[hop:], fresh))
        at += hop


def samples_to_bytes(samples: numpy.ndarray, tensor: TensorInfo, options: inputs.Options, what: str) -> bytes:
    """Samples are real values of -1 to 1, but plain int16 for an input that takes those."""
    if options.raw or not tensor.scale and tensor.dtype != "float32":
        return inputs.to_bytes(samples, tensor, inputs.Options(raw=True), what)
    return inputs.quantize(samples / 32768.0, tensor, options.scale, options.offset, what)


@dataclass(frozen=True)
class Meaning:
    """What a model's file says of the sound that it takes."""

    rate: int | None = None
    front_end: str | None = None
    frame_hop: int | None = None


def meaning(file: Path | None) -> Meaning:
    """From arena8.json in the zip behind the model, and TFLite Metadata's sample rate."""
    if file is None:
        return Meaning()
    data = file.read_bytes()
    rate = metadata.read(data).sample_rate
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            said = json.loads(archive.read(MEANING))
    except (zipfile.BadZipFile, KeyError):
        return Meaning(rate)
    except ValueError as e:
        raise ToolError(f"{file}: its {MEANING} is not valid JSON: {e}") from e
    about = said.get("front_end") if isinstance(said, dict) else None
    numbers = [about.get(key) for key in ("hop", "sample_rate")] if isinstance(about, dict) else [None]
    if (
        not isinstance(about, dict)
        or not isinstance(about.get("model"), str)
        or not all(isinstance(n, int) and n > 0 for n in numbers)
    ):
        raise ToolError(
            f"{file}: its {MEANING} should be like "
            '{"front_end": {"model": "front_end.tflite", "hop": 320, "sample_rate": 16000}}'
        )
    return Meaning(about["sample_rate"], about["model"], about["hop"])


class FrontEnd:
    """A model that makes a row of features of a window of samples, in the engine of this machine."""

    def __init__(self, file: Path, hop: int, options: inputs.Options) -> None:
        self.model, self.hop, self.options = LocalModel(file), hop, options
        ends = self.model.inputs, self.model.outputs
        if any(len(end) != 1 for end in ends):
            raise UsageError(
                f"the front end {self.model.name} has {len(ends[0])} inputs and {len(ends[1])} outputs; "
                "it takes samples and gives features, so one of each"
            )
        self.size = self.model.inputs[0].count

    def frames(self, tensor: TensorInfo) -> int:
        """The number of rows that an input takes. UsageError if its elements are no such rows."""
        row = self.model.outputs[0]
        if row.dtype != tensor.dtype or tensor.count % row.count:
            raise UsageError(
                f"the front end {self.model.name} gives {row.count} features of {row.dtype}; input "
                f"'{tensor.name}' takes {tensor.count} of {tensor.dtype}, which is no number of such rows"
            )
        return tensor.count // row.count

    def row(self, samples: numpy.ndarray) -> bytes:
        data = samples_to_bytes(samples, self.model.inputs[0], self.options, self.model.name)
        self.model.send(self.model.inputs[0], data)
        self.model.invoke()
        return self.model.receive(self.model.outputs[0])


def inputs_of(
    wav: Wav, tensor: TensorInfo, options: inputs.Options, hop: int | None, front_end: FrontEnd | None
) -> Iterator[tuple[float, float, Any]]:
    """(first second, last second, bytes or the ToolError that kept them from being made) of every input."""
    if front_end is None:
        none = True
        for at, window in windows(wav, tensor.count, hop or tensor.count):
            none = False
            try:
                data = samples_to_bytes(window, tensor, options, wav.name)
            except ToolError as e:
                data = e
            yield at / wav.rate, (at + tensor.count) / wav.rate, data
        _enough(not none, wav, tensor, tensor.count)
        return
    frames = front_end.frames(tensor)
    whole = front_end.size + (frames - 1) * front_end.hop
    every = max(1, round((hop / front_end.hop) if hop else frames / LOOKS))
    rows: list[bytes] = []
    due = frames
    for number, (at, window) in enumerate(windows(wav, front_end.size, front_end.hop), 1):
        rows = [*rows[1 - frames :], front_end.row(window)] if frames > 1 else [front_end.row(window)]
        if number == due:
            due += every
            end = at + front_end.size
            yield (end - whole) / wav.rate, end / wav.rate, b"".join(rows)
    _enough(due > frames, wav, tensor, whole)


def _enough(enough: bool, wav: Wav, tensor: TensorInfo, wanted: int) -> None:
    if not enough:
        raise UsageError(
            f"{wav.name} has fewer samples than the {wanted} that input '{tensor.name}' takes "
            f"({wanted / wav.rate:.3f} s at {wav.rate} Hz)"
        )
