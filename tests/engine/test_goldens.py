# SPDX-License-Identifier: MIT
"""The shared models against outputs of TFLite Micro's reference kernels.

Every model runs under ASan and UBSan, at an aligned and at an odd address. Outputs must be the same to the
bit, float32 ones (DEQUANTIZE at a model's end) too, as the arithmetic is the same. Where the reference is
wrong or lacks an operator, the golden file has LiteRT's answer. When an output differs, the message names the
first operator whose result does.
"""

import json
import subprocess

import engine_build
import numpy as np
import pytest

# Operators that TFLite Micro lacks and that go through a table: LiteRT's answer, give or take a step.
WITHIN_A_STEP = {"EXP", "GELU", "NEG", "RELU_0_TO_1", "RELU_N1_TO_1", "SQRT", "SQUARE"}
# Where TFLite Micro is wrong (a standalone one that changes scales): the golden file has LiteRT's answer too.
LITERT_IS_RIGHT = {"RELU", "RELU6"}
ALL_RIGHT = "all intermediate tensors are right"

SHARED = engine_build.shared_models()
MODELS = json.loads((SHARED / "manifest.json").read_text())["models"] if SHARED else []


def operators(model):
    return {signature.split(" ")[0] for signature in model["ops"]}


def raw(golden, prefix, row, overrides=""):
    parts = []
    for k in range(100):
        name = f"{prefix}{k}"
        if name not in golden:
            break
        if overrides and f"{overrides}{k}" in golden:
            name = f"{overrides}{k}"
        parts.append(np.ascontiguousarray(golden[name][row]).tobytes())
    return b"".join(parts)


def first_wrong(golden, trace):
    """The first computed tensor whose checksum is not the reference's, in words."""
    if "tcrc" not in golden:
        return "the golden file has no checksums"
    column = {int(t): i for i, t in enumerate(golden["tcrc_idx"])}
    for line in trace.read_text().splitlines():
        row, node, tensor, crc = map(int, line.split())
        if tensor in column and int(golden["tcrc"][row][column[tensor]]) != crc:
            return f"first wrong: tensor {tensor}, which node {node} computes, in invoke {row}"
    return ALL_RIGHT


def test_enough_models():
    if SHARED is None:
        pytest.skip("NOT RUN: no folder of shared models (set ARENA8_SHARED_MODELS)")
    assert len(MODELS) >= 235


@pytest.mark.parametrize("misalign", [0, 1])
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m["id"])
def test_golden(model, misalign, program, tmp_path):
    golden = np.load(SHARED / model["golden"])
    rows = range(len(golden["in0"]))
    inputs, output, trace = (tmp_path / name for name in ("in.bin", "out.bin", "trace.txt"))
    inputs.write_bytes(b"".join(raw(golden, "in", row) for row in rows))
    command = [program("run_model"), SHARED / model["file"], inputs, output, "--misalign", str(misalign)]
    done = subprocess.run([*command, "--trace", trace], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    where = first_wrong(golden, trace)
    overrides = "litert_out" if operators(model) & LITERT_IS_RIGHT else ""
    expected = b"".join(raw(golden, "out", row, overrides) for row in rows)
    got = output.read_bytes()
    steps = (
        1 if operators(model) & WITHIN_A_STEP and model["golden_source"].startswith("ai_edge_litert") else 0
    )
    if steps:
        difference = np.frombuffer(got, np.int8).astype(int) - np.frombuffer(expected, np.int8)
        assert np.abs(difference).max() <= steps
        expected = got
    elif got != expected:
        assert len(got) == len(expected)
        differ = np.count_nonzero(np.frombuffer(got, np.uint8) != np.frombuffer(expected, np.uint8))
        pytest.fail(f"{differ} of {len(expected)} output bytes differ; {where}")
    if "tcrc" in golden and not overrides:
        assert where == ALL_RIGHT
    # The same without stopping after every operator.
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert output.read_bytes() == expected
