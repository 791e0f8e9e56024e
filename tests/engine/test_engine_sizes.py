# SPDX-License-Identifier: MIT
"""A model takes the same bytes, and gives the same answers, on a 32-bit core as on this machine."""

import json
import shutil
import struct
import subprocess
import sys

import control_models
import engine_build
import numpy as np
import pytest
from model_builder import ModelBuilder

sys.path.append(str(engine_build.ROOT / "tests" / "fuzz"))

from seed_models import seeds

MODELS = [
    "tflm__hello_world_int8", "mlperf__ad01_int8", "emlearn__mnist_cnn_int8", "tflm__micro_speech_quantized",
    "net_resnet_mini_i8_s11", "net_kws_1d_f_s11", "add_const_i8_s11", "pad_const_i8_s11",
]  # fmt: skip


@pytest.fixture(scope="module")
def cortex_m3(tmp_path_factory):
    """cortex_m3(program): for QEMU's mps2-an385, as a command that arguments are added to."""
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"NOT RUN: no {tool}")
    folder = tmp_path_factory.mktemp("cortex_m3")
    target = ["-mcpu=cortex-m3", "-mthumb"]
    objects = engine_build.compile_all("arm-none-eabi-gcc", [*engine_build.STANDARD, "-O1", *target])
    link = [
        *target,
        "--specs=rdimon.specs",
        "-T",
        engine_build.HERE / "qemu_m3.ld",
        f"-I{engine_build.ENGINE}",
    ]

    def command(name, *args):
        elf = folder / f"{name}.elf"
        if not elf.exists():
            source = engine_build.HERE / f"{name}.c"
            engine_build.run(["arm-none-eabi-gcc", "-std=c99", *link, *objects, source, "-o", elf])
        semihosting = ",".join(["enable=on", "target=native", f"arg={name}", *(f"arg={a}" for a in args)])
        machine = ["-M", "mps2-an385", "-display", "none", "-monitor", "none", "-serial", "none"]
        return ["qemu-system-arm", *machine, "-semihosting-config", semihosting, "-kernel", elf]

    return command


def compare(cortex_m3, program, model, inputs, folder):
    """Runs both, with the files' names short as semihosting wants them, and returns the sizes."""
    (folder / "m").write_bytes(model)
    (folder / "i").write_bytes(inputs)
    sizes, outputs = [], []
    for command in ([program("run_model"), "m", "i", "o"], cortex_m3("run_model", "m", "i", "o")):
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        sizes.append(json.loads(done.stdout or done.stderr))
        outputs.append((folder / "o").read_bytes())
    assert sizes[0] == sizes[1]
    assert outputs[0] == outputs[1]
    return sizes[0]


def test_32_bits_built_model(cortex_m3, program, tmp_path):
    m = ModelBuilder()
    x = m.tensor((1, 5, 5, 2), "int8", scale=0.5)
    w = m.constant(np.arange(-27, 27).reshape(3, 3, 3, 2), "int8", scale=[0.25, 0.5, 1.0], axis=0)
    y = m.tensor((1, 5, 5, 3), "int8", scale=8.0, zero_point=4)
    f = m.tensor((1, 5, 5, 3), "float32")
    m.tensor((7,), "int16", scale=1.0, variable=True)
    m.node("CONV_2D", [x, w, None], [y], padding="SAME", stride_w=1, stride_h=1)
    m.node("DEQUANTIZE", [y], [f])
    inputs = bytes(np.random.default_rng(3).integers(0, 256, 150, np.uint8))
    sizes = compare(cortex_m3, program, m.build(inputs=[x], outputs=[f, y]), inputs, tmp_path)
    assert sizes["records"] > 0 and sizes["output_bytes"] == 375


@pytest.mark.parametrize("name", control_models.seeds())
def test_32_bits_control_flow(name, cortex_m3, program, tmp_path):
    model = control_models.seeds()[name]
    sizes = compare(cortex_m3, program, model, b"", tmp_path)
    inputs = np.random.default_rng(4).integers(0, 2, 3 * sizes["input_bytes"], np.uint8).tobytes()
    compare(cortex_m3, program, model, inputs, tmp_path)


@pytest.mark.parametrize("name", MODELS)
def test_32_bits_shared_models(name, cortex_m3, program, shared_models, tmp_path):
    model = (shared_models / "models" / f"{name}.tflite").read_bytes()
    golden = np.load(shared_models / "golden" / f"{name}.npz")
    inputs = b"".join(np.ascontiguousarray(golden[k][0]).tobytes() for k in ("in0", "in1") if k in golden)
    compare(cortex_m3, program, model, inputs, tmp_path)


def test_32_bits_every_row(cortex_m3, program, tmp_path):
    """The seeds of the fuzzer have every row of ops.def."""
    models = seeds()
    stream = (struct.pack("<2I", len(m), len(inputs)) + m + inputs for m, inputs in models.values())
    (tmp_path / "m").write_bytes(b"".join(stream))
    lines = []
    for command in ([program("size_models"), "m", "o"], cortex_m3("size_models", "m", "o")):
        done = subprocess.run(
            command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        lines.append((tmp_path / "o").read_text().splitlines())
    assert len(lines[0]) == len(lines[1]) == len(models)
    different = {n: (a, b) for n, a, b in zip(models, *lines, strict=True) if a != b}
    assert not different, different
    assert sum(line.startswith("0 ") and line.split()[3] == "0" for line in lines[0]) > len(models) * 0.95
