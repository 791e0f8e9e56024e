# SPDX-License-Identifier: MIT
"""Sound for a model: WAV files and streams, windows, and a front end's features against the reference."""

from __future__ import annotations

import io
import json
import os
import struct
import wave
import zipfile
from pathlib import Path

import numpy
import pytest
from arena8 import inputs, sound
from arena8.errors import ToolError, UsageError
from arena8.tensor_info import TensorInfo
from tflite_micro import runtime

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "firmware" / "models"
WORDS = ROOT / "examples" / "words.wav"
SHARED = Path(os.environ.get("ARENA8_SHARED_MODELS") or ROOT.parent / "shared" / "models")
INT16 = TensorInfo("", "x", (1, 4), "int16", 0.0, 0)
FLOAT = TensorInfo("", "x", (4,), "float32", 0.0, 0)


def wav_of(values, width=2, channels=1, rate=16000):
    """As the standard library writes it."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        values = numpy.asarray(values)
        if width == 1:
            data = (values + 128).astype("u1").tobytes()
        elif width == 3:
            data = b"".join(int(v).to_bytes(3, "little", signed=True) for v in values)
        else:
            data = values.astype(f"<i{width}").tobytes()
        file.writeframes(data)
    return out.getvalue()


def opened(data):
    return sound.Wav(io.BytesIO(data), "x.wav")


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_widths(width):
    top = numpy.array([0, 1, -1, 100, -128, 127])
    wav = opened(wav_of(top << (8 * width - 8), width))
    assert wav.rate == 16000 and list(wav.read(100)) == [int(v) << 8 for v in top]


def test_channels_are_averaged():
    assert list(opened(wav_of([10, 20, -4, 4], channels=2)).read(9)) == [15, 0]


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def test_floats_and_chunks_of_others():
    form = struct.pack("<HHIIHH", 3, 1, 8000, 32000, 4, 32)
    data = struct.pack("<5f", 0.0, 0.5, -1.0, 2.0, float("nan"))
    parts = chunk(b"LIST", b"odd") + chunk(b"fmt ", form) + chunk(b"fact", b"\5\0\0\0") + chunk(b"data", data)
    wav = opened(b"RIFF\0\0\0\0WAVE" + parts)
    assert wav.rate == 8000 and list(wav.read(9)) == [0, 16384, -32768, 32767, 0]


def test_extensible_and_a_stream_without_a_size():
    form = (
        struct.pack("<HHIIHHHHI", 0xFFFE, 1, 16000, 32000, 2, 16, 22, 16, 4)
        + struct.pack("<H", 1)
        + bytes(14)
    )
    data = b"RIFF\xff\xff\xff\xffWAVE" + chunk(b"fmt ", form) + b"data\xff\xff\xff\xff"
    wav = opened(data + struct.pack("<3h", 1, 2, 3) + b"\1")
    assert list(wav.read(2)) == [1, 2] and list(wav.read(2)) == [3] and list(wav.read(2)) == []


@pytest.mark.parametrize(
    "data, says",
    [
        (b"no sound", "ends in its header"),
        (b"no sound at all", "it starts with"),
        (wav_of([1])[:30], "ends in its header"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"data", b"\0\0"), "does not say what its samples are"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", struct.pack("<HHIIHH", 85, 1, 1, 1, 1, 0)) + b"data\0\0\0\0",
         "format 85 with 0 bits"),
    ],
)  # fmt: skip
def test_what_is_no_wav(data, says):
    with pytest.raises(UsageError, match=says):
        opened(data)


def given(data, tensor=INT16, hop=None, front_end=None, **options):
    return list(sound.inputs_of(opened(data), tensor, inputs.Options(**options), hop, front_end))


def test_windows():
    data = wav_of(range(0, 10000, 1000), rate=1000)
    found = given(data, hop=3)
    assert [list(numpy.frombuffer(window, "<i2")) for _, _, window in found] == [
        [0, 1000, 2000, 3000], [3000, 4000, 5000, 6000], [6000, 7000, 8000, 9000],
    ]  # fmt: skip
    assert [(first, last) for first, last, _ in found] == [(0.0, 0.004), (0.003, 0.007), (0.006, 0.010)]
    assert [list(numpy.frombuffer(window, "<i2")) for _, _, window in given(data, hop=6)] == [
        [0, 1000, 2000, 3000], [6000, 7000, 8000, 9000],
    ]  # fmt: skip
    real = given(data, FLOAT)
    assert list(numpy.frombuffer(real[0][2], "<f4")) == [v / 32768 for v in (0, 1000, 2000, 3000)]
    assert len(real) == 2


def test_too_short():
    with pytest.raises(UsageError, match=r"x.wav has fewer samples than the 4 .* \(0.004 s at 1000 Hz\)"):
        given(wav_of([1, 2, 3], rate=1000))


# ---- The front end: what the reference makes of the same samples ---------------------


def reference(front_end, samples):
    """The row of features of every window of 30 ms, 20 ms apart, by TFLite Micro."""
    it = runtime.Interpreter.from_file(str(front_end), arena_size=50_000)
    rows = []
    for at in range(0, len(samples) - 480 + 1, 320):
        it.set_input(samples[None, at : at + 480], 0)
        it.invoke()
        rows.append(it.get_output(0).ravel().copy())
    return rows


def words():
    with wave.open(str(WORDS), "rb") as file:
        return numpy.frombuffer(file.readframes(file.getnframes()), "<i2")


YES_NO = TensorInfo("", "features", (1, 49, 40, 1), "int8", 1.0, 0)


@pytest.mark.parametrize("every", [5, 1, 60])
def test_features_are_those_of_the_reference(every):
    front_end = sound.FrontEnd(MODELS / "front_end.tflite", 320, inputs.Options())
    with WORDS.open("rb") as file:
        wav = sound.Wav(file, "words.wav")
        found = list(sound.inputs_of(wav, YES_NO, inputs.Options(), every * 320, front_end))
    rows = reference(MODELS / "front_end.tflite", words())
    ends = range(49, len(rows) + 1, every)
    assert len(found) == len(ends) and len({data for _, _, data in found}) == len(ends)
    for (first, last, data), end in zip(found, ends, strict=True):
        assert data == numpy.concatenate(rows[end - 49 : end]).tobytes()
        assert (round(first * 16000), round(last * 16000)) == ((end - 49) * 320, (end - 1) * 320 + 480)


def test_features_of_the_published_front_end():
    """Of another file than ours, with other tensors: that of TFLite Micro's micro_speech, for its model."""
    published = SHARED / "models" / "tflm__audio_preprocessor_int8.tflite"
    if not published.is_file():
        pytest.skip(f"NOT RUN: no shared models at {SHARED} (ARENA8_SHARED_MODELS)")
    speech = TensorInfo("", "Reshape_1", (1, 1960), "int8", 0.1, -128)
    front_end = sound.FrontEnd(published, 320, inputs.Options())
    samples = words()[8000:26000]
    found = given(wav_of(samples), speech, 320, front_end)
    rows = reference(published, samples)
    assert [data for _, _, data in found] == [
        numpy.concatenate(rows[end - 49 : end]).tobytes() for end in range(49, len(rows) + 1)
    ]


def test_by_default_ten_looks_a_window():
    front_end = sound.FrontEnd(MODELS / "front_end.tflite", 320, inputs.Options())
    found = given(wav_of(numpy.arange(480 + 320 * 60)), YES_NO, None, front_end)
    assert [round(first, 3) for first, _, _ in found] == [0.0, 0.1, 0.2]


def test_a_front_end_that_does_not_fit():
    front_end = sound.FrontEnd(MODELS / "front_end.tflite", 320, inputs.Options())
    with pytest.raises(UsageError, match="gives 40 features of int8; input 'x' takes 4 of int16"):
        given(wav_of(range(1000)), INT16, None, front_end)
    with pytest.raises(UsageError, match="has fewer samples than the 15840"):
        given(wav_of(range(1000)), YES_NO, None, front_end)


# ---- What the model's file says ------------------------------------------------------


def with_meaning(path, meaning):
    """As anybody packs it: behind the model, with a zip program."""
    path.write_bytes((MODELS / "digits.tflite").read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("arena8.json", meaning)
    return path


def test_meaning(tmp_path):
    assert sound.meaning(MODELS / "yes_no.tflite") == sound.Meaning(16000, "front_end.tflite", 320)
    assert sound.meaning(MODELS / "digits.tflite") == sound.meaning(None) == sound.Meaning()
    about = {"front_end": {"model": "mel.tflite", "hop": 160, "sample_rate": 8000}}
    path = with_meaning(tmp_path / "m.tflite", json.dumps(about))
    assert sound.meaning(path) == sound.Meaning(8000, "mel.tflite", 160)


@pytest.mark.parametrize(
    "meaning",
    ["{", "[]", "{}", '{"front_end": {"model": "x"}}',
     '{"front_end": {"model": 1, "hop": 1, "sample_rate": 1}}',
     '{"front_end": {"model": "x", "hop": 0, "sample_rate": 1}}',
     '{"front_end": {"model": "x", "hop": "1", "sample_rate": 1}}'],
)  # fmt: skip
def test_a_meaning_that_means_nothing(tmp_path, meaning):
    with pytest.raises(ToolError, match=r"its arena8.json (is not valid JSON|should be like)"):
        sound.meaning(with_meaning(tmp_path / "m.tflite", meaning))
