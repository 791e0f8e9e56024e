# SPDX-License-Identifier: MIT
"""Models in ROMFS: found by name and by path, read in place."""

from __future__ import annotations

import base64
from array import array

import arena8
import pytest
from machines import DIGITS
from mpremote.romfs import VfsRomWriter

IRIS = DIGITS.parent / "iris.tflite"
FLOWER = [5.9, 3.0, 5.1, 1.8]

# The image lies in RAM there: mounted from memory it is read in place just as from flash.
MOUNT = """
import vfs
from binascii import a2b_base64
image = bytearray(a2b_base64({image!r}))
vfs.mount(vfs.VfsRom(image), "/rom")
"""
# As `mpremote romfs deploy` does it: on rp2 the partition is a block device.
DEPLOY = """
import vfs
from binascii import a2b_base64
image = a2b_base64({image!r})
part = vfs.rom_ioctl(2, 0)
image += bytes(-len(image) % part.ioctl(5, 0))
part.writeblocks(0, image)
"""
CHECK = """
import arena8, gc
from array import array
gc.collect()
before = gc.mem_free()
m = arena8.Model("iris_in_rom")
gc.collect()
print(before - gc.mem_free())
print(m.address, m.in_flash, m.crc32, m.nbytes, "RAM copy" in repr(m))
with open("/rom/iris_in_rom.tflite", "rb") as f:
    print(arena8.Model(f).address == m.address)
print(arena8.Model("/rom/iris_in_rom.tflite").address == m.address)
print(bytes(arena8.Interpreter(m).predict(array("f", {flower}))).hex())
try:
    arena8.Model("iris_nowhere")
except OSError as e:
    print("iris_in_rom" in str(e))
"""


@pytest.fixture(scope="module")
def image() -> str:
    writer = VfsRomWriter()
    writer.mkfile("iris_in_rom.tflite", IRIS.read_bytes())
    return base64.b64encode(writer.finalise()).decode()


def check(repl) -> list[str]:
    lines = repl.exec(CHECK.format(flower=FLOWER)).decode().splitlines()
    heap, about, by_file, by_path, answer, named = (line.strip() for line in lines if line.strip())
    address, in_flash, crc, size, copied = about.split()
    assert int(size) == IRIS.stat().st_size and copied == "False"
    assert int(crc) & 0xFFFFFFFF == arena8.Model(IRIS).crc32
    assert int(heap) < 300, "the model was copied"
    assert (by_file, by_path, named) == ("True", "True", "True")
    assert bytes.fromhex(answer) == bytes(arena8.Interpreter(IRIS).predict(array("f", FLOWER)))
    return [address, in_flash]


@pytest.mark.boards("UNIX")
def test_a_romfs_in_memory(machine, repl, image):
    repl.exec(MOUNT.format(image=image))
    check(repl)


@pytest.mark.boards("RPI_PICO")
def test_the_romfs_partition(machine, repl, image):
    repl.exec(DEPLOY.format(image=image))
    repl.soft_reset()
    address, in_flash = check(repl)
    flash, part = machine.facts.facts["flash"], machine.facts.facts["flash_map"]["romfs"]
    start = int(flash["base"], 0) + part["offset"]
    assert in_flash == "True"
    assert start <= int(address) < start + part["bytes"]
