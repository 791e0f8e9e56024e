# SPDX-License-Identifier: MIT
"""arena8 verify: many inputs, and the operator that is to blame when an answer differs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest
from arena8 import engine, localize, samples
from arena8.local import LocalModel
from arena8.tensor_info import TensorInfo
from fake_board import FakeBoard

MODELS = Path(__file__).resolve().parents[2] / "firmware" / "models"
DIGITS = MODELS / "digits.tflite"


def test_random_inputs(run):
    with FakeBoard() as board:
        code, out, err = run("verify", DIGITS, "-p", board.port, "--count", "7", "--json")
        about = json.loads(out)
        assert (code, err) == (0, "")
        assert (about["count"], about["identical"], about["verified"], about["random"]) == (7, 7, True, True)
        assert about["difference"] is None
        assert sum("_a8.invoke()" in text for text in board.executed) == 7


def test_samples_of_a_file(run):
    samples = numpy.load(MODELS / "digits_samples.npy")
    with FakeBoard() as board:
        arguments = ["verify", DIGITS, "-p", board.port, "-i", MODELS / "digits_samples.npy"]
        code, out, _ = run(*arguments)
        assert code == 0 and f"{len(samples)} of {len(samples)} answers to inputs" in out
        code, out, _ = run(*arguments, "--count", "3")
        assert code == 0 and "3 of 3" in out


def test_infer_with_count_is_the_same(run):
    with FakeBoard() as board:
        code, out, _ = run("infer", DIGITS, "-p", board.port, "--verify", "--count", "2")
        assert code == 0 and "2 of 2 answers" in out


def test_a_wrong_answer(run):
    with FakeBoard(flip=True) as board:
        code, out, err = run("verify", DIGITS, "-p", board.port, "--count", "2", "--json")
        about = json.loads(out)
        assert code == 1
        assert (about["identical"], about["verified"]) == (0, False)
        assert about["difference"]["sample"] == 0 and about["difference"]["index"] == 1
        # The operators were right; what was read of their result was not.
        assert "all of its tensors are right" in about["difference"]["operator"]["reason"]
        assert "2 of 2 answers differ" in err and "Traceback" not in err


def changed_weight(tmp_path: Path, node: int) -> Path:
    """The digits with another weight in one node."""
    content = bytearray(DIGITS.read_bytes())
    weights = engine.nodes(DIGITS)[node]["inputs"][1]
    content[weights["position"] + 100] ^= 0x40
    path = tmp_path / "digits.tflite"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("node", [0, 2, 5])
def test_the_first_operator_that_differs(tmp_path, node):
    from arena8 import session

    other = changed_weight(tmp_path, node)
    with FakeBoard() as board, session.on_board(board.port) as repl:
        model = session.open_on(repl, "digits")
        fed = samples.random(model.inputs, 3, 1)
        found = localize.first_wrong_node(repl, model, other, fed[:1])
        assert (found["node"], found["op"]) == (node, "CONV_2D")
        assert found["board"] != found["host"] and 0 < found["differ"] <= found["of"]
        # With those before replayed; and nothing where nothing is wrong.
        assert localize.first_wrong_node(repl, model, other, fed)["node"] == node
        assert "reason" in localize.first_wrong_node(repl, model, DIGITS, fed)


def test_compare_counts_elements_by_their_bits():
    tensor = TensorInfo("", "x", (3,), "float32", 0.0, 0)
    nan = numpy.array([1, numpy.nan, 3], "<f4").tobytes()
    assert localize.compare(tensor, nan, nan) is None
    other = numpy.array([1, numpy.nan, 4], "<f4").tobytes()
    found = localize.compare(tensor, other, nan)
    assert (found["index"], found["differ"], found["of"], found["board"]) == (2, 1, 3, 4.0)


def test_random_samples_vary_and_repeat():
    tensors = LocalModel(DIGITS).inputs
    a, b, c = (samples.random(tensors, 6, seed) for seed in (1, 1, 2))
    assert a == b and a != c and len({row[0] for row in a}) == 6
    values = numpy.frombuffer(a[0][0], "i1")
    assert values.min() < -100 and values.max() > 100
    assert set(numpy.frombuffer(a[2][0], "i1")) == {-128, 127}


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "bool", "float32"])
def test_random_samples_of_every_type(dtype):
    tensor = TensorInfo("", "x", (2, 50), dtype, 0.5, 0)
    for row in samples.random([tensor], 3, 3):
        assert len(row[0]) == tensor.nbytes
        if dtype == "bool":
            assert set(row[0]) <= {0, 1}


def test_another_model_on_the_board(run, tmp_path):
    other = changed_weight(tmp_path, 0)
    with FakeBoard() as board:
        code, _, err = run("verify", other, "-p", board.port, "--count", "1")
        assert code == 1 and "are different models" in err


def test_wrong_usage(run, tmp_path):
    odd = tmp_path / "odd.csv"
    odd.write_text("1,2,3")
    code, _, err = run("verify", DIGITS, "-p", "host", "-i", odd)
    assert code == 2 and "no multiple of the 64" in err
    assert run("verify", DIGITS, "-p", "host", "--count", "0")[0] == 2


def test_a_board_that_is_unplugged_half_way(run):
    with FakeBoard(gone_in="_a8.invoke()") as board:
        code, _, err = run("verify", DIGITS, "-p", board.port, "--timeout", "2")
        assert code == 3 and f"{board.port} is gone" in err


def test_the_sentence_names_the_operator(run, monkeypatch):
    def wrong(repl, model, source, samples, timeout=None):
        assert len(samples) == 1
        found = {"node": 3, "op": "ADD", "tensor": "sum", "index": 5}
        return {**found, "board": 1, "host": 2, "differ": 4, "of": 9, "doubt": None}

    monkeypatch.setattr(localize, "first_wrong_node", wrong)
    with FakeBoard(flip=True) as board:
        code, _, err = run("infer", DIGITS, "-p", board.port, "-i", MODELS / "seven.csv", "--verify")
        assert code == 1
        assert "The first operator that differs is node 3 ADD: its output sum[5] is 1, here 2 (4 of 9" in err
