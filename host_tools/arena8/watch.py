# SPDX-License-Identifier: MIT
"""infer --watch: a model that stays loaded, and the inputs that come to it one after the other."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy
from rich.live import Live

from . import render, screen
from .errors import BoardError, ToolError
from .screen import Answer, Screen
from .sources import Sample, Source

REFRESH = 10  # looks of the display a second


class Lines:
    """A line for every answer, for what is no terminal."""

    def __init__(self, model: Any, smooth: int = 1) -> None:
        self.model, self.smooth = model, smooth

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def answer(self, answer: Answer, difference: Any) -> None:
        print(line(self.model, answer), flush=True)

    def error(self, label: str, text: str) -> None:
        render.messages().print(text, markup=False)


class JsonLines(Lines):
    """A JSON object for every input; nothing else."""

    def answer(self, answer: Answer, difference: Any) -> None:
        from .verbs.infer import answers

        report = {
            "input": answer.label,
            "seconds": answer.seconds,
            "microseconds": answer.microseconds,
            "transfer_microseconds": round(answer.transfer * 1e6),
            "outputs": answers(self.model, answer.outputs),
            "verified": answer.verified,
            "difference": difference,
        }
        for entry, real in zip(report["outputs"], answer.real, strict=True):
            if self.smooth > 1:
                entry["smoothed"] = [render.number(v) for v in real]
            if "top" in entry:
                entry["top"] = render.top(real, self.model.labels)
        print(json.dumps(report), flush=True)

    def error(self, label: str, text: str) -> None:
        super().error(label, text)
        print(json.dumps({"input": label, "error": text}), flush=True)


class Display(Lines):
    """The running display on a terminal. What it says last stays there."""

    def __init__(self, model: Any, title: Callable[[], list[str]], smooth: int) -> None:
        super().__init__(model, smooth)
        self.screen = Screen(model, title, smooth)
        # Streams stay as they are: rich's stand-ins for them know no encoding.
        self.live = Live(
            console=render.console(),
            get_renderable=lambda: self.screen,
            refresh_per_second=REFRESH,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )

    def __enter__(self) -> Display:
        self.live.start(refresh=True)
        return self

    def __exit__(self, *exc: object) -> None:
        self.live.stop()

    def answer(self, answer: Answer, difference: Any) -> None:
        self.screen.answer(answer)

    def error(self, label: str, text: str) -> None:
        self.screen.error(text)
        if not sys.stderr.isatty():  # a log
            super().error(label, text)


def line(model: Any, answer: Answer) -> str:
    parts = [answer.label]
    for tensor, real in zip(model.outputs, answer.real, strict=True):
        if render.is_classes(tensor, real, model.labels):
            best = render.top(real, model.labels, 1)[0]
            parts.append(f"{screen.class_name(best)} {best['value']:.4f}")
        else:
            parts.append(screen.some_numbers([real]))
    if answer.microseconds is not None:
        parts.append(f"{answer.microseconds / 1000:.3f} ms")
    if answer.verified is not None:
        parts.append("verified" if answer.verified else "DIFFERS from this machine's")
    return render.clean("  ".join(parts))


class Watch:
    """The run over the inputs, and what came of it so far."""

    def __init__(self, request: Any, model: Any, twin: Any) -> None:
        self.request, self.model, self.twin = request, model, twin
        self.ran = self.failed = self.wrong = 0
        self._last: deque[list[numpy.ndarray]] = deque(maxlen=request.smooth)

    def one(self, sample: Sample, view: Lines) -> None:
        """An error of one input is told, and the next one comes; BoardError if the board is lost."""
        try:
            if isinstance(sample.data, ToolError):
                raise sample.data
            answer, difference = self._answer(sample)
        except BoardError:
            raise
        except ToolError as e:
            self.failed += 1
            view.error(sample.label, str(e) if e is sample.data else f"{sample.label}: {e}")
            return
        self.ran += 1
        self.wrong += difference is not None
        view.answer(answer, difference)

    def _answer(self, sample: Sample) -> tuple[Answer, Any]:
        from .verbs.infer import _difference
        from .verbs.infer import answer as run_one

        model = self.model
        started = time.perf_counter()
        model.send(model.inputs[0], sample.data)
        sent = time.perf_counter()
        microseconds = model.invoke(self.request.timeout)
        invoked = time.perf_counter()
        outputs = [model.receive(tensor) for tensor in model.outputs]
        transfer = sent - started + time.perf_counter() - invoked
        difference = verified = None
        if self.twin is not None:
            difference = _difference(model, outputs, run_one(self.twin, [sample.data], None, True)[0])
            verified = difference is None
        self._last.append([tensor.real(data) for tensor, data in zip(model.outputs, outputs, strict=True)])
        return (
            Answer(
                sample.label,
                sample.data,
                outputs,
                self._smoothed(),
                microseconds,
                transfer,
                verified,
                sample.seconds,
                sample.late,
            ),
            difference,
        )

    def _smoothed(self) -> list[numpy.ndarray]:
        if len(self._last) == 1:
            return self._last[-1]
        return [numpy.mean(parts, axis=0, dtype=numpy.float32) for parts in zip(*self._last, strict=True)]

    def end(self) -> None:
        """ToolError unless all was well."""
        if self.wrong:
            raise ToolError(f"{self.wrong} of {self.ran} answers differ from this machine's")
        if self.failed and not self.ran:
            raise ToolError(f"none of the {self.failed} inputs could be run")


def _view(request: Any, model: Any, title: Callable[[], list[str]]) -> Lines:
    if request.as_json:
        return JsonLines(model, request.smooth)
    out = render.console()
    # What is typed would be in the midst of the display.
    typed = request.watch.source == "-" and sys.stdin.isatty()
    if sys.stdout.isatty() and not out.is_dumb_terminal and not typed:
        return Display(model, title, request.smooth)
    hint = "lines of numbers or file names, " if typed else ""
    render.messages().print(f"{', '.join(title())}: {hint}Ctrl-C ends", markup=False)
    return Lines(model)


@contextmanager
def _terminated() -> Iterator[None]:
    """SIGTERM (of timeout, of a service that stops) ends a watch as Ctrl-C does: the board is left well, and
    the terminal has its cursor."""

    def end(*_: Any) -> None:
        raise KeyboardInterrupt

    before = None
    with suppress(ValueError):  # only the main thread may
        before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def run(request: Any, model: Any, twin: Any, port: str, file: Path | None) -> int:
    """Runs samples until there are no more, --count is reached, or Ctrl-C. ToolError if one was wrong."""
    source = Source(request.watch, model.inputs, file, request.options)
    watch = Watch(request, model, twin)
    try:
        with _terminated(), _view(request, model, lambda: [f"{model.name} on {port}", *source.about]) as view:
            for sample in source:
                watch.one(sample, view)
                if request.count is not None and watch.ran >= request.count:
                    break
    except KeyboardInterrupt:
        if watch.wrong:
            watch.end()
        raise  # the board may be in the middle of an invoke: the session's end interrupts it
    except BrokenPipeError:  # who read the answers has enough of them: that is an end like Ctrl-C
        render.give_up_output()
    watch.end()
    return 0
