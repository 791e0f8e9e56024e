# SPDX-License-Identifier: MIT
"""The flash map says the same everywhere, and the linker keeps it."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from firmware_paths import REPO, facts

PICO = REPO / "boards/rp2/RPI_PICO"


def define(text: str, name: str) -> int:
    """The value of a `#define` that is a product of numbers."""
    product = re.search(rf"#define {name}\s+\(([\d* ]+)\)", text).group(1)
    value = 1
    for factor in product.split("*"):
        value *= int(factor)
    return value


def test_regions_follow_each_other_and_fill_the_flash():
    f = facts("RPI_PICO")
    regions = [f["flash_map"][name] for name in ("firmware", "romfs", "filesystem")]
    end = 0
    for region in regions:
        assert region["offset"] == end and region["bytes"] % 4096 == 0
        end += region["bytes"]
    assert end == f["flash"]["bytes"]


def test_header_and_linker_script_say_what_the_facts_say():
    f = facts("RPI_PICO")
    header = (PICO / "mpconfigboard.h").read_text()
    assert define(header, "MICROPY_HW_ROMFS_BYTES") == f["flash_map"]["romfs"]["bytes"]
    assert define(header, "MICROPY_HW_FLASH_STORAGE_BYTES") == f["flash_map"]["filesystem"]["bytes"]
    limit = int(re.search(r"<= (0x[0-9a-f]+)", (PICO / "flash_map.ld").read_text()).group(1), 0)
    assert limit == int(f["flash"]["base"], 0) + f["flash_map"]["romfs"]["offset"]


def test_the_filesystem_is_where_the_stock_firmware_has_it(trees):
    stock = (trees.micropython / "ports/rp2/boards/RPI_PICO/mpconfigboard.h").read_text()
    ours = facts("RPI_PICO")["flash_map"]["filesystem"]
    assert ours["bytes"] == define(stock, "MICROPY_HW_FLASH_STORAGE_BYTES")
    # The port puts it at the end of flash.
    assert ours["offset"] + ours["bytes"] == facts("RPI_PICO")["flash"]["bytes"]


def test_pins_are_those_of_the_stock_board(trees):
    stock = (trees.micropython / "ports/rp2/boards/RPI_PICO/pins.csv").read_text()
    assert set((PICO / "pins.csv").read_text().split()) == set(stock.split())


@pytest.mark.parametrize(("over", "fits"), [(0, True), (1, False)])
def test_the_linker_refuses_a_firmware_that_reaches_the_romfs(tmp_path, over, fits):
    f = facts("RPI_PICO")
    end = int(f["flash"]["base"], 0) + f["flash_map"]["romfs"]["offset"] + over
    command = ["arm-none-eabi-ld", "-o", tmp_path / "a.elf", PICO / "flash_map.ld", "--entry=0"]
    empty = tmp_path / "empty.o"
    subprocess.run(["arm-none-eabi-as", "-o", empty], input=b"", check=True)
    done = subprocess.run(
        [*command, empty, f"--defsym=__flash_binary_end={end}"], capture_output=True, text=True
    )
    assert (done.returncode == 0) is fits, done.stderr
    assert ("does not fit" in done.stderr) is not fits
    # The boot stage has no such symbol and links.
    assert subprocess.run([*command, empty], capture_output=True).returncode == 0


@pytest.mark.parametrize("board", ["MPS2_AN385", "MPS2_AN386", "MPS2_AN505", "MICROBIT", "VIRT_RV32"])
def test_memory_of_the_emulated_boards(board):
    """The linker's regions are the facts, and the emulator is started with as much."""
    f = facts(board)
    text = (REPO / "boards/qemu" / board / "memory.ld").read_text()
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


def test_too_large_says_by_how_much(builder, tmp_path, monkeypatch):
    monkeypatch.setattr(builder, "OUT", tmp_path)
    folder, f = builder.boards()["RPI_PICO"]
    build = builder.Builder("RPI_PICO", folder, f, "key")
    build.obj.mkdir(parents=True)
    (build.obj / "firmware.elf.map").write_text(
        "                0x0000000010080064                __flash_binary_end = .\n"
    )
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
    changed = [*own.glob("*.ld"), *own.glob("*.mk")][0]
    changed.write_text(changed.read_text() + "\n")
    assert not build.configured(["a"])
    assert not (build.obj / "kept.o").exists()
    build.remember(["a"])
    assert not build.configured(["b"])
