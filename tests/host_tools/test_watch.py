# SPDX-License-Identifier: MIT
"""arena8 infer --watch: lines, arrays, folders, frames and sounds that come to a model which stays loaded."""

from __future__ import annotations

import io
import json
import shutil
import sys
import time
from pathlib import Path

import numpy
import pytest
from arena8 import sources
from fake_board import FakeBoard

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "firmware" / "models"
WORDS = ROOT / "examples" / "words.wav"
DIGITS = MODELS / "digits.tflite"
SAMPLES = numpy.load(MODELS / "digits_samples.npy")  # 0 to 9, and again
ZEROS = ",".join(["0"] * 64)


@pytest.fixture
def stdin(monkeypatch):
    def stdin(data):
        data = data if isinstance(data, bytes) else data.encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data)), "utf-8"))

    return stdin


def labels(answers):
    return [a["outputs"][0]["top"][0]["label"] for a in answers]


# ---- Standard input ------------------------------------------------------------------


def test_lines(run, stdin):
    stdin(f"{MODELS / 'seven.csv'}\n\n1,2,3\n{ZEROS}\n")
    with FakeBoard() as board:
        code, out, err = run("infer", DIGITS, "-p", board.port, "--watch", "-", "--verify")
        lines = out.splitlines()
        assert code == 0 and len(lines) == 2
        assert lines[0].startswith("line 1  7 0.99") and lines[0].endswith("verified")
        assert "line 3 has 3 numbers" in err
        assert "\x1b" not in out + err
        assert sum("arena8.Interpreter" in text for text in board.executed) == 1


def test_json_has_an_object_a_line_and_nothing_else(run, stdin):
    stdin(f"{MODELS / 'seven.csv'}\nno/such.csv\n" * 5)
    code, out, err = run("infer", DIGITS, "-p", "host", "--watch", "-", "--json", "--count", "3")
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and len(answers) == 5
    assert labels(answers[::2]) == ["7"] * 3
    assert answers[1] == {"input": "line 2", "error": "line 2 'no/such.csv' is neither a file nor numbers"}
    assert answers[0]["microseconds"] > 0 and answers[0]["transfer_microseconds"] >= 0
    assert "line 2 'no/such.csv'" in err and "\x1b" not in out


def test_arrays(run, stdin):
    """As numpy.save writes them to a pipe, of one sample or of several."""
    out = io.BytesIO()
    for array in (SAMPLES[7], SAMPLES[2:5], SAMPLES[0][:3], SAMPLES[9].astype(numpy.float32)):
        numpy.save(out, array)
    stdin(out.getvalue())
    code, out, err = run("infer", DIGITS, "-p", "host", "--watch", "-", "--json")
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert labels(a for a in answers if "error" not in a) == ["7", "2", "3", "4", "9"]
    assert [a["input"] for a in answers] == [
        "array 1",
        *(f"array 2[{i}]" for i in range(3)),
        "array 3",
        "array 4",
    ]
    assert "array 3 has 24 numbers" in err


def test_half_an_array(run, stdin):
    out = io.BytesIO()
    numpy.save(out, SAMPLES[7])
    stdin(out.getvalue() * 2 + out.getvalue()[:-5])
    code, out, err = run("infer", DIGITS, "-p", "host", "--watch", "-")
    assert code == 1 and len(out.splitlines()) == 2
    assert "standard input, array 3: not a .npy array" in err


def test_nothing_could_be_run(run, stdin):
    stdin("1,2,3\nx\n")
    code, out, err = run("infer", DIGITS, "-p", "host", "--watch", "-")
    assert (code, out) == (1, "") and "none of the 2 inputs could be run" in err


def test_smoothed(run, stdin):
    stdin("\n".join(str(MODELS / "seven.csv") if i % 2 else ZEROS for i in range(4)))
    code, out, _ = run("infer", DIGITS, "-p", "host", "--watch", "-", "--json", "--smooth", "2")
    outputs = [json.loads(line)["outputs"][0] for line in out.splitlines()]
    assert code == 0 and outputs[0]["smoothed"] == outputs[0]["real"]
    for before, now in zip(outputs, outputs[1:], strict=False):
        mean = (numpy.array(before["real"]) + numpy.array(now["real"])) / 2
        numpy.testing.assert_allclose(now["smoothed"], mean, rtol=1e-6)
        assert now["top"][0]["value"] == pytest.approx(mean.max(), rel=1e-6)


# ---- Sound ---------------------------------------------------------------------------


def test_words(run):
    """The whole way: what the example hears, as the reference scores it."""
    from tflite_micro import runtime

    code, out, _ = run("infer", "yes_no", "-p", "host", "--watch", WORDS, "--json", "--hop", "1600")
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    front_end, model = (
        runtime.Interpreter.from_file(str(MODELS / f"{name}.tflite"), arena_size=100_000)
        for name in ("front_end", "yes_no")
    )
    samples = numpy.frombuffer(WORDS.read_bytes()[44:], "<i2")
    rows, expected = [], []
    for at in range(0, len(samples) - 480 + 1, 320):
        front_end.set_input(samples[None, at : at + 480], 0)
        front_end.invoke()
        rows.append(front_end.get_output(0).copy())
        if len(rows) >= 49 and (len(rows) - 49) % 5 == 0:
            model.set_input(numpy.concatenate(rows[-49:]).reshape(1, 49, 40, 1), 0)
            model.invoke()
            expected.append(model.get_output(0).ravel().tolist())
    assert [a["outputs"][0]["raw"] for a in answers] == expected
    heard = [label for label in labels(answers) if label in ("yes", "no")]
    assert heard == sorted(heard, reverse=True) and len(set(heard)) == 2
    assert answers[1]["seconds"] == [0.1, 1.09] and answers[1]["input"] == "0.100-1.090 s"


def test_a_recorder_writes_to_the_pipe(run, stdin):
    stdin(WORDS.read_bytes())
    code, out, _ = run("infer", "yes_no", "-p", "host", "--watch", "-", "--hop", "16000")
    assert code == 0
    assert [line.split()[2] for line in out.splitlines()] == ["other", "other", "other", "no"]


def test_realtime(run):
    started = time.monotonic()
    code, out, _ = run("infer", "yes_no", "-p", "host", "--watch", WORDS, "--realtime", "--count", "3")
    assert code == 0 and len(out.splitlines()) == 3
    assert 1.19 < time.monotonic() - started < 10  # the third ends there


def test_a_front_end_by_options(run, tmp_path, monkeypatch):
    shutil.copy(MODELS / "yes_no.tflite", tmp_path)
    monkeypatch.setenv("ARENA8_MODELS", "")
    model, front_end = tmp_path / "yes_no.tflite", MODELS / "front_end.tflite"
    code, _, err = run("infer", model, "-p", "host", "--watch", WORDS)
    assert code == 2 and "no front end front_end.tflite here" in err
    code, _, err = run("infer", model, "-p", "host", "--watch", WORDS, "--front-end", front_end)
    assert code == 2 and "needs --frame-hop too" in err
    code, out, _ = run(
        "infer", model, "-p", "host", "--watch", WORDS, "--front-end", front_end, "--frame-hop", "320"
    )
    assert code == 0 and len(out.splitlines()) == 31


def test_another_rate_is_refused(run, tmp_path):
    path = tmp_path / "x.wav"
    content = bytearray(WORDS.read_bytes())
    content[24:28] = (44100).to_bytes(4, "little")
    path.write_bytes(content)
    code, out, err = run("infer", "yes_no", "-p", "host", "--watch", path)
    assert (code, out) == (2, "")
    assert "has 44100 samples a second, the model takes 16000" in err and "ffmpeg" in err


# ---- Ends ----------------------------------------------------------------------------


def test_ctrl_c_is_the_way_out(run, tmp_path, monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(sources.Source, "__iter__", interrupted)
    with FakeBoard() as board:
        assert run("infer", DIGITS, "-p", board.port, "--watch", tmp_path)[0] == 0


def test_a_board_that_goes_ends_it(run, stdin):
    stdin(f"{ZEROS}\n" * 3)
    with FakeBoard(gone_in="_a8.invoke()") as board:
        code, out, err = run("infer", DIGITS, "-p", board.port, "--watch", "-")
        assert (code, out) == (3, "") and "error:" in err


def test_a_differing_answer_is_the_exit_code(run, stdin):
    stdin(f"{ZEROS}\n" * 3)
    with FakeBoard(flip=True) as board:
        code, out, err = run("infer", DIGITS, "-p", board.port, "--watch", "-", "--verify")
        assert code == 1 and out.count("DIFFERS") == 3 and "3 of 3 answers differ" in err


def test_an_input_that_the_model_refuses(run, stdin, tmp_path):
    """GATHER finds no row 9: that input is wrong, and the next is run."""
    sys.path.insert(0, str(ROOT / "tests" / "kernels"))
    from model_builder import ModelBuilder

    m = ModelBuilder()
    x = m.tensor((2,), "int32", name="rows")
    y = m.tensor((2, 2), "int8", scale=1.0)
    m.node("GATHER", [m.constant(numpy.array([[1, 2], [3, 4]], numpy.int8), scale=1.0), x], [y], axis=0)
    path = tmp_path / "rows.tflite"
    path.write_bytes(m.build([x], [y]))
    stdin("0,1\n0,9\n1,0\n")
    code, out, err = run("infer", path, "-p", "host", "--watch", "-")
    assert code == 0 and [line.split()[:6] for line in out.splitlines()] == [
        ["line", "1", "1", "2", "3", "4"], ["line", "3", "3", "4", "1", "2"],
    ]  # fmt: skip
    assert "line 2: " in err and "9" in err


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["--watch", "no/such/folder"], "no such file or folder"),
        (["--watch", DIGITS], "neither a folder nor a .wav"),
        (["--watch", "-", "-i", "1"], "--watch takes the place of --input"),
        (["-i", "1", "--hop", "2"], "--hop is for --watch"),
        (["-i", "1", "--smooth", "2"], "--smooth is for --watch"),
        (["-i", "1", "--front-end", "x"], "--front-end is for --watch"),
        (["--watch", MODELS, "--hop", "2"], "--hop is for sound"),
        (["--watch", WORDS, "--frame-hop", "2"], "--frame-hop is for a --front-end"),
        (["--watch", WORDS, "--front-end", DIGITS, "--frame-hop", "320"], "gives 10 features of int8"),
        (["--watch", WORDS, "--front-end", "no.tflite", "--frame-hop", "320"], "no front end no.tflite here"),
    ],
)
def test_wrong_usage(run, arguments, says):
    code, out, err = run("infer", DIGITS, "-p", "host", *arguments)
    assert (code, out) == (2, "") and says in err


def test_a_wrong_wav(run, tmp_path):
    path = tmp_path / "x.wav"
    path.write_bytes(b"no sound")
    code, _, err = run("infer", DIGITS, "-p", "host", "--watch", path)
    assert code == 2 and "is not a WAV file" in err
    path.write_bytes(WORDS.read_bytes()[:100])
    code, _, err = run("infer", DIGITS, "-p", "host", "--watch", path)
    assert code == 2 and "has fewer samples than the 64 that input 'image' takes" in err
