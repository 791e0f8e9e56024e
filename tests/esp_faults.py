# SPDX-License-Identifier: MIT
"""Flashing under faults: firmware written to the double of each ESP chip, faults injected, none unnoticed.

    python tests/esp_faults.py [--rounds N] [--write]

Each round flashes a firmware with `arena8 flash`, over an older one with files beside it, and over a line
with one fault of each kind at a place drawn at random, and compares the whole flash with what it must hold. A
command that ends with 0 though the flash holds something else is an unnoticed fault, and this program ends
with 1. --write puts the table into docs/verbs/flash.md.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "host_tools")]

import esp_double  # noqa: E402
import pytest  # noqa: E402
from arena8 import cli, romfs  # noqa: E402

PAGE = ROOT / "docs" / "verbs" / "flash.md"
MARKS = "<!-- figures -->\n", "<!-- end of figures -->\n"
START = 6_000  # bytes of the line before this: the chip is being recognised


def fault(kind: str, dice: random.Random, length: int) -> dict:
    """What goes wrong: arguments of EspBoard. length: bytes that the line carries without a fault."""
    at = dice.randrange(START, length)
    return {
        "none": {},
        "cable pulled, plugged in again": {"cut": at, "back": 0.2},
        "cable pulled for good": {"cut": at},
        "chip restarts by itself": {"reset": at},
        "a byte changed": {"change": {at: 1 << dice.randrange(8)}},
        "bytes changed that checksums miss": {"change": {at: 0x10, at + dice.randrange(1, 400): 0x10}},
        "a byte lost": {"lose": [at]},
        "40 bytes lost": {"lose": list(range(at, at + 40))},
        "a bit of flash stuck": {"stuck": 0x10000 + dice.randrange(SIZE)},
    }[kind]


KINDS = (
    "none",
    "cable pulled, plugged in again",
    "cable pulled for good",
    "chip restarts by itself",
    "a byte changed",
    "bytes changed that checksums miss",
    "a byte lost",
    "40 bytes lost",
    "a bit of flash stuck",
)
SIZE = 50_000
# What the board has beside an older firmware: settings, a ROMFS, files.
USERS = {
    0x9000: b"settings" * 500,
    0x260000: romfs.build({"a.tflite": b"a model" * 5000}),
    0x300000: b"files of the user" * 9000,
}


def flash(folder: Path, chip: str, faults: dict) -> tuple[str, int]:
    """How it ended, and the bytes that the line carried: "written" (exit code 0, every byte right),
    "refused" (an error and an exit code) or "unnoticed"."""
    data = esp_double.merged(chip, size=SIZE)
    (folder / "firmware.bin").write_bytes(data)
    out, err = io.StringIO(), io.StringIO()
    older = {esp_double.CHIPS[chip][1]: esp_double.merged(chip, size=9_000, version="v1.24.1"), **USERS}
    with esp_double.EspBoard(folder / "tty", chip, models=[], flash=older, **faults) as board:
        before = bytes(board.flash.data)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(["flash", str(folder / "firmware.bin"), "-p", str(folder / "tty")])
        right = board.flash.data == esp_double.expected(before, chip, data)
        heard = board.heard
    if code == 0:
        return "written" if right else "unnoticed", heard
    if "error: " not in err.getvalue():
        raise SystemExit(f"no error was shown, and the exit code is {code}: {err.getvalue()}")
    return "refused", heard


def length_without_faults(folder: Path, chip: str) -> int:
    ended, length = flash(folder, chip, {})
    if ended != "written":
        raise SystemExit(f"{chip}: without a fault it ended with: {ended}")
    return length


def campaign(rounds: int, chips: list[str], kinds: tuple[str, ...] = KINDS) -> dict[str, dict[str, int]]:
    """Numbers of endings by kind of fault."""
    found = {kind: {"written": 0, "refused": 0, "unnoticed": 0} for kind in kinds}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for chip in chips:
            length = length_without_faults(folder, chip)
            for kind in kinds:
                for turn in range(rounds):
                    dice = random.Random(f"{chip} {kind} {turn}")
                    ended, _ = flash(folder, chip, fault(kind, dice, length - 2_000))
                    found[kind][ended] += 1
    return found


def table(found: dict[str, dict[str, int]]) -> str:
    ends = ("written", "refused", "unnoticed")
    total = {end: sum(counts[end] for counts in found.values()) for end in ends}
    lines = [
        "| fault | flashed | written, every byte right | refused with an error | unnoticed |",
        "|---|--:|--:|--:|--:|",
    ]
    for kind, counts in [*found.items(), ("all", total)]:
        numbers = [sum(counts.values()), *(counts[end] for end in ends)]
        lines.append(f"| {kind} | {' | '.join(map(str, numbers))} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=10, help="firmware files by chip and kind of fault")
    parser.add_argument("--write", action="store_true", help="put the table into docs/verbs/flash.md")
    args = parser.parse_args()
    os.environ.pop("ARENA8_PORT", None)
    esp_double.attach(pytest.MonkeyPatch())
    start = time.monotonic()
    found = campaign(args.rounds, list(esp_double.CHIPS))
    text = table(found)
    print(text, f"{time.monotonic() - start:.0f} s", sep="")
    if args.write:
        page = PAGE.read_text()
        before, rest = page.split(MARKS[0])
        PAGE.write_text(before + MARKS[0] + "\n" + text + "\n" + MARKS[1] + rest.split(MARKS[1])[1])
    return 1 if any(counts["unnoticed"] for counts in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
