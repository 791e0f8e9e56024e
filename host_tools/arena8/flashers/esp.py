# SPDX-License-Identifier: MIT
"""ESP chips in their bootloader, by esptool's Python API.

Flash is written in chunks, each compared by its MD5 before (what is there already stays) and afterwards. When
the line is lost, the chip is looked for again and the rest follows. Run against a test double of the
bootloader on a pty; never on silicon.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

import serial
from serial.tools import list_ports

from .. import boards
from ..errors import BoardError, BoardGone, ToolError
from ..transports.serial_port import open_error
from .esp_image import Piece

SLOW, FAST = 115200, 460800  # baud: what every boot ROM speaks, and what the stub then goes to
CHUNK = 128 * 1024
LOSSES = 3  # in a row, without a chunk in between, that end it
RETURN_SECONDS = 15.0  # for a port that went away to come back
CONNECT_ATTEMPTS = 5

Moved = Callable[[int, int], None]
Result = TypeVar("Result")


def ports() -> list[Any]:
    """Serial ports, as pyserial describes them, behind which an ESP chip may be."""
    known = boards.ESP_NATIVE | boards.ESP_BRIDGES
    return [port for port in list_ports.comports() if (port.vid, port.pid) in known]


class WrongChip(ToolError):
    """Another chip than the one that the firmware is for."""


@lru_cache(maxsize=1)
def _log() -> Any:
    """What esptool says from now on goes here, and nothing to the terminal. Its state is the class's: esptool
    before 5.3 adopts the class alone."""
    from esptool.logger import TemplateLogger, log

    class Log(TemplateLogger):
        said: deque[str] = deque(maxlen=12)
        moved: Callable[[int, int], None] | None = None

        def print(self, *args, **kwargs):
            if text := " ".join(map(str, args)).strip():
                Log.said.append(text)

        def note(self, message):
            Log.said.append(message)

        warning = error = note

        def stage(self, finish=False):
            pass

        def progress_bar(self, cur_iter, total_iters, prefix="", suffix="", bar_length=30):
            if Log.moved and total_iters:
                Log.moved(cur_iter, total_iters)

        def set_verbosity(self, verbosity):
            pass

    log.set_logger(Log())
    return Log


class Chip:
    """A chip whose bootloader answers. Use as a context manager."""

    def __init__(self, device: str, tell: Callable[[str], None] = lambda text: None) -> None:
        self.device = device
        self.tell = tell
        self.losses = 0
        self.name = ""  # as esptool names it: esp32c3
        self.mac = ""
        self._loader: Any = None
        self._baud = FAST
        _log()
        try:
            self._connect()
        except BoardError as e:
            if not self.name:
                raise  # it has never answered
            self._again(e)

    def __enter__(self) -> Chip:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        if self._loader is not None:
            try:
                self._loader._port.close()
            except OSError:
                pass  # it is gone, which is what we want
            self._loader = None

    # Connecting.

    def _open(self) -> serial.SerialBase:
        try:
            port = serial.serial_for_url(self.device, do_not_open=True, exclusive=True)
            if sys.platform == "win32":  # opening sets both lines there, which resets the chip
                port.rts = port.dtr = False
            port.open()
            return port
        except (OSError, ValueError) as e:  # SerialException is an OSError
            raise open_error(self.device, e) from e

    def _connect(self) -> None:
        from esptool.cmds import attach_flash, detect_chip, run_stub
        from esptool.util import FatalError

        port = self._open()
        try:
            loader = detect_chip(port, SLOW, connect_attempts=CONNECT_ATTEMPTS)
            self._identify(loader)
            loader = run_stub(loader)
            if self._baud != SLOW and loader.IS_STUB:
                loader.change_baud(self._baud)
            attach_flash(loader)
        except (OSError, StopIteration) as e:
            port.close()
            raise BoardGone(f"{self.device} went away while its chip was looked for: {_reason(e)}") from e
        except FatalError as e:
            port.close()
            if self.name:
                raise BoardError(f"the {self.name} on {self.device} answers no longer: {_reason(e)}") from e
            raise BoardError(
                f"no ESP chip answers on {self.device} in its bootloader ({_reason(e)}): hold BOOT, press "
                "RESET (EN), let go of BOOT, and flash again"
            ) from e
        except BaseException:
            port.close()
            raise
        loader.WRITE_FLASH_ATTEMPTS = 1  # a lost line is met here, where another chip is noticed
        self._loader = loader

    def _identify(self, loader: Any) -> None:
        """BoardError for another chip than before, ToolError for one that takes no plain firmware."""
        name = loader.CHIP_NAME.lower().replace("-", "")
        if loader.secure_download_mode or loader.get_flash_encryption_enabled():
            raise ToolError(
                f"the {loader.CHIP_NAME} on {self.device} encrypts its flash, or is in secure download mode: "
                "a plain firmware would not start there, and arena8 makes no other"
            )
        mac = ":".join(f"{byte:02x}" for byte in loader.read_mac())
        if self.name and (name, mac) != (self.name, self.mac):
            raise WrongChip(
                f"after the line was lost another chip is on {self.device}: {name} {mac}, not {self.name} "
                f"{self.mac}. Begin again with each of them"
            )
        self.name, self.mac = name, mac

    def _again(self, e: Exception) -> None:
        """The chip after the line was lost. Errors on a fast line may be gone on a slow one."""
        self.losses += 1
        self.tell(f"{self.device}: the line was lost ({_reason(e)}); connecting again")
        self.close()
        self._baud = SLOW
        deadline = time.monotonic() + RETURN_SECONDS
        while True:
            try:
                return self._connect()
            except BoardError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def _steadily(self, operation: Callable[[], Result], gone: Callable[[str], ToolError]) -> Result:
        """The result of an operation, which starts again when the line was lost. gone: the error to raise
        when it does not come back."""
        for losses in range(LOSSES):
            try:
                return operation()
            except _lost() as e:
                if losses == LOSSES - 1:
                    raise gone(_reason(e)) from e
                try:
                    self._again(e)
                except BoardError as failure:
                    raise gone(str(failure)) from e
        raise AssertionError("the last loss raises")

    def _gone(self, doing: str) -> Callable[[str], ToolError]:
        return lambda reason: BoardGone(f"{self.device} was lost while {doing}: {reason}")

    # The flash.

    @property
    def flash_bytes(self) -> int | None:
        """Bytes of the flash chip; None if it is not one that esptool knows."""
        from esptool.cmds import detect_flash_size
        from esptool.util import flash_size_bytes

        size = self._steadily(lambda: detect_flash_size(self._loader), self._gone("its flash was looked at"))
        return flash_size_bytes(size) if size else None

    def read(self, offset: int, size: int, moved: Moved | None = None) -> bytes:
        from esptool.cmds import read_flash

        def operation() -> bytes:
            with _moving(moved):
                return read_flash(self._loader, offset, size)

        data = self._steadily(operation, self._gone(f"{size:,} bytes at 0x{offset:x} were read"))
        if len(data) != size:
            raise BoardError(f"{self.device} sent {len(data):,} of {size:,} bytes at 0x{offset:x}")
        return data

    def erase(self, offset: int, size: int) -> None:
        from esptool.cmds import erase_region

        self._steadily(
            lambda: erase_region(self._loader, offset, size),
            self._gone(f"{size:,} bytes at 0x{offset:x} were erased"),
        )

    def md5(self, offset: int, size: int) -> str:
        return self._steadily(
            lambda: self._loader.flash_md5sum(offset, size),
            self._gone(f"{size:,} bytes at 0x{offset:x} were compared"),
        )

    def holds(self, offset: int, data: bytes) -> bool:
        """Whether the flash has these bytes there."""
        return self.md5(offset, len(data)) == hashlib.md5(data).hexdigest()

    def write(self, pieces: Iterable[Piece], moved: Moved = lambda done, total: None) -> int:
        """Writes what is not there already; returns the bytes written. BoardGone if the line is lost for
        good, BoardError if the flash does not take them."""
        chunks = [chunk for piece in pieces for chunk in _chunks(piece)]
        total = sum(len(data) for _, data in chunks)
        done = written = 0
        for offset, data in chunks:
            if not self.holds(offset, data):
                self._write(offset, data, done, total, moved)
                written += len(data)
            done += len(data)
            moved(done, total)
        return written

    def _write(self, offset: int, data: bytes, done: int, total: int, moved: Moved) -> None:
        from esptool.cmds import write_flash

        def operation() -> None:
            with _moving(lambda part, whole: moved(done + len(data) * part // whole, total)):
                write_flash(self._loader, [(offset, data)], flash_size="keep")

        def gone(reason: str) -> ToolError:
            if "MD5" in reason or "is empty" in reason:
                return BoardError(
                    f"the flash of the {self.name} on {self.device} does not hold what was written to it "
                    f"({len(data):,} bytes at 0x{offset:x}, {LOSSES} times): it is worn out, or the line "
                    "changes bytes"
                )
            return BoardGone(
                f"{self.device} was lost after {done:,} of {total:,} bytes, so what is on the chip is not "
                f"whole ({reason}). Try again: what has been written stays"
            )

        self._steadily(operation, gone)

    def verify(self, pieces: Iterable[Piece]) -> None:
        """BoardError unless the flash has all of the pieces."""
        from esptool.cmds import verify_flash

        for piece in pieces:
            try:
                verify_flash(self._loader, [(piece.offset, piece.sectors)])
            except _lost():
                if not self.holds(piece.offset, piece.sectors):  # also finds a lost line again
                    raise BoardError(
                        f"the flash of the {self.name} on {self.device} does not hold what was written to "
                        f"it: {piece.name}, {len(piece.data):,} bytes at 0x{piece.offset:x}"
                    ) from None

    def restart(self) -> None:
        """The chip starts what is in its flash."""
        from esptool.cmds import reset_chip

        if self._loader is None:
            return  # lost
        try:
            reset_chip(self._loader, "hard-reset")
        except _lost():
            pass  # whether it started is seen by who asks it then


def _chunks(piece: Piece) -> Iterable[tuple[int, bytes]]:
    """Parts of a piece that end at multiples of CHUNK: none shares an erased sector with the next."""
    at, data = piece.offset, piece.sectors
    while data:
        size = CHUNK - at % CHUNK
        yield at, data[:size]
        at, data = at + size, data[size:]


def _lost() -> tuple[type[Exception], ...]:
    """What esptool raises when an answer is wrong or does not come. (StopIteration: before 5.6.)"""
    from esptool.util import FatalError

    return FatalError, OSError, StopIteration


def _reason(e: Exception) -> str:
    """The first line of what esptool says, which may go on with a link."""
    return (str(e).strip().partition("\n")[0] or type(e).__name__).rstrip(".:")


class _moving:
    """While it lasts, esptool's progress goes to a callable (done, total)."""

    def __init__(self, moved: Moved | None) -> None:
        self.moved = moved

    def __enter__(self) -> None:
        _log().moved = staticmethod(self.moved) if self.moved else None

    def __exit__(self, *exc: object) -> None:
        _log().moved = None
