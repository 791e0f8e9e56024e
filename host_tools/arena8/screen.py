# SPDX-License-Identifier: MIT
"""The running display of infer --watch: a bar for each class, how fast it goes, the answers before."""

from __future__ import annotations

import textwrap
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import zip_longest
from statistics import median
from typing import Any

import numpy
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from . import render, thumbnail

HISTORY = 8  # answers that stay on the screen below the last
ERRORS = 3  # of the last inputs that could not be run
LAST = 20  # answers that rates and times are taken from
QUIET = 3.0  # seconds without an answer after which there is no rate
BAR = (6, 50)  # characters of a whole bar, at least and at most
WIDE = 24  # characters of a label, at most
BESIDE = 60  # columns from which on a picture of the input stands beside the bars, not above


@dataclass(frozen=True)
class Answer:
    label: str
    fed: bytes  # the input
    outputs: list[bytes]
    real: list[numpy.ndarray]  # the outputs in real values; with --smooth the mean of the last ones
    microseconds: int | None  # of the invoke, by the board's clock
    transfer: float  # seconds that input and outputs took, by this machine's
    verified: bool | None = None
    seconds: tuple[float, float] | None = None  # the part of a sound
    late: float = 0.0


@dataclass(frozen=True)
class _Past:
    """One row of the answers before: several in a row that say the same of a sound are one."""

    first: Answer
    last: Answer
    best: str
    score: float | None
    count: int = 1


class Screen:
    """A renderable that shows what it has been told so far, as large as the terminal lets it be."""

    def __init__(
        self,
        model: Any,
        title: Callable[[], list[str]],
        smooth: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model, self.title, self.smooth, self.clock = model, title, smooth, clock
        self.last: Answer | None = None
        self.past: deque[_Past] = deque(maxlen=HISTORY)
        self.times: deque[float] = deque(maxlen=LAST)
        self.invokes: deque[int] = deque(maxlen=LAST)
        self.transfers: deque[float] = deque(maxlen=LAST)
        self.errors: deque[str] = deque(maxlen=ERRORS)
        self.ran = self.failed = self.different = 0
        self.low, self.high = 0.0, 1.0  # what bars go from and to

    def answer(self, answer: Answer) -> None:
        best, score = self._verdict(answer)
        self._remember(_Past(answer, answer, best, score))
        self.times.append(self.clock())
        self.transfers.append(answer.transfer)
        if answer.microseconds is not None:
            self.invokes.append(answer.microseconds)
        self.ran += 1
        self.different += answer.verified is False
        for tensor, real in zip(self.model.outputs, answer.real, strict=True):
            if render.is_classes(tensor, real, self.model.labels):
                self.low = min(self.low, float(real.min()))
                self.high = max(self.high, float(real.max()))
        self.last = answer

    def error(self, text: str) -> None:
        self.failed += 1
        self.errors.append(render.clean(text))

    def _verdict(self, answer: Answer) -> tuple[str, float | None]:
        for tensor, real in zip(self.model.outputs, answer.real, strict=True):
            if render.is_classes(tensor, real, self.model.labels):
                best = render.top(real, self.model.labels, 1)[0]
                return class_name(best), best["value"]
        return some_numbers(answer.real), None

    def _remember(self, new: _Past) -> None:
        before = self.past[0] if self.past else None
        if before and new.last.seconds and new.score is not None and before.best == new.best:
            score = max(before.score or 0.0, new.score)
            self.past[0] = replace(before, last=new.last, score=score, count=before.count + 1)
        else:
            self.past.appendleft(new)

    # What is seen.

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, options.height or console.height
        status = flow(self._status(), width)
        errors = [Text(part, style="red") for text in self.errors for part in textwrap.wrap(text, width)[:2]]
        title = flow([render.clean(part) for part in self.title()], width)
        fixed = 1 + len(title) + len(status) + len(errors)
        room = max(height - fixed - 2, 1)  # a line is left for the cursor, one between
        lines = [Text(line, style="bold cyan") for line in title]
        lines += self._body(console, width, max(room - 3, 1))
        lines += [Text(line, style="dim") for line in status]
        lines += errors
        left = height - 1 - len(lines)
        if len(self.past) and left > 1:
            lines += [Text(), *self._before(width)[: left - 1]]
        for line in lines[: max(height - 1, 1)]:
            line.no_wrap, line.overflow = True, "ellipsis"
            yield line

    def _body(self, console: Console, width: int, room: int) -> Iterable[Text]:
        if self.last is None:
            return [Text(), Text("waiting for the first input", style="dim"), Text()]
        head = Text(render.clean(self.last.label), style="bold")
        if width < BESIDE:
            lines = self._outputs(width, room - 1)
            return [head, *self._picture(console, width, room - 1 - len(lines)), *lines, Text()]
        picture = self._picture(console, width // 3, room - 1)
        taken = max((cell_len(str(row)) + 1 for row in picture), default=0)
        lines = self._outputs(width - taken, room - 1)
        if picture:
            rows = zip_longest(picture, lines, fillvalue=Text())
            lines = [_beside(left, right, taken) for left, right in rows]
        return [head, *lines, Text()]

    def _outputs(self, width: int, room: int) -> list[Text]:
        lines: list[Text] = []
        for tensor, real in zip(self.model.outputs, self.last.real, strict=True):
            if render.is_classes(tensor, real, self.model.labels):
                lines += self._bars(real, width, max(room - len(lines), 1))
            else:
                lines += numbers(tensor.name, real, width)
        return lines

    def _picture(self, console: Console, columns: int, rows: int) -> list[Text]:
        colours = render.has_blocks() and console.color_system is not None and not console.no_color
        sound = self.last.seconds is not None
        return thumbnail.draw(self.model.inputs[0], self.last.fed, rows, columns, colours, sound)

    def _bars(self, real: numpy.ndarray, width: int, room: int) -> list[Text]:
        """A row for each class, always in the same place; only if they are too many, the best of them."""
        entries = render.top(real, self.model.labels, real.size)
        best = entries[0]["index"]
        entries = entries[: min(room, len(entries))]
        if len(entries) == real.size:
            entries.sort(key=lambda entry: entry["index"])
        names = [class_name(entry) for entry in entries]
        wide = min(max(map(cell_len, names)), WIDE, max(width // 3, 4))
        values = [f"{entry['value']:.{4 if self.high <= 1 else 2}f}" for entry in entries]
        digits = max(map(len, values))
        space = max(min(width - wide - digits - 5, BAR[1]), BAR[0])
        lines = []
        for entry, name, value in zip(entries, names, values, strict=True):
            part = (entry["value"] - self.low) / (self.high - self.low)
            style = "bold green" if entry["index"] == best else ""
            name = fit(name, wide)
            lines.append(Text(f" {name}  {value:>{digits}}  {render.bar(part, space)}", style=style))
        return lines

    def _status(self) -> list[str]:
        parts = []
        if self.last is None:
            return parts
        if self.invokes:
            parts.append(f"invoke {median(self.invokes) / 1000:.3f} ms")
        parts.append(f"transfer {median(self.transfers) * 1000:.1f} ms")
        parts.append(self._rate())
        parts.append(f"{self.ran} answers" if self.ran != 1 else "1 answer")
        if self.smooth > 1:
            parts.append(f"mean of {self.smooth}")
        if self.last.late >= 0.05:
            parts.append(f"{self.last.late:.1f} s late")
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.last.verified is not None:
            right = self.ran - self.different
            parts.append(f"{right} verified" if not self.different else f"{self.different} DIFFER")
        return parts

    def _rate(self) -> str:
        if self.clock() - self.times[-1] > QUIET:
            return "waiting"
        spent = self.times[-1] - self.times[0]
        return f"{(len(self.times) - 1) / spent:.1f}/s" if spent else "-/s"

    def _before(self, width: int) -> list[Text]:
        rows = []
        for past in self.past:
            label = past.last.label
            if past.count > 1:
                label = f"{past.first.seconds[0]:.3f}-{past.last.seconds[1]:.3f} s"
            score = "" if past.score is None else f"{past.score:.4f}"
            rows.append((render.clean(label), past.best, score, f"{past.count} x" if past.count > 1 else ""))
        label = min(max(cell_len(row[0]) for row in rows), max(width // 2, 8))
        name = min(max(cell_len(row[1]) for row in rows), max(width - label - 14, 8))
        return [
            Text(f"{fit(row[0], label)}  {fit(row[1], name)}  {row[2]:>6}  {row[3]}".rstrip(), style="dim")
            for row in rows
        ]


def _beside(left: Text, right: Text, width: int) -> Text:
    return Text.assemble(left, " " * (width - cell_len(str(left))), right)


def class_name(entry: dict[str, Any]) -> str:
    return render.clean(str(entry["label"] if entry["label"] is not None else entry["index"]))


def some_numbers(reals: list[numpy.ndarray], most: int = 8) -> str:
    """The first numbers of every output, in a line."""
    parts = []
    for real in reals:
        shown = " ".join(f"{render.number(value):.6g}" for value in real[:most])
        parts.append(shown + (" ..." if real.size > most else ""))
    return "  ".join(parts)


def numbers(name: str, real: numpy.ndarray, width: int) -> list[Text]:
    """An output that is no list of classes: what it holds, and from a few elements on a picture of them."""
    if real.size <= 4:
        return [Text(f" {render.clean(name)}  {some_numbers([real])}")]
    finite = real[numpy.isfinite(real)] if real.dtype.kind == "f" else real
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    rows = [Text(f" {render.clean(name)}  {real.size} values, {low:.4g} to {high:.4g}")]
    # Wider than the terminal: neighbours share a character, which shows the largest.
    columns = min(real.size, width - 2)
    groups = numpy.array_split(real.astype(numpy.float64), max(columns, 1))
    rows.append(Text(" " + render.heights([float(g.max()) for g in groups], low, high), style="green"))
    return rows


def fit(text: str, width: int) -> str:
    """Exactly so many columns."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1) + render.ellipsis(), width)


def flow(parts: list[str], width: int, between: str = "  ") -> list[str]:
    """As few lines as take the parts, none of which is broken."""
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(lines[-1]) + len(between) + cell_len(part) <= width:
            lines[-1] += between + part
        else:
            lines.append(part)
    return lines
