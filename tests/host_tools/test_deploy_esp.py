# SPDX-License-Identifier: MIT
"""arena8 deploy on ESP32 boards: by MicroPython's partition object, and by the bootloader."""

from __future__ import annotations

import json

import arena8
import esp_double
import pytest
from arena8 import romfs
from esp_double import ROWS, EspBoard, merged
from test_deploy import BLOCK, DIGITS, IRIS, OTHERS, modules

VERB = "deploy"
PLACE, SIZE = ROWS[3][3], ROWS[3][4]
FIRMWARE = merged(size=9_000)


@pytest.fixture(autouse=True)
def doubles(monkeypatch):
    esp_double.attach(monkeypatch, chunk=8192)


@pytest.fixture
def port(tmp_path):
    return tmp_path / "ttyESP"


class Part(bytearray):
    """esp32.Partition of the ROMFS: flash mapped for reading, blocks of 4 KB."""

    def __init__(self, board):
        self.board = board
        super().__init__(board.flash.data[PLACE : PLACE + SIZE])

    def ioctl(self, op, argument):
        if op == 6:
            self.board.flash.erase_region(PLACE + argument * BLOCK, BLOCK)
            self[:] = self.board.flash.data[PLACE : PLACE + SIZE]
        return {5: BLOCK, 6: 0}.get(op)

    def writeblocks(self, block, data, offset=None):
        at = PLACE + block * BLOCK + (offset or 0)
        if offset is None:
            self.board.flash.erase_region(at, len(data))
        self.board.flash._program(at, bytes(data))
        self[:] = self.board.flash.data[PLACE : PLACE + SIZE]


class Mpy:
    """The ROMFS as MicroPython on the board sees it."""

    def __init__(self, board):
        self.board = board

    def rom_ioctl(self, op, *arguments):
        return {1: lambda: 1, 2: lambda: Part(self.board)}[op]()

    def files(self):
        return files(self.board)


def files(board):
    image = bytes(board.flash.data[PLACE : PLACE + SIZE])
    return romfs.parse(image) if romfs.size_of(image[:12]) is not None else None


def board_with(port, content=None, romfs_start=romfs.START, **faults):
    """A board that runs our firmware, with these files in its ROMFS."""
    flash = {0: FIRMWARE, 0x300000: b"files of the user"}
    if content:
        flash[PLACE] = romfs.build(content, romfs_start)
    board = EspBoard(port, flash=flash, **faults)
    board.faults["modules"] = modules(Mpy(board))
    board.reset(running=True)
    return board


def rest(board):
    """All flash but the ROMFS."""
    return bytes(board.flash.data[:PLACE] + board.flash.data[PLACE + SIZE :])


@pytest.mark.parametrize("method", ["repl", "esptool"])
def test_deployed_beside_files_of_others(run, port, method):
    with board_with(port, {**OTHERS, "iris.tflite": b"an older one"}) as board:
        before = rest(board)
        code, out, err = run(IRIS, "-p", port, "--method", method, "--json")
        assert code == 0, err
        assert files(board) == {**OTHERS, "iris.tflite": IRIS.read_bytes()}
        assert rest(board) == before
        report = json.loads(out)
        assert report["board"] == "ESP32_GENERIC_C3" and report["romfs_bytes"] == SIZE
        entry = next(e for e in report["files"] if e["path"] == "iris.tflite")
        assert entry["change"] == "replaced" and entry["arena_bytes"] == arena8.arena_size(IRIS)
        for _, offset, _ in romfs.places(bytes(board.flash.data[PLACE : PLACE + SIZE])):
            assert offset % 16 == 0
        assert board.running, "MicroPython runs again"

        code, out, err = run(IRIS, "-p", port, "--method", method, "--json")
        assert code == 0 and json.loads(out)["written_bytes"] == 0

        code, out, _ = run("--list", "-p", port, "--method", method, "--json")
        assert [e["path"] for e in json.loads(out)["files"]] == [*OTHERS, "iris.tflite"]
        assert run("--remove", "iris", DIGITS, "-p", port, "--method", method)[0] == 0
        assert files(board) == {**OTHERS, "digits.tflite": DIGITS.read_bytes()}


def test_one_way_after_the_other(run, port):
    with board_with(port) as board:
        assert run(DIGITS, "-p", port, "--method", "esptool")[0] == 0
        assert run(IRIS, "-p", port)[0] == 0
        assert run("--remove", "digits", "-p", port, "--method", "esptool")[0] == 0
        assert files(board) == {"iris.tflite": IRIS.read_bytes()}
        assert run("--fresh", "-p", port, "--method", "esptool")[0] == 0
        assert files(board) is None


def test_a_backup_is_written_back(run, port, tmp_path):
    (tmp_path / "old.img").write_bytes(romfs.build(OTHERS))
    with board_with(port) as board:
        assert run("--restore", tmp_path / "old.img", "-p", port, "--method", "esptool")[0] == 0
        assert files(board) == OTHERS


@pytest.mark.parametrize("operation", range(1, 7))
def test_power_lost_at_any_write(run, port, operation):
    """The cable goes in the middle of the Nth write to flash: then there is the old ROMFS, or none, or the
    new one, and the next time it works."""
    with board_with(port, OTHERS) as board:
        program, count = board.flash._program, [0]

        def cut(at, data):
            count[0] += 1
            if count[0] == operation:
                program(at, data[: len(data) // 2])
                board.pull()
            program(at, data)

        board.flash._program = cut
        code, _, err = run(DIGITS, "-p", port, "--method", "esptool")
        assert files(board) in (None, OTHERS, {**OTHERS, "digits.tflite": DIGITS.read_bytes()})
        assert (code == 0) == (count[0] < operation), err
        assert count[0] >= min(operation, 3)
        if code:
            assert code == 3 and "--restore" in err
        before = board.flash.data
    if code:
        (saved,) = (port.parent / "cache" / "arena8").glob("*.img")
        with board_with(port) as board:
            board.flash.data = before
            assert run("--restore", saved, "-p", port, "--method", "esptool")[0] == 0
            assert files(board) == OTHERS


def test_a_line_that_comes_back(run, port):
    with board_with(port, OTHERS, back=0.2, reset=14_000) as board:
        code, _, err = run(DIGITS, "-p", port, "--method", "esptool")
        assert code == 0, err
        assert "connecting again" in err
        assert files(board) == {**OTHERS, "digits.tflite": DIGITS.read_bytes()}


def test_too_large(run, port, tmp_path):
    large = tmp_path / "large.tflite"
    large.write_bytes(IRIS.read_bytes() + bytes(SIZE - 4096))
    with board_with(port, OTHERS) as board:
        writes = board.flash.writes
        code, _, err = run(large, "-p", port, "--method", "esptool")
        assert code == 1 and "don't fit into the ROMFS" in err and "655,360" in err
        assert board.flash.writes == writes and files(board) == OTHERS
        assert board.running


def test_boards_without_a_romfs(run, port):
    with board_with(port) as board:
        board.flash.data[: len(FIRMWARE)] = merged(rows=(*ROWS[:3], ROWS[4]), size=9_000)
        code, _, err = run(DIGITS, "-p", port, "--method", "esptool")
        assert code == 1 and "has no ROMFS partition" in err
        board.flash.data[0x8000:0x8C00] = b"\xff" * 0xC00
        board.reset(running=False)
        code, _, err = run(DIGITS, "-p", port, "--method", "esptool", "--timeout", "1")
        assert code == 1 and "runs no MicroPython: the partition table is empty" in err


def test_a_program_that_cannot_be_stopped(run, port):
    """Then the bootloader can still write, and the board has to answer afterwards."""
    with board_with(port, program="stubborn") as board:
        code, _, err = run(DIGITS, "-p", port, "--method", "esptool", "--timeout", "1")
        assert "is not checked before" in err
        assert files(board) == {"digits.tflite": DIGITS.read_bytes()}
        assert code == 3 and "the ROMFS was written and verified, but the board did not answer" in err


@pytest.mark.parametrize("where", ["unix", "pico-emulator", "qemu:MICROBIT"])
def test_boards_without_an_esp_chip(run, where):
    code, _, err = run(DIGITS, "-p", where, "--method", "esptool")
    assert code == 2 and "has no ESP chip" in err


def test_no_board(run):
    code, _, err = run(DIGITS, "--method", "esptool")
    assert code == 3 and "no serial port is here" in err
