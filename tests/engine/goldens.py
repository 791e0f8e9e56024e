# SPDX-License-Identifier: MIT
"""The shared models and what their outputs must be."""

import json

import engine_build
import numpy as np

# Operators that TFLite Micro lacks and that go through a table: LiteRT's answer, give or take a step.
WITHIN_A_STEP = {"EXP", "GELU", "NEG", "RELU_0_TO_1", "RELU_N1_TO_1", "SQRT", "SQUARE"}
# Where TFLite Micro is wrong (a standalone one that changes scales): the golden file has LiteRT's answer too.
LITERT_IS_RIGHT = {"RELU", "RELU6"}

FOLDER = engine_build.shared_models()


def all_models():
    """Entries of the manifest; none without the folder."""
    return json.loads((FOLDER / "manifest.json").read_text())["models"] if FOLDER else []


class Golden:
    """Inputs and right outputs of one model, row by row, as raw bytes in the order of the model's tensors."""

    def __init__(self, model):
        with np.load(FOLDER / model["golden"]) as stored:
            self.arrays = dict(stored)
        self.path = FOLDER / model["file"]
        operators = {signature.split(" ")[0] for signature in model["ops"]}
        self.litert = bool(operators & LITERT_IS_RIGHT)
        from_litert = model["golden_source"].startswith("ai_edge_litert")
        self.steps = 1 if operators & WITHIN_A_STEP and from_litert else 0
        self.rows = range(len(self.arrays["in0"]))

    def _row(self, prefix, row, instead=""):
        parts = []
        while (name := f"{prefix}{len(parts)}") in self.arrays:
            other = f"{instead}{len(parts)}"
            array = self.arrays[other if instead and other in self.arrays else name]
            parts.append(np.ascontiguousarray(array[row]).tobytes())
        return b"".join(parts)

    def inputs(self):
        """Of all rows, one after the other."""
        return b"".join(self._row("in", row) for row in self.rows)

    def outputs(self):
        return b"".join(self._row("out", row, "litert_out" if self.litert else "") for row in self.rows)

    def wrong(self, got):
        """What is wrong with these outputs of all rows, in words; "" if nothing is."""
        expected = self.outputs()
        if len(got) != len(expected):
            return f"{len(got)} bytes of output, {len(expected)} expected"
        if self.steps:
            difference = np.frombuffer(got, np.int8).astype(int) - np.frombuffer(expected, np.int8)
            worst = np.abs(difference).max()
            return f"off by {worst} steps" if worst > self.steps else ""
        differ = np.count_nonzero(np.frombuffer(got, np.uint8) != np.frombuffer(expected, np.uint8))
        return f"{differ} of {len(expected)} output bytes differ" if differ else ""
