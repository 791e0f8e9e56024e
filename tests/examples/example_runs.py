# SPDX-License-Identifier: MIT
"""The example scripts: how to run them on this machine, and how to tell their answers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
MODELS = ROOT / "firmware" / "models"

# What an example needs beside it: models, files.
NEEDS = {
    "digits": (["digits"], []),
    "anomaly": (["vibration"], ["machine.wav"]),
    "keywords": (["front_end", "yes_no"], ["words.wav"]),
}
# What is in their inputs: known from how these were made, not from the models.
ANSWERS = {
    "digits": ["7", "0", "3", "9"],
    "anomaly": ["healthy"] * 3 + ["ANOMALY"] * 3,
    "keywords": ["yes", "no"],
}


def on_this_machine(name: str) -> list[str]:
    """The lines that an example prints on the host twin."""
    done = subprocess.run(
        [sys.executable, f"{name}.py"],
        cwd=EXAMPLES,
        env={**os.environ, "ARENA8_MODELS": str(MODELS)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def answers(name: str, lines: list[str]) -> list[str]:
    """The answers in what an example prints."""
    wanted = {"digits": r"(\d) \(", "anomaly": r": (\w+), error", "keywords": r" s: (\w+)$"}[name]
    found = [re.search(wanted, line) for line in lines]
    return [match.group(1) if match else line for match, line in zip(found, lines, strict=True)]


def errors(lines: list[str]) -> list[float]:
    """The errors that anomaly.py prints: boards compute spectra in single precision."""
    return [float(line.split()[-1]) for line in lines]
