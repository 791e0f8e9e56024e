# SPDX-License-Identifier: MIT
"""The shared models on emulated cores (Cortex-M3, M33, RV32, Xtensa), against the reference's answers.

Models and inputs are in 16 MB of the machine's memory before it starts: models at odd addresses, inputs
behind them. In QEMU's machines that is RAM of which the firmware knows nothing, on Xtensa a file
mapped where flash is.
"""

from __future__ import annotations

import zlib
from binascii import unhexlify

import arena8
import goldens
import pytest
from arena8.errors import ToolError
from arena8.transports.qemu import QemuRepl
from machines import EXTERNAL, SHARED

BYTES = 16 << 20

RUN = """
import arena8
from binascii import crc32, hexlify
from uctypes import bytearray_at
def run(model, size, source, rows, whole):
    it = arena8.Interpreter(arena8.Model(bytearray_at(model, size)))
    crc = 0
    for _ in range(rows):
        for t in it.inputs:
            n = len(memoryview(t.data)) * SIZES[t.dtype]
            t.write(bytearray_at(source, n))
            source += n
        it.invoke()
        for t in it.outputs:
            crc = crc32(t, crc)
            if whole:
                print(hexlify(t).decode(), end="")
    print("", crc & 0xffffffff, it.arena_used)
SIZES = {"int8": 1, "uint8": 1, "int16": 2, "int32": 4, "float32": 4}
"""


def with_memory(machine, path):
    """The machine with the file's bytes in its memory."""
    firmware = str(machine.folder / machine.facts.emulator["firmware"])
    if machine.name == "DE233_FPU":
        return QemuRepl(machine.name, firmware, 300, program=(str(path),))
    load = f"loader,file={path},addr={EXTERNAL[machine.name]:#x},force-raw=on"
    return QemuRepl(machine.name, firmware, 300, ("-device", load))


@pytest.mark.boards(*EXTERNAL)
def test_goldens(machine, tmp_path):
    models = goldens.all_models()
    if not models:
        pytest.skip(f"NOT RUN: no shared models at {SHARED} (ARENA8_SHARED_MODELS)")
    blob, places = bytearray(), []
    for model in models:
        golden = goldens.Golden(model)
        parts = []
        for data, align in ((golden.path.read_bytes(), 1), (golden.inputs(), 0)):
            blob += bytes(-len(blob) % 16 + align)
            parts.append((EXTERNAL[machine.name] + len(blob), len(data)))
            blob += data
        places.append((model, golden, *parts))
    assert len(blob) <= BYTES
    path = tmp_path / "memory"
    path.write_bytes(blob)
    repl = with_memory(machine, path)
    wrong = []
    try:
        repl.connect()
        repl.exec(RUN)
        for model, golden, (at, size), (source, _) in places:
            call = f"run({at}, {size}, {source}, {len(golden.rows)}, "
            try:
                words = repl.exec(f"{call}{golden.steps > 0})").split()
            except ToolError as error:
                wrong.append(f"{model['id']}: {error}")
                continue
            *whole, crc, arena = words
            if golden.steps:
                what = golden.wrong(unhexlify(whole[0]))
            else:
                what = "" if int(crc) == zlib.crc32(golden.outputs()) else "outputs differ"
            expected = arena8.arena_size(golden.path, target=machine.facts.target)
            what = what or int(arena) != expected and f"arena {arena}, the host says {expected}"
            if what:
                wrong.append(f"{model['id']}: {what}")
    finally:
        repl.close()
    assert not wrong, "\n".join(wrong)
    assert len(places) >= 235
