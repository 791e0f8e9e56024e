# SPDX-License-Identifier: MIT
"""Listens for "yes" and "no" in a stream of samples.

    cd examples; ARENA8_MODELS=../firmware/models python keywords.py    # on a laptop
    mpremote cp examples/words.wav : + run examples/keywords.py         # on a board

words.wav is synthetic speech, 16 kHz, as the model's training data were (firmware/models/train_yes_no.py). A
microphone goes where the file is: machine.I2S(..., mode=I2S.RX, bits=16, format=I2S.MONO, rate=16000), whose
readinto() is that of a file.

The front end needs operators that the usual firmware of RPI_PICO leaves out. Build one with both models:

    make firmware BOARD=RPI_PICO OPERATORS=auto \\
        MODEL="firmware/models/front_end.tflite firmware/models/yes_no.tflite"
"""

import arena8

RATE, WINDOW, HOP = 16000, 480, 320  # a window of 30 ms every 20 ms
FRAMES, CHANNELS = 49, 40
EVERY = 5  # frames between two looks of the model
SURE = 0.85


def main():
    front_end = arena8.Interpreter("front_end", arena8.arena_size("front_end"))
    words = arena8.Interpreter("yes_no")
    samples = bytearray(2 * WINDOW)
    fresh = memoryview(samples)[2 * (WINDOW - HOP) :]
    features = bytearray(b"\x80" * (FRAMES * CHANNELS))  # -128, as of silence
    frame = quiet_until = 0
    before = None
    with open("words.wav", "rb") as sound:
        sound.read(44)  # the header
        while sound.readinto(fresh) == len(fresh):
            front_end.inputs[0].write(samples)
            front_end.invoke()
            features[:-CHANNELS] = features[CHANNELS:]
            features[-CHANNELS:] = bytes(front_end.outputs[0])
            samples[: -2 * HOP] = samples[2 * HOP :]
            frame += 1
            if frame % EVERY or frame < quiet_until:
                continue
            words.inputs[0].write(features)
            words.invoke()
            answer, probability = words.outputs[0].top(1)[0]
            # Twice the same, and sure of it: then the word is told, and its end waited for.
            if answer in ("yes", "no") and answer == before and probability >= SURE:
                print(f"{frame * HOP / RATE:.1f} s: {answer}")
                quiet_until = frame + FRAMES
            before = answer


main()
