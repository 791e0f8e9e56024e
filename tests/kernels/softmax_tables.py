# SPDX-License-Identifier: MIT
"""The tables of int16 SOFTMAX, as the reference computes them in float32 when a model is loaded.

    python tests/kernels/softmax_tables.py > micropython_module/engine/kernels/softmax_s16_tables.h

512 steps of the exponential over [-10, 0] and of 1 / (1 + x) over [0, 1], with 15 fractional bits, and the
value after the last step. A sample is moved by half of the error that interpolation has in mid-step.
"""

import numpy as np

STEPS = 512
F = np.float32


def round_away(x):
    return F(np.trunc(float(x) + np.copysign(0.5, float(x))))


def table(function, scale, zero_point):
    """Of the function at (i - zero_point) * scale, for i over all of int16."""
    low, high = F(scale * F(-32768 - zero_point)), F(scale * F(32767 - zero_point))
    out_scale = F(F(2) / F(65535))
    inverse = F(F(65536) / F(F(out_scale * F(32767)) - F(out_scale * F(-32768))))
    step = F(F(high - low) / F(STEPS))
    half = F(step / F(2))
    entries = []
    for i in range(STEPS):
        here = function(F(low + F(F(i) * step)))
        middle = function(F(F(low + F(F(i) * step)) + half))
        after = function(F(low + F(F(i + 1) * step)))
        sample = round_away(F(here * inverse))
        interpolated = round_away(F(F(F(after * inverse) + sample) / F(2)))
        error = F(interpolated - round_away(F(middle * inverse)))
        entries.append(int(min(max(F(sample - round_away(F(error / F(2)))), F(-32768)), F(32767))))
    entries.append(int(min(max(round_away(F(function(high) * inverse)), F(-32768)), F(32767))))
    return entries


TABLES = {
    "exp": table(lambda x: F(np.exp(np.float64(x))), F(F(10) / F(65535)), 32767),
    "one_over_one_plus": table(lambda x: F(F(1) / F(F(1) + x)), F(F(1) / F(65535)), -32768),
}


def header():
    lines = [
        "// SPDX-License-Identifier: MIT",
        "//",
        "// Written by tests/kernels/softmax_tables.py. Values have 15 fractional bits.",
        "// clang-format off",
    ]
    for name, entries in TABLES.items():
        lines += ["", f"static const int16_t {name}_table[{len(entries)}] = {{"]
        for i in range(0, len(entries), 16):
            lines.append("    " + " ".join(f"{e}," for e in entries[i : i + 16]))
        lines.append("};")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(header(), end="")
