# SPDX-License-Identifier: MIT
"""A running MicroPython at the other end of a wire, driven through the raw REPL.

The protocol (raw paste with flow control included) is mpremote's; this class gives it a wire instead
of a port, timeouts that name what was last heard, and a calm way in when a program is running.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from typing import Any

from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from ..errors import BoardError, BoardHung, RemoteError
from .wire import Wire

PROMPT = b">>> "


class _RawRepl(SerialTransport):
    """mpremote's protocol over a wire."""

    def __init__(self, wire: Wire) -> None:
        # The base class's __init__ opens a port; everything else it sets is here.
        self.serial = wire
        self.in_raw_repl = False
        self.use_raw_paste = True
        self.device_name = wire.name
        self.mounted = False
        self.is_pty = False

    def read_until(self, min_num_bytes, ending, timeout=10, data_consumer=None, timeout_overall=None):
        if data_consumer is None:
            return self.serial.read_until(ending)
        while True:
            data = self.serial.read(1)
            data_consumer(data)
            if data == ending:
                return data


class Repl:
    """A board, real or emulated, that runs code. Use as a context manager."""

    kind = "board"  # what messages call it
    can_interrupt = True  # whether Ctrl-C reaches running code
    ctrl_c_is_data = False  # whether a byte 3 that a program reads interrupts nothing
    chunk = 2048  # bytes that may be under way to a program that does nothing but read
    quiet = 0.4  # seconds after which a prompt that has not come is not coming

    def __init__(self, wire: Wire, board: Any = None) -> None:
        self.wire = wire
        self.board = board
        self.interrupted = False  # a program was running when we came
        self._new_wire()

    def _new_wire(self) -> None:
        self._raw = _RawRepl(self.wire)

    @property
    def name(self) -> str:
        return self.wire.name

    @property
    def transport(self) -> SerialTransport:
        """mpremote's transport, for its functions on files. It wants the raw REPL."""
        return self._raw

    def __enter__(self) -> Repl:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Ways in and out.

    def connect(self, tell: Callable[[str], None] = lambda text: None) -> None:
        """Gets to the raw REPL. A running program is interrupted; tell is called with a sentence about it."""
        if not self._at_prompt():
            self.interrupted = True
            tell(f"{self.name} is running a program: interrupting it")
            self._stop_program()
        self._enter_raw()

    def _at_prompt(self) -> bool:
        """Whether an idle REPL answers. A raw REPL that somebody left behind is sent to the friendly one."""
        self.wire.poll()
        for knock in (b"\r", b"\r\x02"):
            self.wire.write(knock)
            heard = b""
            while data := self.wire.poll(self.quiet):
                heard = (heard + data)[-64:]
                if heard.endswith(PROMPT):
                    return True
        return False

    def _stop_program(self) -> None:
        # A second Ctrl-C for programs that catch the first. The prompt may also be a raw REPL's.
        for _ in range(2):
            self.wire.interrupt()
            self.wire.write(b"\r\x02")
            heard = b""
            try:
                while not heard.endswith(PROMPT):
                    heard = self.wire.read_until(PROMPT, self.wire.timeout / 2)
                    heard += self.wire.poll(0.1)
                return
            except BoardHung:
                continue
        raise BoardHung(
            f"{self.name} did not answer Ctrl-C with a prompt within {self.wire.timeout:g} s; "
            f"{self.wire.heard_text()}"
        )

    def _enter_raw(self, soft_reset: bool = False) -> None:
        with self._protocol("the raw REPL"):
            self._raw.enter_raw_repl(soft_reset=soft_reset)

    def soft_reset(self) -> None:
        """Starts MicroPython anew (main.py is not run) and is in the raw REPL again."""
        self._enter_raw(soft_reset=True)

    def interrupt(self) -> None:
        """Ctrl-C for what exec is running; the board then answers with a KeyboardInterrupt."""
        self.wire.interrupt()

    def recover(self) -> None:
        """Ends whatever is running or half received, and is at the raw REPL's prompt. Its objects stay."""
        # Ctrl-C overtakes what the board has received but not yet read, and that would reach the prompt.
        self.settle()
        self.interrupt()
        self.settle()
        self._enter_raw()

    def settle(self) -> None:
        """Drops what comes until nothing does: the board then waits for input, or computes."""
        while self.wire.poll(self.quiet / 2):
            pass

    def leave(self, restart: bool = False) -> None:
        """Back to the friendly REPL; restart runs boot.py and main.py again."""
        self.wire.write(b"\r\x02")
        if restart:
            self.wire.read_until(PROMPT)
            self.wire.write(b"\x04")

    def close(self) -> None:
        self.wire.close()

    # Running code.

    def start(self, code: str | bytes) -> None:
        """Starts code without waiting for its end; finish() waits."""
        with self._protocol("a raw REPL that takes code"):
            self._raw.exec_raw_no_follow(code)

    def finish(self, timeout: float | None = None) -> bytes:
        """Waits for what start() started; returns its output. An exception there is a RemoteError here.
        timeout: seconds without a byte from the board."""
        silence, self.wire.timeout = self.wire.timeout, self.wire.timeout if timeout is None else timeout
        try:
            with self._protocol("the end of running code"):
                out, err = self._raw.follow(None)
        finally:
            self.wire.timeout = silence
        if err:
            raise remote_error(err.decode("utf-8", "replace"))
        return out

    def exec(self, code: str | bytes, timeout: float | None = None) -> bytes:
        self.start(code)
        return self.finish(timeout)

    @contextlib.contextmanager
    def _protocol(self, awaited: str):
        # mpremote prints what it did not understand; that belongs into the error.
        said = io.StringIO()
        self.wire.waiting_for = awaited
        try:
            with contextlib.redirect_stdout(said):
                yield
        except TransportError as e:
            raise BoardError(
                f"{self.name} did not answer as a MicroPython REPL does when {awaited} was due: {e}; "
                f"{self.wire.heard_text()}"
            ) from e
        finally:
            self.wire.waiting_for = ""


def remote_error(text: str) -> RemoteError:
    """The exception that a MicroPython traceback tells of."""
    text = text.replace("\r\n", "\n").rstrip()
    lines = text.split("\n")
    if lines[0].startswith("Traceback"):
        # Frames are indented. What comes after them is the exception, in as many lines as it likes.
        frames = next((i for i, line in enumerate(lines[1:], 1) if not line.startswith("  ")), len(lines))
        lines = lines[frames:]
    last = "\n".join(lines)
    match = re.match(r"([A-Za-z_][\w.]*)(?:: ?(.*))?$", last, re.DOTALL)
    kind, message = match.groups() if match else ("Exception", last)
    return RemoteError(kind, message or "", text)
