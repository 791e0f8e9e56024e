# SPDX-License-Identifier: MIT
"""The README's scripts, on every board."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import readme


@pytest.mark.parametrize("script, output", readme.scripts())
def test_script_prints_what_the_readme_says(machine, repl, script, output):
    model = str(machine.model("digits"))
    printed = repl.exec(script).decode().replace("\r\n", "\n")
    assert printed == readme.printed_on(output, model, machine.facts.target)
