# SPDX-License-Identifier: MIT
"""The scripts of tests/micropython, unchanged, on every board."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "micropython"
PIECE = 3000  # bytes that a small board compiles at once


def pieces(source: str) -> list[str]:
    """A script cut between its top-level statements, so that a board need not compile all at once."""
    lines = source.splitlines(keepends=True)
    ends = [node.end_lineno for node in ast.parse(source).body]
    found, start = [], 0
    for end, following in zip(ends, [*ends[1:], None], strict=True):
        if following is None or sum(map(len, lines[start:following])) > PIECE:
            found.append("".join(lines[start:end]))
            start = end
    return found


def run(repl, script: Path) -> list[str]:
    # The last piece runs the checks; each of its lines may take a slow emulator a while.
    output = b""
    for piece in pieces(script.read_text()):
        output = repl.exec(piece, timeout=300)
    lines = output.decode().splitlines()
    print("\n".join(lines))
    return lines


@pytest.mark.parametrize(
    "script",
    sorted(
        path for path in SCRIPTS.glob("*.py") if not path.stem.startswith("regress_")
    ),  # test_regress.py's
    ids=lambda path: path.stem,
)
def test_script(machine, repl, script):
    """Each script ends with the line "OK <n> checks"; n is what it counted itself."""
    machine.model("digits")
    word, count, what = run(repl, script)[-1].split()
    assert (word, what) == ("OK", "checks")
    assert int(count) > (600 if script.stem == "surface" else 0)
