# SPDX-License-Identifier: MIT
"""The README's scripts, on every board."""

import sys
from pathlib import Path

import arena8
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import readme


@pytest.mark.parametrize("script, output", readme.scripts())
def test_script_prints_what_the_readme_says(machine, repl, script, output):
    model = str(machine.model("digits"))
    printed = repl.exec(script).decode().replace("\r\n", "\n")
    # Kernels of each target want scratch of their own: the README's arena is that of one.
    for target in ("generic", "armv6m", "armdsp", "rv32", "xtensa"):
        size = str(arena8.arena_size(model, target=target))
        output = output.replace(size, str(arena8.arena_size(model, target=machine.facts.target)))
    assert printed == output
