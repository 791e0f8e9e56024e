# SPDX-License-Identifier: MIT
"""Counts what an invoke costs on emulated cores, the module inside MicroPython as a user runs it.

On QEMU a plugin (count.c) counts from the entry of a8_invoke to its return; on the emulated Pico its own
cycle counter does, between two edges of a pin that Python sets before and after. The emulators put the models
into memory (the Pico: into flash) at addresses of which the firmware knows nothing.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arena8 import boards
from arena8.errors import RemoteError, ToolError
from arena8.remote import literal
from arena8.transports.pico_emulator import PicoRepl
from arena8.transports.qemu import QemuRepl
from arena8.transports.repl import Repl
from elftools.elf.elffile import ELFFile

PLUGIN = Path(__file__).with_name("count.c")
TIMEOUT = 600

# On the board. Inputs are written before every invoke, which may overwrite them.
BEGIN = """
import arena8, gc
from uctypes import bytearray_at
_a8 = None
def _a8_open(address, size):
    global _a8
    _a8 = None
    gc.collect()
    _a8 = arena8.Interpreter(arena8.Model(bytearray_at(address, size)))
    print(repr(_a8.arena_used))
def _a8_fill():
    for t in _a8.inputs:
        n = len(memoryview(t.data)) * {"int8": 1, "uint8": 1, "int16": 2, "int32": 4, "float32": 4}[t.dtype]
        t.write((bytes(range(256)) * (n // 256 + 1))[:n])
"""


@dataclass
class Counted:
    """What one invoke of a model took."""

    arena_bytes: int
    count: int
    operators: list[int]  # the same, by node
    cycles: int = 0
    misses: tuple[int, int] = (0, 0)  # of code, of data
    problem: str = field(default="")


def placed(paths: list[Path], base: int) -> tuple[bytes, list[tuple[int, int]]]:
    """Models as they lie in memory from base on, and each one's address and size."""
    image, places = bytearray(), []
    for path in paths:
        image += bytes(-len(image) % 16)
        data = path.read_bytes()
        places.append((base + len(image), len(data)))
        image += data
    return bytes(image), places


def each_model(
    repl: Repl, places: list[tuple[int, int]], count: Callable[[Repl], Counted]
) -> Iterator[Counted]:
    """Opens the models one after the other. One that the board can't take has a problem instead of counts."""
    repl.exec(BEGIN)
    for address, size in places:
        try:
            arena = literal(repl, repl.exec(f"_a8_open({address}, {size})"))
            counted = count(repl)
            counted.arena_bytes = arena
            yield counted
        except RemoteError as e:
            yield Counted(0, 0, [], problem=str(e))


# QEMU.


def compiled(folder: Path) -> Path:
    """The plugin, built for this machine."""
    library = folder / "count.so"
    if not library.is_file() or library.stat().st_mtime < PLUGIN.stat().st_mtime:
        folder.mkdir(parents=True, exist_ok=True)
        command = ["cc", "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O2", "-Wall", "-Wextra", "-Werror"]
        command += ["-shared", "-fPIC", "-fvisibility=hidden", "-o", str(library), str(PLUGIN)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise ToolError(f"the counting plugin does not compile: {done.stderr.strip()}")
    return library


def addresses(firmware: Path, names: list[str]) -> list[int]:
    with open(firmware, "rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        found = {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}
    missing = [name for name in names if name not in found]
    if missing:
        raise ToolError(f"{firmware} has no symbol {', '.join(missing)}")
    return [found[name] & ~1 for name in names]  # the lowest bit says Thumb, it isn't part of the address


def on_qemu(core: dict[str, Any], paths: list[Path], folder: Path) -> list[Counted]:
    """core: a row of cores.json, or the cache of one."""
    board = boards.board(core["board"])
    firmware = board.firmware()
    invoke, step = addresses(firmware, ["a8_invoke", "a8_step"])
    base = int(core["models"], 0)
    image, places = placed(paths, base)
    with tempfile.TemporaryDirectory() as work:
        models, out = Path(work, "models"), Path(work, "counts")
        models.write_bytes(image)
        options = f"{compiled(folder)},out={out},entry={invoke:#x},entry={step:#x}"
        if "flash" in core:
            options += f",thumb=on,flash={core['flash']}"
        extra = ["-plugin", options, "-d", "plugin", *core.get("args", [])]
        program = []
        if board.emulator["args"][0] == "qemu-xtensa":  # a program, which maps the file itself
            program.append(str(models))
        else:
            extra += ["-device", f"loader,file={models},addr={base:#x},force-raw=on"]

        def lines() -> list[list[int]]:
            return [[int(word) for word in line.split()] for line in out.read_text().splitlines()]

        def count(repl: Repl) -> Counted:
            # The first invoke warms the cache.
            repl.exec("_a8_fill()\n_a8.invoke()\n_a8_fill()\n_a8.invoke()\n_a8_fill()", TIMEOUT)
            whole = lines()[-1]
            if whole[0] != 0:
                raise ToolError(f"the plugin did not see {core['board']} invoke")
            before = len(lines())
            repl.exec("while _a8.step():\n    pass\n", TIMEOUT)
            steps = [line[1] for line in lines()[before:] if line[0] == 1]
            return Counted(0, whole[1], steps, whole[2], (whole[3], whole[4]))

        repl = QemuRepl(core["board"], str(firmware), TIMEOUT, tuple(extra), tuple(program))
        with repl:
            repl.connect()
            return list(each_model(repl, places, count))


# The emulated Pico.


def with_models(uf2: bytes, base: int, image: bytes, family: int) -> bytes:
    """The UF2 file with more blocks, which hold an image at base."""
    payload = 256
    chunks = [image[at : at + payload].ljust(payload, b"\xff") for at in range(0, len(image), payload)]
    total = len(uf2) // 512 + len(chunks)
    blocks = bytearray(uf2)
    for i, chunk in enumerate(chunks):
        number = len(uf2) // 512 + i
        words = (0x0A324655, 0x9E5D5157, 0x2000, base + i * payload, payload, number, total, family)
        head = b"".join(word.to_bytes(4, "little") for word in words)
        blocks += head + chunk.ljust(476, b"\0") + (0x0AB16F30).to_bytes(4, "little")
    for at in range(0, len(uf2), 512):
        blocks[at + 24 : at + 28] = total.to_bytes(4, "little")
    return bytes(blocks)


def on_pico(core: dict[str, Any], paths: list[Path]) -> list[Counted]:
    board = boards.board(core["board"])
    base = int(core["models"], 0)
    image, places = placed(paths, base)
    flash = board.facts["flash"]
    if base + len(image) > int(flash["base"], 0) + flash["bytes"]:
        raise ToolError(f"the models end {len(image)} bytes above {base:#x}, outside of the Pico's flash")
    uf2 = with_models(board.firmware().read_bytes(), base, image, int(board.facts["uf2"]["family"], 0))

    def count(repl: PicoRepl) -> Counted:
        repl.exec("_a8_fill()")
        cycles = repl.cycles_of("_a8.invoke")
        # Of operators the Pico's clock tells microseconds.
        profile = literal(repl, repl.exec("print(repr([int(p[2]) for p in _a8.profile()]))"))
        return Counted(0, cycles, [us * core["clock_hz"] // 1000000 for us in profile], cycles)

    with tempfile.TemporaryDirectory() as work:
        file = Path(work, "models.uf2")
        file.write_bytes(uf2)
        with PicoRepl(str(file), TIMEOUT) as repl:
            repl.connect()
            return list(each_model(repl, places, count))


def counted(core: dict[str, Any], paths: list[Path], folder: Path) -> list[Counted]:
    """One Counted a model."""
    kind = boards.board(core["board"]).emulator["kind"]
    found = on_pico(core, paths) if kind == "rp2040py" else on_qemu(core, paths, folder)
    if "cache" in core:
        for one, cached in zip(found, on_qemu(core["cache"], paths, folder), strict=True):
            one.misses = cached.misses
    return found
