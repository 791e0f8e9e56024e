# SPDX-License-Identifier: MIT
"""arena8 infer --watch: lines, folders and sounds that come to a model which stays loaded."""

from __future__ import annotations

import io
import json
import shutil
import threading
import time
import wave
from pathlib import Path

import numpy
import pytest
from arena8 import inputs, watch
from arena8.tensor_info import TensorInfo
from fake_board import FakeBoard

MODELS = Path(__file__).resolve().parents[2] / "firmware" / "models"
DIGITS = MODELS / "digits.tflite"


def test_lines(run, monkeypatch):
    monkeypatch.setattr(
        "sys.stdin", io.StringIO(f"{MODELS / 'seven.csv'}\n\n1,2,3\n{','.join(['0'] * 64)}\n")
    )
    with FakeBoard() as board:
        code, out, err = run("infer", DIGITS, "-p", board.port, "--watch", "-", "--verify")
        lines = out.splitlines()
        assert code == 0 and len(lines) == 2
        assert lines[0].startswith("line 1  7 0.99") and lines[0].endswith("verified")
        assert "line 3: --input has 3 numbers" in err
        assert sum("arena8.Interpreter" in text for text in board.executed) == 1


def test_json_lines_and_count(run, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{MODELS / 'seven.csv'}\n" * 5))
    code, out, _ = run("infer", DIGITS, "-p", "host", "--watch", "-", "--json", "--count", "3")
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and len(answers) == 3
    assert {a["outputs"][0]["top"][0]["label"] for a in answers} == {"7"}


def test_a_folder(run, tmp_path):
    shutil.copy(MODELS / "seven.csv", tmp_path / "first.csv")

    def later():
        time.sleep(1)
        numpy.save(tmp_path / "second.npy", numpy.load(MODELS / "digits_samples.npy")[3])
        (tmp_path / "notes.md").write_text("no input")

    thread = threading.Thread(target=later)
    thread.start()
    code, out, _ = run("infer", DIGITS, "-p", "host", "--watch", tmp_path, "--count", "2")
    thread.join()
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("first.csv  7") and lines[1].startswith("second.npy  3")


def test_ctrl_c_is_the_way_out(run, tmp_path, monkeypatch):
    def interrupted(request, tensors):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(watch, "source", interrupted)
    with FakeBoard() as board:
        assert run("infer", DIGITS, "-p", board.port, "--watch", tmp_path)[0] == 0


def write_wav(path: Path, values: numpy.ndarray, width: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(16000)
        if width == 1:
            data = (values + 128).astype("u1").tobytes()
        elif width == 3:
            data = b"".join(int(v).to_bytes(3, "little", signed=True) for v in values)
        else:
            data = values.astype(f"<i{width}").tobytes()
        file.writeframes(data)
    return path


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_wav_widths(tmp_path, width):
    top = numpy.array([0, 1, -1, 100, -128, 127])
    path = write_wav(tmp_path / "x.wav", top << (8 * width - 8), width)
    values, rate = watch.read_wav(path)
    assert rate == 16000 and list(values) == [int(v) << 8 for v in top]


def test_wav_channels_are_averaged(tmp_path):
    values, _ = watch.read_wav(write_wav(tmp_path / "x.wav", numpy.array([10, 20, -4, 4]), 2, 2))
    assert list(values) == [15, 0]


def test_windows(tmp_path):
    path = write_wav(tmp_path / "x.wav", numpy.arange(0, 10000, 1000), 2)
    plain = TensorInfo("", "x", (1, 4), "int16", 0.0, 0)
    windows = list(watch._windows(path, plain, inputs.Options(), 3))
    assert [list(numpy.frombuffer(data[0], "<i2")) for _, data in windows] == [
        [0, 1000, 2000, 3000], [3000, 4000, 5000, 6000], [6000, 7000, 8000, 9000],
    ]  # fmt: skip
    assert windows[1][0] == "0.000 s"
    real = TensorInfo("", "x", (4,), "float32", 0.0, 0)
    ((_, data), _) = watch._windows(path, real, inputs.Options(), None)
    assert list(numpy.frombuffer(data[0], "<f4")) == [v / 32768 for v in (0, 1000, 2000, 3000)]


def test_a_wav_through_the_command(run, tmp_path):
    path = write_wav(tmp_path / "x.wav", numpy.arange(200), 2)
    code, out, _ = run("infer", DIGITS, "-p", "host", "--watch", path, "--hop", "50")
    assert code == 0 and len(out.splitlines()) == 3


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["--watch", "no/such/folder"], "no such file or folder"),
        (["--watch", DIGITS], "neither a folder nor a .wav"),
        (["--watch", "-", "-i", "1"], "--watch takes the place of --input"),
        (["-i", "1", "--hop", "2"], "--hop is for --watch"),
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
    write_wav(path, numpy.arange(10), 2)
    code, _, err = run("infer", DIGITS, "-p", "host", "--watch", path)
    assert code == 2 and "has 10 samples; input 'image' takes 64" in err
