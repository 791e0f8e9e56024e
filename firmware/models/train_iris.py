# SPDX-License-Identifier: MIT
"""Train iris.tflite: three species of iris from four lengths in centimetres, by two int8 dense layers.

A second model for a firmware with more than one, and the smallest thing that is still real: Fisher's 150
flowers, as scikit-learn ships them, sorted by species. Every third flower is the test set, 50 in all.
"""

import numpy as np
import training

NAME = "iris"
SEED = 3
EPOCHS = 300
HIDDEN = 8

# A real range of exactly 0 to 255/32 cm makes the input's scale 1/32 cm; the longest sepal is 7.9 cm.
INPUT_MAX = 255 / 32


def load():
    from sklearn.datasets import load_iris

    data = load_iris()
    x, y = data.data.astype(np.float32), data.target
    test = np.arange(len(x)) % 3 == 2
    return (x[~test], y[~test]), (x[test], y[test]), [str(name) for name in data.target_names]


def train(tf, x, y):
    """A model of centimetres, trained on x and y alone for a fixed number of epochs."""
    mean, std = x.mean(axis=0), x.std(axis=0)
    layers = tf.keras.layers
    lengths = layers.Input((4,))
    hidden = layers.Dense(HIDDEN, activation="relu", name="first")(lengths)
    model = tf.keras.Model(lengths, layers.Dense(3, activation="softmax")(hidden))
    loss = tf.keras.losses.CategoricalCrossentropy(label_smoothing=0.05)
    model.compile(tf.keras.optimizers.Adam(5e-3), loss)
    model.fit((x - mean) / std, np.eye(3, dtype=np.float32)[y], batch_size=16, epochs=EPOCHS, verbose=0)
    # Training saw standardized lengths, the model takes centimetres: the first layer absorbs the difference.
    first = model.get_layer("first")
    weights, bias = first.get_weights()
    first.set_weights([weights / std[:, None], bias - (mean / std) @ weights])
    return model


def convert(tf, model, x, labels):
    # The two added rows are no flowers: they set the input's range.
    representative = np.concatenate([x, np.zeros((1, 4), np.float32), np.full((1, 4), INPUT_MAX, np.float32)])
    return training.with_labels(training.convert(tf, model, "lengths", (1, 4), representative), labels)


def validate(x, y, labels):
    tf = training.tensorflow(SEED)
    held = np.arange(len(x)) % 4 == 3
    model = train(tf, x[~held], y[~held])
    data = convert(tf, model, x[~held], labels)
    print("validation, float:", training.score(model.predict(x[held], verbose=0), y[held]))
    print("validation, int8: ", training.score(training.reference(data, x[held]), y[held]))


def main():
    options = training.arguments(__doc__)
    (x_train, y_train), (x_test, y_test), labels = load()
    if options.check:
        return 0 if training.check(NAME, x_test, y_test) else 1
    if options.validate:
        validate(x_train, y_train, labels)
        return 0
    tf = training.tensorflow(SEED)
    model = train(tf, x_train, y_train)
    data = convert(tf, model, x_train, labels)
    card = {
        "name": NAME,
        "task": "species of an iris",
        "data": "sklearn.datasets.load_iris (R. A. Fisher, 1936; CC BY 4.0)",
        "split": f"every third flower to test ({len(x_test)}), {len(x_train)} to train and to calibrate",
        "input": "sepal length and width, petal length and width, in centimetres: q = 32 * cm - 128, rounded",
        "output": "probability of each species",
        **training.measure(data, x_test, y_test),
        "test_float": training.score(model.predict(x_test, verbose=0), y_test),
        "measured_with": training.versions("tflite_micro", "numpy", "scikit-learn"),
        "trained_with": {
            "seed": SEED,
            "epochs": EPOCHS,
            **training.versions("tensorflow-cpu", "keras", "scikit-learn", "numpy"),
        },
    }
    training.write(f"{NAME}.tflite", data)
    training.write_card(NAME, card)
    print(f"test: float {card['test_float']}, int8 {card['test_int8']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
