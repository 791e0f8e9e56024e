# SPDX-License-Identifier: MIT
"""Train vibration.tflite: an autoencoder that knows the vibration of a healthy machine.

The machine is made up: a shaft that turns at 22 to 28 Hz, its harmonics, the gear's 9 teeth, noise, all a
little different in each recording. An accelerometer gives 128 samples at 1 kHz; the model is given the level
of each of 64 frequencies (spectrum() below, which examples/anomaly.py has in plain Python) and gives back
what it has learnt to expect there. What differs by more than the threshold was never seen in training. The
threshold is the largest error of a set of healthy windows that were neither trained on nor tested, plus a
tenth.

Faults, which training never sees: a bearing that rings at 300 to 420 Hz, an unbalanced shaft, a broken tooth.
"""

import numpy as np
import training

NAME = "vibration"
SEED, LIMIT_SEED, TEST_SEED = 21, 22, 23
WINDOW, RATE, BINS = 128, 1000, 64
HEALTHY, LIMIT, TEST = 6000, 2000, 1000
EPOCHS, BATCH = 40, 64
FULL_SCALE = 2048  # of the accelerometer, samples are int16
FAULTS = ("bearing", "unbalance", "tooth")
EXAMPLE = "machine.wav"


def vibration(rng, windows=1, fault=None):
    """int16 samples of a machine, `windows` times WINDOW of them."""
    n = windows * WINDOW
    t = np.arange(n) / RATE
    speed = rng.uniform(22, 28) * (1 + 0.01 * np.sin(2 * np.pi * rng.uniform(0.2, 2) * t))
    turns = np.cumsum(speed) / RATE + rng.uniform()
    load = rng.uniform(0.7, 1.3)
    x = 60 * rng.uniform(0.7, 1.3) * np.sin(2 * np.pi * turns)
    x += 25 * rng.uniform(0.7, 1.3) * np.sin(4 * np.pi * turns + rng.uniform(0, 6.3))
    x += 90 * load * np.sin(18 * np.pi * turns + rng.uniform(0, 6.3))
    x += 30 * load * np.sin(36 * np.pi * turns + rng.uniform(0, 6.3))
    x += rng.normal(0, 12 * rng.uniform(0.8, 1.2), n)
    if fault == "bearing":
        # A ball meets the crack 3.6 times a turn, and the ring answers.
        ring = rng.uniform(300, 420)
        since = (turns * 3.6 % 1) / (3.6 * speed)
        x += rng.uniform(60, 150) * np.exp(-since * 150) * np.sin(2 * np.pi * ring * since)
    elif fault == "unbalance":
        x += 60 * rng.uniform(5, 9) * np.sin(2 * np.pi * turns)
    elif fault == "tooth":
        x += rng.uniform(400, 700) * (turns % 1 < 0.06)
    return np.clip(np.round(x), -32768, 32767).astype(np.int16)


def spectrum(samples):
    """Levels of frequencies 0 to 63, 7.8 Hz apart: natural logarithm of the energy, 0 or more."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    x = np.asarray(samples, np.float64) / FULL_SCALE * window
    energy = np.abs(np.fft.rfft(x)[:BINS]) ** 2
    return np.log(1 + 1000 * energy).astype(np.float32)


def spectra(seed, count, fault=None):
    rng = np.random.default_rng(seed)
    return np.stack([spectrum(vibration(rng, fault=fault)) for _ in range(count)])


def build(tf):
    layers = tf.keras.layers
    levels = layers.Input((BINS,))
    x = layers.Dense(32, activation="relu")(levels)
    x = layers.Dense(8, activation="relu")(x)
    x = layers.Dense(32, activation="relu")(x)
    return tf.keras.Model(levels, layers.Dense(BINS)(x))


def train(tf, x):
    model = build(tf)
    steps = EPOCHS * -(-len(x) // BATCH)
    model.compile(
        tf.keras.optimizers.Adam(tf.keras.optimizers.schedules.CosineDecay(3e-3, steps)), "mean_squared_error"
    )
    history = model.fit(x, x, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    print(f"loss after {EPOCHS} epochs: {history.history['loss'][-1]:.4f}", flush=True)
    return model


def errors(data, x):
    """Mean squared error between what the int8 model is given and what it gives back."""
    facts = training.describe(data)
    given, result = facts["inputs"][0], facts["outputs"][0]
    quantized = training.quantize(x, given["scale"], given["zero_point"]).astype(np.float32)
    shown = (quantized - given["zero_point"]) * given["scale"]
    back = (training.reference(data, x).astype(np.float32) - result["zero_point"]) * result["scale"]
    return ((shown - back) ** 2).mean(axis=1)


def measure(data, limit):
    """Windows above the threshold: false alarms among healthy ones, and faults that are found."""
    kinds = {"healthy": None, **{fault: fault for fault in FAULTS}}
    return {
        name: {"above": int((errors(data, spectra(TEST_SEED, TEST, fault)) > limit).sum()), "total": TEST}
        for name, fault in kinds.items()
    }


def facts(data, limit):
    import hashlib

    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        **training.describe(data),
        "threshold": limit,
        "test_int8": measure(data, limit),
    }


def example():
    """A recording for the example: a healthy machine, then its bearing goes."""
    rng = np.random.default_rng(TEST_SEED + 1)
    return np.concatenate([vibration(rng, 3), vibration(rng, 3, "bearing")])


def main():
    options = training.arguments(__doc__)
    if options.validate:
        raise SystemExit("nothing was chosen by validation here: there is one design")
    if options.check:
        import json

        card = json.loads((training.HERE / f"{NAME}.json").read_text())
        measured = facts((training.HERE / f"{NAME}.tflite").read_bytes(), card["threshold"])
        different = [key for key, value in measured.items() if card.get(key) != value]
        verdict = f"NOT as its card says: {', '.join(different)}" if different else "as its card says"
        print(f"{NAME}: {measured['test_int8']}, {verdict}")
        return 1 if different else 0
    x = spectra(SEED, HEALTHY)
    tf = training.tensorflow(SEED)
    model = train(tf, x)
    # The loudest level that may come belongs to the range, or faults would saturate.
    shown = [*x[::20], np.full(BINS, np.log(1 + 1000 * 32**2), np.float32)]
    data = training.convert(tf, model, "levels", (1, BINS), shown)
    limit = round(float(errors(data, spectra(LIMIT_SEED, LIMIT)).max()) * 1.1, 3)
    card = {
        "name": NAME,
        "task": "the vibration that a healthy machine would have; the error tells faults",
        "data": "made by train_vibration.py: a simulated machine. No real one",
        "split": f"by seed: {HEALTHY} windows to train, {LIMIT} for the threshold, {TEST} a kind to test",
        "input": "64 levels: log(1 + 1000 * energy) of the spectrum of 128 samples at 1 kHz, Hann window",
        "output": "the same levels as a healthy machine would have them",
        **facts(data, limit),
        "measured_with": training.versions("tflite_micro", "numpy"),
        "trained_with": {
            "seed": SEED,
            "epochs": EPOCHS,
            **training.versions("tensorflow-cpu", "keras", "numpy"),
        },
    }
    training.write(f"{NAME}.tflite", data)
    training.write_card(NAME, card)
    training.write_sound(EXAMPLE, RATE, example())
    print(f"threshold {limit}, above it: {card['test_int8']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
