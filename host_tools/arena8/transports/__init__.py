# SPDX-License-Identifier: MIT
"""Ways to a MicroPython: every kind of port leads to the same Repl."""

from __future__ import annotations

import re
from collections.abc import Callable

from .. import config
from ..errors import BoardError, UsageError
from .repl import Repl

HOST = "host"  # the engine in this very process: no transport
AUTO = "auto"  # the one board connected
EMULATORS = ("unix", "pico-emulator", "qemu:BOARD")
VARIABLES = config.VARIABLES["port"]
SHORTCUTS = {"a": "/dev/ttyACM", "u": "/dev/ttyUSB", "c": "COM"}  # as mpremote has them


def choose_port(port: str | None) -> str | None:
    """The port asked for: option, else environment, else arena8.toml, else None: the one connected."""
    port = port or config.default("port")
    return None if port == AUTO else port


def connect(
    port: str | None,
    timeout: float | None = None,
    baud: int = 115200,
    tell: Callable[[str], None] = lambda text: None,
) -> Repl:
    """A Repl in the raw REPL. port: a device, `unix`, `pico-emulator` or `qemu:BOARD` (these three may be
    followed by `:FIRMWARE`; `pico-emulator:FLASH` is one whose flash is kept in that file), None: the one
    board connected. timeout: seconds of silence that are too long;
    None: what suits the kind of port."""
    repl = open_repl(port, timeout, baud)
    try:
        repl.connect(tell)
    except BaseException:
        repl.close()
        raise
    return repl


def open_repl(port: str | None, timeout: float | None = None, baud: int = 115200) -> Repl:
    """As connect, but nothing has been said on the line yet."""
    if port is not None and port.count(":") <= 2:
        kind, _, rest = port.partition(":")
        if kind == "unix":
            from .unix import UnixRepl

            return UnixRepl(rest or None, timeout or 10.0)
        if kind == "pico-emulator":
            from .pico_emulator import PicoRepl, keeps_flash

            if rest and keeps_flash(rest):
                return PicoRepl(None, timeout or 60.0, flash=rest)
            return PicoRepl(rest or None, timeout or 60.0)
        if kind == "qemu":
            from .qemu import QemuRepl

            name, _, firmware = rest.partition(":")
            if not name:
                raise UsageError("qemu: wants a board, as in qemu:MICROBIT")
            return QemuRepl(name, firmware or None, timeout or 60.0)
    if port == HOST:
        raise UsageError("host is the engine on this machine, not a board")
    from .. import emulated
    from .serial_port import SerialWire

    name = device(port)
    served = emulated.behind(name)
    if served is None:
        return Repl(SerialWire(name, baud, timeout or 10.0))
    if served.drive:
        raise BoardError(f"{name} is an emulated Pico in BOOTSEL mode: `arena8 flash -p {name}` starts it")
    repl = Repl(SerialWire(name, baud, timeout or 60.0))
    repl.quiet = 2.0
    return repl


def device(port: str | None) -> str:
    """The device or pyserial URL that a port means which is no emulator."""
    from .serial_port import the_one_connected, with_serial_number

    if port is None or port == AUTO:
        return the_one_connected()
    if match := re.fullmatch(r"([auc])(\d+)", port):
        return SHORTCUTS[match[1]] + match[2]
    if port.startswith("id:"):
        return with_serial_number(port[3:])
    return port
