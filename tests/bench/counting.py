# SPDX-License-Identifier: MIT
"""Counts what an invoke costs on emulated cores, the module inside MicroPython as a user runs it.

From the entry of a8_invoke to its return: on QEMU a plugin counts (count.c), on the emulated Pico its own
cycle counter does, and what it reads goes through a simulated flash cache (flash_cache.c). The emulators put
models and inputs into memory (the Pico: into flash) at addresses of which the firmware knows nothing. An
answer that differs from the reference's is a failure.
"""

from __future__ import annotations

import fcntl
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arena8 import boards
from arena8.errors import BoardError, RemoteError, ToolError
from arena8.remote import literal
from arena8.transports.pico_emulator import PicoRepl
from arena8.transports.qemu import QemuRepl
from arena8.transports.repl import Repl
from elftools.elf.elffile import ELFFile
from workloads import Workload

HERE = Path(__file__).resolve().parent
TIMEOUT = 3600
CACHE_BYTES = 16384
ENTRIES = ["a8_invoke", "a8_step"]
INVOKE, STEP = range(2)

# On the board. Inputs are written before every invoke, which may overwrite them.
BEGIN = """
import arena8, gc
from uctypes import bytearray_at
_a8 = None
def _a8_open(address, size, given):
    global _a8, _a8_given
    _a8, _a8_given = None, given
    gc.collect()
    _a8 = arena8.Interpreter(arena8.Model(bytearray_at(address, size)))
    print(repr(_a8.arena_used))
def _a8_fill():
    for t, place in zip(_a8.inputs, _a8_given):
        t.write(bytearray_at(*place))
"""
# The plugin counts one call at a time, so operators are counted by themselves.
STEPS = """
_a8_fill()
while _a8.step():
    pass
"""
RUN = """
_a8_fill()
_a8.invoke()
"""


@dataclass
class Counted:
    """What one invoke of a model took, in the core's unit."""

    arena_bytes: int = 0
    count: int = 0
    operators: list[int] = field(default_factory=list)  # the same, by node
    misses: tuple[int, int] | None = None  # of code, of weights
    problem: str = ""  # what kept the board from running it


Tell = Callable[[Workload, Counted], None]
# Entry, count, then what else there is to know of a call.
Calls = list[list[int]]


def placed(things: list[Workload], base: int) -> tuple[bytes, list[list[tuple[int, int]]]]:
    """Models and inputs as they lie in memory from base on; for each workload address and size of its model,
    then of its inputs."""
    image, places = bytearray(), []
    for one in things:
        places.append([])
        for data in (one.model, *one.inputs):
            image += bytes(-len(image) % 16)
            places[-1].append((base + len(image), len(data)))
            image += data
    return bytes(image), places


def run_each(
    repl: Repl, things: list[Workload], places: list, calls_of: Callable[[Workload], Calls], tell: Tell
) -> list[Counted]:
    """Runs one workload after the other. One that the board can't take has a problem instead of counts."""
    repl.exec(BEGIN)
    found = []
    for one, ((address, size), *inputs) in zip(things, places, strict=True):
        counted = Counted()
        try:
            opened = repl.exec(f"_a8_open({address}, {size}, {tuple(inputs)!r})", TIMEOUT)
            counted.arena_bytes = literal(repl, opened)
            calls = calls_of(one)
            got = literal(repl, repl.exec("print([bytes(memoryview(t)) for t in _a8.outputs])"))
            if got != one.outputs:
                raise ToolError(f"{one.name} on {repl.name}: the answer is not the reference's")
            if not calls or calls[-1][0] != INVOKE:
                raise ToolError(f"{one.name} on {repl.name}: the call of a8_invoke was not seen")
            counted.count, *misses = calls[-1][1:]
            counted.misses = tuple(misses) or None
            counted.operators = [call[1] for call in calls if call[0] == STEP]
        except RemoteError as e:
            counted.problem = str(e)
        found.append(counted)
        tell(one, counted)
    return found


def compiled(source: Path, folder: Path) -> Path:
    """A C file as a shared library of this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / f"{source.stem}.so"
    with open(folder / f"{source.stem}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not library.is_file() or library.stat().st_mtime < source.stat().st_mtime:
            command = ["cc", "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O2", "-Wall", "-Wextra", "-Werror"]
            command += ["-shared", "-fPIC", "-o", str(library), str(source)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise ToolError(f"{source.name} does not compile: {done.stderr.strip()}")
    return library


def addresses(firmware: Path, names: list[str]) -> list[int]:
    with open(firmware, "rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        found = {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}
    missing = [name for name in names if name not in found]
    if missing:
        raise ToolError(f"{firmware} has no symbol {', '.join(missing)}")
    return [found[name] & ~1 for name in names]  # the lowest bit says Thumb, it isn't part of the address


def on_qemu(core: dict[str, Any], things: list[Workload], folder: Path, tell: Tell) -> list[Counted]:
    board = boards.board(core["board"])
    firmware = board.firmware()
    base = int(core["models"], 0)
    image, places = placed(things, base)
    with tempfile.TemporaryDirectory() as work:
        models, out = Path(work, "models"), Path(work, "counts")
        models.write_bytes(image)
        options = f"{compiled(HERE / 'count.c', folder)},out={out}"
        options += "".join(f",entry={address:#x}" for address in addresses(firmware, ENTRIES))
        options += ",thumb=on" if core["unit"] == "cycles" else ""
        extra = ["-plugin", options, "-d", "plugin", *core.get("args", [])]
        program = []
        if board.emulator["args"][0] == "qemu-xtensa":  # a program, which maps the file itself
            program.append(str(models))
        else:
            extra += ["-device", f"loader,file={models},addr={base:#x},force-raw=on"]
        repl = QemuRepl(core["board"], str(firmware), TIMEOUT, tuple(extra), tuple(program))

        def calls_of(one: Workload) -> Calls:
            before = out.stat().st_size
            repl.exec(STEPS + RUN, TIMEOUT)
            with open(out) as file:
                file.seek(before)
                return [[int(word) for word in line.split()] for line in file]

        with repl:
            repl.connect()
            return run_each(repl, things, places, calls_of, tell)


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


class CountingPico(PicoRepl):
    program = HERE / "pico_counter.py"

    def calls_of(self, one: Workload, library: Path, entries: list[int], weights: int) -> Calls:
        self._ask(op="count", library=str(library), entries=entries, weights=weights)
        # Others run twice, to find the cache warm: a model larger than two leaves nothing of its beginning.
        passes = 1 if len(one.model) > 2 * CACHE_BYTES else 2
        self.exec(RUN * passes, TIMEOUT)
        calls = self._ask(op="counted")["calls"]
        return calls[-len(calls) // passes :]


def on_pico(core: dict[str, Any], things: list[Workload], folder: Path, tell: Tell) -> list[Counted]:
    board = boards.board(core["board"])
    uf2 = board.firmware()
    base = int(core["models"], 0)
    image, places = placed(things, base)
    flash = board.facts["flash"]
    if base + len(image) > int(flash["base"], 0) + flash["bytes"]:
        raise BoardError(f"the models end {len(image)} bytes above {base:#x}, outside of the Pico's flash")
    library = compiled(HERE / "flash_cache.c", folder)
    entries = addresses(uf2.with_suffix(".elf"), ENTRIES)
    with tempfile.TemporaryDirectory() as work:
        file = Path(work, "models.uf2")
        file.write_bytes(with_models(uf2.read_bytes(), base, image, int(board.facts["uf2"]["family"], 0)))
        with CountingPico(str(file), TIMEOUT) as repl:
            repl.connect()
            return run_each(
                repl, things, places, lambda one: repl.calls_of(one, library, entries, base), tell
            )


def is_slow(core: dict[str, Any]) -> bool:
    """Whether its emulator takes seconds for a model."""
    return boards.board(core["board"]).emulator["kind"] == "rp2040py"


def counted(
    core: dict[str, Any], things: list[Workload], folder: Path, tell: Tell = lambda one, counted: None
) -> list[Counted]:
    """One Counted a workload."""
    return (on_pico if is_slow(core) else on_qemu)(core, things, folder, tell)
