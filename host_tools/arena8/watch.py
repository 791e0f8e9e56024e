# SPDX-License-Identifier: MIT
"""infer --watch: a model that stays loaded, and the inputs that come to it one after the other."""

from __future__ import annotations

import json
import sys
import time
import wave
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy
from rich.console import Group
from rich.live import Live
from rich.text import Text

from . import inputs, render
from .errors import ToolError, UsageError
from .tensor_info import TensorInfo

PAUSE = 0.2  # seconds between two looks into a folder
KINDS = {".npy", ".json", ".csv", ".txt", *inputs.IMAGES}
HISTORY = 8  # answers that stay on the screen below the last

Sample = tuple[
    str, Any
]  # where it comes from; bytes of each input, or the error that kept them from being read


def source(request: Any, tensors: list[TensorInfo]) -> Iterator[Sample]:
    """The samples of what --watch names. Never ends by itself for a folder."""
    name = request.watch
    if name != "-" and not Path(name).exists():
        raise UsageError(f"--watch {name}: there is no such file or folder; - is standard input")
    if len(tensors) != 1:
        raise UsageError(f"--watch feeds models with one input, this one has {len(tensors)}")
    if name == "-":
        return _lines(tensors[0], request.options)
    if Path(name).is_dir():
        return _folder(Path(name), tensors[0], request.options)
    if Path(name).suffix.lower() == ".wav":
        return _windows(Path(name), tensors[0], request.options, request.hop)
    raise UsageError(f"--watch {name}: that is neither a folder nor a .wav; one input is given by --input")


def _read(label: str, text: str, tensor: TensorInfo, options: inputs.Options) -> Sample:
    try:
        return label, [inputs.read(text, tensor, options)]
    except ToolError as e:
        return label, e


def _lines(tensor: TensorInfo, options: inputs.Options) -> Iterator[Sample]:
    for number, line in enumerate(sys.stdin, 1):
        if text := line.strip():
            yield _read(f"line {number}", text, tensor, options)


def _folder(folder: Path, tensor: TensorInfo, options: inputs.Options) -> Iterator[Sample]:
    """Files in the order in which they were written. A file counts once its size stays the same for a while;
    one that is written again counts again."""
    done: dict[Path, tuple[int, int]] = {}
    growing: dict[Path, tuple[int, int]] = {}
    while True:
        states = {}
        for path in folder.iterdir():
            if path.suffix.lower() in KINDS and not path.name.startswith("."):
                try:
                    status = path.stat()
                except OSError:
                    continue
                states[path] = (status.st_mtime_ns, status.st_size)
        for path, state in sorted(states.items(), key=lambda item: (item[1][0], item[0])):
            if done.get(path) == state:
                continue
            if growing.get(path) == state:
                done[path] = state
                yield _read(path.name, str(path), tensor, options)
        growing = states
        time.sleep(PAUSE)


def read_wav(path: Path) -> tuple[numpy.ndarray, int]:
    """Samples as int16, channels averaged, and their rate."""
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as e:
        raise UsageError(f"{path} is not a WAV file of plain samples: {e}") from e
    data = data[: len(data) // (width * channels) * width * channels]
    if width == 1:
        values = (numpy.frombuffer(data, "u1").astype(numpy.int32) - 128) << 8
    elif width == 3:
        parts = numpy.frombuffer(data, "u1").reshape(-1, 3).astype(numpy.int32)
        values = (parts[:, 1] | parts[:, 2] << 8) - ((parts[:, 2] & 128) << 9)
    else:
        values = numpy.frombuffer(data, f"<i{width}").astype(numpy.int64) >> (8 * width - 16)
    mono = values.reshape(-1, channels).mean(axis=1)
    return numpy.rint(mono).astype(numpy.int16), rate


def _windows(path: Path, tensor: TensorInfo, options: inputs.Options, hop: int | None) -> Iterator[Sample]:
    """Windows of as many samples as the input takes. Samples are real values of -1 to 1, but plain int16 for
    an input that takes those."""
    values, rate = read_wav(path)
    size = tensor.count
    if len(values) < size:
        raise UsageError(f"{path} has {len(values)} samples; input '{tensor.name}' takes {size}")
    plain = options.raw or not tensor.scale and tensor.dtype != "float32"
    for at in range(0, len(values) - size + 1, hop or size):
        window = values[at : at + size]
        label = f"{at / rate:.3f} s"
        try:
            if plain:
                data = inputs.to_bytes(window, tensor, inputs.Options(raw=True), str(path))
            else:
                data = inputs.quantize(window / 32768.0, tensor, options.scale, options.offset, str(path))
            yield label, [data]
        except ToolError as e:
            yield label, e


def run(request: Any, model: Any, twin: Any, port: str) -> int:
    """Runs samples until there are no more, --count is reached, or Ctrl-C. ToolError if one was wrong."""
    from .verbs.infer import _difference, answer, answers

    err = render.messages()
    out = render.console()
    live = out.is_terminal and not request.as_json
    stdin = request.watch == "-" and sys.stdin.isatty()
    wrong = ran = 0
    history: list[str] = []
    if not request.as_json:
        hint = "lines of numbers or file names, " if stdin else ""
        err.print(f"{model.name} on {port} waits: {hint}Ctrl-C ends", markup=False)
    display = Live(console=out, refresh_per_second=10) if live else nullcontext()
    with display:
        try:
            for label, fed in source(request, model.inputs):
                if isinstance(fed, ToolError):
                    err.print(f"{label}: {fed}", markup=False)
                    continue
                outputs, microseconds = answer(model, fed, request.timeout, True)
                ran += 1
                difference = None
                if twin is not None:
                    expected, _ = answer(twin, fed, None, True)
                    difference = _difference(model, outputs, expected)
                    wrong += difference is not None
                if request.as_json:
                    print(
                        json.dumps(
                            {
                                "input": label,
                                "microseconds": microseconds,
                                "outputs": answers(model, outputs),
                                "verified": difference is None if twin is not None else None,
                                "difference": difference,
                            }
                        ),
                        flush=True,
                    )
                else:
                    line = _line(model, label, outputs, microseconds, twin is not None, difference)
                    if live:
                        display.update(_screen(model, outputs, line, history))
                        history = [line, *history][:HISTORY]
                    else:
                        print(line, flush=True)
                if request.count is not None and ran >= request.count:
                    break
        except KeyboardInterrupt:
            err.print(f"{ran} answers", markup=False)
            if wrong:
                raise ToolError(f"{wrong} of {ran} answers differ from this machine's") from None
            raise  # the board may be in the middle of an invoke: the session's end interrupts it
    if wrong:
        raise ToolError(f"{wrong} of {ran} answers differ from this machine's")
    return 0


def _line(
    model: Any, label: str, outputs: list[bytes], microseconds: int | None, verified: bool, difference: Any
) -> str:
    parts = [label]
    for tensor, data in zip(model.outputs, outputs, strict=True):
        real = tensor.real(data)
        if render.is_classes(tensor, real, model.labels):
            best = render.top(real, model.labels, 1)[0]
            name = best["label"] if best["label"] is not None else best["index"]
            parts.append(f"{name} {best['value']:.4f}")
        else:
            shown = " ".join(f"{render.number(v):.6g}" for v in real[:8])
            parts.append(shown + (" ..." if tensor.count > 8 else ""))
    if microseconds is not None:
        parts.append(f"{microseconds / 1000:.3f} ms")
    if verified:
        parts.append("DIFFERS from this machine's" if difference else "verified")
    return "  ".join(parts)


def _screen(model: Any, outputs: list[bytes], line: str, history: list[str]) -> Group:
    parts: list[Any] = [Text(line, style="bold")]
    for tensor, data in zip(model.outputs, outputs, strict=True):
        real = tensor.real(data)
        if render.is_classes(tensor, real, model.labels):
            parts.append(render.class_table(render.top(real, model.labels)))
    parts += [Text(old, style="dim") for old in history]
    return Group(*parts)
