# SPDX-License-Identifier: MIT
"""Does the machine sound healthy? An autoencoder says what its vibration should look like.

    cd examples; ARENA8_MODELS=../firmware/models python anomaly.py    # on a laptop
    mpremote cp examples/machine.wav : + run examples/anomaly.py       # on a board that has the model

machine.wav is a simulated machine (firmware/models/train_vibration.py made it, and the model): healthy for
three windows, then a bearing fails. An accelerometer goes where the file is read: 128 int16 samples at 1 kHz,
full scale 2048.
"""

import math
import struct

import arena8

WINDOW, BINS = 128, 64
THRESHOLD = 0.756  # from vibration.json: what no healthy window of a set of 2000 exceeded, and a tenth
COSINES = [math.cos(2 * math.pi * i / WINDOW) for i in range(WINDOW)]


def spectrum(samples):
    """The level of each of 64 frequencies, by G. Goertzel's recurrence (1958)."""
    x = [samples[i] / 2048 * (0.5 - 0.5 * COSINES[i]) for i in range(WINDOW)]
    levels = []
    for k in range(BINS):
        turn = 2 * COSINES[k]
        s1 = s2 = 0.0
        for value in x:
            s1, s2 = value + turn * s1 - s2, s1
        levels.append(math.log(1 + 1000 * max(s1 * s1 + s2 * s2 - turn * s1 * s2, 0)))
    return levels


def main():
    it = arena8.Interpreter("vibration")
    levels, expected = it.inputs[0], it.outputs[0]
    with open("machine.wav", "rb") as sound:
        sound.read(44)  # the header
        for number in range(100):
            raw = sound.read(2 * WINDOW)
            if len(raw) < 2 * WINDOW:
                break
            levels.quantize(spectrum(struct.unpack(f"<{WINDOW}h", raw)))
            given = list(levels.dequantize())  # before invoke, which may overwrite its inputs
            it.invoke()
            back = expected.dequantize()
            error = sum((given[i] - back[i]) ** 2 for i in range(BINS)) / BINS
            verdict = "ANOMALY" if error > THRESHOLD else "healthy"
            print(f"window {number}: {verdict}, error {error:.2f}")


main()
