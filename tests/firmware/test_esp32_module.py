# SPDX-License-Identifier: MIT
"""micropython.cmake as the esp32 port uses it, in a project that imitates ESP-IDF with plain CMake.

As there: user modules are read in the folder of the component `main`, the program is made in the folder
above, and what the module gives to `usermod` reaches both, so the binding is compiled twice. What ESP-IDF
sets for its components (ESP_PLATFORM, options of the chip) reaches components only.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from firmware_paths import REPO

MODULE = REPO / "micropython_module"
CHIP = ["-mlongcalls", "-mfix-esp32-psram-cache-issue"]

TOP = """
cmake_minimum_required(VERSION 3.18)
project(micropython C ASM)
function(idf_build_get_property OUT NAME)
    set(COMPILE_OPTIONS -ffunction-sections -Werror=all -Og {chip})
    set(CONFIG_DIR {here}/config)
    set(${{OUT}} ${{${{NAME}}}} PARENT_SCOPE)
endfunction()
function(idf_component_get_property OUT COMPONENT NAME)
    set(${{OUT}} {here}/${{COMPONENT}} PARENT_SCOPE)
endfunction()
add_subdirectory(main)
add_executable(micropython.elf start.c)
target_link_libraries(micropython.elf PRIVATE main)
"""
MAIN = """
set(MICROPY_DIR {micropython})
include(${{MICROPY_DIR}}/py/usermod.cmake)
add_library(main STATIC main.c)
target_compile_definitions(main PRIVATE ESP_PLATFORM)
target_compile_options(main PRIVATE -ffunction-sections -Werror=all -Og {chip})
target_link_libraries(main usermod)
file(WRITE {here}/found "${{MICROPY_SOURCE_USERMOD}}")
"""
ESP_ATTR = """
#include "sdkconfig.h"
#define IRAM_ATTR IN_SECTION(".iram1", __COUNTER__)
#define IN_SECTION(section_name, counter) __attribute__((section(section_name "." AS_TEXT(counter))))
#define AS_TEXT(counter) #counter
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory, trees):
    """The configured project: its folder, and [(target, source, words of the command)]."""
    here = tmp_path_factory.mktemp("esp32")
    for folder in ("main", "config", "esp_common/include", "generated"):
        (here / folder).mkdir(parents=True)
    names = {"here": here, "micropython": trees.micropython, "chip": " ".join(CHIP)}
    (here / "CMakeLists.txt").write_text(TOP.format(**names))
    (here / "main/CMakeLists.txt").write_text(MAIN.format(**names))
    (here / "esp_common/include/esp_attr.h").write_text(ESP_ATTR)
    (here / "config/sdkconfig.h").write_text("")
    (here / "generated/arena8_build.h").write_text("")
    for file in ("start.c", "main/main.c", "generated/arena8_frozen.c"):
        (here / file).write_text("")
    done = subprocess.run(
        ["cmake", "-S", here, "-B", here / "out", "-G", "Ninja", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"]
        + [
            f"-DUSER_C_MODULES={MODULE / 'micropython.cmake'}",
            f"-DARENA8_GENERATED_DIR={here / 'generated'}",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    commands = []
    for entry in json.loads((here / "out/compile_commands.json").read_text()):
        words = entry["command"].split()
        target = re.search(r"CMakeFiles/([\w.]+)\.dir/", words[words.index("-o") + 1]).group(1)
        commands.append((target, Path(entry["file"]), words))
    return here, commands


def listed(folder: Path) -> set[Path]:
    lines = (line.split("#")[0].strip() for line in (folder / "sources.txt").read_text().splitlines())
    return {folder / line for line in lines if line}


def test_what_is_compiled_and_how_often(project):
    """The engine once, the binding in both. Without this the tests below would say nothing."""
    _, commands = project
    engine = [(target, file) for target, file, _ in commands if file.is_relative_to(MODULE / "engine")]
    assert {target for target, _ in engine} == {"arena8_engine"}
    assert len(engine) == len(set(engine)) and {file for _, file in engine} == listed(MODULE / "engine")
    for where in ("main", "micropython.elf"):
        binding = {file for target, file, _ in commands if target == where and file.is_relative_to(MODULE)}
        assert binding == listed(MODULE)


def test_names_are_looked_for_in_the_binding(project):
    here, _ = project
    found = {Path(file) for file in (here / "found").read_text().split(";")}
    assert found == listed(MODULE) | {here / "generated/arena8_frozen.c"}


def test_the_copy_that_wins_has_our_flags(project):
    """It is the program's, where ESP_PLATFORM is not defined, and must be as good as the component's."""
    _, commands = project
    both = [words for _, file, words in commands if file in listed(MODULE)]
    assert len(both) == 2 * len(listed(MODULE))
    assert sum("-DESP_PLATFORM" in words for words in both) == len(listed(MODULE))
    for words in both:
        assert "-ffp-contract=off" in words
        assert [word for word in words if word.startswith("-O")][-1] == "-Os"
        assert set(CHIP) <= set(words)


def test_the_engine_has_the_options_of_the_chip_and_its_own(project):
    _, commands = project
    for target, file, words in commands:
        if target == "arena8_engine":
            wanted = {*CHIP, "-ffp-contract=off"} | ({"-std=c99"} if file.suffix == ".c" else set())
            assert wanted <= set(words), file
            levels = [word for word in words if word.startswith("-O")]
            assert levels[-1] == ("-O2" if file.parent.name == "kernels" else "-Os"), file
            # Warnings of theirs are not errors of ours, and no name of theirs steers the engine.
            assert "-Werror=all" not in words and "-DESP_PLATFORM" not in words


def test_nothing_of_ours_reaches_the_port(project):
    here, commands = project
    ours = {"-ffp-contract=off", "-std=c99", "-Wextra", "-O2", "-Os", f"-I{MODULE}/engine"}
    others = [words for _, file, words in commands if file.name in ("start.c", "main.c")]
    assert len(others) == 2
    for words in others:
        assert not ours & set(words)


def compiled(words: list[str], out: Path, compiler: str = "gcc") -> ELFFile:
    """A source compiled as its command says, by another compiler, which may not know the chip's options."""
    command = [word for word in words[1:] if word not in CHIP]
    command[command.index("-o") + 1] = str(out)
    subprocess.run([compiler, *command], check=True, capture_output=True, text=True)
    return ELFFile(open(out, "rb"))


def functions(elf: ELFFile) -> dict[str, str]:
    """{function: the section it is in}."""
    return {
        symbol.name: elf.get_section(symbol["st_shndx"]).name
        for symbol in elf.get_section_by_name(".symtab").iter_symbols()
        if symbol["st_info"]["type"] == "STT_FUNC" and isinstance(symbol["st_shndx"], int)
    }


@pytest.mark.parametrize("compiler", ["gcc", "xtensa-lx106-elf-gcc"])
def test_hot_kernels_are_in_ram(project, tmp_path, compiler):
    """By ESP-IDF's header, in a file without ESP_PLATFORM; each in a section of its own, so that
    the linker drops those of operators that are not in the firmware."""
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    _, commands = project
    for name in ("conv_s8_generic", "depthwise_conv_s8_generic", "fully_connected_s8_generic"):
        words = next(words for _, file, words in commands if file.stem == name)
        places = functions(compiled(words, tmp_path / f"{name}.o", compiler))
        hot = places[f"a8_{name}"]
        assert re.fullmatch(r"\.iram1\.\d+", hot), places
        in_ram = [place for place in places.values() if place.startswith(".iram1")]
        assert len(in_ram) == len(set(in_ram))


def test_a_hot_function_is_not_inlined_into_one_in_flash(project, tmp_path):
    """A8_HOT alone keeps it out of its caller, at -O2 and with the body in sight."""
    here, commands = project
    words = list(next(words for _, file, words in commands if file.stem == "conv_s8_generic"))
    source = tmp_path / "inline.c"
    source.write_text(
        '#include "config.h"\n'
        "A8_HOT static int hot(int x) { return x * 3; }\n"
        "int cold(int x);\nint cold(int x) { return hot(x); }\n"
    )
    words[words.index("-c") + 1] = str(source)
    places = functions(compiled(words, tmp_path / "inline.o"))
    assert places["hot"].startswith(".iram1") and places["cold"].startswith(".text")


def test_without_espressifs_header_nothing_is_placed(tmp_path):
    source = tmp_path / "plain.c"
    source.write_text('#include "config.h"\nA8_HOT int hot(int x);\nint hot(int x) { return x; }\n')
    command = ["gcc", "-std=c99", f"-I{MODULE}/engine", "-c", source, "-o", tmp_path / "plain.o"]
    subprocess.run(command, check=True)
    assert functions(ELFFile(open(tmp_path / "plain.o", "rb"))) == {"hot": ".text"}


@pytest.mark.parametrize("compiler", ["xtensa-lx106-elf-gcc", "riscv64-unknown-elf-gcc"])
def test_frozen_models_are_aligned_for_the_chip(freezer, tmp_path, compiler):
    """The generated source, by an assembler of the family: 16 bytes, read-only, the model's own bytes."""
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    model = REPO / "firmware/models/iris.tflite"
    (entry,) = freezer.freeze([model], tmp_path, 0)["models"]
    text = (tmp_path / "arena8_frozen.c").read_text()
    (assembly,) = re.findall(r"^__asm__ \(.*?\);$", text, re.M | re.S)
    (tmp_path / "only.c").write_text(f"{assembly}\n")
    more = ["-march=rv32imc", "-mabi=ilp32"] if compiler.startswith("riscv") else []
    command = [compiler, *more, "-c", tmp_path / "only.c", "-o", tmp_path / "only.o"]
    subprocess.run(command, check=True, cwd=tmp_path)
    elf = ELFFile(open(tmp_path / "only.o", "rb"))
    symbol = elf.get_section_by_name(".symtab").get_symbol_by_name(entry["symbol"])[0]
    section = elf.get_section(symbol["st_shndx"])
    assert section["sh_addralign"] >= 16 and symbol["st_value"] % 16 == 0
    assert not section["sh_flags"] & 1  # writable
    assert section.name.startswith(".rodata")
    assert section.data()[symbol["st_value"] :][: entry["bytes"]] == model.read_bytes()
