# SPDX-License-Identifier: MIT
"""The shared models whose operators arena8 has, against outputs of TFLite Micro's reference kernels.

Every model runs under ASan and UBSan, at an aligned and at an odd address. Outputs must be the same to the
bit, float32 ones (DEQUANTIZE at a model's end) too, as the arithmetic is the same. Where the reference is
wrong (a standalone RELU6 that changes scales), the golden file has LiteRT's answer. When an output differs,
the message names the first operator whose result does.
"""

import json
import re
import subprocess

import engine_build
import numpy as np
import pytest

# An operator and the element types of its tensors, as the manifest writes them: "CONV_2D i8*i8(pc)+i32->i8".
INT8_OPERATORS = {
    "ADD", "AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "LOGISTIC", "MAX_POOL_2D",
    "MEAN", "PAD", "RELU", "RELU6", "RESHAPE", "SOFTMAX",
}  # fmt: skip
EDGES = {"QUANTIZE f32->i8", "QUANTIZE i8->i8", "QUANTIZE u8->i8", "QUANTIZE i8->u8", "QUANTIZE f32->u8"}
EDGES |= {"DEQUANTIZE i8->f32"}
MINIMUM = 60
ALL_RIGHT = "all intermediate tensors are right"

SHARED = engine_build.shared_models()
MODELS = json.loads((SHARED / "manifest.json").read_text())["models"] if SHARED else []


def expected_to_run(model):
    for signature in model["ops"]:
        op, types = signature.split(" ", 1)
        kinds = set(re.findall(r"[a-z]+\d+", types))
        if signature not in EDGES and not (op in INT8_OPERATORS and kinds <= {"i8", "i32"} and "i8" in kinds):
            return False
    return True


RUNNING = [m for m in MODELS if expected_to_run(m)]


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
    assert len(RUNNING) >= MINIMUM


@pytest.mark.parametrize("misalign", [0, 1])
@pytest.mark.parametrize("model", RUNNING, ids=lambda m: m["id"])
def test_golden(model, misalign, program, tmp_path):
    golden = np.load(SHARED / model["golden"])
    rows = range(len(golden["in0"]))
    inputs, output, trace = (tmp_path / name for name in ("in.bin", "out.bin", "trace.txt"))
    inputs.write_bytes(b"".join(raw(golden, "in", row) for row in rows))
    command = [program("run_model"), SHARED / model["file"], inputs, output, "--misalign", str(misalign)]
    done = subprocess.run([*command, "--trace", trace], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    where = first_wrong(golden, trace)
    expected = b"".join(raw(golden, "out", row, "litert_out") for row in rows)
    got = output.read_bytes()
    if got != expected:
        assert len(got) == len(expected)
        differ = np.count_nonzero(np.frombuffer(got, np.uint8) != np.frombuffer(expected, np.uint8))
        pytest.fail(f"{differ} of {len(expected)} output bytes differ; {where}")
    if not any(name.startswith("litert_out") for name in golden):
        assert where == ALL_RIGHT
    # The same without stopping after every operator.
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert output.read_bytes() == expected
