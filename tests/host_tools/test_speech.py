# SPDX-License-Identifier: MIT
"""From samples to a keyword: TFLite Micro's audio front end, then its micro_speech model, in the package.

A synthesizer says the words, so that the models meet what they were trained for: they have to understand
them. Features and scores are compared with those of the reference, to the bit.
"""

import os
import warnings
from pathlib import Path

import arena8
import numpy as np
import pytest
from tflite_micro import runtime
from voice import RATE, clip, no, yes

SHARED = Path(os.environ.get("ARENA8_SHARED_MODELS") or Path(__file__).parents[3] / "shared" / "models")
FRONT_END = SHARED / "models" / "tflm__audio_preprocessor_int8.tflite"
KEYWORDS = SHARED / "models" / "tflm__micro_speech_quantized.tflite"
if not FRONT_END.is_file():
    warnings.warn(f"NOT TESTED: no shared models at {SHARED} (ARENA8_SHARED_MODELS)", stacklevel=1)
    pytest.skip("NOT TESTED: no shared models", allow_module_level=True)

WIDTH, HOP, FRAMES = 480, 320, 49
LABELS = ["silence", "unknown", "yes", "no"]


# ---- Two ways to listen --------------------------------------------------------------


def with_arena8(samples):
    front_end, keywords = arena8.Interpreter(FRONT_END), arena8.Interpreter(KEYWORDS)
    features = []
    for at in range(0, FRAMES * HOP, HOP):
        front_end.inputs[0].numpy()[...] = samples[at : at + WIDTH]
        front_end.invoke()
        features.append(front_end.outputs[0].numpy().copy())
    features = np.concatenate(features)
    keywords.inputs[0].numpy()[...] = features
    keywords.invoke()
    return features, keywords.outputs[0].numpy().ravel().copy()


def with_reference(samples):
    front_end, keywords = (
        runtime.Interpreter.from_file(str(m), arena_size=100_000) for m in (FRONT_END, KEYWORDS)
    )
    features = []
    for at in range(0, FRAMES * HOP, HOP):
        front_end.set_input(samples[None, at : at + WIDTH], 0)
        front_end.invoke()
        features.append(front_end.get_output(0).ravel().copy())
    features = np.concatenate(features)
    keywords.set_input(features[None], 0)
    keywords.invoke()
    return features, keywords.get_output(0).ravel().copy()


def listen(samples):
    """The scores that arena8 gives, which are the reference's."""
    features, scores = with_arena8(samples)
    expected, expected_scores = with_reference(samples)
    np.testing.assert_array_equal(features, expected)
    np.testing.assert_array_equal(scores, expected_scores)
    return scores


@pytest.mark.parametrize("pitch", [110, 190])
@pytest.mark.parametrize("say", [yes, no])
def test_keyword(say, pitch):
    rng = np.random.default_rng(60)
    scores = listen(clip(rng, say(rng, pitch)))
    assert LABELS[int(np.argmax(scores))] == say.__name__
    assert int(scores.max()) > 0.8 * 256 - 128


def test_no_word():
    """Silence to the last bit, and sounds that are not words."""
    rng = np.random.default_rng(61)
    t = np.arange(RATE)
    sounds = [
        np.zeros(RATE),
        rng.normal(size=RATE) * 5,
        rng.normal(size=RATE) * 3000,
        20000 * np.sin(t * t / 30000),
        np.where(rng.random(RATE) < 0.5, -32768, 32767),
    ]
    scores = [listen(np.clip(np.round(x), -32768, 32767).astype(np.int16)) for x in sounds]
    assert LABELS[int(np.argmax(scores[0]))] == "silence"
    assert len({s.tobytes() for s in scores}) == len(sounds)


def test_reset():
    """The noise that the front end has estimated is forgotten."""
    rng = np.random.default_rng(62)
    samples = clip(rng, no(rng, 110))
    it = arena8.Interpreter(FRONT_END)

    def features():
        results = []
        for at in range(0, 20 * HOP, HOP):
            it.inputs[0].numpy()[...] = samples[at : at + WIDTH]
            it.invoke()
            results.append(it.outputs[0].numpy().tobytes())
        return results

    first, second = features(), features()
    assert first != second
    it.reset()
    assert features() == first


def test_arena():
    """The front end fits a part of the 10,224 bytes that it needs in the reference on 64 bits."""
    assert arena8.arena_size(arena8.Model(FRONT_END)) <= 3648
