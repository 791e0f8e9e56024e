# SPDX-License-Identifier: MIT
"""MicroPython on a QEMU machine, its UART on our pipes. How to start the machine is a fact of the board."""

from __future__ import annotations

import shutil
import time

from .. import boards
from ..errors import BoardError, BoardHung, UsageError
from .firmware import checked_elf
from .repl import PROMPT, Repl
from .wire import ProcessWire


class QemuRepl(Repl):
    kind = "QEMU"
    quiet = 5.0
    # MicroPython's QEMU port reads its UART only when Python asks for input, so nothing stops running code.
    can_interrupt = False

    def __init__(
        self,
        name: str,
        firmware: str | None = None,
        timeout: float = 60.0,
        extra: tuple[str, ...] = (),
        program: tuple[str, ...] = (),
    ) -> None:
        """extra: more arguments for QEMU, `-device loader,file=...,addr=...` for one. program: arguments of
        the program that a firmware for QEMU's user mode is."""
        machines = boards.emulated("qemu")
        if name not in machines:
            raise UsageError(f"{name} is not a QEMU machine; those are {', '.join(machines) or 'none'}")
        board = machines[name]
        self.firmware = checked_elf(firmware or board.firmware())
        command = [a.format(firmware=self.firmware, serial="stdio") for a in board.emulator["args"]]
        # After the machine's own, which they may override; a program's arguments would not be QEMU's.
        at = command.index("-kernel") if "-kernel" in command else 1
        command[at:at] = extra
        command += program
        if shutil.which(command[0]) is None:
            raise BoardError(
                f"{command[0]} is not installed; on Debian qemu-system-arm and qemu-system-misc have it"
            )
        super().__init__(ProcessWire(command, f"qemu:{name}", timeout), board)

    def boot(self) -> None:
        """Waits for the first prompt."""
        boot(self)

    def connect(self, tell=lambda text: None) -> None:
        self.boot()
        self._enter_raw()

    def interrupt(self) -> None:
        raise BoardError(
            f"{self.name} can't be interrupted: MicroPython's QEMU port hears Ctrl-C at its prompt only"
        )


def boot(repl: Repl) -> None:
    """Waits for an emulator's first prompt. Its greeting may have gone by: line ends bring another."""
    deadline = time.monotonic() + repl.wire.timeout
    heard = b""
    while True:
        heard = (heard + repl.wire.poll(0.3))[-64:]
        if heard.endswith(PROMPT):
            return
        if time.monotonic() > deadline:
            raise BoardHung(
                f"{repl.name} did not boot to a prompt in {repl.wire.timeout:g} s; {repl.wire.heard_text()}"
            )
        if not heard:
            repl.wire.write(b"\r")
