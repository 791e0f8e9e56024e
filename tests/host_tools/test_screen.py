# SPDX-License-Identifier: MIT
"""The running display of infer --watch, as a terminal of some size shows it."""

from __future__ import annotations

import io
import itertools
from types import SimpleNamespace

import numpy
import pyte
import pytest
from arena8 import render
from arena8.screen import Answer, Screen, fit, flow
from arena8.tensor_info import TensorInfo
from rich.cells import cell_len
from rich.console import Console
from rich.live import Live

WORDS = [
    "silence", "unknown", "yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go"
]  # fmt: skip


def model(labels=(), count=None, name="scores", given=(1, 4)):
    size = count or len(labels)
    tensor = TensorInfo("", name, (1, size), "float32", 0.0, 0)
    x = TensorInfo("", "x", given, "int8", 1.0, 0)
    return SimpleNamespace(inputs=[x], outputs=[tensor], labels=tuple(labels))


def answer(values, label="line 1", **more):
    fed = bytes(more.pop("fed", 0))
    return Answer(label, fed, [], [numpy.array(values, numpy.float32)], 20100, 0.0123, **more)


class Terminal:
    """What stands on a terminal after everything that was written."""

    def __init__(self, columns, rows, **options):
        self.written = io.StringIO()
        self.console = Console(
            file=self.written, force_terminal=True, width=columns, height=rows, highlight=False,
            legacy_windows=False, **{"color_system": "256", "_environ": {}, **options},
        )  # fmt: skip
        self.screen = pyte.HistoryScreen(columns, rows)
        self.live = None

    def show(self, shown):
        """As in the command: one display, drawn again and again over itself."""
        if self.live is None:
            self.live = Live(
                console=self.console, get_renderable=lambda: shown, auto_refresh=False,
                redirect_stdout=False, redirect_stderr=False, vertical_overflow="crop",
            )  # fmt: skip
            self.live.start()
        self.live.refresh()
        return self._lines()

    def stop(self):
        self.live.stop()
        return self._lines()

    def _lines(self):
        stream = pyte.Stream(self.screen)
        stream.feed(self.written.getvalue().replace("\n", "\r\n"))
        self.written.seek(0)
        self.written.truncate()
        lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines


@pytest.fixture(autouse=True)
def utf8(monkeypatch):
    monkeypatch.setattr(render.sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))


def screen(about, **options):
    seconds = itertools.count(0.0, 0.05)
    return Screen(about, lambda: ["words on host"], clock=lambda: next(seconds), **options)


def scores(best, count):
    return [0.9 if i == best else 0.1 / (count - 1) for i in range(count)]


def rows_of(lines, labels):
    """Number of the line where each label stands."""
    return [[i for i, line in enumerate(lines) if line.startswith(f" {name} ")] for name in labels]


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
@pytest.mark.parametrize("labels", [["yes", "no"], WORDS], ids=len)
def test_every_class_has_a_row_that_stays(columns, labels):
    terminal, shown = Terminal(columns, 24), screen(model(labels))
    places = []
    for best in (1, 0, 1):
        shown.answer(answer(scores(best, len(labels))))
        lines = terminal.show(shown)
        rows = rows_of(lines, labels)
        assert all(len(found) == 1 for found in rows), lines
        places.append(rows)
        longest = max(range(len(labels)), key=lambda i, r=rows, t=lines: len(t[r[i][0]]))
        assert longest == best and "0.9000" in lines[rows[best][0]]
    assert places[0] == places[1] == places[2]
    assert [found[0] for found in places[0]] == sorted(found[0] for found in places[0])
    assert max(map(len, lines)) <= columns
    assert "invoke 20.100 ms" in " ".join(lines) and "transfer 12.3 ms" in " ".join(lines)
    assert "3 answers" in " ".join(lines)


@pytest.mark.parametrize("columns", [40, 59, 60])
@pytest.mark.parametrize("rows", [8, 24, 50])
@pytest.mark.parametrize("labels", [["yes", "no"], WORDS], ids=len)
def test_a_picture_has_its_place(columns, rows, labels):
    """Beside the bars of a wide terminal, above those of a narrow one that is high enough; nothing is cut."""
    about, terminal = model(labels, given=(1, 96, 96, 1)), Terminal(columns, rows)
    shown = screen(about)
    for best in range(2):
        shown.answer(answer(scores(best, len(labels)), fed=96 * 96))
        lines = terminal.show(shown)
    drawn = [line for line in lines if "▀" in line]
    assert not terminal.screen.history.top and not any("…" in line for line in lines)
    assert any(" no " in line and "0.9000" in line for line in lines) or labels == WORDS
    assert all((" 0." in line) == (columns >= 60 and i < len(labels)) for i, line in enumerate(drawn)), lines
    assert drawn or rows < 24 or columns < 60 and labels == WORDS
    assert not drawn or 4 <= len(drawn) <= 10


def test_a_bar_is_as_long_as_its_share():
    shown = screen(model(["a", "b", "c"]))
    shown.answer(answer([0.5, 0.25, 0.25]))
    lines = Terminal(100, 20).show(shown)
    bars = [line.count("█") for line in lines if line.startswith((" a ", " b ", " c "))]
    assert bars == [25, 12, 12]  # of 50; the halves are other characters


def test_scores_that_are_no_probabilities_scale_the_bars():
    shown = screen(model(["a", "b"]))
    shown.answer(answer([-10.0, 30.0]))
    shown.answer(answer([10.0, -10.0]))
    lines = Terminal(100, 20).show(shown)
    assert [line.count("█") for line in lines if line.startswith((" a ", " b "))] == [25, 0]


@pytest.mark.parametrize("rows", [3, 6, 10, 24])
@pytest.mark.parametrize("columns", [20, 60])
def test_it_never_scrolls(columns, rows):
    """A display that is higher than the terminal would leave its upper lines behind at every look."""
    terminal, shown = Terminal(columns, rows), screen(model([f"class {i:04}" for i in range(1000)]))
    for i in range(12):
        shown.answer(answer(scores(i, 1000), label=f"file {i}.png"))
        shown.error("x" * 100)
        terminal.show(shown)
    lines = terminal.stop()
    assert not terminal.screen.history.top
    assert lines[0].startswith("words on host")
    assert rows < 10 or any("0.9000" in line for line in lines[:4])


def test_names_of_other_scripts_are_aligned():
    labels = ["größe", "日本語", "да", "é" * 40, "no"]
    shown = screen(model(labels))
    shown.answer(answer([0.6, 0.1, 0.1, 0.1, 0.1], label="naïve 日本.csv"))
    lines = Terminal(60, 24).show(shown)
    joined = [line.replace("\0", "") for line in lines]
    assert any(line.startswith("naïve 日本.csv") for line in joined), lines
    places = {cell_len(line[: line.index("0.")]) for line in joined[2:7]}
    assert len(places) == 1 and any("é…" in line for line in joined)


def test_names_can_not_steer_the_terminal():
    hostile = "\x1b[2J\x1b[31mx\r\n\x07"
    shown = screen(model([hostile, "b"]))
    shown.answer(answer([0.9, 0.1], label=hostile))
    shown.error(f"{hostile} was wrong")
    terminal = Terminal(80, 20, color_system=None)
    shown_text = "\n".join(terminal.show(shown))
    assert "\x1b" not in shown_text and "words on host" in shown_text and "?[2J?[31mx" in shown_text
    assert render.clean(hostile) == "?[2J?[31mx???"


def test_an_encoding_without_blocks(monkeypatch):
    monkeypatch.setattr(render.sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    shown = screen(model(["größe", "b" * 40]))
    shown.answer(answer([0.75, 0.25]))
    lines = Terminal(60, 20).show(shown)
    assert all(line.isascii() for line in lines) and any("gr??e" in line and "###" in line for line in lines)


def test_no_color():
    terminal = Terminal(80, 20, no_color=True)
    shown = screen(model(["a", "b"]))
    shown.answer(answer([0.9, 0.1]))
    terminal.show(shown)
    cells = [cell for row in terminal.screen.buffer.values() for cell in row.values()]
    assert cells and all(cell.fg == "default" and cell.bg == "default" for cell in cells)
    coloured = Terminal(80, 20)
    coloured.show(shown)
    assert any(cell.fg != "default" for row in coloured.screen.buffer.values() for cell in row.values())


def test_answers_before_and_errors():
    shown = screen(model(["a", "b"]))
    for i in range(12):
        shown.answer(answer([0.9, 0.1], label=f"{i}.csv", verified=i != 5))
    shown.error("twelve.csv has 3 numbers; input 'x' takes 64")
    lines = Terminal(80, 24).show(shown)
    assert [line.split() for line in lines[-8:]] == [[f"{i}.csv", "a", "0.9000"] for i in range(11, 3, -1)]
    assert "twelve.csv has 3 numbers; input 'x' takes 64" in lines
    status = next(line for line in lines if "invoke" in line)
    assert "20.0/s" in status and "12 answers" in status
    assert "1 failed" in " ".join(lines) and "1 DIFFER" in " ".join(lines)


def test_a_sound_has_one_row_for_each_word():
    shown = screen(model(["yes", "no"]))
    for i in range(9):
        values = [0.9, 0.1] if 3 <= i < 6 else [0.2, 0.8]
        shown.answer(answer(values, seconds=(i / 10, 1 + i / 10), label="now"))
    lines = Terminal(80, 24).show(shown)
    assert [line.split() for line in lines[-3:]] == [
        ["0.600-1.800", "s", "no", "0.8000", "3", "x"],
        ["0.300-1.500", "s", "yes", "0.9000", "3", "x"],
        ["0.000-1.200", "s", "no", "0.8000", "3", "x"],
    ]


def test_outputs_that_are_no_classes():
    shown = screen(model(count=300, name="levels"))
    values = numpy.linspace(-4, 4, 300)
    shown.answer(answer(values))
    lines = Terminal(60, 24).show(shown)
    assert " levels  300 values, -4 to 4" in lines
    picture = lines[3].strip()
    assert len(picture) == 58 and picture[0] == "▁" and picture[-1] == "█"
    assert list(picture) == sorted(picture)
    one = screen(model(count=1, name="angle"))
    one.answer(answer([0.125]))
    assert " angle  0.125" in Terminal(60, 24).show(one)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_none(value):
    for labels, count in ((("a", "b"), 2), ((), 6)):
        shown = screen(model(labels, count))
        shown.answer(answer([value] * count))
        shown.answer(answer([value, *[0.5] * (count - 1)]))
        assert str(value) in " ".join(Terminal(60, 24).show(shown)) or "?" in " ".join(
            Terminal(60, 24).show(shown)
        )


def test_before_the_first_answer_and_after_a_pause():
    times = [0.0]
    shown = Screen(model(["a", "b"]), lambda: ["words on host"], clock=lambda: times[0])
    assert "waiting for the first input" in Terminal(60, 24).show(shown)
    for _ in range(3):
        times[0] += 0.5
        shown.answer(answer([0.9, 0.1]))
    assert "2.0/s" in " ".join(Terminal(60, 24).show(shown))
    times[0] += 10
    assert "waiting" in " ".join(Terminal(60, 24).show(shown))


def test_lines_that_fit():
    assert flow(["aaa", "bbb", "ccc"], 8) == ["aaa  bbb", "ccc"]
    assert [fit("日本語", width) for width in (6, 7, 5, 4)] == ["日本語", "日本語 ", "日本…", "日 …"]
