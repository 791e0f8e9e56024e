# SPDX-License-Identifier: MIT
"""Freezing: names, errors, and output that changes only when it must."""

from __future__ import annotations

import os

import pytest
from firmware_paths import MODEL


@pytest.fixture
def model(tmp_path):
    """A function that makes a model file of the given name."""

    def make(name: str, tail: bytes = b""):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(MODEL.read_bytes() + tail)
        return path

    return make


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("my-model", "not a Python identifier.*my_model.tflite"),
        ("2nd", "not a Python identifier.*m2nd.tflite"),
        ("a b", "not a Python identifier"),
        ("modèle", "not a Python identifier"),
        ("class", "is a keyword"),
        ("__name__", "two underscores"),
    ],
)
def test_names_that_cannot_be_imported(freezer, model, tmp_path, name, wanted):
    with pytest.raises(freezer.FreezeError, match=wanted):
        freezer.freeze([model(f"{name}.tflite")], tmp_path / "out", 0)
    assert not (tmp_path / "out").exists()


def test_a_collision_names_both_files(freezer, model, tmp_path):
    one, two = model("x/a.tflite"), model("y/a.tflite")
    with pytest.raises(freezer.FreezeError) as caught:
        freezer.freeze([one, two], tmp_path / "out", 0)
    assert str(one) in str(caught.value) and str(two) in str(caught.value)
    frozen = freezer.freeze([one, ("b", two)], tmp_path / "out", 0)
    assert [m["name"] for m in frozen["models"]] == ["a", "b"]


def test_what_is_not_a_model(freezer, tmp_path):
    path = tmp_path / "a.tflite"
    with pytest.raises(freezer.FreezeError, match="No such file"):
        freezer.freeze([path], tmp_path / "out", 0)
    path.write_bytes(b"\x08\x00\x00\x00ONNX" * 4)
    with pytest.raises(freezer.FreezeError, match=r"32 bytes\) is not a TensorFlow Lite model.*b'ONNX'"):
        freezer.freeze([path], tmp_path / "out", 0)


def test_negative_arena(freezer, tmp_path):
    with pytest.raises(freezer.FreezeError, match="-1 bytes"):
        freezer.freeze([], tmp_path / "out", -1)


def test_output_is_rewritten_only_when_it_changes(freezer, model, tmp_path):
    out = tmp_path / "out"
    path = model("a.tflite")
    freezer.freeze([path], out, 100)
    for file in out.iterdir():
        os.utime(file, (1, 1))
    freezer.freeze([path], out, 100)
    assert {file.stat().st_mtime for file in out.iterdir()} == {1}
    # Another arena touches the header alone; other content of the model touches the source alone.
    freezer.freeze([path], out, 200)
    assert (out / "arena8_frozen.c").stat().st_mtime == 1 != (out / "arena8_build.h").stat().st_mtime
    os.utime(out / "arena8_build.h", (1, 1))
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    freezer.freeze([path], out, 200)
    assert (out / "arena8_build.h").stat().st_mtime == 1 != (out / "arena8_frozen.c").stat().st_mtime


def test_without_models_there_is_no_table(freezer, tmp_path):
    freezer.freeze([], tmp_path, 0)
    assert "A8_FROZEN_MODELS" not in (tmp_path / "arena8_build.h").read_text()
