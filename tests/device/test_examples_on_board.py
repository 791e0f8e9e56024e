# SPDX-License-Identifier: MIT
"""The examples, unchanged, on the emulated boards: what they print there is what they print here.

An emulated board finds models and recordings where `mpremote romfs` would have put them: in /rom. QEMU loads
the image into memory beside what its firmware uses; the others get it over their REPL.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest
from arena8.transports.qemu import QemuRepl
from mpremote.romfs import VfsRomWriter

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
from example_runs import ANSWERS, EXAMPLES, MODELS, NEEDS, answers, errors, on_this_machine

MEMORY = 0x21000000
MOUNT = """
import os, vfs
try:
    vfs.umount("/rom")
except OSError:
    pass
vfs.mount(vfs.VfsRom({image}), "/rom")
os.chdir("/rom")
"""


HEADER, WINDOW = 44, 256  # bytes of machine.wav


def rom_image(name: str, short: bool) -> bytes:
    """short: of the machine's recording only the first and the last window."""
    models, files = NEEDS[name]
    writer = VfsRomWriter()
    for path in sorted([*(MODELS / f"{m}.tflite" for m in models), *(EXAMPLES / f for f in files)]):
        data = path.read_bytes()
        if short and path.name == "machine.wav":
            data = data[: HEADER + WINDOW] + data[-WINDOW:]
        writer.mkfile(path.name, data)
    return bytes(writer.finalise())


@pytest.mark.boards("UNIX", "MPS2_AN385", "RPI_PICO")
@pytest.mark.parametrize("name", ANSWERS)
def test_example(machine, name, tmp_path):
    if (machine.name, name) == ("RPI_PICO", "keywords"):
        pytest.skip("the usual firmware of RPI_PICO has no audio front end, as the example says")
    # A spectrum in plain Python takes the emulated Pico 20 seconds.
    short = (machine.name, name) == ("RPI_PICO", "anomaly")
    image = rom_image(name, short)
    if machine.name == "MPS2_AN385":
        file = tmp_path / "rom"
        file.write_bytes(image)
        firmware = str(machine.folder / machine.facts.emulator["firmware"])
        loader = ("-device", f"loader,file={file},addr={MEMORY:#x},force-raw=on")
        repl = QemuRepl(machine.name, firmware, 300, loader)
        repl.connect()
        given = f"__import__('uctypes').bytearray_at({MEMORY}, {len(image)})"
    elif machine.name == "UNIX":
        file = tmp_path / "rom"
        file.write_bytes(image)
        repl = machine.fresh()
        given = f"open({str(file)!r}, 'rb').read()"
    else:
        repl = machine.fresh()
        given = f"__import__('binascii').a2b_base64({base64.b64encode(image)!r})"
    try:
        if NEEDS[name][1]:
            repl.exec(MOUNT.format(image=given))
        printed = repl.exec((EXAMPLES / f"{name}.py").read_text(), timeout=600).decode().splitlines()
    finally:
        if machine.name == "MPS2_AN385":
            repl.close()
    here = on_this_machine(name)
    expected = ANSWERS[name]
    if short:
        here, expected = [here[0], here[-1]], [expected[0], expected[-1]]
    assert answers(name, printed) == expected
    if name == "anomaly":
        assert errors(printed) == pytest.approx(errors(here), abs=0.06)
    else:
        assert printed == here
