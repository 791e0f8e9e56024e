# SPDX-License-Identifier: MIT
"""The flash map says the same everywhere, and the linker keeps it."""

from __future__ import annotations

import re
import shutil
import subprocess

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


@pytest.mark.parametrize("board", RP2_BOARDS)
def test_the_filesystem_is_where_the_stock_firmware_has_it(board, trees):
    """MicroPython's header says its size, and the port puts it at the end of flash."""
    stock = (trees.micropython / "ports/rp2/boards" / board / "mpconfigboard.h").read_text()
    f = facts(board)
    words = define(stock, "MICROPY_HW_FLASH_STORAGE_BYTES")
    words = words.replace("PICO_FLASH_SIZE_BYTES", str(f["flash"]["bytes"]))
    assert re.fullmatch(r"[\d* +-]+", words)
    assert eval(words) == f["flash_map"]["filesystem"]["bytes"]


@pytest.mark.parametrize("board", RP2_BOARDS)
def test_stock_boards_are_of_the_chip_and_flash_that_the_facts_say(board, trees):
    stock = (trees.micropython / "ports/rp2/boards" / board / "mpconfigboard.cmake").read_text()
    name = re.search(r'set\(PICO_BOARD "(\w+)"\)', stock).group(1)
    header = (trees.pico_sdk / f"src/boards/include/boards/{name}.h").read_text()
    size = re.search(r"#define PICO_FLASH_SIZE_BYTES \((\d+) \* 1024 \* 1024\)", header).group(1)
    f = facts(board)
    assert int(size) << 20 == f["flash"]["bytes"]
    assert re.search(r"PICO_PLATFORM\W+(rp\d+)", header).group(1).upper() == f["chip"]
    families = {"RP2040": "0xe48bff56", "RP2350": "0xe48bff59"}
    assert f["uf2"]["family"] == families[f["chip"]]


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
    build.log.write_text("error: something else\n")
    assert build.too_large() is None


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
