# SPDX-License-Identifier: MIT
"""ESP32 boards: partition tables by the rules of ESP-IDF's generator, facts that agree, settings, images."""

from __future__ import annotations

import re
import struct
import subprocess

import arena8
import pytest
from firmware_paths import MODEL, REPO, facts

ESP32 = REPO / "boards/esp32"
BOARDS = sorted(path.parent.name for path in ESP32.glob("*/facts.json"))
TABLE_END = 0x9000
TYPES = {"app": 0, "data": 1}
SUBTYPES = {("app", "factory"): 0, ("data", "phy"): 1, ("data", "nvs"): 2, ("data", "fat"): 0x81}
# The offset that the chip's boot ROM reads the bootloader from, by Espressif's esptool.
CHIPS = {"esp32": "ESP32ROM", "esp32s3": "ESP32S3ROM", "esp32c3": "ESP32C3ROM", "esp32c6": "ESP32C6ROM"}


def partitions(text: str) -> list[tuple[str, str, str, int, int]]:
    """The rows of a table: name, type, subtype, offset, bytes."""
    rows = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, kind, subtype, offset, size = (field.strip() for field in line.split(",")[:5])
            rows.append((name, kind, subtype, int(offset, 0), int(size, 0)))
    return rows


def faults(rows, flash_bytes: int) -> list[str]:
    """What ESP-IDF's generator, or the chip, would not take."""
    found = []
    names = [row[0] for row in rows]
    found += [f"{name} is there twice" for name in set(names) if names.count(name) > 1]
    end = TABLE_END
    for name, kind, subtype, offset, size in rows:
        if kind not in TYPES:
            found.append(f"{name} has type {kind}")
        elif (kind, subtype) not in SUBTYPES and not 0 <= int(subtype, 0) <= 0xFE:
            found.append(f"{name} has subtype {subtype}")
        if len(name) > 16:
            found.append(f"{name} is longer than 16")
        if offset < end:
            found.append(f"{name} at 0x{offset:x} overlaps what ends at 0x{end:x}")
        if offset % (0x10000 if kind == "app" else 0x1000) or size % 0x1000 or size <= 0:
            found.append(f"{name} is not aligned")
        end = max(end, offset + size)
    if end > flash_bytes:
        found.append(f"0x{end:x} is behind the end of flash")
    return found


def table(board: str):
    f = facts(board)
    return partitions((ESP32 / board / f["esp"]["partitions"]).read_text())


@pytest.mark.parametrize("board", BOARDS)
def test_partition_table_keeps_the_rules(board):
    assert faults(table(board), facts(board)["flash"]["bytes"]) == []


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (("vfs", "data", "fat", 0x3FF000, 0x2000), "behind the end"),
        (("app1", "app", "factory", 0x388000, 0x10000), "not aligned"),
        (("x", "data", "fat", 0x380800, 0x1000), "not aligned"),
        (("x", "data", "fat", 0x200000, 0x1000), "overlaps"),
        (("nvs", "data", "nvs", 0x380000, 0x1000), "twice"),
        (("a_name_longer_than_it", "data", "nvs", 0x380000, 0x1000), "longer"),
        (("x", "dat", "fat", 0x380000, 0x1000), "type"),
    ],
)
def test_the_rules_find_faults(row, word):
    good = [("nvs", "data", "nvs", 0x9000, 0x6000), ("factory", "app", "factory", 0x10000, 0x370000)]
    assert faults(good, 4 << 20) == []
    assert any(word in fault for fault in faults([*good, row], 4 << 20))


@pytest.mark.parametrize("board", BOARDS)
def test_facts_say_what_the_table_says(board):
    f = facts(board)
    rows = {name: (kind, subtype, offset, size) for name, kind, subtype, offset, size in table(board)}
    # MicroPython looks for data partitions with these two names.
    for name, region in (("factory", "firmware"), ("romfs", "romfs"), ("vfs", "filesystem")):
        place = f["flash_map"][region]
        assert rows[name][2:] == (place["offset"], place["bytes"])
    assert rows["factory"][:2] == ("app", "factory") and rows["romfs"][0] == rows["vfs"][0] == "data"
    assert rows["factory"][2] == int(f["esp"]["images"]["micropython.bin"], 0)
    assert rows["vfs"][2] + rows["vfs"][3] == f["flash"]["bytes"]
    assert f["esp"]["flash_size"] == f"{f['flash']['bytes'] >> 20}MB"
    # A ROMFS begins where a page of the memory map does, so that models in it keep their alignment.
    assert rows["romfs"][2] % 0x10000 == 0
    assert rows["romfs"][3] >= 512 << 10


@pytest.mark.parametrize("board", BOARDS)
def test_images_lie_where_the_chip_reads_them(board):
    from esptool.targets import CHIP_DEFS

    f = facts(board)
    chip = CHIP_DEFS[f["esp"]["chip"]]
    assert chip.__name__ == CHIPS[f["esp"]["chip"]]
    places = {name: int(at, 0) for name, at in f["esp"]["images"].items()}
    assert places["bootloader.bin"] == chip.BOOTLOADER_FLASH_OFFSET
    assert places["partition-table.bin"] == TABLE_END - 0x1000


# Bytes of MicroPython's own app: of the RISC-V chips built for size, as MicroPython's developers reported in
# 2025; of the others by a user's report of the ESP32 (1,712,512), rounded up. 10 % are for what comes.
STOCK_APPS = {"esp32": 1_750_000, "esp32s3": 1_750_000, "esp32c3": 1_636_624, "esp32c6": 1_813_216}
# All operators (193,237 by gcc-xtensa-lx106 at this writing) and the binding.
MODULE = 220_000


@pytest.mark.parametrize("board", BOARDS)
def test_a_generic_firmware_fits_with_a_model(board):
    f = facts(board)
    assert STOCK_APPS[f["esp"]["chip"]] * 1.1 + MODULE + 100_000 < f["flash_map"]["firmware"]["bytes"]


@pytest.mark.parametrize("board", BOARDS)
def test_the_port_finds_our_settings(board, trees, tmp_path):
    """What the port's own CMakeLists.txt does with a board folder, up to where ESP-IDF takes over."""
    port = trees.micropython / "ports/esp32"
    (tmp_path / "idf/tools/cmake").mkdir(parents=True)
    (tmp_path / "idf/tools/cmake/project.cmake").write_text(
        "macro(project)\n"
        'file(WRITE ${CMAKE_BINARY_DIR}/said "${IDF_TARGET}|${MICROPY_DEF_BOARD}")\n'
        "endmacro()\n"
    )
    done = subprocess.run(
        ["cmake", "-S", port, "-B", tmp_path / "out", f"-DMICROPY_BOARD={board}"]
        + [f"-DMICROPY_BOARD_DIR={ESP32 / board}"],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "IDF_PATH": str(tmp_path / "idf")},
    )
    assert done.returncode == 0, done.stderr
    f = facts(board)
    target, definitions = (tmp_path / "out/said").read_text().split("|")
    assert (target or "esp32") == f["esp"]["chip"]
    settings = {}
    for line in (tmp_path / "out/sdkconfig.combined").read_text().splitlines():
        if match := re.fullmatch(r"(CONFIG_\w+)=(.*)", line):
            settings[match[1]] = match[2].strip('"')
    file = settings["CONFIG_PARTITION_TABLE_CUSTOM_FILENAME"]
    assert file == str((ESP32 / board / f["esp"]["partitions"]).resolve())
    assert settings["CONFIG_PARTITION_TABLE_CUSTOM"] == "y"
    sizes = [key for key, value in settings.items() if "ESPTOOLPY_FLASHSIZE_" in key and value == "y"]
    assert sizes == [f"CONFIG_ESPTOOLPY_FLASHSIZE_{f['esp']['flash_size']}"]
    octal = settings.get("CONFIG_SPIRAM_MODE_OCT") == "y"
    assert octal is board.endswith("-SPIRAM_OCT")
    assert ("Octal-SPIRAM" in definitions) is octal


@pytest.mark.parametrize("board", BOARDS)
def test_romfs_is_on(board, trees, tmp_path):
    """The board's header, read as the port reads it, and not where someone has switched it off."""
    port = trees.micropython / "ports/esp32"
    source = '#include "mpconfigboard.h"\nvalue MICROPY_VFS_ROM name MICROPY_HW_BOARD_NAME\n'
    command = ["gcc", "-E", "-P", f"-I{port}", f"-I{ESP32 / board}", "-"]
    for options, value in (([], "(1)"), (["-DMICROPY_VFS_ROM=0"], "0")):
        done = subprocess.run([*command, *options], input=source, capture_output=True, text=True, check=True)
        assert f"value {value} name" in done.stdout
        assert "ESP32" in done.stdout.split("name")[1]


# ------------------------------------------------------------------ what comes out of a build


@pytest.fixture(scope="module")
def esp32(builder):
    return builder.esp32


def app_image(*segments: tuple[int, bytes]) -> bytes:
    """An app image with these segments, as Espressif's tool writes the part that a loader reads."""
    head = struct.pack("<BBBBI", 0xE9, len(segments), 2, 0x20, segments[0][0]) + bytes(16)
    return head + b"".join(struct.pack("<II", address, len(data)) + data for address, data in segments)


def test_a_model_is_found_in_an_image(esp32):
    image = app_image((0x3F400020, b"rodata" * 10), (0x400D0020, b"text" * 8))
    at = esp32.offset_of(image, 0x3F400020 + 12, 6)
    assert image[at : at + 6] == b"rodata"
    at = esp32.offset_of(image, 0x400D0020, 32)
    assert image[at : at + 32] == b"text" * 8
    with pytest.raises(esp32.EspError, match="no segment"):
        esp32.offset_of(image, 0x3F400020 + 58, 6)
    with pytest.raises(esp32.EspError, match="cut off"):
        esp32.offset_of(image[:-1], 0x3F400020, 1)
    with pytest.raises(esp32.EspError, match="not an image"):
        esp32.offset_of(b"\x7fELF" + image, 0x3F400020, 1)


def test_segments_are_those_that_esptool_reads(esp32, tmp_path):
    from esptool.bin_image import ESP32C3FirmwareImage, ImageSegment

    image = ESP32C3FirmwareImage()
    image.entrypoint = 0x40380000
    pieces = [(0x3C000020, bytes(range(200))), (0x40380000, b"code" * 16), (0x42010020, b"text" * 50)]
    for address, data in pieces:
        segment = ImageSegment(address, data, 0)
        segment.name = ".text"
        image.segments.append(segment)
    path = tmp_path / "app.bin"
    image.save(str(path))
    data = path.read_bytes()
    for address, piece in pieces:
        at = esp32.offset_of(data, address, len(piece))
        assert data[at : at + len(piece)] == piece
        if address < 0x40000000:
            # The chip maps flash by pages of 64 KB: an aligned address is as aligned in the file.
            assert (address - at) % 0x10000 == 0


def test_images_are_merged_at_their_places(esp32):
    merged = esp32.merge({0x8000: b"table", 0x1000: b"boot", 0x10000: b"app"})
    assert merged[:4] == b"boot" and merged[0x7000:0x7005] == b"table" and merged[0xF000:] == b"app"
    assert set(merged[4:0x7000]) == {0xFF}
    with pytest.raises(esp32.EspError, match="0x8000 begins before"):
        esp32.merge({0x1000: bytes(0x7001), 0x8000: b"table"})


def test_what_is_missing_is_named_with_the_way_out(esp32, trees, tmp_path):
    board = "ESP32_GENERIC_S3-SPIRAM_OCT"
    with pytest.raises(esp32.EspError) as caught:
        esp32.requirements(board, {})
    text = str(caught.value)
    assert "MICROPYTHON_DIR" in text and "IDF_PATH: ESP-IDF 5.4" in text and "espressif/idf:v5.4" in text
    assert f"make firmware BOARD={board}" in text and "\n" not in text

    own = tmp_path / "micropython"
    (own / "py").mkdir(parents=True)
    (own / "py/mpconfig.h").write_text((trees.micropython / "py/mpconfig.h").read_text())
    idf = tmp_path / "idf"
    (idf / "tools/cmake").mkdir(parents=True)
    environment = {"MICROPYTHON_DIR": str(own), "IDF_PATH": str(idf)}
    with pytest.raises(esp32.EspError) as caught:
        esp32.requirements(board, environment)
    text = str(caught.value)
    assert "lib/micropython-lib and lib/tinyusb" in text and "BOARD=ESP32_GENERIC_S3 submodules" in text
    assert "is no ESP-IDF" in text and "a git checkout" not in text

    for name in esp32.SUBMODULES:
        (own / name).parent.mkdir(parents=True)
        (own / name).write_text("")
    (idf / "tools/cmake/project.cmake").write_text("")
    version = idf / "tools/cmake/version.cmake"
    version.write_text("set(IDF_VERSION_MAJOR 5)\nset(IDF_VERSION_MINOR 5)\nset(IDF_VERSION_PATCH 1)\n")
    with pytest.raises(esp32.EspError, match=r"ESP-IDF 5\.5, and MicroPython 1\.25\.0 wants 5\.4"):
        esp32.requirements(board, environment)
    version.write_text("set(IDF_VERSION_MAJOR 5)\nset(IDF_VERSION_MINOR 4)\nset(IDF_VERSION_PATCH 2)\n")
    assert esp32.requirements(board, environment) == idf


def test_series_of_idf_by_micropython(esp32):
    assert [esp32.series_for(v) for v in ("1.25.0", "1.26.1", "1.27.0", "1.29.0-preview")] == [
        "5.4",
        "5.4",
        "5.5",
        "5.5",
    ]
    with pytest.raises(esp32.EspError, match="too old"):
        esp32.series_for("1.24.1")


@pytest.mark.parametrize("board", BOARDS)
def test_an_arena_in_internal_ram_where_the_heap_is_not(board, builder):
    """Models that are deployed later find one, of what person_detect takes and more; a number says it all."""
    least = facts(board)["ram"].get("static_arena", 0)
    assert (least > 0) == ("SPIRAM" in board)
    own = arena8.arena_size(str(MODEL), "xtensa")
    assert least % 16 == 0 and (least == 0 or least >= 72432 > own)
    assert builder.arena_bytes("auto", [], "xtensa", least) == least
    assert builder.arena_bytes("auto", [MODEL], "xtensa", least) == max(least, own)
    assert builder.arena_bytes("auto", [MODEL], "xtensa", 16) == own
    assert builder.arena_bytes("0", [MODEL], "xtensa", least) == 0
