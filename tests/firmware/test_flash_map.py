# SPDX-License-Identifier: MIT
"""The flash map says the same everywhere, and the linker keeps it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from firmware_paths import REPO, facts

RP2 = REPO / "boards/rp2"
RP2_BOARDS = sorted(path.parent.name for path in RP2.glob("*/facts.json"))


def define(text: str, name: str) -> str:
    """What a header defines this name as."""
    return re.search(rf"#define {name}\s+\(?(.*?)\)?\s*$", text, re.M).group(1)


@pytest.mark.parametrize("board", RP2_BOARDS)
def test_regions_follow_each_other_and_fill_the_flash(board):
    f = facts(board)
    regions = [f["flash_map"][name] for name in ("firmware", "romfs", "filesystem")]
    end = 0
    for region in regions:
        assert region["offset"] == end and region["bytes"] % 4096 == 0
        end += region["bytes"]
    assert end == f["flash"]["bytes"]


def stock_name(board: str) -> str:
    """MicroPython's board of which this is one, or a variant."""
    return board.partition("-")[0]


@pytest.mark.parametrize("board", RP2_BOARDS)
def test_the_filesystem_is_where_the_stock_firmware_has_it(board, trees):
    """MicroPython's header says its size, and the port puts it at the end of flash."""
    stock = (trees.micropython / "ports/rp2/boards" / stock_name(board) / "mpconfigboard.h").read_text()
    f = facts(board)
    words = define(stock, "MICROPY_HW_FLASH_STORAGE_BYTES")
    words = words.replace("PICO_FLASH_SIZE_BYTES", str(f["flash"]["bytes"]))
    assert re.fullmatch(r"[\d* +-]+", words)
    assert eval(words) == f["flash_map"]["filesystem"]["bytes"]


@pytest.mark.parametrize("board", RP2_BOARDS)
def test_stock_boards_are_of_the_chip_and_flash_that_the_facts_say(board, trees):
    stock = (trees.micropython / "ports/rp2/boards" / stock_name(board) / "mpconfigboard.cmake").read_text()
    name = re.search(r'set\(PICO_BOARD "(\w+)"\)', stock).group(1)
    header = (trees.pico_sdk / f"src/boards/include/boards/{name}.h").read_text()
    size = re.search(r"#define PICO_FLASH_SIZE_BYTES \((\d+) \* 1024 \* 1024\)", header).group(1)
    f = facts(board)
    assert int(size) << 20 == f["flash"]["bytes"]
    assert re.search(r"PICO_PLATFORM\W+(rp\d+)", header).group(1).upper() == f["chip"]
    families = {"armv6m": "0xe48bff56", "armdsp": "0xe48bff59", "rv32": "0xe48bff5a"}
    assert f["uf2"]["family"] == families[f["target"]]


def test_the_variant_for_riscv_is_a_pico_2_whose_files_stay():
    """One board, and a change of cores leaves its ROMFS and filesystem where they were."""
    arm, riscv = facts("RPI_PICO2"), facts("RPI_PICO2-RISCV")
    differ = {key for key in arm if arm[key] != riscv[key]}
    assert differ == {"board", "name", "core", "target", "toolchain", "uf2"} and set(arm) == set(riscv)


@pytest.mark.parametrize("script", ["defines", "provides", "boot stage"])
@pytest.mark.parametrize(("over", "fits"), [(0, True), (1, False)])
def test_the_linker_refuses_a_firmware_that_reaches_the_romfs(tmp_path, script, over, fits):
    """Also where MicroPython's own script only provides the symbol, as that of the RP2350 does."""
    end = {"defines": "__flash_binary_end = .;", "boot stage": ""}
    end["provides"] = "PROVIDE(__flash_binary_end = .);"
    port = tmp_path / "port.ld"
    port.write_text(
        "MEMORY { FLASH(rx) : ORIGIN = 0x10000000, LENGTH = 4096k }\n"
        f"SECTIONS {{ .text : {{ *(.text*) }} > FLASH\n .flash_end : {{ {end[script]} }} > FLASH }}\n"
    )
    (tmp_path / "a.s").write_text(f".text\n.global start\nstart: .space {4096 + over}\n")
    subprocess.run(["arm-none-eabi-as", "-o", tmp_path / "a.o", tmp_path / "a.s"], check=True)
    command = ["arm-none-eabi-ld", "-T", port, RP2 / "flash_map.ld", "--defsym=__arena8_firmware_bytes=4096"]
    done = subprocess.run(
        [*command, "--entry=start", "-o", tmp_path / "a.elf", tmp_path / "a.o"],
        capture_output=True,
        text=True,
    )
    fits = fits or script == "boot stage"
    assert (done.returncode == 0) is fits, done.stderr
    assert ("does not fit" in done.stderr) is not fits


@pytest.mark.parametrize(
    "board", ["MPS2_AN385", "MPS2_AN386", "MPS2_AN505", "MICROBIT", "VIRT_RV32", "DE233_FPU"]
)
def test_memory_of_the_emulated_boards(board):
    """The linker's regions are the facts, and the emulator is started with as much."""
    f = facts(board)
    text = (REPO / "boards" / f["port"] / board / "memory.ld").read_text()
    unit = {"K": 1024, "M": 1024 * 1024}
    for region, name in (("FLASH", "flash"), ("RAM", "ram")):
        origin, length, letter = re.search(
            rf"{region} \(\w+\) : ORIGIN = (0x[0-9a-f]+), LENGTH = (\d+)([KM])", text
        ).groups()
        assert int(origin, 0) == int(f[name]["base"], 0)
        assert int(length) * unit[letter] == f[name]["bytes"]
    if board == "MICROBIT":
        assert f"nrf51-soc.flash-size={f['flash']['bytes']}" in f["emulator"]["args"]
        assert f"nrf51-soc.sram-size={f['ram']['bytes']}" in f["emulator"]["args"]


@pytest.mark.parametrize("line", ["__flash_binary_end = .", "PROVIDE (__flash_binary_end = .)"])
def test_too_large_says_by_how_much(builder, tmp_path, monkeypatch, line):
    monkeypatch.setattr(builder, "OUT", tmp_path)
    folder, f = builder.boards()["RPI_PICO"]
    build = builder.Builder("RPI_PICO", folder, f, "key")
    build.obj.mkdir(parents=True)
    (build.obj / "firmware.elf.map").write_text(f"                0x0000000010080064                {line}\n")
    build.log.write_text("ld: the firmware with its models does not fit into the 512 KiB of flash\n")
    assert "524388 bytes of flash, and 524288" in build.too_large()
    assert "100 too many" in build.too_large()
    build.log.write_text("ld: region `RAM' overflowed by 1234 bytes\n")
    assert "RAM is too small by 1234 bytes" in build.too_large()
    build.models = ["a.tflite"]
    build.log.write_text("ld: region `RAM' overflowed by 1234 bytes\n")
    assert "--operators" not in build.too_large() and "deploy" not in build.too_large()
    build.log.write_text("ld: region `FLASH' overflowed by 1234 bytes\n")
    assert "--operators" in build.too_large() and "deploy" in build.too_large()
    build.log.write_text("error: something else\n")
    assert build.too_large() is None


def test_too_large_for_an_esp32(builder, tmp_path, monkeypatch):
    """By the words of its linker, and of ESP-IDF's own check of the app's size."""
    monkeypatch.setattr(builder, "OUT", tmp_path)
    folder, f = builder.boards()["ESP32_GENERIC"]
    build = builder.Builder("ESP32_GENERIC", folder, f, "key")
    build.obj.mkdir(parents=True)
    build.models = ["a.tflite"]
    build.log.write_text("ld: region `iram0_0_seg' overflowed by 3128 bytes\n")
    assert "iram0_0_seg is too small by 3128" in build.too_large()
    assert "--operators auto" in build.too_large() and "deploy" not in build.too_large()
    size = f["flash_map"]["firmware"]["bytes"] + 16
    build.log.write_text(f"Error: app partition is too small for binary micropython.bin size {size:#x}:\n")
    assert f"{size} bytes" in build.too_large() and "16 too many" in build.too_large()


@pytest.mark.parametrize("board", ["UNIX", "MICROBIT", "RPI_PICO"])
def test_objects_are_made_anew_when_flags_or_linker_scripts_change(builder, tmp_path, monkeypatch, board):
    folder, f = builder.boards()[board]
    own = tmp_path / "boards" / f["port"] / board
    shutil.copytree(folder.parent, own.parent)
    monkeypatch.setattr(builder, "OUT", tmp_path / "out")
    build = builder.Builder(board, own, f, "key")
    assert not build.configured(["a"])
    build.remember(["a"])
    (build.obj / "kept.o").write_text("")
    assert build.configured(["a"])
    changed = [*own.glob("*.ld"), *own.glob("*.mk"), *own.parent.glob("*.ld")][0]
    changed.write_text(changed.read_text() + "\n")
    assert not build.configured(["a"])
    assert not (build.obj / "kept.o").exists()
    build.remember(["a"])
    assert not build.configured(["b"])


@pytest.mark.parametrize("board", RP2_BOARDS)
def test_the_port_finds_our_settings(board, trees, tmp_path):
    """What the port's own CMakeLists.txt does with a board folder, up to where the SDK takes over."""
    (tmp_path / "pico_sdk_init.cmake").write_text(
        "foreach(NAME PICO_BOARD PICO_PLATFORM\n"
        "        MICROPY_DEF_BOARD MICROPY_FROZEN_MANIFEST MICROPY_BOARD_PINS)\n"
        'file(APPEND ${CMAKE_BINARY_DIR}/said "${NAME}=${${NAME}}\\n")\n'
        "endforeach()\n"
        'message(FATAL_ERROR "as far as the boards go")\n'
    )
    command = ["cmake", "-S", trees.micropython / "ports/rp2", "-B", tmp_path / "out", "-G", "Ninja"]
    command += [f"-DMICROPY_BOARD={board}", f"-DMICROPY_BOARD_DIR={RP2 / board}"]
    done = subprocess.run([*command, f"-DPICO_SDK_PATH_OVERRIDE={tmp_path}"], capture_output=True, text=True)
    assert "as far as the boards go" in done.stderr
    said = dict(line.split("=", 1) for line in (tmp_path / "out/said").read_text().splitlines())
    f = facts(board)
    assert said["PICO_BOARD"] == stock_name(board).removeprefix("RPI_").lower()
    # Where MicroPython leaves it out, the SDK's board says it.
    if f["target"] == "rv32":
        assert said["PICO_PLATFORM"] == f"{f['chip'].lower()}-riscv"
    else:
        assert said["PICO_PLATFORM"] in (f["chip"].lower(), "")
    assert said["MICROPY_DEF_BOARD"] == f"MICROPY_HW_ROMFS_BYTES={f['flash_map']['romfs']['bytes']}"
    radio = board.endswith("_W")
    assert said["MICROPY_FROZEN_MANIFEST"] == str(RP2 / ("manifest_radio.py" if radio else "manifest.py"))
    assert Path(said["MICROPY_BOARD_PINS"]).is_file()
    assert radio is ("needs" in f)
