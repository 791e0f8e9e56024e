# SPDX-License-Identifier: MIT
"""The shared models against outputs of TFLite Micro's reference kernels.

Every model runs under ASan and UBSan, at an aligned and at an odd address. Outputs must be the same to the
bit, float32 ones (DEQUANTIZE at a model's end) too, as the arithmetic is the same. Where the reference is
wrong or lacks an operator, the golden file has LiteRT's answer. When an output differs, the message names the
first operator whose result does.
"""

import subprocess

import goldens
import pytest

ALL_RIGHT = "all intermediate tensors are right"
MODELS = goldens.all_models()


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
    if goldens.FOLDER is None:
        pytest.skip("NOT RUN: no folder of shared models (set ARENA8_SHARED_MODELS)")
    assert len(MODELS) >= 235


@pytest.mark.parametrize("misalign", [0, 1])
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m["id"])
def test_golden(model, misalign, program, tmp_path):
    golden = goldens.Golden(model)
    inputs, output, trace = (tmp_path / name for name in ("in.bin", "out.bin", "trace.txt"))
    inputs.write_bytes(golden.inputs())
    command = [program("run_model"), golden.path, inputs, output, "--misalign", str(misalign)]
    done = subprocess.run([*command, "--trace", trace], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    where = first_wrong(golden.arrays, trace)
    got = output.read_bytes()
    wrong = golden.wrong(got)
    assert not wrong, f"{wrong}; {where}"
    if "tcrc" in golden.arrays and not golden.litert:
        assert where == ALL_RIGHT
    # The same without stopping after every operator.
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert output.read_bytes() == got
