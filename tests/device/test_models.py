# SPDX-License-Identifier: MIT
"""Frozen models on every board: answers to the bit, where the bytes lie, what they cost."""

from __future__ import annotations

import zlib

import arena8
import numpy
import pytest
from machines import DIGITS, SHARED

KWS = "mlperf__kws_ref_model"
GOLDEN = (KWS, "tflm__hello_world_int8", "emlearn__mnist_cnn_int8")
MODELS = ("digits", *GOLDEN)
# An emulated Pico runs about 8 million cycles a second; one keyword inference takes it seconds.
ROWS = {("RPI_PICO", KWS): 1}


def golden(name):
    """Inputs and outputs by row, of the reference interpreter (TFLite Micro)."""
    if name == "digits":
        return digits_by_reference()
    path = SHARED / "golden" / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"no golden answers: {path} is not there")
    arrays = numpy.load(path)
    return arrays["in0"], arrays["out0"]


def digits_by_reference():
    runtime = pytest.importorskip("tflite_micro").runtime
    pixels = numpy.load(DIGITS.parent / "digits_samples.npy").astype(numpy.float32)
    reference = runtime.Interpreter.from_file(str(DIGITS))
    quantization = reference.get_input_details(0)["quantization_parameters"]
    steps = numpy.round(pixels / quantization["scales"][0]) + quantization["zero_points"][0]
    inputs = numpy.clip(steps, -128, 127).astype(numpy.int8)[:, None, :, :, None]
    outputs = []
    for row in inputs:
        reference.set_input(row, 0)
        reference.invoke()
        outputs.append(reference.get_output(0).copy())
    return inputs, numpy.array(outputs)


@pytest.mark.parametrize("name", MODELS)
def test_answers_are_the_references(machine, opened, name):
    model = opened(name)
    inputs, outputs = golden(name)
    for row in range(min(len(inputs), ROWS.get((machine.name, name), 4))):
        model.send(model.inputs[0], inputs[row].tobytes())
        model.invoke()
        assert model.receive(model.outputs[0]) == outputs[row].tobytes(), f"row {row}"


@pytest.mark.parametrize("name", [KWS, "emlearn__mnist_cnn_int8", "digits"])
def test_a_model_at_an_odd_address(machine, repl, opened, name):
    # A copy in RAM, one byte past an aligned address. On the Pico the smaller models show it as well.
    if (machine.name, name) == ("RPI_PICO", KWS):
        pytest.skip("seconds of emulation for nothing new")
    model = opened(name)
    repl.exec(
        f"""
from models import {name} as _odd_bytes
_a8 = _a8m = None
gc.collect()
_odd = bytearray(len(_odd_bytes) + 1)
_odd[1:] = _odd_bytes
_a8m = arena8.Model(memoryview(_odd)[1:])
_a8 = arena8.Interpreter(_a8m)
assert _a8m.address % 2 == 1, _a8m.address
assert _a8m.crc32 == {model.crc32}
"""
    )
    inputs, outputs = golden(name)
    model.send(model.inputs[0], inputs[1].tobytes())
    model.invoke()
    assert model.receive(model.outputs[0]) == outputs[1].tobytes()


def test_the_models_are_the_files(machine, repl):
    from arena8 import remote

    there = {name: (size, crc & 0xFFFFFFFF) for name, size, crc in remote.models(repl)}
    assert set(there) == {m["name"] for m in machine.about["models"]}
    assert machine.models
    for name, path in machine.models.items():
        content = path.read_bytes()
        assert there[name] == (len(content), zlib.crc32(content)), name


def test_models_lie_aligned_in_flash(machine, repl):
    for name in machine.models:
        address, in_flash, imported = eval(
            repl.exec(
                f"""
import arena8, uctypes
from models import {name}
m = arena8.Model({name!r})
print((m.address, m.in_flash, uctypes.addressof({name})))
"""
            )
        )
        assert in_flash is True
        assert address % 16 == 0
        assert imported == address
        if flash := machine.facts.facts.get("flash"):
            base = int(flash["base"], 0)
            assert base <= address < base + flash["bytes"]


def test_arena_size_is_the_hosts(machine, repl):
    for name, path in machine.models.items():
        there = int(repl.exec(f"import arena8; print(arena8.Model({name!r}).arena_size)"))
        again = int(repl.exec(f"print(arena8.arena_size({name!r}))"))
        assert there == again == arena8.arena_size(path, machine.name), name


COST = """
import gc
def cost(arena):
    gc.collect()
    before = gc.mem_free()
    import arena8
    from models import {name}
    it = arena8.Interpreter({name!r}, arena)
    gc.collect()
    return before - gc.mem_free()
first = cost(None)
import arena8
print((first, cost({size}), len(arena8.static_arena or ())))
"""


@pytest.mark.parametrize("name", MODELS)
def test_heap_is_the_arena_and_less_than_a_kilobyte(machine, repl, name):
    size = arena8.arena_size(machine.model(name), machine.name)
    static, heap, reserved = eval(repl.exec(COST.format(name=name, size=size)))
    slack = 1024 * machine.bits // 32  # objects are as large as pointers are
    assert size <= heap <= size + slack
    if reserved and reserved >= size:
        assert 0 <= static <= slack
    else:
        assert size <= static <= size + slack


def test_invoke_takes_no_heap(machine, repl, opened):
    model = opened("digits")
    inputs, outputs = golden("digits")
    model.send(model.inputs[0], inputs[2].tobytes())
    repl.exec(
        """
import micropython
micropython.heap_lock()
try:
    _a8.invoke()
    while _a8.step():
        pass
finally:
    micropython.heap_unlock()
"""
    )
    model.send(model.inputs[0], inputs[2].tobytes())  # invoke may have overwritten it
    model.invoke()
    assert model.receive(model.outputs[0]) == outputs[2].tobytes()


def reserved(machine, repl):
    """Bytes of the static arena; skips the test if there is none."""
    size = int(repl.exec("import arena8; print(len(arena8.static_arena or ()))"))
    if not size:
        pytest.skip(f"the firmware of {machine.name} reserves no static arena")
    return size


def test_the_static_arena_survives_a_soft_reset(machine, repl):
    size = reserved(machine, repl)
    # The reset finds it in use, and frees it.
    repl.exec("it = arena8.Interpreter('digits'); it.invoke()")
    assert "in use" in repl.exec("print(arena8.static_arena)").decode()
    repl.soft_reset()
    assert "in use" not in repl.exec("import arena8; print(arena8.static_arena)").decode()
    assert size == reserved(machine, repl)
    before = int(repl.exec("import gc; gc.collect(); print(gc.mem_free())"))
    repl.exec("it = arena8.Interpreter('digits', arena8.static_arena); it.invoke()")
    after = int(repl.exec("gc.collect(); print(gc.mem_free())"))
    assert before - after <= 1024 * machine.bits // 32 + 256  # and the REPL's own names


FRAGMENT = """
import arena8, gc
keep = drop = None
try:
    while True:
        keep = keep, bytearray(512)
        drop = drop, bytearray(512)
except MemoryError:
    pass
drop = None
gc.collect()
try:
    bytearray(4096)
    print('not fragmented')
except MemoryError:
    it = arena8.Interpreter('digits')
    it.invoke()
    print(gc.mem_free() > 2 * it.arena_used)
keep = None
"""


def test_a_fragmented_heap_is_no_obstacle_to_the_static_arena(machine, repl):
    reserved(machine, repl)
    # There is more than enough heap, in pieces that are too small.
    assert repl.exec(FRAGMENT, timeout=300).strip() == b"True"


@pytest.mark.boards("UNIX", "RPI_PICO")
def test_ctrl_c_stops_an_invoke(machine, repl, opened):
    from time import sleep

    from arena8.errors import RemoteError

    name = KWS if KWS in machine.models else "digits"
    model = opened(name)
    inputs, outputs = golden(name)
    model.send(model.inputs[0], inputs[0].tobytes())
    repl.exec("reached = 0")
    # More than an hour of them: what ends it is the interrupt.
    repl.start("while True:\n    _a8.invoke()\n    reached += 1")
    sleep(1.0)
    repl.interrupt()
    with pytest.raises(RemoteError, match="KeyboardInterrupt"):
        repl.finish(60)
    assert repl.exec("print('alive')").strip() == b"alive"
    if machine.name == "RPI_PICO":
        repl.exec("_a8.reset()\nfor i in range(3): _a8.step()")
        name = "digits"  # a whole answer of the long one would take as long again
        model = opened(name)
        inputs, outputs = golden(name)
    else:
        repl.exec("_a8.reset()")
    model.send(model.inputs[0], inputs[0].tobytes())
    model.invoke()
    assert model.receive(model.outputs[0]) == outputs[0].tobytes()
