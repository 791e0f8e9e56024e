# SPDX-License-Identifier: MIT
"""Build front_end.tflite: 30 ms of sound to 40 int8 features, with the signal operators of TFLite Micro.

Nothing is trained here. The chain and its parameters are those of the micro_speech example (TensorFlow's
microfrontend): Hann window, FFT of 512, energy, 40 mel bands from 125 to 7500 Hz, square root, spectral
subtraction of the noise, per-channel automatic gain (PCAN; Y. Wang and others, "Trainable frontend for robust
and far-field keyword spotting", 2017), logarithm. It is stateful: the noise that it has estimated stays from
window to window.

    python firmware/models/build_front_end.py            # writes the model; needs flatbuffers and numpy
    python firmware/models/build_front_end.py --check    # exit 1 if the committed file is another
"""

import math
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
PATH = HERE / "front_end.tflite"
sys.path.insert(0, str(HERE.parents[1] / "tests" / "kernels"))

RATE, WIDTH, FFT = 16000, 480, 512
CHANNELS, LOWEST, HIGHEST = 40, 125, 7500
HZ_PER_BIN = RATE / FFT
ALIGN, BLOCK = 2, 4  # of a band's first bin, and of its number of weights
WEIGHT_ONE = 1 << 12
GAIN_BITS, GAIN_OFFSET, GAIN_STRENGTH, GAIN_INPUT_BITS = 21, 80, 0.95, 7


def window():
    return [
        math.floor((0.5 - 0.5 * math.cos(2 * math.pi * (i + 0.5) / WIDTH)) * WEIGHT_ONE + 0.5)
        for i in range(WIDTH)
    ]


def mel(hz):
    return 1127 * math.log1p(hz / 700)


def bands():
    """Weights, their complements (what the band above gets), first bins, first weights, widths."""
    step = (mel(HIGHEST) - mel(LOWEST)) / (CHANNELS + 1)
    edges = [mel(LOWEST) + step * i for i in range(CHANNELS + 2)]
    weights, complements, bins, starts, widths = [], [], [], [], []
    at = first_bin()
    for low, high in zip(edges, edges[1:], strict=False):
        end = at
        while mel(end * HZ_PER_BIN) <= high:
            end += 1
        aligned = at // ALIGN * ALIGN
        width = -(-(end - aligned) // BLOCK) * BLOCK
        bins.append(aligned)
        starts.append(len(weights))
        widths.append(width)
        parts = [
            (high - mel(i * HZ_PER_BIN)) / (high - low) if at <= i < end else None
            for i in range(aligned, aligned + width)
        ]
        weights += [0 if p is None else int(p * WEIGHT_ONE) for p in parts]
        complements += [0 if p is None else int((1 - p) * WEIGHT_ONE) for p in parts]
        at = end
    return weights, complements, bins, starts, widths, at


def first_bin():
    return int(1.5 + LOWEST / HZ_PER_BIN)


def gain(x):
    y = (1 << GAIN_BITS) * (x / (1 << GAIN_INPUT_BITS) + GAIN_OFFSET) ** -GAIN_STRENGTH
    return min(int(y + 0.5), 0x7FFF)


def gains():
    """Gain by the noise: a parabola for every power of two, through its ends and its middle."""
    table = [gain(0), gain(1)]
    for bits in range(2, 33):
        start = 1 << (bits - 1)
        end = 2 * start if bits < 32 else 2 * start - 1
        y, middle, last = gain(start), gain(start + start // 2), gain(end)
        slope = 4 * (middle - y) - (last - y)
        table += [y, slope, last - y - slope, 0]
    return table[:-1]


def build():
    from model_builder import DTYPES, ModelBuilder
    from signal_models import options

    m = ModelBuilder()

    def constant(values, dtype):
        return m.constant(np.array(values, dtype))

    def custom(name, inputs, *outputs, **values):
        results = [m.tensor(shape, dtype) for shape, dtype in outputs]
        m.node("CUSTOM", inputs, results, custom_code=name, custom_options=options(**values))
        return results

    def builtin(name, inputs, shape, dtype, **fields):
        result = m.tensor(shape, dtype)
        m.node(name, inputs, [result], **fields)
        return result

    weights, complements, bins, starts, widths, end = bands()
    spectrum = FFT // 2 + 1
    samples = m.tensor((1, WIDTH), "int16", name="samples")
    (x,) = custom("SignalWindow", [samples, constant(window(), np.int16)], ((1, WIDTH), "int16"), shift=12)
    x = builtin("RESHAPE", [x, constant([WIDTH], np.int32)], (WIDTH,), "int16")
    x, scale_bits = custom("SignalFftAutoScale", [x], ((WIDTH,), "int16"), ((), "int32"))
    (x,) = custom("SignalRfft", [x], ((2 * spectrum,), "int16"), T=DTYPES["int16"], fft_length=FFT)
    (x,) = custom("SignalEnergy", [x], ((spectrum,), "uint32"), start_index=first_bin(), end_index=end)
    # The operator leaves bins outside its range as they are, so they are made zeros.
    x = builtin("CAST", [x], (spectrum,), "int32", in_data_type="uint32", out_data_type="int32")
    x = builtin(
        "STRIDED_SLICE",
        [x, *(constant([i], np.int32) for i in (first_bin(), end, 1))],
        (end - first_bin(),),
        "int32",
    )
    outside = [constant(np.zeros(n), np.int32) for n in (first_bin(), spectrum - end)]
    x = builtin("CONCATENATION", [outside[0], x, outside[1]], (spectrum,), "int32", axis=0)
    x = builtin("CAST", [x], (spectrum,), "uint32", in_data_type="int32", out_data_type="uint32")
    tables = [constant(t, np.int16) for t in (weights, complements, bins, starts, widths)]
    (x,) = custom("SignalFilterBank", [x, *tables], ((CHANNELS,), "uint64"), num_channels=CHANNELS)
    (x,) = custom("SignalFilterBankSquareRoot", [x, scale_bits], ((CHANNELS,), "uint32"))
    x, noise = custom(
        "SignalFilterBankSpectralSubtraction",
        [x],
        ((CHANNELS,), "uint32"),
        ((CHANNELS,), "uint32"),
        num_channels=CHANNELS,
        # How fast the noise is followed, in even and odd channels, and what at least remains: / 2^14.
        smoothing=409,
        one_minus_smoothing=15975,
        alternate_smoothing=983,
        alternate_one_minus_smoothing=15401,
        min_signal_remaining=819,
        smoothing_bits=10,
        spectral_subtraction_bits=14,
        clamping=False,
    )
    (x,) = custom("SignalPCAN", [x, noise, constant(gains(), np.int16)], ((CHANNELS,), "uint32"), snr_shift=6)
    (x,) = custom(
        "SignalFilterBankLog", [x], ((CHANNELS,), "int16"), output_scale=64, input_correction_bits=3
    )
    # From 0 to 666 or so (25.6 * 26) to int8: rounded, and saturated.
    x = builtin("CAST", [x], (CHANNELS,), "int32", in_data_type="int16", out_data_type="int32")
    for name, operand in (
        ("MUL", 256),
        ("ADD", 333),
        ("DIV", 666),
        ("ADD", -128),
        ("MINIMUM", 127),
        ("MAXIMUM", -128),
    ):
        x = builtin(name, [x, constant(operand, np.int32)], (CHANNELS,), "int32")
    features = m.tensor((CHANNELS,), "int8", name="features")
    m.node("CAST", [x], [features], in_data_type="int32", out_data_type="int8")
    return m.build([samples], [features])


def main():
    data = build()
    if "--check" in sys.argv[1:]:
        same = PATH.read_bytes() == data
        print(f"{PATH.name} is {'what' if same else 'NOT what'} this script builds")
        return 0 if same else 1
    PATH.write_bytes(data)
    print(f"wrote {PATH.name}, {len(data)} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
