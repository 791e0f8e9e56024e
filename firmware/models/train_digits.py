# SPDX-License-Identifier: MIT
"""Train digits.tflite: handwritten digits, 8x8 pixels, by a small int8 convolutional network.

The data are the 1797 scanned digits that scikit-learn ships (the test set of UCI's Optical Recognition of
Handwritten Digits; a pixel counts the black dots of a 4x4 block, 0 to 16). Neighbours apparently come
from the same writer, and a shuffled split would test on hands that it has trained on: so the split is by position,
and the last 360 digits are the test set. They are used once, to measure the finished model, and for the sample inputs.
Choices (width, epochs, augmentation) were made with --validate, which holds back the end of the training set.
"""

import io

import numpy as np
import training

NAME = "digits"
SEED = 8
TEST = 360  # the last ones, in the order of the data set
VALIDATION = 287  # of the rest, the last ones; with --validate only
EPOCHS = 60
BATCH = 32
WIDTH = 16
PIXEL_MAX = 16

# With a real range of exactly 0 to 255/16 the input's scale is 1/16: q = 16 * pixel - 128, without rounding.
# The darkest pixel, 16, saturates at 127 and loses 1/16.
INPUT_MAX = 255 / 16


def load():
    from sklearn.datasets import load_digits

    data = load_digits()
    x, y = data.images.astype(np.float32), data.target
    return (x[:-TEST], y[:-TEST]), (x[-TEST:], y[-TEST:])


def distort(image, rng):
    """Turn, scale, shear and shift a digit a little, as another hand would."""
    from scipy import ndimage

    angle = np.deg2rad(rng.uniform(-12, 12))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[1, rng.uniform(-0.2, 0.2)], [0, 1]]) * rng.uniform(0.88, 1.12)
    centre = np.array([3.5, 3.5])
    shift = rng.uniform(-0.8, 0.8, 2)
    return np.clip(ndimage.affine_transform(image, matrix, centre - matrix @ centre + shift, order=1), 0, PIXEL_MAX)


def build(tf):
    layers = tf.keras.layers

    def normalized(x, layer, relu=True):
        x = layers.BatchNormalization()(layer(x))
        return layers.ReLU()(x) if relu else x

    image = layers.Input((8, 8, 1))
    x = normalized(image, layers.Conv2D(WIDTH, 3, padding="same", use_bias=False, name="first"))
    # A depthwise-separable block, and around it a residual connection.
    y = normalized(x, layers.DepthwiseConv2D(3, padding="same", use_bias=False))
    y = normalized(y, layers.Conv2D(WIDTH, 1, use_bias=False), relu=False)
    x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.MaxPooling2D(2)(x)
    x = normalized(x, layers.Conv2D(2 * WIDTH, 3, padding="same", use_bias=False))
    x = layers.AveragePooling2D(2)(x)
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    return tf.keras.Model(image, layers.Dense(10, activation="softmax")(x))


def train(tf, x, y):
    """A model of pixels 0 to 16, trained on x and y alone for a fixed number of epochs."""
    rng = np.random.default_rng(SEED)
    model = build(tf)
    steps = EPOCHS * -(-len(x) // BATCH)
    model.compile(
        tf.keras.optimizers.Adam(tf.keras.optimizers.schedules.CosineDecay(3e-3, steps)),
        tf.keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
    )
    one_hot = np.eye(10, dtype=np.float32)[y]
    for epoch in range(EPOCHS):
        distorted = np.stack([distort(image, rng) for image in x])[..., None] / PIXEL_MAX
        history = model.fit(distorted, one_hot, batch_size=BATCH, verbose=0)
        if (epoch + 1) % 10 == 0:
            print(f"epoch {epoch + 1}/{EPOCHS}, loss {history.history['loss'][0]:.4f}")
    # Training saw 0 to 1, the model takes pixels: the factor goes into the first layer (a power of two, so exactly).
    first = model.get_layer("first")
    first.set_weights([first.get_weights()[0] / PIXEL_MAX])
    return model


def convert(tf, model, x):
    representative = np.minimum(x, np.float32(INPUT_MAX))
    flatbuffer = training.convert(tf, model, "image", (1, 8, 8, 1), representative)
    return training.with_labels(flatbuffer, range(10))


def float_score(model, x, y):
    return training.score(model.predict(x[..., None], verbose=0), y)


def samples(x, y):
    """Two test digits a class, the first of each in the order of the test set: 0 to 9, then 0 to 9 again."""
    chosen = [np.flatnonzero(y == digit)[turn] for turn in range(2) for digit in range(10)]
    return x[chosen].astype(np.uint8), y[chosen].astype(np.uint8)


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def sample_files(x, y):
    images, labels = samples(x, y)
    return {f"{NAME}_samples.npy": npy(images), f"{NAME}_samples_labels.npy": npy(labels)}


def validate(x, y):
    tf = training.tensorflow(SEED)
    model = train(tf, x[:-VALIDATION], y[:-VALIDATION])
    data = convert(tf, model, x[:-VALIDATION])
    x, y = x[-VALIDATION:], y[-VALIDATION:]
    print("validation, float:", float_score(model, x, y))
    print("validation, int8: ", training.score(training.reference(data, x), y))


def check(x, y):
    same = training.check(NAME, x, y)
    for name, content in sample_files(x, y).items():
        stored, wanted = np.load(training.HERE / name), np.load(io.BytesIO(content))
        if stored.dtype != wanted.dtype or not np.array_equal(stored, wanted):
            print(f"{name}: not the first two test digits of each class")
            same = False
    return same


def main():
    options = training.arguments(__doc__)
    (x_train, y_train), (x_test, y_test) = load()
    if options.check:
        return 0 if check(x_test, y_test) else 1
    if options.validate:
        validate(x_train, y_train)
        return 0
    tf = training.tensorflow(SEED)
    model = train(tf, x_train, y_train)
    data = convert(tf, model, x_train)
    card = {
        "name": NAME,
        "task": "handwritten digits 0 to 9",
        "data": "sklearn.datasets.load_digits (UCI, E. Alpaydin and C. Kaynak, 1998; CC BY 4.0)",
        "split": f"by position: {len(x_train)} to train and to calibrate, the last {len(x_test)} to test",
        "input": "pixel values 0 (white) to 16 (black), row by row, not scaled: q = 16 * pixel - 128, 16 saturates",
        "output": "probability of each digit",
        **training.measure(data, x_test, y_test),
        "test_float": float_score(model, x_test, y_test),
        "measured_with": training.versions("tflite_micro", "numpy", "scikit-learn"),
        "trained_with": {
            "seed": SEED,
            "epochs": EPOCHS,
            **training.versions("tensorflow-cpu", "keras", "scipy", "scikit-learn", "numpy"),
        },
    }
    training.write(f"{NAME}.tflite", data)
    for name, content in sample_files(x_test, y_test).items():
        training.write(name, content)
    training.write_card(NAME, card)
    print(f"test: float {card['test_float']}, int8 {card['test_int8']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
