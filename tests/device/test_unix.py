# SPDX-License-Identifier: MIT
"""The module on MicroPython's unix port, where a script can have files, arguments and signals."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time

import pytest
from machines import DIGITS, REPO

sys.path.insert(0, str(REPO / "tests" / "kernels"))

SURFACE = REPO / "tests" / "micropython" / "surface.py"
pytestmark = pytest.mark.boards("UNIX")


@pytest.fixture
def micropython(machine):
    return machine.folder / machine.facts.emulator["firmware"]


@pytest.fixture
def script(micropython, tmp_path):
    """script(code, *arguments): the lines it prints; it must end well."""

    def script(code, *arguments, options=()):
        file = tmp_path / "script.py"
        file.write_text(code)
        done = subprocess.run(
            [micropython, *options, file, *arguments],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()

    return script


def test_surface_with_garbage_collected_at_every_allocation(micropython):
    code = f"import gc; gc.threshold(1); exec(open({str(SURFACE)!r}).read())"
    done = subprocess.run([micropython, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout.splitlines()[-1].startswith("OK "), done.stdout + done.stderr


def test_models_from_files(script, tmp_path):
    shutil.copy(DIGITS, tmp_path / "mine.tflite")
    shutil.copy(DIGITS, tmp_path / "bare")
    (tmp_path / "empty.tflite").touch()
    lines = script(
        """
import arena8
for path in ("mine.tflite", "./mine.tflite", "bare"):
    m = arena8.Model(path)
    print(m.name, m.nbytes, m.in_flash, "copy" in repr(m), m.crc32 == arena8.Model("digits").crc32)
used = arena8.Interpreter("mine.tflite").arena_used
print(used == arena8.arena_size("bare") == arena8.arena_size("digits"))
for path in ("mine", "empty.tflite", ".", "..", "mine.tflite/x"):
    try:
        arena8.Model(path)
    except Exception as e:
        print(type(e).__name__)
"""
    )
    size = DIGITS.stat().st_size
    assert lines == [
        f"mine {size} False True True",
        f"mine {size} False True True",
        f"bare {size} False True True",
        "True",
        "OSError",
        "ValueError",
        "OSError",
        "OSError",
        "OSError",
    ]


def test_ctrl_c_stops_an_invoke(micropython, tmp_path):
    """KeyboardInterrupt out of the middle of an invoke, many times over; then all works."""
    (tmp_path / "loop.py").write_text(
        """
import arena8
it = arena8.Interpreter("digits")
t, o = it.inputs[0], it.outputs[0]
t.quantize(bytes(range(64)), 0.25)
it.invoke()
right = list(o)
print("ready")
while True:
    try:
        while True:
            it.invoke()
    except KeyboardInterrupt:
        t.quantize(bytes(range(64)), 0.25)
        it.invoke()
        print("stopped", list(o) == right)
"""
    )
    process = subprocess.Popen(
        [micropython, "loop.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    try:
        assert process.stdout.readline() == "ready\n"
        for i in range(30):
            time.sleep(0.01 + i * 0.0003)
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "stopped True\n"
    finally:
        process.kill()
        process.wait()


def big_and_plain(elements: int) -> bytes:
    """A model with few records and large tensors."""
    from model_builder import ModelBuilder

    m = ModelBuilder()
    x = m.tensor((1, elements), "int8", scale=1.0, zero_point=0)
    y = m.tensor((1, elements), "int8", scale=1.0, zero_point=0)
    m.node("RELU", [x], [y])
    return m.build(inputs=[x], outputs=[y])


def test_old_views_never_reach_records(script, tmp_path, machine):
    """A view of the static arena may outlive its interpreter. A model whose records would lie under it
    goes to the heap instead, and writing through the view changes no answer there."""
    size = machine.about["arena_bytes"]
    elements = (size - 400) // 32 * 16
    (tmp_path / "plain.tflite").write_bytes(big_and_plain(elements))
    lines = script(
        """
import arena8, gc
PIXELS = bytes([i % 17 for i in range(64)])
def answer(it):
    it.inputs[0].quantize(PIXELS)
    it.invoke()
    return list(it.outputs[0])
def view(keep):
    it = arena8.Interpreter("plain.tflite")
    print("static" in repr(it))
    return [it.inputs[0].data, it.outputs[0].data][:keep]
def forget(depth=6):
    if depth:
        forget(depth - 1)
right = answer(arena8.Interpreter("digits", arena=arena8.arena_size("digits")))
view(0)
forget()
views = view(2)
forget()
gc.collect()
print("free" in repr(arena8.static_arena))
it = arena8.Interpreter("digits")
print("heap" in repr(it))
for v in views:
    for i in range(len(v)):
        v[i] = -1
print(answer(it) == right)
try:
    arena8.Interpreter("digits", arena=arena8.static_arena)
except RuntimeError as e:
    print("memoryview" in str(e))
"""
    )
    assert lines == ["True"] * 6
