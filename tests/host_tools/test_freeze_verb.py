# SPDX-License-Identifier: MIT
"""arena8 freeze: the manifest, what models mean, flags that contradict the model."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path

import flatbuffers
import pytest
from arena8 import metadata

VERB = "freeze"
MODELS = Path(__file__).resolve().parents[2] / "firmware" / "models"
DIGITS, IRIS = MODELS / "digits.tflite", MODELS / "iris.tflite"
IMAGE, AUDIO = 2, 4


def with_metadata(content=None, kind=0, description="what it is"):
    """A model file that has metadata and nothing else. content: builds the properties of its input."""
    b = flatbuffers.Builder()

    def table(fields):
        b.StartObject(8)
        for slot, add, value in fields:
            add(slot, value, 0)
        return b.EndObject()

    def vector(offset):
        b.StartVector(4, 1, 4)
        b.PrependUOffsetTRelative(offset)
        return b.EndVector()

    ref = b.PrependUOffsetTRelativeSlot
    properties = content(b, table) if content else table([])
    meant = table([(0, b.PrependUint8Slot, kind), (1, ref, properties)])
    graph = table([(2, ref, vector(table([(3, ref, meant)])))])
    text = b.CreateString(description)
    b.Finish(table([(1, ref, text), (3, ref, vector(graph))]), b"M001")
    inner = bytes(b.Output())

    b = flatbuffers.Builder()
    ref = b.PrependUOffsetTRelativeSlot
    buffers = vector(table([(0, ref, b.CreateByteVector(inner))]))
    name = b.CreateString("TFLITE_METADATA")
    entry = vector(table([(0, ref, name), (1, b.PrependUint32Slot, 0)]))
    b.Finish(table([(4, ref, buffers), (6, ref, entry)]), b"TFL3")
    return bytes(b.Output())


def audio(b, table):
    return table([(0, b.PrependUint32Slot, 16000), (1, b.PrependUint32Slot, 1)])


def image(b, table):
    size = table([(0, b.PrependUint32Slot, 96), (1, b.PrependUint32Slot, 64)])
    return table([(1, b.PrependUOffsetTRelativeSlot, size)])


def test_metadata():
    assert metadata.read(with_metadata(audio, AUDIO)) == metadata.Meaning(16000, None, "what it is")
    assert metadata.read(with_metadata(image, IMAGE)) == metadata.Meaning(None, (96, 64), "what it is")
    assert metadata.read(with_metadata(description="")) == metadata.Meaning()
    assert metadata.read(DIGITS.read_bytes()) == metadata.Meaning()
    assert metadata.read(b"") == metadata.Meaning()


def test_broken_metadata_is_no_metadata():
    """Nothing but the answer changes, whatever the bytes are."""
    dice = random.Random(1)
    good = with_metadata(image, IMAGE)
    answers = set()
    for _ in range(2000):
        data = bytearray(good)
        for _ in range(dice.randrange(1, 4)):
            data[dice.randrange(len(data))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF))
        answers.add(metadata.read(bytes(data)))
    assert len(answers) > 3


def test_manifest(run, tmp_path):
    code, out, _ = run(DIGITS, IRIS, "--out", tmp_path / "out", "--json")
    assert code == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert json.loads(out) == {"folder": str(tmp_path / "out"), **manifest}
    digits, iris = manifest["models"]
    data = DIGITS.read_bytes()
    assert (digits["name"], digits["bytes"], digits["crc32"]) == (
        "digits", len(data), f"{zlib.crc32(data):08x}",
    )  # fmt: skip
    assert digits["labels"] == list("0123456789") and digits["image_size"] == [8, 8]
    assert digits["inputs"] == [
        {"name": "image", "shape": [1, 8, 8, 1], "dtype": "int8", "scale": 0.0625, "zero_point": -128}
    ]
    assert iris["image_size"] is None and len(iris["labels"]) == 3 and iris["sample_rate"] is None
    assert manifest["arena_bytes"] == max(digits["arena_bytes"], iris["arena_bytes"]) > 0
    header = (tmp_path / "out" / "arena8_build.h").read_text()
    assert f"A8_STATIC_ARENA_BYTES {manifest['arena_bytes']}\n" in header
    source = (tmp_path / "out" / "arena8_frozen.c").read_text()
    assert "a8_model_digits" in source and "a8_model_iris" in source


def test_flags_win(run, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"class {i}\r\n" for i in range(10)) + "\n")
    arguments = ("--labels", labels, "--sample-rate", 16000, "--image-size", "8x8", "--arena", 0)
    code, out, _ = run(DIGITS, "--out", tmp_path / "out", "--json", *arguments)
    (model,) = json.loads(out)["models"]
    assert code == 0 and json.loads(out)["arena_bytes"] == 0
    assert model["labels"][9] == "class 9" and model["sample_rate"] == 16000


@pytest.mark.parametrize(
    "arguments, code, says",
    [
        (["--labels", "two.txt"], 2, "--labels has 2 labels; the outputs of"),
        (["--labels", "none.txt"], 2, "holds no labels"),
        (["--labels", "missing.txt"], 2, "No such file"),
        (["--labels", str(DIGITS)], 2, "is no text"),
        (["--image-size", "9x8"], 2, "is not the size of an input"),
        (["--image-size", "8"], 2, "is not WIDTHxHEIGHT"),
        (["--arena", "much"], 2, "neither auto nor a number"),
        ([str(IRIS), "--sample-rate", "16000"], 2, "freeze it alone"),
        (["broken.tflite"], 1, "broken.tflite"),
        (["missing.tflite"], 1, "missing.tflite"),
        (["two-words.tflite"], 1, "two_words.tflite"),
    ],
)
def test_what_is_refused(run, tmp_path, monkeypatch, arguments, code, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.txt").write_text("a\nb\n")
    (tmp_path / "none.txt").write_text("\n\n")
    (tmp_path / "broken.tflite").write_bytes(DIGITS.read_bytes()[:1000])
    (tmp_path / "two-words.tflite").write_bytes(DIGITS.read_bytes())
    got, out, err = run(DIGITS, *arguments, "--out", "out")
    assert (got, out) == (code, "") and says in err
    assert not (tmp_path / "out").exists()
