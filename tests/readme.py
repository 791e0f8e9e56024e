# SPDX-License-Identifier: MIT
"""The README's scripts and what it says they print."""

from __future__ import annotations

import re
from pathlib import Path

import arena8

README = Path(__file__).resolve().parent.parent / "README.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def scripts() -> list[tuple[str, str]]:
    """(script, output) of every python block; the next block is its output."""
    blocks = [match.groups() for match in FENCE.finditer(README.read_text(encoding="utf-8"))]
    return [
        (text, blocks[i + 1][1])
        for i, (language, text) in enumerate(blocks)
        if language == "python" and i + 1 < len(blocks) and blocks[i + 1][0] == ""
    ]


def commands() -> list[str]:
    """The four commands of arena8 that the README starts with."""
    found = FENCE.findall(README.read_text(encoding="utf-8"))
    block = next(text for language, text in found if language == "sh")
    return [line.partition("#")[0].strip() for line in block.splitlines() if line.startswith("arena8")]


def printed_on(output: str, model: str, target: str | None) -> str:
    """What the output is on another target. The README's arena is that of RPI_PICO, and the kernels of each
    target want scratch of their own. None: CPython, which takes the most that any target does."""
    pico, here = (str(arena8.arena_size(model, target=name)) for name in ("RPI_PICO", target))
    assert pico in output
    return output.replace(pico, here)


def make_targets() -> set[str]:
    """Targets of make that the README's text and commands name."""
    text = README.read_text(encoding="utf-8")
    return set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.M))
