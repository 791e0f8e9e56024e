# SPDX-License-Identifier: MIT
"""The tutorial's commands, run in order.

ARENA8_TRAIN_PYTHON names a Python with TensorFlow and scikit-learn, ARENA8_TORCH_PYTHON one with litert-torch
and scikit-learn; without them this one is tried, and nothing is tested if it has none.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
# By what trains: the block of the page, the Python, a module that it has to have.
WAYS = {
    "keras": (0, os.environ.get("ARENA8_TRAIN_PYTHON", sys.executable), "tensorflow"),
    "pytorch": (2, os.environ.get("ARENA8_TORCH_PYTHON", sys.executable), "litert_torch"),
}


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def run(*command, cwd):
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env={**os.environ, "ARENA8_MODELS": "."}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("way", WAYS)
def test_from_training_to_an_answer(way, tmp_path):
    block, python, module = WAYS[way]
    has = f"import importlib.util as u; assert u.find_spec('{module}') and u.find_spec('sklearn')"
    if subprocess.run([python, "-c", has], capture_output=True).returncode:
        pytest.skip(f"NOT RUN: no {module} here (ARENA8_TRAIN_PYTHON, ARENA8_TORCH_PYTHON)")
    script = blocks("python")[1]
    said = run(python, "-c", blocks("python")[block], cwd=tmp_path)
    grower = re.search(r"of grower (\d)", said).group(1)
    right, of = map(int, re.search(r"(\d+) of (\d+) right", said).groups())
    assert right > 0.9 * of
    arena8 = (sys.executable, "-m", "arena8")
    shown = run(*arena8, "inspect", "wine.tflite", cwd=tmp_path)
    assert "FULLY_CONNECTED" in shown and "int8 model" in shown
    answer = run(
        *arena8, *["infer", "wine.tflite", "--port", "host", "--input", "wine_input.npy"], cwd=tmp_path
    )
    assert answer.split()[0].strip(":[") == grower
    assert run(sys.executable, "-c", script, cwd=tmp_path).strip() in "012"
    assert np.load(tmp_path / "wine_input.npy").shape == (13,)
