# SPDX-License-Identifier: MIT
"""MicroPython's unix port as a board.

The unix port has no raw REPL, so the binary is started with a small program that speaks the raw REPL's
protocol on standard input and output. A soft reset is a new process: that is what the unix port's own
Ctrl-D comes to. Ctrl-C is a signal.
"""

from __future__ import annotations

import signal
from pathlib import Path

from .. import boards
from ..errors import BoardError
from .firmware import checked_program
from .repl import PROMPT, Repl
from .wire import ProcessWire

# The raw REPL of shared/runtime/pyexec.c as far as a host uses it: Ctrl-A raw, Ctrl-B friendly, Ctrl-D
# run, Ctrl-E A Ctrl-A raw paste with a window, everything else is code. SystemExit ends the process.
SERVER = r"""
def serve(scope):
    import sys
    W = 4096
    get = sys.stdin.buffer.read
    put = sys.stdout.write
    def paste():
        put('R\x01\x00\x10')
        code = bytearray()
        left = W
        while True:
            c = get(1)
            if c == b'\x04':
                put('\x04')
                return code
            code += c
            left -= 1
            if not left:
                put('\x01')
                left = W
    def run(code):
        try:
            code = compile(bytes(code), '<stdin>', 'exec')
            exec(code, scope)
            put('\x04')
        except SystemExit:
            raise
        except BaseException as e:
            put('\x04')
            sys.print_exception(e)
        put('\x04>')
    raw = False
    code = bytearray()
    put('>>> ')
    while True:
        try:
            c = get(1)
            if not c:
                return
            if c == b'\x01':
                raw = True
                put('raw REPL; CTRL-B to exit\r\n>')
                code = bytearray()
            elif c == b'\x02':
                raw = False
                put('\r\n>>> ')
            elif not raw:
                if c == b'\r':
                    put('\r\n>>> ')
            elif c == b'\x05':
                if get(2) == b'A\x01':
                    run(paste())
            elif c == b'\x04':
                if not code:
                    put('OK\r\nMPY: soft reboot\r\n')
                    return
                put('OK')
                run(code)
                code = bytearray()
            elif c != b'\x03':
                code += c
        except KeyboardInterrupt:
            put('\x04\x04>' if raw else '\r\n>>> ')
serve({'__name__': '__main__'})
"""


class UnixWire(ProcessWire):
    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)


class UnixRepl(Repl):
    kind = "unix port"
    quiet = 5.0
    ctrl_c_is_data = True
    chunk = 15 << 10

    def __init__(self, binary: str | None = None, timeout: float = 10.0) -> None:
        board = boards.board("UNIX")
        self.firmware = checked_program(binary or board.firmware())
        self._command = [a.format(firmware=self.firmware) for a in board.emulator["args"]]
        self._timeout = timeout
        super().__init__(self._spawn(), board)

    def _spawn(self) -> UnixWire:
        try:
            return UnixWire([*self._command, "-c", SERVER], "unix", self._timeout)
        except OSError as e:
            raise BoardError(f"can't start {self.firmware}: {e.strerror}") from e

    def takes_signals(self) -> bool:
        """Whether Ctrl-C is a signal now: no program has said micropython.kbd_intr(-1). Then it is a byte of
        data, and the signal would end the process. Where /proc doesn't tell, it is taken for a signal."""
        try:
            status = Path(f"/proc/{self.wire.process.pid}/status").read_text(encoding="ascii")
            caught = int(status.partition("SigCgt:")[2].split()[0], 16)
        except (OSError, ValueError, IndexError):
            return True
        return bool(caught >> (signal.SIGINT - 1) & 1)

    def boot(self) -> None:
        """Waits for the first prompt."""
        self.wire.read_until(PROMPT)

    def connect(self, tell=lambda text: None) -> None:
        self.boot()
        self._enter_raw()

    def soft_reset(self) -> None:
        self.wire.close()
        self.wire = self._spawn()
        self._new_wire()
        self.connect()

    def leave(self, restart: bool = False) -> None:
        pass  # nothing outlives the process
