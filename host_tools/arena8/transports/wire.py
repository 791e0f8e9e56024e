# SPDX-License-Identifier: MIT
"""Wires: two-way byte streams to something that runs MicroPython.

A wire knows nothing of the REPL. It has a timeout for silence and remembers the last bytes that it
heard, so that an error can show them. Its names (read, write, inWaiting) are those of a pyserial
port, because mpremote's transport speaks to such a port.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time

from ..errors import BoardGone, BoardHung

HEARD = 200  # bytes of the end of the conversation that are kept


def printable(data: bytes) -> str:
    """Bytes as one line that is safe to show."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return "".join(
        c if c.isprintable() else {"\n": "\\n", "\r": "\\r"}.get(c, f"\\x{ord(c):02x}") for c in text
    )


def shortened(text: str, width: int) -> str:
    """The end of text, in at most width characters."""
    return text if len(text) <= width else "..." + text[3 - width :]


class Wire:
    """Base class: buffering, timeouts, memory of what was heard. A kind of wire brings _receive,
    _send and _close."""

    def __init__(self, name: str, timeout: float = 10.0) -> None:
        self.name = name
        self.timeout = timeout
        self.waiting_for = ""  # what the caller expects, for the error that says it did not come
        self._buffer = bytearray()
        self._heard = bytearray()

    # What a kind of wire brings.

    def _receive(self, timeout: float) -> bytes:
        """What has arrived; waits up to timeout seconds for the first byte. b"": nothing. Raises EOFError
        when the other side is gone."""
        raise NotImplementedError

    def _send(self, data: bytes) -> None:
        """Sends all of it. Raises EOFError when the other side is gone."""
        raise NotImplementedError

    def _close(self) -> None:
        raise NotImplementedError

    def _last_words(self) -> str:
        """What is known about an other side that is gone."""
        return ""

    # What callers use.

    @property
    def heard(self) -> bytes:
        return bytes(self._heard)

    def heard_text(self) -> str:
        return f"last heard: {shortened(printable(self.heard), 100)}" if self._heard else "nothing was heard"

    def poll(self, timeout: float = 0.0) -> bytes:
        """Takes everything that has arrived, waiting up to timeout for the first byte."""
        self._fill(0.0 if self._buffer else timeout)
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def read_until(self, ending: bytes, timeout: float | None = None) -> bytes:
        """Bytes up to and with ending. BoardHung when nothing comes for the timeout."""
        start = 0
        while True:
            at = self._buffer.find(ending, start)
            if at >= 0:
                return self._take(at + len(ending))
            start = max(0, len(self._buffer) - len(ending) + 1)
            self._wait_for_more(timeout, f"when {self.waiting_for or repr(ending)} was due")

    def read(self, size: int = 1, timeout: float | None = None) -> bytes:
        """Exactly size bytes. BoardHung when nothing comes for the timeout; what came is then still there."""
        while len(self._buffer) < size:
            self._wait_for_more(timeout, f"when {self.waiting_for or 'the rest of an answer'} was due")
        return self._take(size)

    def write(self, data: bytes) -> int:
        try:
            self._send(bytes(data))
        except EOFError as e:
            raise self._gone() from e
        return len(data)

    def inWaiting(self) -> int:  # the name is pyserial's
        self._fill(0.0)
        return len(self._buffer)

    def interrupt(self) -> None:
        """What Ctrl-C is on this wire."""
        self.write(b"\x03")

    def close(self) -> None:
        self._close()

    def _take(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _fill(self, timeout: float) -> bool:
        try:
            data = self._receive(timeout)
        except EOFError as e:
            raise self._gone() from e
        self._buffer += data
        self._heard += data
        del self._heard[:-HEARD]
        return bool(data)

    def _wait_for_more(self, timeout: float | None, doing: str) -> None:
        timeout = self.timeout if timeout is None else timeout
        deadline = time.monotonic() + timeout
        while not self._fill(max(0.0, min(0.5, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                raise BoardHung(f"{self.name} was silent for {timeout:g} s {doing}; {self.heard_text()}")

    def _gone(self) -> BoardGone:
        words = self._last_words()
        return BoardGone(f"{self.name} is gone{': ' + words if words else ''}; {self.heard_text()}")


class SocketWire(Wire):
    """A connected TCP socket."""

    def __init__(self, sock: socket.socket, name: str, timeout: float = 10.0) -> None:
        super().__init__(name, timeout)
        self._socket = sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _receive(self, timeout: float) -> bytes:
        if not select.select([self._socket], [], [], timeout)[0]:
            return b""
        try:
            data = self._socket.recv(65536)
        except OSError as e:
            raise EOFError from e
        if not data:
            raise EOFError
        return data

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as e:
            raise EOFError from e

    def _close(self) -> None:
        self._socket.close()


class ProcessWire(Wire):
    """Standard input and output of a process that this wire starts and, at close, ends."""

    def __init__(self, command: list[str], name: str, timeout: float = 10.0) -> None:
        super().__init__(name, timeout)
        # A session of its own: Ctrl-C in our terminal is ours to handle, not the child's.
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        for pipe in (self.process.stdout, self.process.stderr):
            os.set_blocking(pipe.fileno(), False)

    def _receive(self, timeout: float) -> bytes:
        out = self.process.stdout.fileno()
        if not select.select([out], [], [], timeout)[0]:
            return b""
        data = os.read(out, 65536)
        if not data:
            raise EOFError
        return data

    def _send(self, data: bytes) -> None:
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except OSError as e:
            raise EOFError from e

    def _last_words(self) -> str:
        try:
            self.process.wait(1)
        except subprocess.TimeoutExpired:
            return ""
        code = self.process.returncode
        how = f"ended with code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
        said = (self.process.stderr.read() or b"") if not self.process.stderr.closed else b""
        # QEMU ends with the registers' values; what happened is in lines of its own name.
        told = b"; ".join(line for line in said.splitlines() if line.startswith(b"qemu")) or said
        return f"its process {how}" + (f" saying {printable(told[-HEARD:].strip())}" if told.strip() else "")

    def _close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except OSError:
                pass
