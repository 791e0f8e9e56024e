# SPDX-License-Identifier: MIT
"""Bugs that were found by reading: a script each, which prints OK at its end."""

from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[1] / "micropython").glob("regress_*.py"))


@pytest.mark.boards("UNIX")  # some take megabytes of heap
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_regress(machine, repl, script):
    for name in ("digits", "iris"):
        machine.model(name)
    assert repl.exec(script.read_text()).decode().split()[-1:] == ["OK"]
