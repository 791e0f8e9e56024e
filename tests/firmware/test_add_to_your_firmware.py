# SPDX-License-Identifier: MIT
"""The commands of docs/add_to_your_firmware.md, run on a clean MicroPython tree, without our own build."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from firmware_paths import MODEL, REPO
from model_builder import ModelBuilder

PAGE = REPO / "docs/add_to_your_firmware.md"
# What a release tarball lacks of a checkout with submodules.
WITHOUT_SUBMODULES = ["MICROPY_PY_FFI=0", "MICROPY_PY_SSL=0", "MICROPY_PY_BTREE=0", "FROZEN_MANIFEST="]


def command(port: str, generated: bool) -> list[str]:
    """The page's make command of this port, with or without generated files."""
    lines = {line for line in PAGE.read_text().splitlines() if line.startswith(f"make -C ports/{port} ")}
    (line,) = {line for line in lines if ("ARENA8_GENERATED_DIR" in line) == generated}
    return line.split()


@pytest.fixture
def work(request):
    """An empty folder, at the same place in every run: so that a compiler's cache knows what it compiles."""
    folder = REPO / "build" / "tests" / request.node.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def build(trees):
    """Build the unix port by a line of the page, in a folder outside the tree."""

    def run(words: list[str], work) -> str:
        out = work / "out"
        words = [w.replace("$ARENA8", str(REPO)).replace("$PWD", str(work)) for w in words]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "CFLAGS"))}
        clean |= {"MICROPY_GIT_TAG": "v0", "MICROPY_GIT_HASH": "0"}
        cc = ["CC=ccache gcc"] if any(os.access(f"{p}/ccache", os.X_OK) for p in os.get_exec_path()) else []
        done = subprocess.run(
            [*words, *WITHOUT_SUBMODULES, *cc, f"BUILD={out}", f"-j{os.cpu_count()}"],
            cwd=trees.micropython,
            env=clean,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        assert re.findall(r"Including User C Module from (\S+)", done.stdout) == [
            str(REPO / "micropython_module")
        ]
        return str(out / "micropython")

    return run


def test_plain(build, work):
    binary = build(command("unix", generated=False), work)
    code = "import arena8\ntry:\n import models\nexcept ImportError:\n print('no models')"
    out = subprocess.run([binary, "-c", code], capture_output=True, text=True)
    assert out.stdout == "no models\n", out.stderr


def test_with_a_model_and_only_its_operators(build, builder, work, freezer):
    chosen = builder.chosen_operators("auto", [MODEL])
    freezer.freeze([MODEL], work / "generated", 8192, builder.opset.defines(chosen))
    binary = build(command("unix", generated=True), work)
    other = ModelBuilder()
    tensors = [other.tensor((1, 4), "int8", scale=0.5) for _ in range(4)]
    for op, x, y in zip(("RELU", "RESHAPE", "RELU6"), tensors, tensors[1:], strict=False):
        other.node(op, [x], [y])
    path = work / "other.tflite"
    path.write_bytes(other.build(tensors[:1], tensors[-1:]))
    code = f"""
import arena8, uctypes
from models import digits
print(len(digits), sum(digits), uctypes.addressof(digits) % 16)
it = arena8.Interpreter(arena8.Model(digits))
it.invoke()
print(arena8.operators())
try:
    arena8.Interpreter(arena8.Model({str(path)!r}))
except ValueError as error:
    print(error)
"""
    out = subprocess.run([binary, "-c", code], capture_output=True, text=True)
    data = MODEL.read_bytes()
    lines = out.stdout.splitlines()
    assert lines[0] == f"{len(data)} {sum(data)} 0", out.stderr
    assert len(lines) == 3, out.stdout + out.stderr
    assert "CONV_2D" in lines[1] and "RELU" not in lines[1]
    assert "RELU " in lines[2] and "RELU6 " in lines[2] and "not in this" in lines[2], lines[2]


def test_rp2_configures(trees, tmp_path):
    """The rp2 line hands cmake the module; its sources are in the firmware with nothing generated."""
    (word,) = [w for w in command("rp2", generated=False) if w.startswith("USER_C_MODULES=")]
    module = word.split("=", 1)[1].replace("$ARENA8", str(REPO))
    done = subprocess.run(
        ["cmake", "-G", "Ninja", "-S", trees.micropython / "ports/rp2", "-B", tmp_path]
        + ["-DMICROPY_BOARD=RPI_PICO", f"-DPICO_SDK_PATH_OVERRIDE={trees.pico_sdk}", "-DPICO_NO_PICOTOOL=1"]
        + [f"-DMICROPY_LIB_DIR={trees.micropython_lib}", f"-DUSER_C_MODULES={module}"]
        + ["-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Found User C Module(s): usermod_arena8" in done.stdout + done.stderr
    text = (tmp_path / "compile_commands.json").read_text()
    assert "micropython_module/modarena8.c" in text and "arena8_frozen.c" not in text
