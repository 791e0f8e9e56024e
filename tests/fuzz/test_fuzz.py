# SPDX-License-Identifier: MIT
"""A short run of the fuzzer with a fixed seed; `make fuzz` runs longer with others."""

import re
import subprocess

import fuzz
import pytest


def test_mutants():
    models = fuzz.seeds()
    if not models:
        pytest.skip("NOT RUN: neither firmware/models nor the shared models have a .tflite file")
    done = subprocess.run(fuzz.command(1, 30, 0, models), capture_output=True, text=True, timeout=300)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    total, at_open, at_load, _, ran, *_ = map(int, re.findall(r"\d+", done.stdout))
    # The mutants must reach all stages, or this tests nothing.
    assert total >= 1000 and at_open > total // 100, done.stdout
    assert at_load > total // 10 and ran > total // 20, done.stdout
