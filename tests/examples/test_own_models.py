# SPDX-License-Identifier: MIT
"""The project's models are what their scripts and cards say."""

import hashlib
import json
import os
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

MODELS = Path(__file__).resolve().parents[2] / "firmware" / "models"
SHARED = Path(os.environ.get("ARENA8_SHARED_MODELS") or Path(__file__).parents[3] / "shared" / "models")
sys.path.insert(0, str(MODELS))
import build_front_end  # noqa: E402
import voice  # noqa: E402


def test_the_front_end_is_what_its_script_builds():
    assert build_front_end.build() == build_front_end.PATH.read_bytes()


def test_the_front_end_has_the_features_of_micro_speech():
    published = SHARED / "models" / "tflm__audio_preprocessor_int8.tflite"
    if not published.is_file():
        pytest.skip(f"NOT RUN: no shared models at {SHARED} (ARENA8_SHARED_MODELS)")
    from tflite_micro import runtime

    ours, theirs = (
        runtime.Interpreter.from_file(str(path), arena_size=50_000)
        for path in (build_front_end.PATH, published)
    )
    rng = np.random.default_rng(70)
    samples = np.concatenate([voice.clip(rng, voice.yes(rng, 120)), rng.integers(-32768, 32767, 16000)])
    seen = set()
    for at in range(0, len(samples) - 480, 320):
        for it in (ours, theirs):
            it.set_input(samples[None, at : at + 480].astype(np.int16), 0)
            it.invoke()
        assert (ours.get_output(0) == theirs.get_output(0)).all()
        seen.add(zlib.crc32(ours.get_output(0).tobytes()))
    assert len(seen) > 50


@pytest.mark.parametrize("name", ["digits", "iris", "vibration", "yes_no"])
def test_a_card_belongs_to_its_file(name):
    data = (MODELS / f"{name}.tflite").read_bytes()
    card = json.loads((MODELS / f"{name}.json").read_text())
    assert (card["bytes"], card["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert len(data) < 30_000
