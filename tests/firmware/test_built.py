# SPDX-License-Identifier: MIT
"""What a built firmware contains: the models where they belong, and flags that stay with our files."""

from __future__ import annotations

import json
import subprocess
import zlib
from pathlib import Path

import pytest
from elftools.elf.constants import P_FLAGS
from elftools.elf.elffile import ELFFile
from firmware_paths import REPO, facts

# Looked at where it has been built: that takes one more compiler, and a minute for all of MicroPython.
RISCV = pytest.param(
    "RPI_PICO2-RISCV",
    marks=pytest.mark.skipif(
        not (REPO / "build/firmware/RPI_PICO2-RISCV-tests/firmware.json").is_file(),
        reason="not built: python firmware/build.py RPI_PICO2-RISCV --for-tests --model ... builds it",
    ),
)
RP2 = ["RPI_PICO", "RPI_PICO2", RISCV]
BOARDS = ["UNIX", "MPS2_AN385", "MPS2_AN505", "MICROBIT", "VIRT_RV32", "DE233_FPU", *RP2]
ON_CHIP = [board for board in BOARDS if board != "UNIX"]
MODULE = REPO / "micropython_module"
OURS = {"-ffp-contract=off", "-std=c99"}


def elf_file(board: str, folder: Path) -> Path:
    return folder / next(name for name in facts(board)["files"] if not name.endswith(".uf2"))


def segment_of(elf: ELFFile, address: int):
    """The loaded segment that holds this address."""
    for segment in elf.iter_segments("PT_LOAD"):
        if segment["p_vaddr"] <= address < segment["p_vaddr"] + segment["p_filesz"]:
            return segment
    raise AssertionError(f"{address:#x} is in no segment of the file")


@pytest.mark.parametrize("board", BOARDS)
def test_models_are_in_flash_whole_and_aligned(board, built):
    folder, description = built(board)
    assert description["models"]
    with open(elf_file(board, folder), "rb") as handle:
        elf = ELFFile(handle)
        for model in description["models"]:
            original = Path(model["path"]).read_bytes()
            address = model["address"]
            assert address % 16 == 0
            segment = segment_of(elf, address)
            if board != "UNIX":
                base = int(facts(board)["flash"]["base"], 0)
                assert base <= address < base + facts(board)["flash"]["bytes"]
                # Not copied anywhere at start-up: it runs from where it is loaded.
                assert segment["p_paddr"] == segment["p_vaddr"]
            else:
                assert not segment["p_flags"] & P_FLAGS.PF_W
            at = address - segment["p_vaddr"]
            padded = -(-(len(original) + 1) // 16) * 16
            data = segment.data()[at : at + padded]
            assert data == original + bytes(padded - len(original))
            assert model["crc32"] == f"{zlib.crc32(original):08x}" and model["bytes"] == len(original)


@pytest.mark.parametrize("board", ON_CHIP)
def test_firmware_fits_and_the_arena_is_there(board, built):
    folder, description = built(board)
    f = facts(board)
    with open(elf_file(board, folder), "rb") as handle:
        elf = ELFFile(handle)
        loaded = [(s["p_paddr"], s["p_filesz"]) for s in elf.iter_segments("PT_LOAD") if s["p_filesz"]]
    if board == "VIRT_RV32":
        # Its .data is put into RAM by the emulator's loader.
        loaded = [(at, size) for at, size in loaded if at < int(f["ram"]["base"], 0)]
    used = max(at + size for at, size in loaded) - int(f["flash"]["base"], 0)
    assert used <= f["flash_map"]["firmware"]["bytes"]
    assert abs(description["flash"]["used"] - used) <= 16
    assert description["sizes"]["bss"] > description["arena_bytes"]
    assert description["ram"]["free"] > 16 * 1024


@pytest.mark.parametrize("board", RP2)
def test_the_uf2_carries_the_elf(board, built):
    """Every byte of flash that the ELF loads is in the UF2, at its address, for the right chip."""
    folder, _ = built(board)
    f = facts(board)
    blocks = {}
    data = (folder / "firmware.uf2").read_bytes()
    assert len(data) % 512 == 0
    for at in range(0, len(data), 512):
        words = [int.from_bytes(data[at + 4 * i : at + 4 * i + 4], "little") for i in range(8)]
        assert words[0] == 0x0A324655 and words[1] == 0x9E5D5157
        assert words[7] == int(f["uf2"]["family"], 0)
        blocks[words[3]] = data[at + 32 : at + 32 + words[4]]
    image = b"".join(blocks[address] for address in sorted(blocks))
    first = min(blocks)
    assert first == int(f["flash"]["base"], 0)
    with open(folder / "firmware.elf", "rb") as handle:
        for segment in ELFFile(handle).iter_segments("PT_LOAD"):
            at = segment["p_paddr"] - first
            if segment["p_filesz"]:
                assert image[at : at + segment["p_filesz"]] == segment.data()


@pytest.mark.parametrize("board", RP2)
def test_romfs_and_filesystem_are_where_the_facts_say(board, built):
    """Read from the objects of MicroPython's that carry them: type, offset and size, in initialised data."""
    folder, _ = built(board)
    places = facts(board)["flash_map"]
    with open(folder / "firmware.elf", "rb") as handle:
        elf = ELFFile(handle)
        symbols = {symbol.name: symbol for symbol in elf.get_section_by_name(".symtab").iter_symbols()}
        for name, region in (("rp2_flash_romfs_obj", "romfs"), ("rp2_flash_obj", "filesystem")):
            at = symbols[name]["st_value"]
            segment = segment_of(elf, at)
            words = segment.data()[at - segment["p_vaddr"] + 4 :][:8]
            offset, size = (int.from_bytes(words[i : i + 4], "little") for i in (0, 4))
            assert offset == places[region]["offset"], name
            assert size == places[region]["bytes"], name


@pytest.mark.parametrize(("board", "core"), [("RPI_PICO", "6S-M"), ("RPI_PICO2", "8-M.MAIN")])
def test_the_core_is_that_of_the_chip(board, core, built):
    folder, _ = built(board)
    done = subprocess.run(
        ["arm-none-eabi-readelf", "-A", folder / "firmware.elf"], capture_output=True, text=True, check=True
    )
    assert f'Tag_CPU_name: "{core}"' in done.stdout


# What the RP2350's bootrom looks for in the first 4 KB: a block of items, and the item that says which of its
# two kinds of core to start. The numbers are of the chip's datasheet (blocks, image definition).
BLOCK_START, IMAGE_TYPE = 0xFFFFDED3, 0x42
EXECUTABLE, ARM_SECURE, ON_RISCV, ON_RP2350 = 1, 2 << 4, 1 << 8, 1 << 12


@pytest.mark.parametrize("board", ["RPI_PICO2", RISCV])
def test_the_image_names_the_cores_that_the_rp2350_starts(board, built):
    folder, _ = built(board)
    riscv = board.endswith("-RISCV")
    with open(folder / "firmware.elf", "rb") as handle:
        elf = ELFFile(handle)
        assert elf["e_machine"] == ("EM_RISCV" if riscv else "EM_ARM") and elf.elfclass == 32
        base = int(facts(board)["flash"]["base"], 0)
        image = segment_of(elf, base).data()
        # The vectors or the start itself, in flash.
        assert base < elf["e_entry"] < base + len(image)
    at = image[:4096].index(BLOCK_START.to_bytes(4, "little")) + 4
    assert image[at] == IMAGE_TYPE and image[at + 1] == 1
    kind = int.from_bytes(image[at + 2 : at + 4], "little")
    assert kind == EXECUTABLE | ON_RP2350 | (ON_RISCV if riscv else ARM_SECURE)


@pytest.mark.parametrize("board", [RISCV])
def test_the_c_library_runs_the_initialisers_and_keeps_nothing_by_thread(board, built):
    """picolibc runs them in one loop, so they follow each other; memory of a thread's own would be shared."""
    folder, _ = built(board)
    with open(folder / "firmware.elf", "rb") as handle:
        elf = ELFFile(handle)
        symbols = {
            symbol.name: symbol["st_value"] for symbol in elf.get_section_by_name(".symtab").iter_symbols()
        }
        start, end = symbols["__preinit_array_start"], symbols["__preinit_array_end"]
        names = [name for name, at in symbols.items() if name.startswith("__pre_init_") and start <= at < end]
        assert len(names) == (end - start) // 4 > 8 and "__libc_init_array" in symbols
        segment = segment_of(elf, start)
        for at in range(start, end, 4):
            function = int.from_bytes(segment.data()[at - segment["p_vaddr"] :][:4], "little")
            assert segment_of(elf, function)["p_flags"] & P_FLAGS.PF_X
        for name in (".tdata", ".tbss"):
            section = elf.get_section_by_name(name)
            assert section is None or section["sh_size"] == 0


def commands_of(board: str, folder: Path, trees) -> dict[str, list[str]]:
    """{source file: its compiler's arguments} of the whole firmware."""
    if facts(board)["port"] == "rp2":
        entries = json.loads((folder / "obj/compile_commands.json").read_text())
        return {entry["file"]: entry["command"].split() for entry in entries}
    arguments = json.loads((folder / "obj/.stamp.json").read_text())["arguments"]
    out = subprocess.run([*arguments, "-B", "-n"], capture_output=True, text=True).stdout
    found = {}
    for line in out.splitlines():
        words = line.split()
        if "-c" in words and words[-1] != "-c":
            source = next((w for w in words if w.endswith((".c", ".S"))), None)
            if source:
                port = trees.micropython / "ports" / facts(board)["port"]
                found[str((port / source).resolve())] = words
    return found


@pytest.mark.parametrize("board", BOARDS)
def test_our_flags_reach_our_files_only(board, built, trees):
    folder, _ = built(board)
    commands = commands_of(board, folder, trees)
    engine = [f for f in commands if Path(f).is_relative_to(MODULE / "engine")]
    binding = [f for f in commands if Path(f).is_relative_to(MODULE) and f not in engine]
    listed = [line.split("#")[0].strip() for line in (MODULE / "engine/sources.txt").read_text().splitlines()]
    assert {str(MODULE / "engine" / name) for name in listed if name} == set(engine)
    assert binding
    for file in engine:
        # cmake has no language standard for assembly.
        assert set(commands[file]) >= (OURS if file.endswith(".c") else OURS - {"-std=c99"}), file
        levels = [word for word in commands[file] if word.startswith("-O")]
        # Kernels for speed, the rest for size.
        assert levels[-1] == ("-O2" if Path(file).parent.name == "kernels" else "-Os"), file
    for file in binding:
        assert "-ffp-contract=off" in commands[file], file
    others = [f for f in commands if f not in engine and f not in binding]
    assert len(others) > 100
    for file in others:
        assert not OURS & set(commands[file]), file
        assert f"-I{MODULE}/engine" not in commands[file], file


@pytest.mark.parametrize("board", RP2)
def test_frozen_content_keeps_the_flags_of_the_port(board, built, trees):
    folder, _ = built(board)
    commands = commands_of(board, folder, trees)
    frozen = next(c for f, c in commands.items() if f.endswith("/frozen_content.c"))
    assert [word for word in frozen if word.startswith("-O")][-1] == "-Os"
