# SPDX-License-Identifier: MIT
"""Runs every test_*.c of this folder under ASan and UBSan."""

import subprocess
from pathlib import Path

import pytest

TESTS = sorted(p.stem for p in Path(__file__).parent.glob("test_*.c"))


@pytest.mark.parametrize("name", TESTS)
def test_c(name, program):
    done = subprocess.run([program(name)], capture_output=True, text=True, timeout=300)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
