# SPDX-License-Identifier: MIT
"""How fast a tensor's bytes travel: `wire_rates.py` prints it, `wire_rates.py --update` writes docs/wire.md.

The line is what one bare read or write by a command in the raw REPL takes for the same bytes: no checksum, no
chunks. Seconds are the board's own where its clock can be asked (the emulated Pico's cycle counter), else
ours; the least of several transfers, because a busy machine adds to them.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from arena8.transports.bulk import Bulk
from arena8.transports.repl import Repl

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "wire.md"
BOARDS = {"UNIX": "MicroPython's unix port, a pipe", "RPI_PICO": "emulated Pico, USB serial"}
BYTES = 9216  # a picture of 96 x 96
HOLD = f"import sys\nbuffer = memoryview(bytearray({BYTES}))"
HEAD = "| board | direction | the line | arena8 | of the line | as source text |\n"
HEAD += "|---|---|---:|---:|---:|---:|\n"


def contents(seed: int) -> bytes:
    return random.Random(seed).randbytes(BYTES)


class Rates:
    """Seconds for BYTES bytes over one connection, in each direction and manner."""

    def __init__(self, repl: Repl, times: int = 1) -> None:
        self.repl = repl
        self.times = times
        self.data = contents(2)
        repl.exec(HOLD)
        self.link = Bulk(repl)
        self.clock_hz = repl.board.clock_hz if hasattr(repl, "cycles") else None

    def _now(self) -> float:
        return self.repl.cycles() / self.clock_hz if self.clock_hz else time.perf_counter()

    def _seconds(self, do: Callable[[], None]) -> float:
        taken = []
        for _ in range(self.times):
            start = self._now()
            do()
            taken.append(self._now() - start)
        return min(taken)

    def line_in(self) -> float:
        data = self.data.replace(b"\3", b"\4")  # Ctrl-C would stop the bare read

        def do() -> None:
            self.repl.start("sys.stdin.buffer.readinto(buffer)")
            self.repl.wire.write(data)
            self.repl.finish()

        return self._seconds(do)

    def line_out(self) -> float:
        def do() -> None:
            self.repl.start("sys.stdout.buffer.write(buffer)")
            assert len(self.repl.wire.read(BYTES)) == BYTES
            self.repl.finish()

        return self._seconds(do)

    def ours_in(self, binary: bool = True) -> float:
        return self._ours(binary, lambda: self.link.write("buffer", self.data))

    def ours_out(self, binary: bool = True) -> float:
        self.link.write("buffer", self.data)

        def do() -> None:
            if self.link.read("buffer", 0, BYTES) != self.data:
                raise ValueError("other bytes came back than were sent")

        return self._ours(binary, do)

    def _ours(self, binary: bool, do: Callable[[], None]) -> float:
        self.link.binary = binary
        do()  # the helpers go to the board once
        seconds = self._seconds(do)
        if self.link.binary is not binary:
            raise ValueError("the line took no binary data")
        return seconds


def rows(name: str, times: int) -> Iterator[str]:
    from machines import Machine, builds

    found = builds(name)
    if not found:
        sys.exit(f"no firmware for {name}; `make firmware BOARD={name}` builds it")
    with Machine(name, *found[0]).connect() as repl:
        rates = Rates(repl, times)
        for direction in ("in", "out"):
            line = getattr(rates, f"line_{direction}")()
            ours = getattr(rates, f"ours_{direction}")
            if direction == "in":
                text, binary = ours(False), ours()
            else:
                binary, text = ours(), ours(False)
            yield (
                f"| {BOARDS[name]} | {direction} | {rate(line)} | {rate(binary)} | {line / binary:.2f} "
                f"| {rate(text)} |\n"
            )


def rate(seconds: float) -> str:
    """Bytes per second to three digits."""
    value = BYTES / seconds
    step = 10 ** max(0, len(str(int(value))) - 3)
    return f"{round(value / step) * step:,}"


def updated(document: str, table: str) -> str:
    """The document with another table of these columns."""
    before, head, rest = document.partition(HEAD)
    if not head:
        raise ValueError(f"{DOCUMENT.name} has no table with the columns of this program")
    lines = rest.splitlines(keepends=True)
    end = next((i for i, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return before + table + "".join(lines[end:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--update", action="store_true", help=f"write the table to {DOCUMENT.name}")
    parser.add_argument("--times", type=int, default=5, help="transfers to take the fastest of")
    options = parser.parse_args()
    table = HEAD + "".join(row for name in BOARDS for row in rows(name, options.times))
    print(table, end="")
    if options.update:
        DOCUMENT.write_text(updated(DOCUMENT.read_text(), table))


if __name__ == "__main__":
    main()
