# SPDX-License-Identifier: MIT
"""An emulated Raspberry Pi Pico: rp2040py in a process of its own.

The serial line is a TCP socket; a second channel (the process's standard input and output, one JSON object a
line) tells what no real board does: the cycle counter, the cycles at which a pin changed, and what the
emulator logged, such as unaligned accesses that a real Cortex-M0+ would fault on.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from .. import boards
from ..errors import BoardError, BoardGone
from . import flash_file
from .firmware import checked_uf2
from .qemu import boot
from .repl import Repl
from .wire import SocketWire

UF2_MAGIC = b"UF2\n"
AWAKE = 1000  # cycles between two looks at a core that has more to do than to look for input

MEASURE = """
import gc
from machine import Pin
_a8_pin = Pin({pin}, Pin.OUT, value=0)
def _a8_between(f):
    _a8_pin.value(1)
    f()
    _a8_pin.value(0)
_a8_between(gc.isenabled)
_a8_between({callable})
"""


class PicoWire(SocketWire):
    def __init__(self, sock: socket.socket, process: subprocess.Popen, timeout: float) -> None:
        super().__init__(sock, "pico-emulator", timeout)
        self.process = process

    def _last_words(self) -> str:
        return _died(self.process)

    def _close(self) -> None:
        super()._close()
        # The end of its input is what the emulator takes as the request to end.
        self.process.stdin.close()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class PicoRepl(Repl):
    kind = "emulated Pico"
    quiet = 5.0
    program = Path(__file__).with_name("pico_process.py")

    def __init__(
        self,
        firmware: str | None = None,
        timeout: float = 60.0,
        in_bootsel_mode: bool = False,
        flash: str | None = None,
    ) -> None:
        """in_bootsel_mode: plugged in with BOOTSEL held. flash: the file that keeps the Pico's flash from one
        run to the next, made if there is none. A firmware is written over what it holds; without one the
        Pico boots what it holds."""
        # Run as a file: the package, and with it the engine, is nothing that it needs.
        command = [sys.executable, str(self.program)]
        self.firmware = None
        self.flash = flash
        self._lock = None
        if firmware or not (in_bootsel_mode or (flash and Path(flash).exists())):
            board = boards.board("RPI_PICO")
            self.firmware = checked_uf2(firmware or board.to_boot(), board)
            command.append(self.firmware)
        if flash:
            self._lock = flash_file.opened(flash, flash_bytes())
            command += ["--flash", flash]
        if in_bootsel_mode:
            command.append("--bootsel")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, text=True, encoding="utf-8",
        )  # fmt: skip
        self._watched: set[int] = set()
        port = self._answer()["port"]
        sock = socket.create_connection(("127.0.0.1", port))
        super().__init__(PicoWire(sock, self.process, timeout), boards.board("RPI_PICO"))

    def boot(self) -> None:
        """Waits for the first prompt."""
        if self.is_in_bootsel_mode():
            raise BoardError(f"the emulated Pico has nothing to boot: {self.flash} holds no firmware")
        boot(self)

    def close(self) -> None:
        """Brings the flash file up to date first; BoardError if that can't be done."""
        try:
            if self.flash and self.process.poll() is None:
                self._ask(op="save")
        finally:
            super().close()
            if self._lock:
                self._lock.close()

    def connect(self, tell=lambda text: None) -> None:
        self.boot()
        self._enter_raw()

    def settle(self) -> None:
        """As for any board; but that this one waits for input is known without waiting oneself."""
        deadline = time.monotonic() + self.quiet / 2
        before = None
        while time.monotonic() < deadline:
            if self.wire.poll(0.02):
                deadline = time.monotonic() + self.quiet / 2
                before = None
                continue
            now = self._ask(op="rest")
            if not now["rests"] or before is None or now["cycles"] > before["cycles"] + AWAKE:
                before = now if now["rests"] else None
            elif now["batches"] >= before["batches"] + 2:
                return

    # The second channel.

    def cycles(self) -> int:
        """The core's cycle counter since power on."""
        return self._ask(op="cycles")["cycles"]

    def watch(self, pin: int) -> None:
        """From now on notes the cycle of every change of an output pin."""
        self._ask(op="watch", pin=pin)

    def edges(self) -> list[tuple[int, int]]:
        """(level, cycle) of the changes of watched pins since the last call."""
        return [tuple(edge) for edge in self._ask(op="edges")["edges"]]

    def cycles_of(self, callable: str, pin: int = 2) -> int:
        """Cycles that one call of a Python callable without arguments takes on the Pico, less those of a call
        that does nothing. A pin's edges mark start and end, as with a logic analyser."""
        if pin not in self._watched:
            self.watch(pin)
            self._watched.add(pin)
        self.exec(MEASURE.format(pin=pin, callable=callable))
        levels = self.edges()[-4:]
        if [level for level, _ in levels] != [1, 0, 1, 0]:
            raise BoardError(
                f"the emulated Pico's pin {pin} was used by others while it marked a measurement"
            )
        (_, a), (_, b), (_, c), (_, d) = levels
        return (d - c) - (b - a)

    def log(self) -> list[str]:
        """What the emulator has logged since power on: one line a kind and place, however often."""
        return self._ask(op="log")["log"]

    def unaligned(self) -> list[str]:
        """Log lines about word accesses that fault on silicon."""
        return [line for line in self.log() if "not 32 bit aligned" in line]

    def is_in_bootsel_mode(self) -> bool:
        """Whether a firmware is awaited, as after machine.bootloader()."""
        return self._ask(op="bootsel")["bootsel"]

    def load(self, firmware: str) -> None:
        """Writes a whole UF2 file to flash, keeps what it doesn't touch, and starts it."""
        self._ask(op="load", file=firmware)
        self.firmware = firmware

    def _ask(self, **request: Any) -> dict[str, Any]:
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except OSError as e:
            raise BoardGone(f"the emulated Pico is gone: {_died(self.process)}") from e
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            raise BoardGone(f"the emulated Pico is gone: {_died(self.process)}")
        answer = json.loads(line)
        if "error" in answer:
            raise BoardError(f"the emulated Pico can't: {answer['error']}")
        return answer


def flash_bytes() -> int:
    return boards.board("RPI_PICO").facts["flash"]["bytes"]


def keeps_flash(path: str) -> bool:
    """Whether a file keeps the flash of an emulated Pico, rather than being a firmware."""
    file = Path(path)
    if not file.is_file() or file.stat().st_size != flash_bytes():
        return False
    with file.open("rb") as content:
        return content.read(4) != b"UF2\n"


def _died(process: subprocess.Popen) -> str:
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        return "its process closed the line"
    said = process.stderr.read().strip().rpartition("\n")[2] if not process.stderr.closed else ""
    return f"its process ended with code {process.returncode}" + (f" saying {said}" if said else "")
