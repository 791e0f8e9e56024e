# SPDX-License-Identifier: MIT
"""Files that infer --watch runs: in a folder, written over and over, half written, wrong."""

from __future__ import annotations

import io
import os
import shutil
import threading
import time
from pathlib import Path

import numpy
import pytest
from arena8 import inputs, sources
from arena8.tensor_info import TensorInfo

MODELS = Path(__file__).resolve().parents[2] / "firmware" / "models"
DIGITS = MODELS / "digits.tflite"
SAMPLES = numpy.load(MODELS / "digits_samples.npy")  # 0 to 9, and again


def after(seconds, do):
    thread = threading.Timer(seconds, do)
    thread.start()
    return thread


def test_a_folder(run, tmp_path):
    shutil.copy(MODELS / "seven.csv", tmp_path / "first.csv")

    def later():
        (tmp_path / "notes.md").write_text("no input")
        (tmp_path / "bad.csv").write_text("1,2,3")
        numpy.save(tmp_path / "second.npy", SAMPLES[3:5])

    thread = after(0.8, later)
    code, out, err = run("infer", DIGITS, "-p", "host", "--watch", tmp_path, "--count", "3")
    thread.join()
    lines = out.splitlines()
    assert code == 0 and [line.split()[:2] for line in lines] == [
        ["first.csv", "7"], ["second.npy[0]", "3"], ["second.npy[1]", "4"],
    ]  # fmt: skip
    assert "notes.md" not in err


def test_a_folder_that_goes(run, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    thread = after(0.5, folder.rmdir)
    code, out, err = run("infer", DIGITS, "-p", "host", "--watch", folder)
    thread.join()
    assert (code, out) == (1, "") and "in: the folder is gone" in err


PLAIN = TensorInfo("", "image", (1, 8, 8, 1), "uint8", 0.0, 0)


def watched(path, **options):
    return iter(sources.Source(sources.Options(str(path), **options), [PLAIN], None, inputs.Options()))


@pytest.mark.parametrize("kind", ["png", "ppm", "jpg", "npy"])
def test_frames_in_one_file(tmp_path, kind):
    """A camera writes over its file without a pause. No half of a frame is run, and none is an error."""
    from PIL import Image

    path = tmp_path / f"frame.{kind}"
    picture = numpy.zeros((8, 8), numpy.uint8)
    data = io.BytesIO()

    def frame(level):
        data.seek(0)
        data.truncate()
        if kind == "npy":
            numpy.save(data, picture + level)
        else:
            Image.fromarray(picture + level).save(data, {"jpg": "JPEG"}.get(kind, kind.upper()))
        return data.getvalue()

    ended = threading.Event()

    def camera():
        for level in range(0, 250, 3):
            content = frame(numpy.uint8(level))
            with path.open("wb", buffering=0) as file:
                for at in range(0, len(content), len(content) // 3 + 1):
                    file.write(content[at : at + len(content) // 3 + 1])
                    time.sleep(0.003)
        ended.set()

    path.write_bytes(frame(0))
    samples = watched(path)
    thread = threading.Thread(target=camera)
    thread.start()
    seen = []
    while not seen or max(seen[-1]) < 240:
        sample = next(samples)
        assert isinstance(sample.data, bytes), sample.data
        seen.append(sample.data)
        assert max(sample.data) - min(sample.data) <= 2  # of one frame; JPEG is off by a little
    thread.join()
    assert len(set(seen)) > 5 and sorted(map(max, seen)) == list(map(max, seen))


def test_a_text_is_read_when_it_is_whole(tmp_path):
    """Half of it might be an input too: of 64 numbers the last one may lack a digit."""
    path = tmp_path / "x.csv"
    samples = watched(tmp_path)

    def writer():
        with path.open("w") as file:
            for i in range(64):
                file.write(f"{i},")
                file.flush()
                time.sleep(0.01)
            file.seek(path.stat().st_size - 1)
            file.write("0")

    thread = after(0, writer)
    assert list(next(samples).data) == [*range(63), 255]  # 630, saturated
    thread.join()


def test_only_the_latest(tmp_path):
    for i in range(5):
        numpy.save(tmp_path / f"{i}.npy", numpy.full((8, 8), i, numpy.uint8))
        os.utime(tmp_path / f"{i}.npy", (1000 + i, 1000 + i))
    assert [next(watched(tmp_path)).label for _ in range(2)] == ["0.npy", "0.npy"]
    samples = watched(tmp_path, latest=True)
    assert next(samples).label == "4.npy"
    numpy.save(tmp_path / "0.npy", numpy.zeros((8, 8), numpy.uint8))
    assert next(samples).label == "0.npy"


def test_wrong_files_say_what_is_wrong(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"")
    (tmp_path / "b.png").write_bytes(b"\x89PNG and no more")
    (tmp_path / "c.csv").write_text("1,2,3")
    (tmp_path / "d.json").write_text('["a"]')
    samples = watched(tmp_path)
    found = sorted((next(samples) for _ in range(4)), key=lambda sample: sample.label)
    errors = [str(sample.data) for sample in found]
    for name, error in zip("abcd", errors, strict=True):
        assert error.startswith(f"{name}.") and str(tmp_path) not in error
    assert "is not a .npy array" in errors[0] and "not an image" in errors[1]
    assert not any("object at" in error for error in errors)
    assert "has 3 numbers" in errors[2] and "not a number" in errors[3]
