# SPDX-License-Identifier: MIT
"""Train yes_no.tflite: "yes", "no", something else or nothing, in 49 features of a second of sound.

The words are synthetic: a formant synthesizer (voice.py) says them, each by a speaker of its own, in a room
with noise. Nobody's real voice was used, to train or to test, so the accuracy in the card says how well the
model knows this synthesizer, and nothing about people. The test set comes from another seed, and was measured
once.

The features are those of front_end.tflite, computed by the reference kernels, so the model sees the same
bytes as on a board. A recording is two seconds: the model is shown the second around a word, and one without
it.
"""

import sys

import numpy as np
import training
import voice

NAME = "yes_no"
LABELS = ["silence", "other", "yes", "no"]
SEED, TEST_SEED = 11, 12
WORDS, TEST_WORDS = 600, 200  # of each kind
FRAMES, CHANNELS, WINDOW, HOP = 49, 40, 480, 320
FRONT_END = "front_end.tflite"
# For tools that have a recording: how it becomes features.
MEANING = {"front_end": {"model": FRONT_END, "hop": HOP, "sample_rate": voice.RATE}}
EPOCHS, BATCH = 30, 64


def features(front_end, samples):
    """int8 features of a recording; the front end starts without knowledge of the noise."""
    front_end.reset()
    rows = []
    for at in range(0, len(samples) - WINDOW + 1, HOP):
        front_end.set_input(samples[None, at : at + WINDOW], 0)
        front_end.invoke()
        rows.append(front_end.get_output(0).copy())
    return np.stack(rows)


def record(seed, words):
    """Features and labels: int8, a row for every second that the model is shown."""
    from tflite_micro import runtime

    front_end = runtime.Interpreter.from_file(str(training.HERE / FRONT_END), arena_size=50_000)
    rng = np.random.default_rng(seed)
    x, y = [], []
    for i in range(words):
        for label in ("yes", "no", "other"):
            word = getattr(voice.Speaker(rng), label)()
            seconds = len(word) / voice.RATE
            start = rng.uniform(1.0, 1.3)
            rows = features(front_end, voice.say(rng, [word], [start], start + seconds + 1))
            # Somewhere in the second that is shown: the whole word.
            latest, earliest = start - 0.02, max(start + seconds - 0.98, 0)
            first = round(rng.uniform(min(earliest, latest), latest) * voice.RATE / HOP)
            x.append(rows[first : first + FRAMES])
            y.append(LABELS.index(label))
            if (i + y[-1]) % 3 == 0:  # as many as of the others
                x.append(rows[: round(rng.uniform(0, start - 1.0) * voice.RATE / HOP) + FRAMES][-FRAMES:])
                y.append(LABELS.index("silence"))
            elif (i + y[-1]) % 3 == 1:  # a piece of a word is no word
                middle = start + seconds * rng.uniform(0.35, 0.5)
                last = round(middle * voice.RATE / HOP)
                x.append(rows[last - FRAMES : last])
                y.append(LABELS.index("other"))
    return np.stack(x)[..., None], np.array(y)


def build(tf):
    layers = tf.keras.layers

    def normalized(x, layer):
        return layers.ReLU()(layers.BatchNormalization()(layer(x)))

    shown = layers.Input((FRAMES, CHANNELS, 1))
    x = normalized(
        shown, layers.Conv2D(8, (5, 5), strides=(2, 2), padding="same", use_bias=False, name="first")
    )
    for filters, strides in ((16, 2), (24, 2), (32, 1)):
        x = normalized(x, layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False))
        x = normalized(x, layers.Conv2D(filters, 1, use_bias=False))
    x = layers.AveragePooling2D((7, 5))(x)
    x = layers.Dropout(0.2)(layers.Flatten()(x))
    return tf.keras.Model(shown, layers.Dense(len(LABELS), activation="softmax")(x))


def train(tf, x, y):
    model = build(tf)
    steps = EPOCHS * -(-len(x) // BATCH)
    model.compile(
        tf.keras.optimizers.Adam(tf.keras.optimizers.schedules.CosineDecay(3e-3, steps)),
        tf.keras.losses.CategoricalCrossentropy(label_smoothing=0.02),
    )
    one_hot = np.eye(len(LABELS), dtype=np.float32)[y]
    for epoch in range(EPOCHS):
        history = model.fit(x / 128, one_hot, batch_size=BATCH, verbose=0)
        if (epoch + 1) % 10 == 0:
            print(f"epoch {epoch + 1}/{EPOCHS}, loss {history.history['loss'][0]:.4f}", flush=True)
    # Training saw -1 to 1, the model takes the features' int8 values: a power of two in the first layer.
    first = model.get_layer("first")
    first.set_weights([first.get_weights()[0] / 128])
    return model


def convert(tf, model, x):
    """int8 in, as the front end puts it out: scale 1 and zero point 0, given by the range of the examples."""
    extremes = np.zeros((1, *x.shape[1:]), np.float32)
    extremes[0, 0, :2, 0] = -128, 127
    shown = [extremes, *x[:: len(x) // 300]]
    shape = (1, *x.shape[1:])
    return training.with_labels(training.convert(tf, model, "features", shape, shown), LABELS, MEANING)


def example():
    """A recording for the example: "yes", something else and "no", by three new speakers."""
    rng = np.random.default_rng(TEST_SEED + 1)
    words = [getattr(voice.Speaker(rng), label)() for label in ("yes", "other", "no")]
    return voice.say(rng, words, (0.7, 1.8, 2.9), 4.0)


def float_score(model, x, y):
    return training.score(model.predict(x, verbose=0), y)


def main():
    options = training.arguments(__doc__)
    if options.validate:
        sys.exit("nothing was chosen by validation here: there is one design")
    x_test, y_test = (a.astype(np.float32) if a.ndim > 1 else a for a in record(TEST_SEED, TEST_WORDS))
    if options.check:
        return 0 if training.check(NAME, x_test, y_test) else 1
    x, y = (a.astype(np.float32) if a.ndim > 1 else a for a in record(SEED, WORDS))
    print(
        f"{len(x)} seconds to train, {len(x_test)} to test: {np.bincount(y)} {np.bincount(y_test)}",
        flush=True,
    )
    tf = training.tensorflow(SEED)
    model = train(tf, x, y)
    data = convert(tf, model, x)
    card = {
        "name": NAME,
        "task": "yes, no, another sound or silence, in a second of synthetic speech",
        "data": "made by voice.py, a formant synthesizer: each word by another speaker, in noise; none real",
        "split": f"by seed: {len(x)} seconds to train, {len(x_test)} to test",
        "input": "49 rows of 40 features, 20 ms apart, as front_end.tflite puts them out: the same int8",
        "output": "probability of each label",
        **training.measure(data, x_test, y_test),
        "test_float": float_score(model, x_test, y_test),
        "test_measured": "once",
        "measured_with": training.versions("tflite_micro", "numpy"),
        "trained_with": {
            "seed": SEED,
            "epochs": EPOCHS,
            **training.versions("tensorflow-cpu", "keras", "numpy"),
        },
    }
    training.write(f"{NAME}.tflite", data)
    training.write_card(NAME, card)
    training.write_sound("words.wav", voice.RATE, example())
    print(f"test: float {card['test_float']}, int8 {card['test_int8']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
