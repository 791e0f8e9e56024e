# SPDX-License-Identifier: MIT
"""The examples on this machine: they find what was put into their inputs."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from example_runs import ANSWERS, EXAMPLES, MODELS, answers, on_this_machine


def test_every_example_is_tested():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_example_finds_the_answers(name):
    assert answers(name, on_this_machine(name)) == ANSWERS[name]


def test_the_digits_are_those_of_the_test_set(monkeypatch):
    source = (EXAMPLES / "digits.py").read_text()
    images = {}
    exec(source[source.index("SCALE") : source.index("def main")], images)
    samples = np.load(MODELS / "digits_samples.npy").reshape(-1, 64)
    labels = np.load(MODELS / "digits_samples_labels.npy")
    for image, answer in zip(images["IMAGES"], ANSWERS["digits"], strict=True):
        (row,) = np.flatnonzero((samples == [images["SCALE"].index(c) for c in image]).all(axis=1))
        assert str(labels[row]) == answer


def test_the_threshold_is_the_cards():
    card = json.loads((MODELS / "vibration.json").read_text())
    assert f"THRESHOLD = {card['threshold']} " in (EXAMPLES / "anomaly.py").read_text()


def test_examples_are_short_and_need_no_numpy():
    for path in EXAMPLES.glob("*.py"):
        text = path.read_text()
        assert len(text.splitlines()) <= 65, path.name
        assert "numpy" not in text
