# SPDX-License-Identifier: MIT
"""arena8 flash: BOOTSEL drives that are folders, boards on ptys, files that are wrong in every way."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import struct
import threading
import time
import types

import pytest
import serial
from arena8 import boards
from arena8.flashers import bootsel, uf2
from arena8.verbs import flash
from fake_board import FakeBoard
from serial.tools import list_ports

VERB = "flash"
RP2040, RP2350, ABSOLUTE = 0xE48BFF56, 0xE48BFF59, 0xE48BFF57
FLASH = 0x10000000
STORAGE = 1408 * 1024
FILES = FLASH + 2 * 1024 * 1024 - STORAGE


def block(address, data, number, count, family=RP2040, flags=0x2000):
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, flags, address, len(data), number, count, family)
    return (head + data).ljust(508, b"\0") + struct.pack("<I", 0x0AB16F30)


def uf2_of(image, base=FLASH, family=RP2040):
    """As uf2conv makes it."""
    count = -(-len(image) // 256)
    pieces = [image[i * 256 : (i + 1) * 256].ljust(256, b"\0") for i in range(count)]
    return b"".join(block(base + i * 256, piece, i, count, family) for i, piece in enumerate(pieces))


def firmware(files=FILES, size=STORAGE, version=b"v1.25.0", length=20000):
    """The flash of a firmware with binary info: its version, and where it keeps files unless files is 0."""
    image = bytearray(b"\x5a" * length)
    info, at = [], 0x400

    def place(data):
        nonlocal at
        image[at : at + len(data)] = data
        at += -(-len(data) // 4) * 4
        return FLASH + at - -(-len(data) // 4) * 4

    text = place(version + b"\0")
    info.append(place(struct.pack("<HHII", 6, 0x5052, 0x11A9BC3A, text)))
    if files:
        name = place(b"MicroPython\0")
        info.append(place(struct.pack("<HHIIIIH", 7, 0x504D, name, files, size, 0, 0)))
    table = place(struct.pack(f"<{len(info)}I", *info))
    head = struct.pack("<5I", 0x7188EBF2, table, table + 4 * len(info), 0, 0xE71AA390)
    image[0x100 : 0x100 + len(head)] = head
    return bytes(image)


class Pico(FakeBoard):
    """A board that says it is a Pico. gone_in closes the line when it goes to its bootloader."""

    def __init__(self, build="RPI_PICO", version=(1, 25, 0), storage=STORAGE, **faults):
        self.about = types.SimpleNamespace(name="micropython", version=version, _build=build, _machine="Pico")
        self.storage = storage
        super().__init__(**{"gone_in": "machine.bootloader()", "models": [], **faults})

    def _import(self, name, *args):
        if name == "sys":
            return types.SimpleNamespace(implementation=self.about)
        if name == "rp2":
            return types.SimpleNamespace(
                Flash=lambda: types.SimpleNamespace(
                    ioctl=lambda op, _: {4: self.storage // 4096, 5: 4096}[op]
                )
            )
        return super()._import(name, *args)


class Port:
    def __init__(self, device, serial_number="E66", vid=0x2E8A, pid=0x0005):
        self.device, self.serial_number, self.vid, self.pid = device, serial_number, vid, pid


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(flash, "DRIVE_SECONDS", 1.0)
    monkeypatch.setattr(flash, "BOOT_SECONDS", 3.0)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "firmware.uf2"
    path.write_bytes(uf2_of(firmware()))
    return path


@pytest.fixture
def drive(tmp_path, monkeypatch):
    """A Pico in BOOTSEL mode."""
    folder = tmp_path / "RPI-RP2"
    make_drive(folder)
    monkeypatch.setenv("ARENA8_DRIVES", str(folder))
    return folder


def make_drive(folder, board_id="RPI-RP2", model="Raspberry Pi RP2"):
    folder.mkdir()
    info = f"UF2 Bootloader v3.0\r\nModel: {model}\r\nBoard-ID: {board_id}\r\n"
    (folder / "INFO_UF2.TXT").write_bytes(info.encode())


def appears(monkeypatch, folder, *ports):
    """As soon as the firmware is on the drive, these boards are on USB."""
    monkeypatch.setattr(
        list_ports, "comports", lambda: list(ports) if (folder / "firmware.uf2").exists() else []
    )


# Files


@pytest.mark.parametrize(
    "data, says",
    [
        (b"", "is no UF2 file: it is empty"),
        (b"\x7fELF" + bytes(600), "is no UF2 file: it is a program or firmware (ELF)"),
        (b"\xe9\x02\x03" + bytes(600), r"is no UF2 file: it starts with b'\xe9\x02\x03\x00"),
        (b"\x1c\0\0\0TFL3" + bytes(600), "arena8 deploy"),
        (uf2_of(firmware())[:-100], "is cut off: 40,348 bytes are 78 blocks of 512 bytes and 412 bytes"),
        (uf2_of(firmware())[:-512], "is cut off: it has 78 of 79 blocks"),
        (uf2_of(firmware())[512:], "is cut off: it has 78 of 79 blocks"),
        (uf2_of(firmware())[:1024] + bytes(512) + uf2_of(firmware())[1536:], "block 2 of 79 is no UF2 block"),
        (uf2_of(firmware()) * 2, "it has block 0 (0x10000000) twice"),
        (block(FLASH, bytes(256), 0, 2) + block(FLASH + 128, bytes(256), 1, 2), "overlap at 0x10000080"),
        (block(FLASH, bytes(256), 0, 1, flags=0), "does not say which chip"),
        (block(FLASH, bytes(256), 0, 1, flags=0x2001), "holds nothing for flash"),
        (
            block(FLASH, bytes(256), 0, 2) + block(FLASH + 256, bytes(256), 1, 2, RP2350),
            "several chips (RP2040 and RP2350)",
        ),
        (uf2_of(firmware(), family=RP2350), "is for RP2350, and RPI_PICO has RP2040"),
        (uf2_of(firmware(), base=0x20000000), "writes 20,224 bytes at 0x20000000, and the flash"),
        (uf2_of(bytes(512), base=FLASH + 2 * 1024 * 1024 - 256), "writes 512 bytes at 0x101fff00"),
        (uf2_of(firmware(), base=FLASH + 4096), "begins at 0x10001000"),
    ],
)
def test_a_wrong_file_is_refused_before_a_board_is_bothered(run, tmp_path, drive, data, says):
    path = tmp_path / "some.uf2"
    path.write_bytes(data)
    code, out, err = run(path, "--board", "RPI_PICO")
    assert (code, out) == (1, "")
    assert says in err and str(path) in err
    assert not (drive / "firmware.uf2").exists()


def test_no_such_file(run, tmp_path, drive):
    code, _, err = run(tmp_path / "nothing.uf2", "--board", "RPI_PICO")
    assert code == 1 and "can't read the firmware" in err and "nothing.uf2" in err


def test_an_erratum_block_of_rp2350_files_is_no_second_chip(tmp_path):
    path = tmp_path / "pico2.uf2"
    path.write_bytes(block(0x10FFFF00, bytes(256), 0, 2, ABSOLUTE) + uf2_of(firmware(), family=RP2350))
    image = uf2.read(path)
    assert image.chip == "RP2350" and image.runs[0][0] == FLASH and image.size == 20224


def test_binary_info(file):
    image = uf2.read(file)
    assert image.info["version"] == "v1.25.0"
    assert image.filesystem == uf2.Region(FILES, STORAGE)
    assert image.read(FLASH + 20224 - 2, 4) is None and image.read(FLASH - 4, 4) is None


@pytest.mark.parametrize("seed", range(200))
def test_broken_binary_info_is_no_crash(tmp_path, seed):
    import random

    dice = random.Random(seed)
    image = bytearray(firmware())
    for _ in range(8):
        at = dice.choice((*range(0x104, 0x110), *range(0x400, 0x450)))
        image[at] = dice.randrange(256)
    path = tmp_path / "odd.uf2"
    path.write_bytes(uf2_of(bytes(image)))
    uf2.check(uf2.read(path), boards.board("RPI_PICO"))


# The user's files


@pytest.mark.parametrize(
    "image, says",
    [
        (firmware(files=FLASH + 0x180000, size=0x80000), "524,288 bytes at 0x10180000"),
        (firmware(files=0), "does not say where it keeps files"),
        (firmware(length=700 * 1024), "overwrites 61,440 bytes of the files on the board"),
        (firmware(length=600 * 1024), "overwrites 90,112 bytes of the ROMFS"),
    ],
)
def test_what_harms_files_is_refused(run, tmp_path, drive, image, says, monkeypatch):
    path = tmp_path / "harmful.uf2"
    path.write_bytes(uf2_of(image))
    code, _, err = run(path, "--board", "RPI_PICO")
    assert code == 1 and "refused" in err and says in err
    assert "--erase-filesystem" in err and "--backup" in err
    assert not (drive / "firmware.uf2").exists()
    with Pico() as board:
        appears(monkeypatch, drive, Port(board.port))
        code, out, err = run(path, "--board", "RPI_PICO", "--erase-filesystem", "--json")
        assert code == 0, err
        assert "warning: " in err and json.loads(out)["files_kept"] is False


def test_the_board_knows_better_where_its_files_are(run, file, drive):
    """It runs a firmware with a smaller filesystem: ours would not find those files."""
    with Pico(storage=0x80000) as board:
        code, _, err = run(file, "-p", board.port)
        assert code == 1 and "the board's are 524,288 bytes at 0x10180000" in err
        assert not any("bootloader" in text for text in board.executed)


def test_backup(run, file, drive, monkeypatch, tmp_path):
    kept = tmp_path / "kept"
    with Pico() as board, Pico() as after:
        board.faults["files"] = True
        content = {"/": [("main.py", 0x8000, 0, 5), ("lib", 0x4000, 0), ("rom", 0x4000, 0)],
                   "/lib": [("a.bin", 0x8000, 0, 3000)]}  # fmt: skip
        data = {"/main.py": b"hello", "/lib/a.bin": bytes(range(250)) * 12}
        original = board._import

        def with_files(name, *args):
            if name == "os":
                return types.SimpleNamespace(ilistdir=lambda path: content[path])
            return original(name, *args)

        board._import = with_files
        import io

        board.scope["open"] = lambda name, mode: io.BytesIO(data[name])
        appears(monkeypatch, drive, Port(after.port))
        code, out, err = run(file, "-p", board.port, "--backup", kept, "--json")
        assert code == 0, err
        assert json.loads(out)["backup"] == {"folder": str(kept), "files": 2, "bytes": 3005}
    assert (kept / "main.py").read_bytes() == b"hello"
    assert (kept / "lib" / "a.bin").read_bytes() == data["/lib/a.bin"]
    assert not (kept / "rom").exists()


def test_backup_into_a_folder_that_is_in_use(run, file, drive, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with Pico() as board:
        code, _, err = run(file, "-p", board.port, "--backup", tmp_path / "full")
        assert code == 1 and "not empty" in err
        assert not any("bootloader" in text for text in board.executed)


def test_backup_of_a_board_in_bootsel_mode(run, file, drive, tmp_path):
    code, _, err = run(file, "--board", "RPI_PICO", "--backup", tmp_path / "b")
    assert code == 2 and "reads the files of a running board" in err


# It works


def test_a_running_board(run, file, drive, monkeypatch):
    """Asked what it is, sent to its bootloader, written, found again by its serial number, asked again."""
    with Pico(version=(1, 24, 0)) as before, Pico(models=[("kws", 5, 0x1234)]) as after, Pico() as other:
        there = [Port(before.port)]
        monkeypatch.setattr(
            list_ports,
            "comports",
            lambda: (
                [Port(other.port, "OTHER"), Port(after.port)] if (drive / "firmware.uf2").exists() else there
            ),
        )
        code, out, err = run(file, "-p", before.port, "--json")
        assert code == 0, err
        report = json.loads(out)
        assert any("machine.bootloader()" in text for text in before.executed)
        assert not other.executed
    assert (drive / "firmware.uf2").read_bytes() == file.read_bytes()
    assert report["port"] == after.port and report["by"] == "drive" and report["files_kept"] is True
    assert report["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert report["running"]["models"] == [{"name": "kws", "bytes": 5, "crc32": "00001234"}]
    assert "runs MicroPython 1.24.0" in err and "restarting in BOOTSEL mode" in err


def test_a_board_whose_firmware_has_no_arena8(run, file, drive, monkeypatch):
    """Plain MicroPython, as on most boards before the first flash. It may be what is flashed, too."""
    with Pico(no_module=True) as before, Pico() as after:
        there = [Port(before.port)]
        monkeypatch.setattr(
            list_ports, "comports", lambda: [Port(after.port)] if (drive / "firmware.uf2").exists() else there
        )
        code, out, err = run(file, "-p", before.port, "--json")
        assert code == 0, err
        assert json.loads(out)["running"]["models"] == []
    (drive / "firmware.uf2").unlink()
    with Pico(no_module=True) as board:
        appears(monkeypatch, drive, Port(board.port))
        code, out, err = run(file, "--board", "RPI_PICO")
        assert code == 0 and "MicroPython 1.25.0 on Pico, without arena8" in out


def test_a_board_in_bootsel_mode(run, file, drive, monkeypatch):
    with Pico() as board:
        appears(monkeypatch, drive, Port(board.port))
        code, out, err = run(file, "--board", "RPI_PICO")
        assert code == 0, err
        assert f"RPI_PICO on {board.port} runs MicroPython 1.25.0" in " ".join(out.split())


def test_the_drives_folder_as_port(run, file, drive, monkeypatch):
    monkeypatch.setenv("ARENA8_DRIVES", "")
    with Pico() as board:
        appears(monkeypatch, drive, Port(board.port))
        assert run(file, "--board", "RPI_PICO", "-p", drive)[0] == 0


def test_a_distribution(run, file, drive, monkeypatch, tmp_path):
    dist = tmp_path / "dist"
    dist.mkdir()
    data = file.read_bytes()
    (dist / "arena8-RPI_PICO.uf2").write_bytes(data)
    entry = {"board": "RPI_PICO", "file": "arena8-RPI_PICO.uf2", "models": []}
    entry["sha256"] = hashlib.sha256(data).hexdigest()
    (dist / "manifest.json").write_text(json.dumps({"firmware": [entry]}))
    with Pico() as board:
        appears(monkeypatch, drive, Port(board.port))
        assert run(dist, "--board", "RPI_PICO")[0] == 0
        (drive / "firmware.uf2").unlink()
        monkeypatch.setenv("ARENA8_DIST", str(dist))
        assert run("--board", "RPI_PICO")[0] == 0
        assert (drive / "firmware.uf2").read_bytes() == data
    (drive / "firmware.uf2").unlink()
    (dist / "arena8-RPI_PICO.uf2").write_bytes(data[:-1])
    code, _, err = run(dist, "--board", "RPI_PICO")
    assert code == 1 and "SHA-256 differs" in err
    (dist / "manifest.json").write_text('{"firmware": []}')
    code, _, err = run(dist, "--board", "RPI_PICO")
    assert code == 1 and "has no firmware for RPI_PICO" in err
    (dist / "manifest.json").write_text("[")
    code, _, err = run(dist, "--board", "RPI_PICO")
    assert code == 1 and "is no manifest" in err


def test_picotool_where_there_is_no_drive(run, file, tmp_path, monkeypatch):
    tool = tmp_path / "bin" / "picotool"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\ntouch {tmp_path}/firmware.uf2\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    monkeypatch.setattr(bootsel, "unmounted", lambda board: "a RP2040 in BOOTSEL mode is on USB")
    with Pico() as board:
        monkeypatch.setattr(
            list_ports, "comports", lambda: [Port(board.port)] if (tmp_path / "said").exists() else []
        )
        code, out, err = run(file, "--board", "RPI_PICO", "--json")
        assert code == 0, err
        assert json.loads(out)["by"] == "picotool"
    assert (tmp_path / "said").read_text().split() == ["load", "-v", "-x", str(file), "-t", "uf2"]
    (tmp_path / "said").unlink()
    tool.write_text("#!/bin/sh\necho 'ERROR: no permission' >&2\nexit 249\n")
    code, _, err = run(file, "--board", "RPI_PICO")
    assert code == 3 and "picotool ended with code 249: ERROR: no permission" in err


# No board, wrong board


def test_no_board(run, file, monkeypatch):
    code, out, err = run(file, "--board", "RPI_PICO")
    assert (code, out) == (3, "") and "no board found" in err and "BOOTSEL held" in err
    monkeypatch.setattr(bootsel, "unmounted", lambda board: "a RP2040 is there as /dev/sdb1, but not mounted")
    code, _, err = run(file)
    assert code == 3 and "not mounted" in err


def test_several_boards(run, file, drive, monkeypatch):
    monkeypatch.setattr(list_ports, "comports", lambda: [Port("/dev/ttyACM0")])
    code, _, err = run(file)
    assert code == 3 and "2 boards" in err and "/dev/ttyACM0" in err and str(drive) in err


def test_the_drive_of_another_chip(run, file, tmp_path):
    make_drive(tmp_path / "RP2350", "RP2350", "Raspberry Pi RP2350")
    code, _, err = run(file, "--board", "RPI_PICO", "-p", tmp_path / "RP2350")
    assert code == 2 and "that of Raspberry Pi RP2350, and RPI_PICO has RP2040" in err


def test_an_ssd_with_an_info_file_is_no_board(tmp_path, monkeypatch):
    make_drive(tmp_path / "X", "SAMD21-Trinket")
    monkeypatch.setenv("ARENA8_DRIVES", str(tmp_path / "X"))
    assert bootsel.drives() == []


def test_another_board_than_asked_for(run, file, drive):
    with Pico(build="PIMORONI_TINY2040") as board:
        code, _, err = run(file, "-p", board.port, "--board", "RPI_PICO")
        assert code == 2 and "says that it is PIMORONI_TINY2040, --board says RPI_PICO" in err
        code, _, err = run(file, "-p", board.port)
        assert code == 2 and "for which arena8 has no firmware" in err
        assert not any("bootloader" in text for text in board.executed)


@pytest.mark.parametrize("port", ["host", "unix", "qemu:MICROBIT"])
def test_ports_without_flash(run, file, port):
    code, _, err = run(file, "-p", port)
    assert code == 2 and "no flash of its own" in err


@pytest.mark.parametrize("board, says", [("UNIX", "nothing to flash"), ("MICROBIT", "not built in")])
def test_boards_that_take_no_uf2(run, file, board, says):
    code, _, err = run(file, "--board", board)
    assert code == 1 and says in err


# What goes wrong on the way


def test_a_busy_port(run, file):
    with Pico() as board, serial.Serial(board.port, exclusive=True):
        code, _, err = run(file, "-p", board.port)
        assert code == 3 and f"{board.port} is busy" in err


def test_a_board_without_a_bootloader(run, file, drive):
    """CPython has no machine module."""
    with Pico(gone_in="never") as board:
        code, _, err = run(file, "-p", board.port)
        assert code == 3 and "can't restart in BOOTSEL mode" in err and "BOOTSEL held" in err


def test_no_drive_comes(run, file):
    with Pico() as board:
        code, _, err = run(file, "-p", board.port)
        assert code == 3 and "was sent to its bootloader" in err and "Nothing was written" in err


def test_a_drive_that_comes_late(run, file, tmp_path, monkeypatch):
    folder = tmp_path / "late"
    monkeypatch.setenv("ARENA8_DRIVES", str(folder))
    monkeypatch.setattr(flash, "DRIVE_SECONDS", 10.0)
    with Pico() as board, Pico() as after:
        appears(monkeypatch, folder, Port(after.port))
        threading.Timer(0.7, make_drive, [folder]).start()
        assert run(file, "-p", board.port)[0] == 0


@pytest.mark.parametrize(
    "number, code, says",
    [
        (errno.ENOSPC, 1, "is full after 0 of"),
        (errno.EIO, 3, "vanished after 65,536 of"),
        (errno.ENODEV, 3, "vanished after 65,536 of"),
        (errno.EROFS, 3, "can't be written to"),
    ],
)
def test_a_drive_that_fails_half_way(run, tmp_path, drive, monkeypatch, number, code, says):
    path = tmp_path / "large.uf2"
    path.write_bytes(uf2_of(firmware(length=200_000)))
    synced = []

    def fsync(fd):
        synced.append(fd)
        if len(synced) == (1 if number in (errno.ENOSPC, errno.EROFS) else 2):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(bootsel.os, "fsync", fsync)
    got, out, err = run(path, "--board", "RPI_PICO")
    assert (got, out) == (code, "") and says in err


def test_a_drive_that_goes_with_the_last_block(run, file, drive, monkeypatch):
    """As the chip restarts: whether all is there the board alone can tell."""

    def fsync(fd):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(bootsel.os, "fsync", fsync)
    with Pico() as board:
        appears(monkeypatch, drive, Port(board.port))
        assert run(file, "--board", "RPI_PICO")[0] == 0
    (drive / "firmware.uf2").unlink()
    monkeypatch.setattr(list_ports, "comports", lambda: [])
    code, _, err = run(file, "--board", "RPI_PICO")
    assert code == 3 and "was written, but the board did not answer" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_drive_without_permission(run, file, drive):
    drive.chmod(0o555)
    code, _, err = run(file, "--board", "RPI_PICO")
    drive.chmod(0o755)
    assert code == 3 and "can't be written to" in err


def test_a_drive_that_refuses_to_open(run, file, drive, monkeypatch):
    original = os.open

    def refuse(path, *args):
        if str(path).startswith(str(drive)):
            raise PermissionError(errno.EACCES, "Permission denied")
        return original(path, *args)

    monkeypatch.setattr(bootsel.os, "open", refuse)
    code, _, err = run(file, "--board", "RPI_PICO")
    assert code == 3 and "can't be written to (Permission denied)" in err


def test_the_board_does_not_come_back(run, file, drive):
    start = time.monotonic()
    code, _, err = run(file, "--board", "RPI_PICO")
    assert code == 3 and "no serial port of it came" in err
    assert time.monotonic() - start < 8


def test_the_board_comes_back_with_something_else(run, file, drive, monkeypatch):
    with Pico(version=(1, 24, 1)) as board:
        appears(monkeypatch, drive, Port(board.port))
        code, out, err = run(file, "--board", "RPI_PICO")
        assert (code, out) == (1, "") and "runs MicroPython 1.24.1" in err and "is v1.25.0" in err
    (drive / "firmware.uf2").unlink()
    facts = {"models": [{"name": "kws", "bytes": 5, "crc32": "00001234"}]}
    file.with_name("firmware.json").write_text(json.dumps(facts))
    with Pico() as board:
        appears(monkeypatch, drive, Port(board.port))
        code, _, err = run(file, "--board", "RPI_PICO")
        assert code == 1 and "has the models none" in err and "kws (00001234)" in err


# The emulated Pico


def test_the_emulator_boots_what_was_flashed(tmp_path, monkeypatch):
    monkeypatch.setenv("ARENA8_REPO", str(tmp_path))
    pico = boards.board("RPI_PICO")
    with pytest.raises(Exception, match="no firmware for RPI_PICO"):
        pico.to_boot()
    place = boards.flashed("RPI_PICO", "firmware.uf2")
    place.parent.mkdir(parents=True)
    place.write_bytes(b"x")
    assert pico.to_boot() == place
    built = tmp_path / "build" / "firmware" / "RPI_PICO" / "firmware.uf2"
    built.parent.mkdir(parents=True)
    (tmp_path / "boards").mkdir()
    (tmp_path / "micropython_module").mkdir()
    built.write_bytes(b"y")
    os.utime(place, (1, 1))
    assert pico.to_boot() == built
    os.utime(built, (0, 0))
    assert pico.to_boot() == place


def test_the_emulator_takes_one_firmware(run, file):
    code, _, err = run(file, "-p", "pico-emulator:other.uf2")
    assert code == 2 and "two firmware files" in err
    code, _, err = run(file, "-p", "pico-emulator", "--backup", "x")
    assert code == 2 and "nothing to back up" in err
