# SPDX-License-Identifier: MIT
"""arena8 flash for ESP32 boards: real esptool, a double of the bootloader on a pty, every fault of a line."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import types

import esp_double
import pytest
import serial
from arena8 import boards, cli, transports
from arena8.flashers import esp_image
from esp_double import ROWS, TABLE, EspBoard, app, expected, merged, table
from esptool.cmds import image_info
from serial.tools import list_ports

VERB = "flash"
CHIPS = list(esp_double.CHIPS)
BOARD = "ESP32_GENERIC_C3"
# Before firmware of ours: MicroPython's own table for 4 MB, with files.
STOCK = (*ROWS[:2], ("factory", 0, 0, 0x10000, 0x1F0000), ("vfs", 1, 0x81, 0x200000, 0x200000))
FILES = b"\x03\0\0\0\xf0\x0f\xff\xf7littlefs"


@pytest.fixture(autouse=True)
def doubles(monkeypatch):
    esp_double.attach(monkeypatch)


@pytest.fixture
def port(tmp_path):
    return tmp_path / "ttyESP"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "firmware.bin"
    path.write_bytes(merged())
    return path


# It works


@pytest.mark.parametrize("chip", CHIPS)
def test_written_verified_and_running(run, tmp_path, port, chip):
    path = tmp_path / "firmware.bin"
    path.write_bytes(merged(chip))
    rubbish = {0x0: b"\x12" * 0x9000, 0x9000: b"settings" * 3000, 0x10000: b"old app" * 20000}
    with EspBoard(port, chip, flash=rubbish, models=[("kws", 5, 0x1234)]) as board:
        before = bytes(board.flash.data)
        code, out, err = run(path, "-p", port, "--board", esp_double.NAMES[chip], "--json")
        assert code == 0, err
        assert board.flash.data == expected(before, chip, path.read_bytes())
        report = json.loads(out)
        assert report["board"] == esp_double.NAMES[chip] and report["by"] == "esptool"
        assert report["chip"] == chip and report["mac"].startswith("24:0a:c4:")
        assert report["files_kept"] is True
        assert report["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert report["running"]["models"] == [{"name": "kws", "bytes": 5, "crc32": "00001234"}]
        assert "MicroPython v1.25.0" in err and "written and verified" in err

        writes = board.flash.writes
        code, out, err = run(path, "-p", port, "--json")
        assert code == 0, err
        assert json.loads(out)["written_bytes"] == 0 and board.flash.writes == writes
        assert json.loads(out)["board"] == esp_double.NAMES[chip], "from the chip that the file is for"


def test_the_apps_made_here_are_ones_to_esptool(file, tmp_path, capsys):
    (tmp_path / "app.bin").write_bytes(app("esp32c6", version="v1.26.0"))
    image_info(str(tmp_path / "app.bin"))
    read = esp_image.read(tmp_path / "app.bin")
    assert (read.chip, read.info["version"], read.size) == ("esp32c6", "v1.26.0", 50_000)


def test_a_board_that_runs_micropython_says_which_it_is(run, file, port):
    flash = {0x0: merged()}
    with EspBoard(port, flash=flash, models=[]) as board:
        board.reset(running=True)
        code, out, err = run(file.parent, "-p", port, "--json")
        assert code == 0, err
        assert json.loads(out)["board"] == BOARD and json.loads(out)["written_bytes"] == 0


def test_the_files_of_a_build(run, tmp_path, port):
    """Bootloader, table and app apart: by the names of the board's facts, and by ESP-IDF's list."""
    parts = {"bootloader.bin": app(size=9000, described=False), "partition-table.bin": table()}
    parts["micropython.bin"] = app()
    for name, data in parts.items():
        (tmp_path / name).write_bytes(data)
    with EspBoard(port, models=[]) as board:
        code, out, err = run(tmp_path, "-p", port, "--board", BOARD)
        assert code == 0, err
        for place, name in (
            (0, "bootloader.bin"),
            (TABLE, "partition-table.bin"),
            (0x10000, "micropython.bin"),
        ):
            assert board.flash.data[place : place + len(parts[name])] == parts[name]
    (tmp_path / "sub").mkdir()
    (tmp_path / "bootloader.bin").rename(tmp_path / "sub" / "bootloader.bin")
    listed = {"0x0": "sub/bootloader.bin", "0x8000": "partition-table.bin", "0x10000": "micropython.bin"}
    (tmp_path / "flasher_args.json").write_text(json.dumps({"flash_files": listed}))
    with EspBoard(port, models=[]) as board:
        assert run(tmp_path, "-p", port, "--board", BOARD)[0] == 0
        assert board.flash.data[: len(parts["bootloader.bin"])] == parts["bootloader.bin"]


def test_a_file_for_offset_0_of_an_esp32(run, tmp_path, port):
    """As `esptool merge-bin` makes it."""
    path = tmp_path / "whole.bin"
    path.write_bytes(b"\xff" * 0x1000 + merged("esp32"))
    with EspBoard(port, "esp32", models=[]) as board:
        assert run(path, "-p", port)[0] == 0
        assert board.flash.data[:0x1000] == b"\xff" * 0x1000
        assert board.flash.data[0x1000:0x3000] == merged("esp32")[:0x2000]


def test_an_app_alone_goes_where_the_boards_table_has_it(run, tmp_path, port):
    path = tmp_path / "micropython.bin"
    path.write_bytes(app(version="v1.26.0", seed=5))
    rows = (*ROWS[:2], ("otadata", 1, 0, 0x20000, 0x2000), ("ota_0", 0, 0x10, 0x30000, 0x100000))
    with EspBoard(port, models=[]) as board:
        code, _, err = run(path, "-p", port)
        assert code == 1 and "is an app without a partition table, and there is none on the board" in err
    flash = {0: merged(rows=rows), 0x20000: b"boot the other one"}
    with EspBoard(port, flash=flash, models=[]) as board:
        code, _, err = run(path, "-p", port)
        assert code == 0, err
        assert board.flash.data[0x30000 : 0x30000 + path.stat().st_size] == path.read_bytes()
        assert board.flash.data[0x20000:0x22000] == b"\xff" * 0x2000, "or the board starts what it did before"
    with EspBoard(port, flash={0: merged(rows=(("a", 0, 0, 0x10000, 0x4000),), size=9000)}) as board:
        code, _, err = run(path, "-p", port)
        assert code == 1 and "its partition a 16,384: 33,616 too many" in err


def test_a_distribution(run, tmp_path, port):
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / "arena8.bin").write_bytes(merged())
    entry = {"board": BOARD, "file": "arena8.bin", "models": []}
    entry["sha256"] = hashlib.sha256(merged()).hexdigest()
    (dist / "manifest.json").write_text(json.dumps({"firmware": [entry]}))
    with EspBoard(port, models=[]) as board:
        assert run(dist, "--board", BOARD, "-p", port)[0] == 0
        assert board.flash.data[:9000] == merged()[:9000]
    (dist / "arena8.bin").write_bytes(merged()[:-1])
    code, _, err = run(dist, "--board", BOARD, "-p", port)
    assert code == 1 and "SHA-256 differs" in err


# Files that are wrong


def damaged(at, data=b"\x55", chip="esp32c3"):
    whole = bytearray(merged(chip))
    whole[at : at + len(data)] = data
    return bytes(whole)


TOO_LARGE = merged(rows=(("factory", 0, 0, 0x10000, 0x8000), ("vfs", 1, 0x81, 0x18000, 0x10000)))


@pytest.mark.parametrize(
    "data, says",
    [
        (b"", "it is empty"),
        (b"\x1c\0\0\0TFL3" + bytes(600), "arena8 deploy"),
        (b"UF2\nWQ]\x9e" + bytes(504), "takes the .bin file"),
        (merged()[:5000], "it ends at 0x1388, before its partition table at 0x8000"),
        (merged()[:-100], "its app is cut off after 49,900 bytes"),
        (merged()[:0x10000], "it has no app"),
        (damaged(5000), "its bootloader is damaged: its SHA-256 differs"),
        (damaged(0x10000 + 30_000), "its app is damaged: its SHA-256 differs"),
        (damaged(0x10000), "where its app should begin is none"),
        (damaged(TABLE + 100), "the partition table is damaged: its MD5 differs"),
        (damaged(TABLE), "no partition table: row 0 starts with 5550"),
        (damaged(12, struct.pack("<H", 99)), "a chip of number 99"),
        (merged("esp32s3"), "is for esp32s3, and ESP32_GENERIC_C3 has esp32c3"),
        (merged(flash=3), "is for 8,388,608 bytes of flash, and ESP32_GENERIC_C3 has 4,194,304"),
        (merged(rows=(*ROWS[:4], ("vfs", 1, 0x81, 0x300000, 0x200000))), "is for 5,242,880 bytes"),
        (merged(rows=(*ROWS[:3], ("romfs", 1, 0x8F, 0x200000, 0x1000))), "at 0x00200000) overlaps factory"),
        (merged(rows=(("x", 1, 1, 0x9100, 0x1000), ROWS[2])), "at 0x00009100) can't lie there"),
        (TOO_LARGE, "its app has 50,000 bytes, and its partition factory 32,768: 17,232 too many"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_before_a_board_is_bothered(run, tmp_path, port, data, says):
    path = tmp_path / "some.bin"
    path.write_bytes(data)
    with EspBoard(port) as board:
        code, out, err = run(path, "-p", port, "--board", BOARD)
        assert (code, out) == (1, "")
        assert says in err and str(path) in err
        assert board.heard == 0


def test_no_such_file(run, tmp_path, port):
    code, _, err = run(tmp_path / "none.bin", "-p", port, "--board", BOARD)
    assert code == 1 and "none.bin" in err
    code, _, err = run(tmp_path, "-p", port, "--board", BOARD)
    assert code == 1 and "bootloader.bin: No such file" in err


def test_the_file_of_another_family(run, file, port):
    code, _, err = run(file, "--board", "RPI_PICO", "-p", port)
    assert code == 1 and "is no UF2 file" in err
    code, _, err = run(file, "-p", "pico-emulator")
    assert code == 2 and "no board with an ESP chip" in err


# Another chip, another flash


@pytest.mark.parametrize("there", [chip for chip in CHIPS if chip != "esp32c3"])
def test_a_wrong_chip(run, file, port, there):
    with EspBoard(port, there) as board:
        code, _, err = run(file, "-p", port)
        assert code == 1 and f"is {there} (24:0a:c4:" in err and "is for esp32c3: nothing was written" in err
        assert board.flash.writes == 0


def test_a_flash_that_is_too_small(run, file, port):
    with EspBoard(port, MB=2) as board:
        code, _, err = run(file, "-p", port)
        assert (
            code == 1 and "has 2,097,152 bytes, and" in err and "is for 4,194,304: nothing was written" in err
        )
        assert board.flash.writes == 0


def test_a_chip_that_encrypts_its_flash(run, file, port, monkeypatch):
    from esptool.targets import CHIP_DEFS

    monkeypatch.setattr(CHIP_DEFS["esp32c3"], "get_flash_encryption_enabled", lambda self: True)
    with EspBoard(port) as board:
        code, _, err = run(file, "-p", port)
        assert code == 1 and "encrypts its flash" in err
        assert board.flash.writes == 0


# The user's files


def test_files_elsewhere_are_not_lost_by_accident(run, file, port):
    flash = {0: merged(rows=STOCK), 0x200000: FILES}
    with EspBoard(port, flash=flash, models=[]) as board:
        before = bytes(board.flash.data)
        code, _, err = run(file, "-p", port)
        assert code == 1 and "refused, for the sake of the files" in err and "--erase-filesystem" in err
        assert "keeps the files on the board in 1,048,576 bytes at 0x00300000" in err
        assert "the board's are 2,097,152 bytes at 0x00200000" in err
        assert board.flash.data == before
        assert board.running, "it is started again"
        code, out, err = run(file, "-p", port, "--erase-filesystem", "--json")
        assert code == 0, err
        assert json.loads(out)["files_kept"] is False and "warning: it keeps the files" in err
        assert board.flash.data[0x300000:] == b"\xff" * 0x100000


def test_a_place_without_files_is_free(run, file, port):
    with EspBoard(port, flash={0: merged(rows=STOCK)}, models=[]) as board:
        assert run(file, "-p", port)[0] == 0
    assert board.flash.data[0x300000:] == b"\xff" * 0x100000


def test_files_in_the_same_place_stay(run, file, port):
    flash = {0: merged(size=30_000), 0x300000: FILES, 0x260000: b"\xd2\xcd\x31\x04abcd", 0x9000: b"wifi"}
    with EspBoard(port, flash=flash, models=[]) as board:
        code, out, err = run(file, "-p", port, "--json")
        assert code == 0 and json.loads(out)["files_kept"] is True
        for at in (0x300000, 0x260000, 0x9000):
            assert board.flash.data[at : at + len(flash[at])] == flash[at]
        code, out, err = run(file, "-p", port, "--erase-filesystem", "--json")
        assert code == 0 and json.loads(out)["files_kept"] is False
        assert board.flash.data[0x300000:] == b"\xff" * 0x100000
        assert board.flash.data[0x260000:0x260008] == flash[0x260000]


def test_a_romfs_that_the_file_brings(run, tmp_path, port):
    path = tmp_path / "firmware.bin"
    path.write_bytes(merged().ljust(0x260000, b"\xff") + b"\xd2\xcd\x31\x00")
    with EspBoard(port, flash={0: merged(), 0x260000: b"\xd2\xcd\x31\x04abcd"}, models=[]) as board:
        code, _, err = run(path, "-p", port)
        assert code == 1 and "overwrites 4,096 bytes of the ROMFS (655,360 bytes at 0x00260000)" in err
        assert run(path, "-p", port, "--erase-filesystem")[0] == 0
        assert board.flash.data[0x260000:0x260005] == b"\xd2\xcd\x31\x00\xff"


def test_data_of_another_firmware_where_the_filesystem_goes(run, file, port):
    with EspBoard(port, flash={0x300000: b"somebody's"}, models=[]) as board:
        code, _, err = run(file, "-p", port)
        assert code == 1 and "lies where other data is" in err
        assert run(file, "-p", port, "--erase-filesystem")[0] == 0
        assert board.flash.data[0x300000:] == b"\xff" * 0x100000


def test_backup(run, file, port, tmp_path):
    with EspBoard(port, flash={0: merged()}, models=[]) as board:
        board.reset(running=True)
        original = board._import

        def with_files(name, *args):
            if name == "os":
                return types.SimpleNamespace(ilistdir=lambda path: [("main.py", 0x8000, 0, 5)])
            return original(name, *args)

        board._import = with_files
        board.initial = {"open": lambda name, mode: io.BytesIO(b"hello")}
        code, out, err = run(file, "-p", port, "--backup", tmp_path / "kept", "--json")
        assert code == 0, err
        assert json.loads(out)["backup"]["files"] == 1
    assert (tmp_path / "kept" / "main.py").read_bytes() == b"hello"


# No board


def test_no_board(run, file, port):
    code, out, err = run(file)
    assert (code, out) == (3, "") and "no serial port behind which ESP32_GENERIC_C3 may be" in err
    code, _, err = run(file, "-p", port)
    assert code == 3 and f"no port {port}" in err


def test_a_board_that_does_not_answer(run, file, port):
    with EspBoard(port, mute=True):
        code, _, err = run(file, "-p", port)
        assert code == 3 and "no ESP chip answers" in err and "hold BOOT" in err


def test_a_busy_port(run, file, port):
    with EspBoard(port), serial.Serial(str(port), exclusive=True):
        code, _, err = run(file, "-p", port)
        assert code == 3 and f"{port} is busy" in err


def usb(device, vid=0x10C4, pid=0xEA60):
    return types.SimpleNamespace(
        device=str(device), vid=vid, pid=pid, serial_number="1", description="CP2102"
    )


def test_ports_found_by_their_usb_bridge(run, file, port, monkeypatch):
    monkeypatch.setattr(list_ports, "comports", lambda: [usb(port), usb("/dev/ttyS9", None, None)])
    with EspBoard(port, models=[]):
        assert run(file)[0] == 0
        assert run(file.parent)[0] == 0, "it runs MicroPython by now, and says what it is"
    monkeypatch.setattr(list_ports, "comports", lambda: [usb(port), usb("/dev/ttyUSB7", 0x1A86, 0x7523)])
    code, _, err = run(file)
    assert code == 3 and "2 boards are connected" in err and "/dev/ttyUSB7 CP2102" in err


def test_other_commands_find_it_too(port, monkeypatch, capsys):
    monkeypatch.setattr(list_ports, "comports", lambda: [usb(port)])
    with EspBoard(port, flash={0: merged()}, models=[("kws", 5, 7)]) as board:
        board.reset(running=True)
        assert transports.device(None) == str(port)
        assert cli.main(["boards", "--json"]) == 0
        (found,) = json.loads(capsys.readouterr().out)["connected"]
        assert (found["port"], found["board"]) == (str(port), BOARD)
        assert found["running"]["models"][0]["name"] == "kws"
    with EspBoard(port) as board:
        board.reset(running=True)
        assert cli.main(["boards", "--json", "--timeout", "1"]) == 0
        (found,) = json.loads(capsys.readouterr().out)["connected"]
        assert found["running"] is None and "`arena8 flash` puts MicroPython on it" in found["error"]


def test_a_board_that_comes_back_under_another_name(run, file, port, tmp_path, monkeypatch):
    """As one with USB of its own may."""
    other = tmp_path / "ttyOther"
    with EspBoard(port, models=[]) as board:
        monkeypatch.setattr(
            list_ports, "comports", lambda: [usb(other if board.running else port, 0x303A, 0x4001)]
        )
        other.symlink_to(board.device)
        code, out, err = run(file, "--json")
        assert code == 0, err
        assert json.loads(out)["port"] == str(other)


# What goes wrong on the way


@pytest.mark.parametrize("at", [5_000, 30_000, 55_000])
@pytest.mark.parametrize("fault", ["cut", "reset"])
def test_a_line_that_is_lost_and_comes_back(run, file, port, fault, at):
    with EspBoard(port, back=0.2, **{fault: at}, models=[]) as board:
        code, out, err = run(file, "-p", port, "--board", BOARD, "--json")
        assert code == 0, err
        assert board.flash.data == expected(b"\xff" * (4 << 20), "esp32c3", file.read_bytes())
        assert json.loads(out)["losses"] >= 1 and "connecting again" in err


def test_a_line_that_is_lost_at_once(run, file, port):
    with EspBoard(port, cut=10, models=[]) as board:
        code, _, err = run(file, "-p", port)
        assert code == 3 and str(port) in err
        assert board.flash.writes == 0


def test_a_line_that_is_lost_for_good(run, file, port):
    with EspBoard(port, cut=60_000, models=[]) as board:
        code, out, err = run(file, "-p", port)
        assert (code, out) == (3, "")
        assert f"{port} was lost after" in err and "bytes, so what is on the chip is not whole" in err
        before = board.flash
    with EspBoard(port, models=[]) as board:
        board.flash = before
        code, out, err = run(file, "-p", port, "--json")
        assert code == 0, err
        assert 0 < json.loads(out)["written_bytes"] < json.loads(out)["flash_bytes"], "it goes on"


def test_another_chip_after_the_line_was_lost(run, file, port):
    with EspBoard(port, cut=60_000, back=0.2, then="esp32c6") as board:
        code, _, err = run(file, "-p", port)
        assert code == 1 and "another chip is on" in err and "esp32c6" in err
        assert board.flash.data[0x10000:] != merged()[0x10000:]


@pytest.mark.parametrize(
    "faults",
    [
        {"change": {50_000: 0x10}},  # the block's checksum tells
        {"change": {50_000: 0x10, 50_100: 0x10}},  # it does not; MD5 does
        {"change": {at: 0x21 for at in range(40_000, 40_040)}},
        {"lose": [50_000]},
        {"lose": [60_000, 60_001, 61_000]},
    ],
    ids=["byte", "bytes that cancel", "burst", "lost byte", "lost bytes"],
)
def test_bytes_that_change_or_vanish_on_the_way(run, file, port, faults):
    with EspBoard(port, models=[], **faults) as board:
        code, _, err = run(file, "-p", port)
        assert code == 0, err
        assert board.flash.data == expected(b"\xff" * (4 << 20), "esp32c3", file.read_bytes())


@pytest.mark.parametrize("offset, begin", [(0x10000, "begin_defl"), (0x18000, "begin_plain")])
def test_a_command_that_was_changed_on_its_way(run, file, port, offset, begin):
    """Commands have no checksum: one of them makes the chip write elsewhere, into the files."""
    with EspBoard(port, flash={0: merged(size=9_000), 0x300000: FILES}, models=[]) as board:
        right = getattr(board.flash, begin)

        def astray(payload):
            size, blocks, block, place = struct.unpack_from("<IIII", payload)
            if place == offset:
                setattr(board.flash, begin, right)
                place ^= 0x300000
            right(struct.pack("<IIII", size, blocks, block, place) + payload[16:])

        setattr(board.flash, begin, astray)
        code, _, err = run(file, "-p", port)
        assert code == 3 and "changed a command on its way" in err and "in vfs (1,048,576 bytes" in err
        assert not board.running


def test_flash_that_does_not_hold(run, file, port):
    """MD5 tells, again and again."""
    with EspBoard(port, stuck=0x10000 + 5_000) as board:
        code, _, err = run(file, "-p", port)
        assert code == 3 and "does not hold what was written to it" in err and "at 0x10000, 3 times" in err
        assert not board.running


# Proof


def test_the_board_does_not_start(run, file, port):
    with EspBoard(port, models=[], silent=True) as board:
        code, _, err = run(file, "-p", port, "--timeout", "1")
        assert code == 3 and "was written and verified, but the board did not answer" in err
        assert board.flash.data[:9000] == merged()[:9000]


def test_another_firmware_runs(run, file, port):
    with EspBoard(port, models=[], version="1.24.1"):
        code, _, err = run(file, "-p", port)
        assert code == 1 and "runs MicroPython 1.24.1, and" in err and "is v1.25.0" in err
    about = {"models": [{"name": "kws", "bytes": 5, "crc32": "00000007"}]}
    file.with_name("firmware.json").write_text(json.dumps(about))
    with EspBoard(port, models=[]):
        code, _, err = run(file, "-p", port)
        assert code == 1 and "the board kept another firmware" in err


def test_the_boards_that_are_known():
    found = {b.facts["esp"]["chip"] for b in boards.all_boards().values() if b.facts.get("port") == "esp32"}
    assert found >= set(CHIPS)
