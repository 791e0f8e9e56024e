# SPDX-License-Identifier: MIT
"""Which digits are these? Scanned ones of 8x8 pixels, read by the digits model.

    ARENA8_MODELS=firmware/models python examples/digits.py    # on a laptop
    mpremote run examples/digits.py                            # on a board whose firmware carries digits

A camera goes where IMAGES is: scale its picture to 8x8, 0 for white paper and 16 for black ink.
"""

import arena8

# Four of the test set, one character a pixel: "0" to "g" (16).
SCALE = "0123456789abcdefg"
IMAGES = (
    "001eggf100be8db000f60e3000515d10000dgg90002gf910000b9000003g2000",
    "002c700000fef60006a42e10088008500780048002e00560009c4e30001df900",
    "01cf500004f8f3000031e400004eg100001aef4000000c800484ag4002cgd600",
    "008de50005d4b90004d1ce00008ebc40000007800000048000220b70008ggd20",
)


def main():
    it = arena8.Interpreter("digits")
    for image in IMAGES:
        it.inputs[0].quantize(bytes(SCALE.index(c) for c in image))
        it.invoke()
        label, probability = it.outputs[0].top(1)[0]
        if probability < 0.5:
            print("not sure: perhaps", label)
        else:
            print(f"{label} ({round(100 * probability)} %)")


main()
