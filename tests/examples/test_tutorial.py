# SPDX-License-Identifier: MIT
"""The tutorial's commands, run in order.

ARENA8_TRAIN_PYTHON names a Python with TensorFlow and scikit-learn; without it this one is tried, and nothing
is tested if it has none.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
TRAIN_PYTHON = os.environ.get("ARENA8_TRAIN_PYTHON", sys.executable)


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def run(*command, cwd):
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env={**os.environ, "ARENA8_MODELS": "."}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_keras_to_an_answer(tmp_path):
    found = subprocess.run(
        [
            TRAIN_PYTHON,
            "-c",
            "import importlib.util as u; assert u.find_spec('tensorflow') and u.find_spec('sklearn')",
        ]
    )
    if found.returncode:
        pytest.skip("NOT RUN: no TensorFlow here (ARENA8_TRAIN_PYTHON)")
    training, script = blocks("python")
    said = run(TRAIN_PYTHON, "-c", training, cwd=tmp_path)
    grower = re.search(r"of grower (\d)", said).group(1)
    right, of = map(int, re.search(r"(\d+) of (\d+) right", said).groups())
    assert right > 0.9 * of
    assert "FULLY_CONNECTED" in run(sys.executable, "-m", "arena8", "inspect", "wine.tflite", cwd=tmp_path)
    answer = run(
        *(
            sys.executable,
            "-m",
            "arena8",
            "infer",
            "wine.tflite",
            "--port",
            "host",
            "--input",
            "wine_input.npy",
        ),
        cwd=tmp_path,
    )
    print(answer)
    assert answer.split()[0].strip(":[") == grower
    assert run(sys.executable, "-c", script, cwd=tmp_path).strip() in "012"
    assert np.load(tmp_path / "wine_input.npy").shape == (13,)
