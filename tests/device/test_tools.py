# SPDX-License-Identifier: MIT
"""The command and the demo on emulated boards."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy
import pytest
from arena8 import cli
from machines import DIGITS, REPO

SAMPLES = numpy.load(DIGITS.parent / "digits_samples.npy")
LABELS = numpy.load(DIGITS.parent / "digits_samples_labels.npy")


def test_infer_verifies(machine, tmp_path, capsys):
    file = tmp_path / "seven.npy"
    numpy.save(file, SAMPLES[7].astype(numpy.float32))
    assert cli.main(["infer", str(DIGITS), "-p", machine.port, "-i", str(file), "--verify", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["verified"] is True
    assert answer["outputs"][0]["top"][0]["label"] == str(LABELS[7])
    assert cli.main(["inspect", str(DIGITS), "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert answer["arena_bytes"] == about["arena_bytes_by_target"][machine.facts.target]


def test_infer_of_an_unknown_model(machine, capsys):
    assert cli.main(["infer", "no_such_model", "-p", machine.port, "-i", "1"]) == 1
    err = " ".join(capsys.readouterr().err.split())
    assert "no model no_such_model" in err and "digits" in err


BUSY = """
from time import ticks_us, ticks_diff
def busy():
    global us
    start = ticks_us()
    for i in range(2000):
        pass
    us = ticks_diff(ticks_us(), start)
"""


@pytest.mark.boards("RPI_PICO")
def test_cycles_agree_with_the_boards_clock(machine, repl):
    repl.exec(BUSY)
    cycles = repl.cycles_of("busy")
    microseconds = int(repl.exec("print(us)"))
    assert microseconds * 125 == pytest.approx(cycles, rel=0.05)


@pytest.mark.boards("RPI_PICO")
def test_demo(machine):
    firmware = machine.folder / "firmware.uf2"
    command = [sys.executable, "firmware/demo.py", "--count", "2", "--firmware", str(firmware)]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 answers identical to the host's to the bit" in " ".join(done.stdout.split()), done.stdout
