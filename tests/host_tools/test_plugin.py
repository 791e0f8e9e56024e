# SPDX-License-Identifier: MIT
"""The pytest plugin as a user has it: their tests in their folder, run by a pytest of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import arena8
from arena8 import config
from fake_board import FakeBoard

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "firmware" / "models"

THEIRS = f"""
import numpy
import pytest

SAMPLES = numpy.load({str(MODELS / "digits_samples.npy")!r})
LABELS = numpy.load({str(MODELS / "digits_samples_labels.npy")!r})

@pytest.mark.parametrize("model", ["digits", {str(MODELS / "digits.tflite")!r}])
def test_digits(interpreter, model):
    it = interpreter(model)
    it.inputs[0].quantize(SAMPLES[3].tobytes())
    it.invoke()
    assert it.outputs[0].argmax() == LABELS[3] == int(it.outputs[0].top(1)[0][0])
    assert len(it.outputs[0]) == 10 and list(it.outputs[0]) == it.outputs[0].data.tolist()
    real = it.predict(SAMPLES[4].reshape(-1).astype("f4"))
    assert max(range(10), key=lambda i: real[i]) == LABELS[4]

def test_the_board(board):
    assert ("digits" in [name for name, _, _ in board.models()]) or board.name == "host"
    assert board.exec("print(6 * 7)").strip() == "42"
"""


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    unset = [name for names in config.VARIABLES.values() for name in names]
    environment = {k: v for k, v in os.environ.items() if k not in unset and not k.startswith("PYTEST")}
    environment["ARENA8_MODELS"] = str(MODELS)
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(Path(arena8.__file__).resolve().parents[1]), os.environ.get("PYTHONPATH")])
    )
    # Named by -p in case that the package lies in a checkout and is not installed; once is enough for pytest.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    if b"arena8_pytest" not in _entry_points():
        command += ["-p", "arena8_pytest"]
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )


def _entry_points() -> bytes:
    from importlib import metadata

    return " ".join(e.value for e in metadata.entry_points(group="pytest11")).encode()


def test_on_this_machine_and_on_a_board(tmp_path, monkeypatch):
    monkeypatch.setenv("ARENA8_MODELS", str(MODELS))  # the board runs in this process
    (tmp_path / "test_mine.py").write_text(THEIRS)
    done = pytest_in(tmp_path)
    assert "2 passed, 1 skipped" in done.stdout, done.stdout + done.stderr
    with FakeBoard() as board:
        done = pytest_in(tmp_path, f"--arena8-target=host,{board.port}")
        assert "5 passed, 1 skipped" in done.stdout, done.stdout + done.stderr
        assert board.soft_resets >= 3


def test_no_such_board_is_an_error_of_the_test(tmp_path):
    (tmp_path / "test_mine.py").write_text(THEIRS)
    done = pytest_in(tmp_path, "--arena8-target=/dev/no_such_port", "-k", "board")
    assert done.returncode == 1 and "no port /dev/no_such_port" in done.stdout


def test_other_peoples_runs_load_nothing_of_ours(tmp_path):
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "def test_it():\n    assert not any(m == 'arena8' or m.startswith('arena8.') for m in sys.modules)\n"
    )
    done = pytest_in(tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
