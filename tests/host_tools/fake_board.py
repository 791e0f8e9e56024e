# SPDX-License-Identifier: MIT
"""A board on a pty, for tests of what the tool does with boards that real ones rarely do.

It speaks MicroPython's REPL (friendly, raw, raw paste) and runs what it is sent in CPython, where the package
arena8 has the same surface as the module on a board. Faults are switched on by arguments.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import io
import os
import pty
import select
import sys
import threading
import traceback
import tty
import types
import zlib

WINDOW = 128
BANNER = b"\r\nMicroPython v0 on a pty; test board\r\n>>> "


class FakeBoard:
    """faults: dict of switches
    silent: never answers anything
    modem: answers each line with ERROR, as what is no MicroPython may
    program: a program is running; Ctrl-C ends it ("stubborn": it doesn't)
    no_module: import arena8 fails
    models: what arena8.models() says instead of the truth
    wrong_crc: binascii.crc32 of the board is wrong
    flip: the board's outputs are wrong in one bit
    hang_in: text; code that holds it never ends
    gone_in: text; at code that holds it the line closes
    no_buffer: stdin and stdout have no buffer
    lose, change: numbers of bytes of those that running code reads which don't arrive, or arrive changed
    garble: so many of the writes of running code arrive with a changed byte
    modules: dict of modules that the board has and this machine has not, or has others
    """

    def __init__(self, **faults: object) -> None:
        self.faults = faults
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self.running_program = bool(faults.get("program"))
        self.executed: list[str] = []
        self.soft_resets = 0
        self.program_starts = 0
        self.read = 0
        self.garbles = faults.get("garble", 0)
        self.scope: dict[str, object] = {}
        self.stop_reading, self.stopper = os.pipe()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def __enter__(self) -> FakeBoard:
        return self

    def __exit__(self, *exc: object) -> None:
        os.write(self.stopper, b"x")
        self.thread.join(5)
        for fd in (self.master, self.slave, self.stop_reading, self.stopper):
            with contextlib.suppress(OSError):
                os.close(fd)

    def _get(self) -> bytes:
        ready = select.select([self.master, self.stop_reading], [], [])[0]
        if self.stop_reading in ready:
            raise EOFError
        return os.read(self.master, 1)

    def _put(self, data: bytes) -> None:
        os.write(self.master, data)

    def _serve(self) -> None:
        try:
            self._talk()
        except (EOFError, OSError):
            pass

    def _talk(self) -> None:
        raw = False
        code = b""
        while True:
            c = self._get()
            if self.faults.get("silent"):
                continue
            if self.faults.get("modem"):
                if c == b"\r":
                    self._put(b"\r\nERROR\r\n")
                continue
            if self.running_program:
                if c == b"\x03" and self.faults["program"] != "stubborn":
                    self.running_program = False
                    self._put(b"Traceback (most recent call last):\r\nKeyboardInterrupt: \r\n" + BANNER)
            elif c == b"\x01":
                raw, code = True, b""
                self._put(b"raw REPL; CTRL-B to exit\r\n>")
            elif c == b"\x02":
                raw = False
                self._put(BANNER)
            elif not raw:
                if c == b"\r":
                    self._put(b"\r\n>>> ")
                elif c == b"\x04":
                    self.program_starts += 1
                    self._put(b"\r\nMPY: soft reboot\r\n")
            elif c == b"\x05":
                if self._get() + self._get() == b"A\x01":
                    self._run(self._paste())
            elif c == b"\x04":
                if code:
                    self._put(b"OK")
                    self._run(code)
                    code = b""
                else:
                    self.soft_resets += 1
                    self.scope = {}
                    self._put(b"OK\r\nMPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>")
            elif c != b"\x03":
                code += c

    def _paste(self) -> bytes:
        self._put(b"R\x01" + WINDOW.to_bytes(2, "little"))
        code = b""
        while (c := self._get()) != b"\x04":
            code += c
            if len(code) % WINDOW == 0:
                self._put(b"\x01")
        self._put(b"\x04")
        return code

    def _run(self, code: bytes) -> None:
        text = code.decode()
        self.executed.append(text)
        if (hang := self.faults.get("hang_in")) and hang in text:
            while self._get() != b"\x03":
                pass
            self._put(b"\x04Traceback (most recent call last):\r\nKeyboardInterrupt: \r\n\x04>")
            return
        if (gone := self.faults.get("gone_in")) and gone in text:
            os.close(self.slave)
            os.close(self.master)
            raise EOFError
        self.out = io.StringIO()
        error = b""
        # Functions keep the builtins of the scope that they are made in, so these are made once.
        self.scope.setdefault(
            "__builtins__", {**vars(builtins), "print": self._print, "__import__": self._import}
        )
        try:
            if self.faults.get("flip") and "(_a8.outputs[0].data" in text:
                data = self.scope["_a8"].outputs[0].data
                data[1] = data[1] ^ 1
            exec(compile(text, "<stdin>", "exec"), self.scope)
        except BaseException as e:  # a board reports whatever comes
            error = f"Traceback (most recent call last):\n{_exception(e)}".encode()
        said = self.out.getvalue().encode()
        self._put(said.replace(b"\n", b"\r\n") + b"\x04" + error.replace(b"\n", b"\r\n") + b"\x04>")

    def _print(self, *values: object, **options: object) -> None:
        print(*values, file=self.out, **options)

    def _import(self, name: str, *args: object) -> object:
        """What import means on the board."""
        if name == "arena8" and self.faults.get("no_module"):
            raise ImportError("no module named 'arena8'")
        if module := self.faults.get("modules", {}).get(name):
            return module
        if name == "sys":
            fake = types.ModuleType(name)
            fake.stdin = fake.stdout = self if self.faults.get("no_buffer") else Stdio(self)
            fake.implementation = sys.implementation
            return fake
        if name == "uctypes":
            fake = types.ModuleType(name)
            fake.addressof = lambda buffer: ctypes.addressof(ctypes.c_char.from_buffer(buffer))
            return fake
        module = builtins.__import__(name, *args)
        changed = {}
        if name == "gc":
            changed = {"mem_free": lambda: 100_000}
        elif name == "arena8" and "models" in self.faults:
            changed = {"models": lambda: self.faults["models"]}
        elif name == "binascii" and self.faults.get("wrong_crc"):
            changed = {"crc32": lambda data, value=0: zlib.crc32(data, value) ^ 1}
        if not changed:
            return module
        fake = types.ModuleType(name)
        fake.__dict__.update(vars(module), **changed)
        return fake


class Stdio:
    """sys.stdin and sys.stdout of code on the board, of which the tool uses the buffers."""

    def __init__(self, board: FakeBoard) -> None:
        self.board = board

    @property
    def buffer(self) -> Stdio:
        return self

    def readinto(self, target: object) -> int:
        view = memoryview(target).cast("B")
        board = self.board
        for i in range(len(view)):
            c = b""
            while not c:
                c = board._get()
                if c == b"\x03":
                    raise KeyboardInterrupt
                board.read += 1
                if board.read in board.faults.get("lose", ()):
                    c = b""
                elif board.read in board.faults.get("change", ()):
                    c = bytes([c[0] ^ 0x10])
            view[i] = c[0]
        return len(view)

    def write(self, data: object) -> int:
        data = bytearray(data)
        if self.board.garbles:
            self.board.garbles -= 1
            data[-1] ^= 1
        self.board._put(bytes(data))
        return len(data)


def _exception(e: BaseException) -> str:
    """As MicroPython prints it, which has no subclasses of OSError."""
    return f"OSError: {e}\n" if isinstance(e, OSError) else "".join(traceback.format_exception_only(e))
