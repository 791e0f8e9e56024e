# SPDX-License-Identifier: MIT
"""What people see: answers as bars, models as tables. JSON is made elsewhere and goes to stdout alone."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from .tensor_info import TensorInfo

BAR = 28  # characters of a bar that stands for 1.0
TOP = 5
GAP = 2  # spaces between the columns of a table
FOLDED = 22  # characters of a line that are kept for cells which may take several lines
NUMBERS = 64  # of an answer without classes, at most so many are shown


def console() -> Console:
    """For answers. Without a terminal there are no colours, and lines are as long as they need to be."""
    terminal = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=not terminal, width=None if terminal else 120)


def messages() -> Console:
    """For everything that is not an answer."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def give_up_output() -> None:
    """Nothing more goes to standard output, so that its end does not fail once more: who read it has had
    enough, or there is no room."""
    sys.stdout = open(os.devnull, "w")


@dataclass(frozen=True)
class Column:
    heading: str
    justify: str = "left"
    worth: int = 0  # 0: always shown; others come in where the terminal has room, the least first
    folds: bool = False  # its cells may take several lines
    style: str = ""

    def width(self, cells: Iterable[str]) -> int:
        widest = max((cell_len(Text.from_markup(cell).plain) for cell in (self.heading, *cells)), default=0)
        return GAP + (min(widest, FOLDED) if self.folds else widest)


def table(out: Console, columns: Sequence[Column], rows: Sequence[tuple[Sequence[str], str]]) -> None:
    """Prints rows of (cells, style). No cell is cut: on a terminal that is too narrow columns are left out,
    and it is said which."""
    widths = [column.width(cells[i] for cells, _ in rows) for i, column in enumerate(columns)]
    room = out.width + GAP if out.is_terminal else sys.maxsize
    shown = []
    for i in sorted(range(len(columns)), key=lambda i: columns[i].worth):
        if not columns[i].worth or widths[i] <= room:
            shown.append(i)
            room -= widths[i]
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    for i in sorted(shown):
        column = columns[i]
        made.add_column(
            column.heading,
            justify=column.justify,
            style=column.style,
            no_wrap=not column.folds,
            overflow="fold",
        )
    for cells, style in rows:
        made.add_row(*(cells[i] for i in sorted(shown)), style=style)
    out.print(made)
    missing = [column.heading for i, column in enumerate(columns) if i not in shown and column.heading]
    if missing:
        out.print(f"a wider terminal shows {', '.join(missing)} too", style="dim", markup=False)


@contextmanager
def progress(text: str, quiet: bool = False) -> Iterator[Any]:
    """A callable (done, total) that moves a bar on the terminal, and does nothing without one or if quiet."""
    err = messages()
    if quiet or not err.is_terminal:
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(BAR), DownloadColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def counting(text: str, total: int, quiet: bool = False) -> Iterator[Any]:
    """A callable (done) that counts on the terminal, as progress does with bytes."""
    err = messages()
    if quiet or not err.is_terminal:
        yield lambda done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(BAR), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(text, total=total)
        yield lambda done: bar.update(task, completed=done)


def has_blocks() -> bool:
    """Whether the output can show block characters."""
    try:
        "█▀▒▏▁…".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def clean(text: str) -> str:
    """Text that changes nothing of a terminal but the place where it stands: names may hold anything."""
    encoding = sys.stdout.encoding or "ascii"
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text.encode(encoding, "replace").decode(encoding)


def ellipsis() -> str:
    return "…" if has_blocks() else "~"


def heights(values: list[float], low: float, high: float) -> str:
    """A character for each value, the higher the larger."""
    steps = "▁▂▃▄▅▆▇█" if has_blocks() else "_.-~=+*#"
    spread = high - low or 1.0
    return "".join(
        steps[round((v - low) / spread * (len(steps) - 1))] if math.isfinite(v) else "?" for v in values
    )


def marks() -> tuple[str, str]:
    """For yes and for no."""
    try:
        "✓✗".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "yes", "no"
    return "✓", "✗"


def shades() -> str:
    """Characters from white to black."""
    return " ░▒▓█" if has_blocks() else " .+#@"


def bar(fraction: float, width: int = BAR) -> str:
    """A bar, in eighths of a character where those exist."""
    fraction = max(0.0, min(1.0, float(fraction)))
    if not has_blocks():
        return "#" * round(fraction * width)
    eighths = round(fraction * width * 8)
    return "█" * (eighths // 8) + (" ▏▎▍▌▋▊▉"[eighths % 8] if eighths % 8 else "")


def is_classes(tensor: TensorInfo, real: numpy.ndarray, labels: tuple[str, ...]) -> bool:
    """Whether an output reads as one value a class: it has labels, or looks like probabilities."""
    if labels and len(labels) == tensor.count:
        return True
    return tensor.count >= 2 and bool(numpy.all(real >= 0)) and abs(float(numpy.sum(real)) - 1.0) < 0.1


def top(real: numpy.ndarray, labels: tuple[str, ...], count: int = TOP) -> list[dict[str, Any]]:
    """The largest values, best first; of equals the first."""
    named = len(labels) == real.size
    best = numpy.argsort(-real.astype(numpy.float64), kind="stable")[:count]
    return [{"index": int(i), "label": labels[i] if named else None, "value": number(real[i])} for i in best]


def number(value: Any) -> int | float:
    """A numpy scalar as a plain number; a float32 as the shortest decimal that means it."""
    return float(str(value)) if isinstance(value, numpy.floating) else int(value)


def classes(out: Console, entries: list[dict[str, Any]]) -> None:
    out.print(class_table(entries))


def class_table(entries: list[dict[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_column()
    for rank, entry in enumerate(entries):
        label = entry["label"] if entry["label"] is not None else entry["index"]
        style = "bold green" if rank == 0 else ""
        table.add_row(escape(str(label)), f"{entry['value']:.4f}", bar(entry["value"]), style=style)
    return table


def numbers(out: Console, tensor: TensorInfo, raw: numpy.ndarray, real: numpy.ndarray) -> None:
    shape = "x".join(map(str, tensor.shape)) or "scalar"
    out.print(f"[bold]{escape(tensor.name)}[/] {shape} {tensor.dtype}")
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim")
    table.add_column(justify="right")
    table.add_column(justify="right", style="dim")
    for i in range(min(tensor.count, NUMBERS)):
        table.add_row(str(i), f"{number(real[i]):.6g}", f"({raw[i]})" if raw is not real else "")
    out.print(table)
    if tensor.count > NUMBERS:
        out.print(f"... and {tensor.count - NUMBERS} more (--json has all)")


def thousands(value: int) -> str:
    return f"{value:,}"
