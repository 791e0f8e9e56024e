# SPDX-License-Identifier: MIT
"""An ESP32 board on a pty, for tests of flashing: the chip's bootloader is esp32-mock-bootloader, over flash
that behaves as NOR flash does; what runs on it afterwards is the test board of fake_board.py, if the flash
holds an app that a bootloader would start.

A pty has no reset lines. What esptool does with them reaches the double through its ResetStrategy.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pty
import random
import select
import struct
import tempfile
import threading
import time
import tty
import types
import zlib
from pathlib import Path

# esptool waits 3 s for an answer, three times; tests don't. It reads this when it is imported.
_settings = Path(tempfile.mkdtemp(prefix="arena8-esptool-")) / "esptool.cfg"
_settings.write_text("[esptool]\ntimeout = 1.5\nreset_delay = 0\n")
os.environ.setdefault("ESPTOOL_CFGFILE", str(_settings))

from arena8.flashers import esp  # noqa: E402
from arena8.verbs import flash_esp  # noqa: E402
from esp32_mock_bootloader import protocol, server  # noqa: E402
from esptool.bin_image import LoadFirmwareImage  # noqa: E402
from esptool.reset import HardReset, ResetStrategy  # noqa: E402
from fake_board import BANNER, FakeBoard  # noqa: E402

SECTOR = 4096
FLASH_IDS = {2: 0x00154020, 4: 0x00164020, 8: 0x00174020, 16: 0x00184020}  # by MB
TABLE = 0x8000
CHIPS = {"esp32": (0, 0x1000), "esp32s3": (9, 0), "esp32c3": (5, 0), "esp32c6": (13, 0)}
NAMES = {
    "esp32": "ESP32_GENERIC",
    "esp32s3": "ESP32_GENERIC_S3",
    "esp32c3": "ESP32_GENERIC_C3",
    "esp32c6": "ESP32_GENERIC_C6",
}

# Firmware.


def app(chip="esp32c3", size=50_000, version="v1.25.0", seed=1, described=True, flash=2):
    """An app, or without a description a bootloader: header, one segment, checksum, SHA-256."""
    body = bytearray(random.Random(seed).randbytes(size - 32 - 48))
    half = len(body) // 2  # one half is worth compressing on the line, one is not
    body[:half] = body[:half].translate(bytes(range(32)) * 8)
    if described:
        about = struct.pack("<I12x32s32s", 0xABCD5432, version.encode(), b"micropython")
        body[: len(about)] = about
    elif body[:4] == b"\x32\x54\xcd\xab":
        body[0] ^= 1
    body = body[: len(body) // 4 * 4]
    number = CHIPS[chip][0] if chip in CHIPS else chip
    head = struct.pack("<BBBBI", 0xE9, 1, 2, flash << 4, 0x40080000)
    head += struct.pack("<B3xHBHHxxxxB", 0, number, 0, 0, 0xFFFF, 1)
    image = head + struct.pack("<II", 0x3F400020, len(body)) + body
    check = 0xEF
    for byte in body:
        check ^= byte
    image += bytes(-(len(image) + 1) % 16) + bytes([check])
    return image + hashlib.sha256(image).digest()


ROWS = (
    ("nvs", 1, 2, 0x9000, 0x6000),
    ("phy_init", 1, 1, 0xF000, 0x1000),
    ("factory", 0, 0, 0x10000, 0x250000),
    ("romfs", 1, 0x8F, 0x260000, 0xA0000),
    ("vfs", 1, 0x81, 0x300000, 0x100000),
)


def table(rows=ROWS, checksum=True):
    data = b"".join(struct.pack("<HBBII16sI", 0x50AA, *row[1:], row[0].encode(), 0) for row in rows)
    if checksum:
        data += b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(data).digest()
    return data.ljust(0xC00, b"\xff")


def merged(
    chip="esp32c3", rows=ROWS, size=50_000, version="v1.25.0", flash=2, boot_bytes=9000, app_bytes=None
):
    """A firmware.bin as MicroPython's build makes it, from the bootloader's place on."""
    start = CHIPS[chip][1]
    out = bytearray(app(chip, boot_bytes, seed=2, described=False, flash=flash))
    out += b"\xff" * (TABLE - start - len(out)) + table(rows)
    place = next(row[3] for row in rows if row[1] == 0)
    out += b"\xff" * (place - start - len(out))
    return bytes(out + (app_bytes or app(chip, size, version)))


def expected(before, chip, data):
    """The whole flash after a firmware was written: what lies between its parts is as before."""
    start = CHIPS[chip][1]
    whole, after = b"\xff" * start + data, bytearray(before)
    for first, last in ((start, TABLE), (TABLE, TABLE + 4096), (0x10000, len(whole))):
        part = whole[first:last].rstrip(b"\xff")
        end = -(-(first + len(part)) // 4096) * 4096
        after[first:end] = part.ljust(end - first, b"\xff")
    return after


# The board.


class Nor(server.FlashImage):
    """Flash: erased by sectors to ones, programmed to zeros; what goes beyond the announced size is not
    written, as by esptool's stub. stuck: a byte that keeps what it has."""

    announced = 0

    def __init__(self, size, stuck=None):
        super().__init__()
        self.data = bytearray(b"\xff" * size)
        self.stuck = stuck
        self.writes = 0

    def _program(self, at, data):
        self.writes += 1
        if not 0 <= at <= at + len(data) <= len(self.data):
            return
        kept = self.data[self.stuck] if self.stuck is not None else None
        old = int.from_bytes(self.data[at : at + len(data)], "little")
        new = old & int.from_bytes(data, "little")
        self.data[at : at + len(data)] = new.to_bytes(len(data), "little")
        if kept is not None:
            self.data[self.stuck] = kept

    def erase_region(self, offset, size):
        kept = self.data[self.stuck] if self.stuck is not None else None
        first, last = offset // SECTOR * SECTOR, -(-(offset + size) // SECTOR) * SECTOR
        self.data[first:last] = b"\xff" * (min(last, len(self.data)) - first)
        if kept is not None:
            self.data[self.stuck] = kept

    def begin_defl(self, payload):
        super().begin_defl(payload)
        self.announced, _, _, offset = struct.unpack_from("<IIII", payload)
        self.erase_region(offset, self.announced)

    def write_defl_block(self, payload):
        size = struct.unpack_from("<I", payload)[0]
        if self._decompressor is None:
            return
        try:
            data = self._decompressor.decompress(payload[16 : 16 + size])
        except zlib.error:
            return
        data = data[: self.announced]
        self._program(self._defl_offset, data)
        self._defl_offset += len(data)
        self.announced -= len(data)

    def begin_plain(self, payload):
        super().begin_plain(payload)
        self.announced, _, _, offset = struct.unpack_from("<IIII", payload)
        self.erase_region(offset, self.announced)

    def write_plain_block(self, payload):
        size = struct.unpack_from("<I", payload)[0]
        data = payload[16 : 16 + size][: self.announced]
        self._program(self._plain_offset, data)
        self._plain_offset += len(data)
        self.announced -= len(data)


class Reset(Exception):
    pass


class Line:
    """The board's end of the line, as handle_client of the mock wants it."""

    def __init__(self, board):
        self.board = board

    def set_timeout(self, timeout):
        pass

    def close(self):
        pass

    def ignore_eof_for_disconnect(self):
        return False

    abort_empty_session = ignore_eof_for_disconnect

    def recv(self, size):
        return self.board.hear(0.05)

    def sendall(self, data):
        self.board._put(data)


class EspBoard(FakeBoard):
    """faults, in addition to those of FakeBoard; bytes are counted from the first that the bootloader hears
    cut: after so many the cable is pulled; back: seconds until it is plugged in again (None: never)
    reset: after so many the chip restarts in its boot ROM, as it does when its supply fails
    change: {number: mask} of bytes that arrive changed; lose: numbers of those that do not arrive
    stuck: a byte of flash that keeps what it has
    mute: the bootloader never answers
    then: the chip that is there after the cable was pulled
    MB: megabytes of flash; flash: what is in it
    version, build: what MicroPython says of itself in place of the truth
    """

    boards: dict[str, EspBoard] = {}

    def __init__(self, path: Path, chip: str = "esp32c3", **faults: object) -> None:
        self.path = Path(path)
        self.chip = chip
        self.flash = Nor(faults.get("MB", 8 if chip == "esp32s3" else 4) << 20, faults.get("stuck"))
        if "flash" in faults:
            for at, data in faults["flash"].items():
                self.flash.data[at : at + len(data)] = data
        self.running = False  # MicroPython, and not the boot ROM
        self.buffer = b""
        self.heard = 0
        self.pulled = False
        self.boots = 0
        self.initial: dict[str, object] = {}  # what MicroPython has as globals when it starts
        super().__init__(**faults)
        self._plugged()

    def _plugged(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink()
        self.path.symlink_to(self.port)
        self.device, self.port = self.port, str(self.path)
        EspBoard.boards[self.port] = self

    def __exit__(self, *exc: object) -> None:
        self.leaving = True
        super().__exit__(*exc)
        EspBoard.boards.pop(self.port, None)
        with contextlib.suppress(OSError):
            self.path.unlink()

    leaving = False

    # The line.

    def reset(self, running: bool) -> None:
        """What the reset lines do."""
        self.running = running
        if not self.pulled:
            os.write(self.stopper, b"r")

    def pull(self) -> None:
        """The cable is pulled, and plugged in again if the faults say so."""
        self.pulled = True
        self.path.unlink()
        os.close(self.slave)
        os.close(self.master)
        back = self.faults.get("back")
        self.faults["cut"] = None
        if back is None:
            raise EOFError
        time.sleep(back)
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self.chip = self.faults.get("then", self.chip)
        self.pulled = self.running = False
        self._plugged()
        raise Reset

    def hear(self, timeout: float | None) -> bytes:
        """What arrives, with the faults of the line. b"": the chip was reset."""
        if self.buffer:
            data, self.buffer = self.buffer, b""
            return data
        ready = select.select([self.master, self.stop_reading], [], [], timeout)[0]
        if self.stop_reading in ready:
            if os.read(self.stop_reading, 1) == b"x" or self.leaving:
                raise EOFError
            raise Reset
        if not ready:
            raise TimeoutError
        data = bytearray(os.read(self.master, 4096))
        if self.running:
            return bytes(data)
        first, self.heard = self.heard, self.heard + len(data)
        for at, mask in self.faults.get("change", {}).items():
            if first <= at < self.heard:
                data[at - first] ^= mask
        lost = [at - first for at in self.faults.get("lose", ()) if first <= at < self.heard]
        for at in sorted(lost, reverse=True):
            del data[at]
        for fault in ("cut", "reset"):
            at = self.faults.get(fault)
            if at is not None and self.heard >= at:
                if fault == "cut":
                    self.pull()
                self.faults[fault] = None
                raise Reset
        return bytes(data)

    def _get(self) -> bytes:
        data = self.hear(None)
        self.buffer = data[1:]
        return data[:1]

    def _serve(self) -> None:
        while True:
            try:
                if not self.running:
                    self._bootloader()
                elif self._starts():
                    self.boots += 1
                    self._put(b"rst:0x1 (POWERON)\r\n" + BANNER)
                    self.scope = dict(self.initial)
                    self._talk()
                else:
                    self._put(b"invalid header: 0xffffffff\r\n")
                    while self._get():
                        pass
            except Reset:
                self.buffer = b""
                self.flash.end_defl()
            except (EOFError, OSError):
                return

    def _bootloader(self) -> None:
        if self.faults.get("mute"):
            while self._get():
                pass
        protocol.MOCK_FLASH_ID = FLASH_IDS[len(self.flash.data) >> 20]
        done = threading.Event()
        server.handle_client(Line(self), done, self.chip, exit_on_disconnect=True, flash=self.flash)

    # MicroPython.

    def _app(self) -> bytes | None:
        """The app that the partition table leads to."""
        data = bytes(self.flash.data)
        for at in range(TABLE, TABLE + 0xC00, 32):
            magic, kind, _, offset, size = struct.unpack_from("<HBBII", data, at)
            if magic == 0x50AA and kind == 0:
                return data[offset : offset + size]
        return None

    def _starts(self) -> bool:
        boot = CHIPS[self.chip][1]
        for data in (bytes(self.flash.data[boot:TABLE]), self._app()):
            try:
                image = LoadFirmwareImage(self.chip, data)
            except Exception:
                return False
            if image.chip_id != CHIPS[self.chip][0] or image.stored_digest != image.calc_digest:
                return False
        return True

    def _import(self, name: str, *args: object) -> object:
        if name == "sys":
            module = super()._import(name, *args)
            said = self.faults.get("version") or self._app()[48:80].rstrip(b"\0").decode()
            version = tuple(int(part) for part in said.lstrip("v").split(".")[:3])
            build = self.faults.get("build", NAMES[self.chip])
            module.implementation = types.SimpleNamespace(
                name="micropython", version=version, _build=build, _machine=f"{self.chip} module"
            )
            return module
        return super()._import(name, *args)


def reset_lines(self) -> None:
    """In place of ResetStrategy.__call__: what DTR and RTS would do."""
    if board := EspBoard.boards.get(self.port.port):
        board.reset(running=isinstance(self, HardReset))


def attach(monkeypatch, chunk: int = 16384) -> None:
    """esptool's reset lines reach the boards of this process, which come back sooner than real ones and take
    their flash in smaller parts."""
    monkeypatch.setattr(ResetStrategy, "__call__", reset_lines)
    monkeypatch.setattr(flash_esp, "BOOT_SECONDS", 4.0)
    monkeypatch.setattr(esp, "RETURN_SECONDS", 3.0)
    monkeypatch.setattr(esp, "CHUNK", chunk)
