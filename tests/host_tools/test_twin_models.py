# SPDX-License-Identifier: MIT
"""The shared models through the package: the reference's answers to the bit, sizes, counts."""

import json
import os
import re
import warnings
import zlib
from pathlib import Path

import arena8
import numpy as np
import pytest
from arena8.engine import describe, trace

SHARED = Path(os.environ.get("ARENA8_SHARED_MODELS") or Path(__file__).parents[3] / "shared" / "models")
if (SHARED / "manifest.json").is_file():
    MODELS = json.loads((SHARED / "manifest.json").read_text())["models"]
else:
    MODELS = []
    warnings.warn(f"NOT TESTED: no shared models at {SHARED} (ARENA8_SHARED_MODELS)", stacklevel=1)

# Operators that the engine promises, int8, with float only where a model begins or ends.
PROMISED = re.compile(
    r"(CONV_2D|DEPTHWISE_CONV_2D|FULLY_CONNECTED) i8\*i8(\(pc\))?\+(i32|nobias)->i8"
    r"|(AVERAGE_POOL_2D|MAX_POOL_2D|SOFTMAX|RESHAPE|ADD|MEAN|PAD|QUANTIZE|LOGISTIC|RELU|RELU6) i8->i8"
    r"|QUANTIZE f32->i8|DEQUANTIZE i8->f32"
)
ELIGIBLE = [
    entry for entry in MODELS if entry["tflm_ok"] and all(PROMISED.fullmatch(op) for op in entry["ops"])
]

needs_models = pytest.mark.skipif(not MODELS, reason=f"NOT TESTED: no shared models at {SHARED}")


def name(entry):
    return entry["id"]


def overridden(golden):
    """Whether the reference is wrong (RELU6 that changes scales) and the file has LiteRT's answer too."""
    return any(key.startswith("litert_out") for key in golden)


@needs_models
def test_there_are_models_to_test():
    assert len(ELIGIBLE) == 60


@needs_models
@pytest.mark.parametrize("entry", ELIGIBLE, ids=name)
def test_goldens(entry):
    it = arena8.Interpreter(SHARED / entry["file"])
    with np.load(SHARED / entry["golden"]) as golden:
        for row in range(entry["golden_n"]):
            for j, tensor in enumerate(it.inputs):
                tensor.numpy()[...] = golden[f"in{j}"][row].reshape(tensor.shape)
            it.invoke()
            for k, tensor in enumerate(it.outputs):
                right = f"litert_out{k}" if f"litert_out{k}" in golden else f"out{k}"
                expected = golden[right][row].reshape(tensor.shape)
                assert tensor.numpy().dtype == expected.dtype
                np.testing.assert_array_equal(tensor.numpy(), expected, f"row {row}, output {k}")


@needs_models
@pytest.mark.parametrize("entry", ELIGIBLE, ids=name)
def test_every_node(entry):
    """Each node's output as the reference has it; checksums are of every tensor after each invoke."""
    it = arena8.Interpreter(SHARED / entry["file"])
    with np.load(SHARED / entry["golden"]) as golden:
        if overridden(golden):
            assert entry["tflm_diverges_from_litert"]
            return  # its checksums are the reference's wrong ones; test_goldens has the answer
        for row in range(min(3, entry["golden_n"])):
            for j, tensor in enumerate(it.inputs):
                tensor.numpy()[...] = golden[f"in{j}"][row].reshape(tensor.shape)
            expected = dict(zip(golden["tcrc_idx"].tolist(), golden["tcrc"][row].tolist(), strict=True))
            steps = list(trace(it))
            assert len(steps) == entry["n_ops"]
            for index, op, results in steps:
                for tensor, content in results.items():
                    assert zlib.crc32(content) == expected[tensor], f"row {row}, node {index} {op}"


@needs_models
@pytest.mark.parametrize("entry", ELIGIBLE, ids=name)
def test_arena_is_exact(entry):
    model = arena8.Model(SHARED / entry["file"])
    size = arena8.arena_size(model)
    arena8.Interpreter(model, size).invoke()
    with pytest.raises(MemoryError, match=f"{size}.*{size - 1}"):
        arena8.Interpreter(model, size - 1)


@needs_models
@pytest.mark.parametrize("entry", MODELS, ids=name)
def test_describe(entry):
    facts = describe(SHARED / entry["file"])
    assert facts["macs"] == entry["macs"]
    assert facts["params"] == entry["params"]
    assert facts["nbytes"] == entry["size"]
    assert len(facts["operators"]) == entry["n_ops"]
    assert [t["shape"] for t in facts["inputs"]] == [t["shape"] for t in entry["inputs"]]
    if entry in ELIGIBLE:
        assert facts["unsupported"] == [] and facts["arena_bytes"] > 0
    if facts["unsupported"]:
        assert facts["arena_bytes"] is None
