# SPDX-License-Identifier: MIT
"""arena8 bench: the profile as a table and as JSON, and where there is nothing to measure."""

from __future__ import annotations

import json
from pathlib import Path

import arena8
from fake_board import FakeBoard

MODELS = Path(__file__).resolve().parents[2] / "firmware" / "models"
DIGITS = MODELS / "digits.tflite"
OPERATORS = json.loads((MODELS / "digits.json").read_text())["operators"]


def test_json(run):
    code, out, err = run("bench", DIGITS, "-p", "host", "--repeat", "4", "--json")
    about = json.loads(out)
    assert (code, err) == (0, "")
    assert [row["op"] for row in about["operators"]] == OPERATORS
    assert about["repeat"] == 4 and about["emulated"] is False
    assert about["macs"] == json.loads((MODELS / "digits.json").read_text())["macs"]
    assert abs(sum(row["share"] for row in about["operators"]) - 1) < 1e-9
    spread = about["microseconds"]
    assert 0 < spread["min"] <= spread["median"] <= spread["max"]


def test_a_table_for_people(run):
    code, out, _ = run("bench", DIGITS, "-p", "host", "--repeat", "2", "-i", MODELS / "seven.csv")
    assert code == 0
    for operator in OPERATORS:
        assert operator in out
    assert "median of 2" in out and "times are this machine's" in out and "\x1b" not in out


def clock(us):
    """A module time whose clock shows us for a whole invoke."""
    import types

    module = types.ModuleType("time")
    module.ticks_us = lambda: us
    module.ticks_diff = lambda a, b: us
    return module


def test_on_a_board(run):
    with FakeBoard(modules={"time": clock(1234)}) as board:
        code, out, _ = run("bench", "digits", "-p", board.port, "--repeat", "3", "--json")
        about = json.loads(out)
        assert code == 0
        assert about["microseconds"] == {"median": 1234, "min": 1234, "max": 1234}
        assert [row["op"] for row in about["operators"]] == OPERATORS
        assert sum("_a8.invoke()" in text for text in board.executed) == 3


def test_a_board_without_a_clock(run):
    with FakeBoard() as board:
        code, out, err = run("bench", "digits", "-p", board.port, "--repeat", "1")
        assert (code, out) == (1, "") and "has no clock" in err


def test_an_older_firmware(run, monkeypatch):
    with FakeBoard(modules={"time": clock(1)}) as board:
        monkeypatch.delattr(arena8.Interpreter, "profile")
        code, _, err = run("bench", "digits", "-p", board.port)
        assert code == 1 and "older firmware" in err and "Traceback" not in err


def test_wrong_usage(run):
    assert run("bench", DIGITS, "-p", "host", "--repeat", "0")[0] == 2
    code, _, err = run("bench", DIGITS, "-p", "host", "-i", "1", "-i", "2")
    assert code == 2 and "got 2 --input" in err
    assert run("bench", "no/such.tflite", "-p", "host")[0] == 1
