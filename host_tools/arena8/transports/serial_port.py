# SPDX-License-Identifier: MIT
"""Boards on a serial port: USB, a UART adapter, a pty, or a pyserial URL such as rfc2217://host:port."""

from __future__ import annotations

import errno
import re
import time

import serial
import serial.tools.list_ports

from .. import boards
from ..errors import BoardError
from .wire import Wire

TICK = 0.05  # seconds that one blocking read of the port takes at most


class SerialWire(Wire):
    def __init__(self, device: str, baud: int = 115200, timeout: float = 10.0) -> None:
        super().__init__(device, timeout)
        try:
            self._port = serial.serial_for_url(
                device, do_not_open=True, baudrate=baud, timeout=TICK, exclusive=True
            )
            self._port.open()
        except (OSError, ValueError) as e:  # SerialException is an OSError
            raise open_error(device, e) from e

    def _receive(self, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        try:
            while True:
                waiting = self._port.in_waiting
                data = self._port.read(waiting or 1) if waiting or timeout > 0 else b""
                if data or time.monotonic() >= deadline:
                    return data
        except (OSError, TypeError) as e:  # pyserial raises TypeError when its descriptor was closed
            raise EOFError from e

    def _send(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except OSError as e:
            raise EOFError from e

    def _last_words(self) -> str:
        return "unplugged or reset"

    def _close(self) -> None:
        try:
            self._port.close()
        except OSError:
            pass  # it is gone, which is what we want


def open_error(device: str, e: Exception) -> BoardError:
    """What keeps device from being opened, and what to do about it."""
    code = getattr(e, "errno", None)
    if code is None and (match := re.search(r"\[Errno (\d+)\]", str(e))):
        code = int(match[1])
    if code == errno.EACCES or isinstance(e, PermissionError):
        return BoardError(
            f"permission denied for {device}: add yourself to the group that owns it, on most systems "
            "dialout (`sudo usermod -a -G dialout $USER`), and log in again"
        )
    if code in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK) or "exclusively lock" in str(e):
        return BoardError(
            f"{device} is busy: another program has it open (a serial monitor, mpremote, an editor?)"
        )
    if code in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return BoardError(f"no port {device}; {_present()}")
    if code in (errno.EISDIR, errno.ENOTTY) or "Could not configure port" in str(e):
        return BoardError(f"{device} is no serial port; {_present()}")
    return BoardError(f"can't open {device}: {e}")


def _present() -> str:
    ports = [p.device for p in serial.tools.list_ports.comports()]
    return f"ports here are {', '.join(ports)}" if ports else "there is no serial port here"


def connected() -> list[tuple[str, str]]:
    """(device, what it is) of each port whose USB identity is that of a MicroPython board we know."""
    names: dict[tuple[int, int], list[str]] = {}
    for board in boards.all_boards().values():
        if board.usb_id:
            names.setdefault(board.usb_id, []).append(board.name)
    found = []
    for port in serial.tools.list_ports.comports():
        ids = (port.vid, port.pid)
        if ids in names:
            serial_number = f", serial number {port.serial_number}" if port.serial_number else ""
            found.append((port.device, f"{' or '.join(names[ids])}{serial_number}"))
    return found


def with_serial_number(number: str) -> str:
    """The device of the USB port whose serial number that is."""
    known = {p.serial_number: p.device for p in serial.tools.list_ports.comports() if p.serial_number}
    if number not in known:
        listed = ", ".join(f"{name} ({device})" for name, device in known.items()) or "none"
        raise BoardError(f"no port has the serial number {number!r}; serial numbers here: {listed}")
    return known[number]


def perhaps_esp() -> list[tuple[str, str]]:
    """As connected, of ports whose USB identity is that of an ESP chip, or of a bridge as its boards have."""
    known = boards.ESP_NATIVE | boards.ESP_BRIDGES
    ports = [port for port in serial.tools.list_ports.comports() if (port.vid, port.pid) in known]
    return [(port.device, f"perhaps an ESP32 board, {port.description}") for port in ports]


def the_one_connected() -> str:
    """The device of the only connected board."""
    found = connected() or perhaps_esp()
    if len(found) == 1:
        return found[0][0]
    if found:
        listed = "\n".join(f"  {device}  {what}" for device, what in found)
        raise BoardError(f"{len(found)} boards are connected; choose one by --port:\n{listed}")
    ids = sorted({board.usb_id for board in boards.all_boards().values() if board.usb_id})
    looked = ", ".join(f"{vid:04x}:{pid:04x}" for vid, pid in ids) or "none: no board facts were found"
    raise BoardError(
        f"no board found: looked for USB serial ports of MicroPython boards ({looked}); {_present()}. "
        "--port names a port, or host, unix, pico-emulator"
    )
