# SPDX-License-Identifier: MIT
"""Where the inputs of infer --watch come from: a folder, a file that is written again and again, standard
input (lines, .npy arrays, sound), a WAV."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from . import inputs, model, sound
from .errors import ToolError, UsageError
from .tensor_info import TensorInfo

PAUSE = 0.02  # seconds between two looks at files
SETTLED = 0.2  # seconds without change after which a file is taken for whole
# Half of such a file can't be read, so there is no need to wait for the other half.
SELF_EVIDENT = {".npy", *inputs.IMAGES}
KINDS = {".json", ".csv", ".txt", *SELF_EVIDENT}
RIFF, NUMPY = b"RIFF", b"\x93NUMPY"

State = tuple[int, int]  # time of the last change, bytes


@dataclass(frozen=True)
class Sample:
    label: str
    data: bytes | ToolError  # of the input, or what was wrong with it
    seconds: tuple[float, float] | None = None  # the part of a sound
    late: float = 0.0  # seconds that --realtime is behind


@dataclass(frozen=True)
class Options:
    """What the command line says of a source."""

    source: str  # a folder, a file, or -
    hop: int | None = None
    front_end: str | None = None
    frame_hop: int | None = None
    realtime: bool = False
    latest: bool = False


def wanted(source: str | None, smooth: int, **given: Any) -> Options | None:
    """What the options of --watch say. UsageError if they say it of nothing."""
    if source is not None:
        return Options(source, **given)
    for name, value in {"smooth": smooth > 1, **given}.items():
        if value:
            raise UsageError(f"--{name.replace('_', '-')} is for --watch")
    return None


class Source:
    """Inputs for a tensor. Iterating may never end."""

    def __init__(self, options: Options, tensors: list[TensorInfo], file: Path | None, reading: Any) -> None:
        self.options, self.file, self.reading = options, file, reading
        name = options.source
        path = Path(name)
        if name != "-" and not path.exists():
            raise UsageError(f"--watch {name}: there is no such file or folder; - is standard input")
        if len(tensors) != 1:
            raise UsageError(f"--watch feeds models with one input, this one has {len(tensors)}")
        self.tensor = tensors[0]
        self.about = [path.name or name]  # in pieces
        if name == "-":
            self.about = ["standard input"]
            self._samples = self._stdin()
        elif path.suffix.lower() == ".wav" and path.is_file():
            self._samples = self._sound(sound.Wav(path.open("rb"), name))
        elif path.is_dir() or path.suffix.lower() in KINDS:
            self._no_sound(name)
            self._samples = self._files(path)
        else:
            raise UsageError(f"--watch {name}: that is neither a folder nor a .wav nor {_list(KINDS)}")

    def __iter__(self) -> Iterator[Sample]:
        return self._samples

    def _no_sound(self, what: str) -> None:
        given = {
            "--hop": self.options.hop,
            "--front-end": self.options.front_end,
            "--frame-hop": self.options.frame_hop,
            "--realtime": self.options.realtime,
        }
        for option, value in given.items():
            if value:
                raise UsageError(f"{option} is for sound; {what} is none")

    # Standard input.

    def _stdin(self) -> Iterator[Sample]:
        stream = sys.stdin.buffer
        if sys.stdin.isatty():
            yield from self._lines(stream)
            return
        first = stream.peek(len(NUMPY))
        if first.startswith(RIFF):
            yield from self._sound(sound.Wav(stream, "standard input"))
        elif first.startswith(NUMPY):
            yield from self._arrays(stream)
        else:
            yield from self._lines(stream)

    def _lines(self, stream: Any) -> Iterator[Sample]:
        self._no_sound("a line")
        for number, line in enumerate(stream, 1):
            if text := line.decode("utf-8", "replace").strip():
                yield from self._read(f"line {number}", text)

    def _arrays(self, stream: Any) -> Iterator[Sample]:
        """Arrays as numpy.save writes them, one after the other."""
        self._no_sound("an array")
        number = 0
        while stream.peek(1):
            number += 1
            label = f"array {number}"
            try:
                array = numpy.lib.format.read_array(_Unseekable(stream), allow_pickle=False)
            except ValueError as e:
                raise ToolError(f"standard input, {label}: not a .npy array: {e}") from e
            yield from self._cut(label, lambda a=array, what=label: self._pieces(a, what))

    def _pieces(self, array: numpy.ndarray, what: str) -> list[bytes]:
        return inputs.pieces(array, self.tensor, self.reading, what)

    # Files.

    def _read(self, label: str, text: str) -> Iterator[Sample]:
        yield from self._cut(label, lambda: inputs.read_many(text, self.tensor, self.reading, label))

    def _file(self, file: Path) -> Iterator[Sample]:
        for sample in self._read(file.name, str(file)):
            if isinstance(sample.data, ToolError):  # the folder is known
                yield Sample(sample.label, ToolError(str(sample.data).replace(str(file), file.name)))
            else:
                yield sample

    def _cut(self, label: str, read: Callable[[], list[bytes]]) -> Iterator[Sample]:
        """The inputs that something holds. One error stands for all of them."""
        try:
            found = read()
        except ToolError as e:
            yield Sample(label, e)
            return
        except OSError as e:
            yield Sample(label, ToolError(f"{label}: {e.strerror or e}"))
            return
        for i, data in enumerate(found):
            yield Sample(label if len(found) == 1 else f"{label}[{i}]", data)

    def _files(self, path: Path) -> Iterator[Sample]:
        """Files in the order in which they were written. One that is written again counts again."""
        done: dict[Path, State] = {}
        seen: dict[Path, tuple[State, float]] = {}  # since when it is so
        folder = path.is_dir()
        while True:
            started = time.monotonic()
            states = _states(path, folder)
            done = {file: done[file] for file in done.keys() & states.keys()}
            fresh = [file for file, state in states.items() if done.get(file) != state]
            if self.options.latest:
                done.update((file, states[file]) for file in fresh[:-1])
                fresh = fresh[-1:]
            seen = {
                f: seen[f] if f in seen and seen[f][0] == states[f] else (states[f], started) for f in fresh
            }
            for file in fresh:
                settled = started - seen[file][1] >= SETTLED
                # Later ones wait for it, so that the order stays.
                if not settled and file.suffix.lower() not in SELF_EVIDENT:
                    break
                found = list(self._file(file))
                if _state(file) != states[file]:
                    break  # what was read is no longer what was looked at
                if not settled and any(isinstance(sample.data, ToolError) for sample in found):
                    break  # perhaps half of it is there
                done[file] = states[file]
                yield from found
            # A look at a large folder takes its time: leave the machine some for other things.
            time.sleep(max(PAUSE, time.monotonic() - started))

    # Sound.

    def _sound(self, wav: sound.Wav) -> Iterator[Sample]:
        said = sound.meaning(self.file)
        front_end = self._front_end(said)
        if said.rate not in (None, wav.rate):
            raise UsageError(
                f"{wav.name} has {wav.rate} samples a second, the model takes {said.rate}; "
                f"`ffmpeg -i IN.wav -ar {said.rate} OUT.wav` or `sox IN.wav -r {said.rate} OUT.wav` converts"
            )
        self.about.append(f"{wav.rate} Hz")
        if front_end is not None:
            self.about.append(f"features by {front_end.model.name} on this machine")
        began = time.monotonic()
        late = 0.0
        for first, last, data in sound.inputs_of(wav, self.tensor, self.reading, self.options.hop, front_end):
            if self.options.realtime:
                wait = began + last - time.monotonic()
                time.sleep(max(wait, 0))
                late = max(-wait, 0.0)
            yield Sample(f"{first:.3f}-{last:.3f} s", data, (first, last), late)

    def _front_end(self, said: sound.Meaning) -> sound.FrontEnd | None:
        name = self.options.front_end or said.front_end
        if name is None:
            if self.options.frame_hop:
                raise UsageError("--frame-hop is for a --front-end")
            return None
        hop = self.options.frame_hop or (said.frame_hop if name == said.front_end else None)
        if hop is None:
            raise UsageError(f"--front-end {name} needs --frame-hop too: samples from one row to the next")
        beside = [Path(name)] if self.options.front_end else []
        beside += [self.file.parent / name] if self.file else []
        file = next((p for p in beside if p.is_file()), None) or model.find(Path(name).stem)
        if file is None:
            raise UsageError(
                f"no front end {name} here: it makes features of sound. Give its path by --front-end, "
                "or its folder in ARENA8_MODELS"
            )
        return sound.FrontEnd(file, hop, self.reading)


class _Unseekable:
    """numpy then takes a stream as it comes, and does not ask where it is."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self.read = stream.read


def _states(path: Path, folder: bool) -> dict[Path, State]:
    """The files that may be inputs, the oldest change first."""
    try:
        files = list(path.iterdir()) if folder else [path]
    except OSError as e:
        raise ToolError(f"--watch {path}: the folder is gone ({e.strerror})") from e
    found = []
    for file in files:
        wanted = file.suffix.lower() in KINDS and not file.name.startswith(".")
        if wanted and (state := _state(file)) is not None:
            found.append((state, file))
    return {file: state for state, file in sorted(found, key=lambda entry: (entry[0][0], entry[1]))}


def _state(file: Path) -> State | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _list(kinds: set[str]) -> str:
    return ", ".join(sorted(kinds))
