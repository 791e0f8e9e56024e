# SPDX-License-Identifier: MIT
"""Bytes into and out of buffers on a board, faster than as Python source and checked by CRC-32.

To the board they go in chunks that code on the board reads from sys.stdin.buffer straight into the buffer.
The one byte with a meaning there is Ctrl-C, and it never occurs: in a chunk that has some, each is replaced
by a byte that the chunk lacks, and the board puts them back. So Ctrl-C stays what it is: it ends a transfer
that waits for lost bytes, ours or that of a host that has died, and leaves a REPL that works. Where Ctrl-C is
no byte but a signal, nothing need be replaced.

    host   header of 8 bytes: offset (4 digits of 7 bits), bytes (2 digits), substitute (0: none), check;
           the chunk
    board  "+" and the CRC-32 of the header and of what the buffer then holds there; "+" and 0 before the first

The chunk that ends where the data ends is the last. The host waits for each answer, so no more than a chunk is
ever under way, and that while the board does nothing but read. From the board come "+", the bytes as they are,
their CRC-32. Whatever is not as it should be leads through Ctrl-C and the raw REPL's greeting to another try
from the same chunk. A wrong header may have led a chunk to where another lies, so the CRC-32 of the whole is
asked for where there was more than one try. A board that notices that a header is wrong swallows what comes
until Ctrl-C: a REPL would take it for commands.

Boards whose stdin and stdout have no `buffer` get base64 in Python source.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import Callable

from ..errors import BoardError, BoardHung
from .repl import Repl

CHUNK = 2048  # bytes to the board at a time, unless its repl knows better; 14 bits at most
BLOCK = 16384  # bytes from the board at a time
TEXT_CHUNK = 1536  # its base64 is 2 KB of Python source
ATTEMPTS = 3
CTRL_C = 3
SUBSTITUTES = bytes(range(1, 256))

Progress = Callable[[int, int], None]  # bytes so far, bytes in all

# A buffer's items may be wider than bytes; array takes raw bytes as they are, whatever its type.
# Each goes to the board when it is first needed: there, compiling costs more than all else.
BEGIN = """
import sys, binascii
from array import array
print(hasattr(sys.stdin, 'buffer') and hasattr(sys.stdout, 'buffer'))
"""
CRC = r"""
def _a8_crc(v, h=b''):
    return (binascii.crc32(v, binascii.crc32(h)) & 0xffffffff).to_bytes(4, 'little')
"""
PUT = r"""
def _a8_put(v, at, code, text):
    a = array(code, binascii.a2b_base64(text))
    v[at:at + len(a)] = a
"""
GET = r"""
def _a8_get(v, a, b):
    print(str(binascii.b2a_base64(v[a:b]), 'ascii'), end='')
"""
TAKE = r"""
def _a8_take(v, code, size, end):
    i = sys.stdin.buffer
    o = sys.stdout.buffer
    h = bytearray(8)
    at = 0
    o.write(b'+\0\0\0\0')
    while at < end:
        i.readinto(h)
        if sum(h[:7]) & 127 | 128 != h[7]:
            o.write(b'-----')
            while True:
                i.readinto(h)
        n = (h[4] & 127) << 7 | h[5] & 127
        at = (h[0] & 127) << 21 | (h[1] & 127) << 14 | (h[2] & 127) << 7 | h[3] & 127
        w = v[at // size:(at + n) // size]
        i.readinto(w)
        if h[6]:
            w[:] = array(code, bytes(w).replace(bytes(h[6:7]), b'\x03'))
        at += n
        o.write(b'+' + _a8_crc(w, h))
"""
GIVE = r"""
def _a8_give(v, a, b):
    o = sys.stdout.buffer
    w = v[a:b]
    o.write(b'+')
    o.write(w)
    o.write(_a8_crc(w))
"""


class Lost(Exception):
    """Bytes were lost or changed on the way."""


def ignore(done: int, total: int) -> None:
    pass


class Bulk:
    """Moves bytes over a repl, whose board keeps the helpers until its next soft reset."""

    def __init__(self, repl: Repl) -> None:
        self.repl = repl
        self.binary = repl.exec(BEGIN).strip().endswith(b"True")
        self._there: set[str] = set()  # helpers that the board has
        self.proven = False  # binary transfers have worked, so when one does not it is the line's fault
        # An answer to a chunk that has not come by then is not coming.
        self.patience = min(1 + 4 * repl.quiet, repl.wire.timeout)

    def write(
        self,
        where: str,
        data: bytes,
        code: str = "B",
        size: int = 1,
        what: str = "data",
        progress: Progress = ignore,
    ) -> None:
        """Fills the first bytes of the buffer that the expression where means on the board. code and size are
        the typecode and bytes of its items. what: the word for it in an error."""
        if not data:
            return
        if self.binary:
            try:
                for _ in range(ATTEMPTS):
                    if self._write_binary(where, data, code, size, progress) or self._holds(where, data, size):
                        self.proven = True
                        return
            except Lost:
                pass
            self.binary = self.proven
        if not self.binary:
            for _ in range(ATTEMPTS):
                self._write_text(where, data, code, size, progress)
                if self._holds(where, data, size):
                    return
        raise BoardError(f"{self.repl.name} received {what} of {len(data)} bytes wrongly {ATTEMPTS} times")

    def read(
        self,
        where: str,
        start: int,
        stop: int,
        size: int = 1,
        what: str = "data",
        progress: Progress = ignore,
    ) -> bytes:
        """Bytes of the items start to stop of the buffer that where means."""
        data = bytearray()
        total = (stop - start) * size
        step = BLOCK // size
        for at in range(start, stop, step):
            data += self._read_block(where, at, min(at + step, stop), size, what, total)
            progress(len(data), total)
        return bytes(data)

    def _need(self, *helpers: str) -> None:
        if missing := [helper for helper in helpers if helper not in self._there]:
            self.repl.exec("".join(missing))
            self._there.update(missing)

    def _holds(self, where: str, data: bytes, size: int) -> bool:
        return self._crc(f"{where}[:{len(data) // size}]") == binascii.crc32(data)

    def _crc(self, expression: str) -> int:
        said = self.repl.exec(f"print(binascii.crc32({expression}) & 0xffffffff)").split()
        return int(said[-1]) if said and said[-1].isdigit() else -1

    # To the board.

    def _write_binary(self, where: str, data: bytes, code: str, size: int, progress: Progress) -> bool:
        """True: all is there. False: all has come, but after a loss."""
        wire = self.repl.wire
        at = 0
        failures = 0
        lost = False
        while True:
            try:
                self._take(where, code, size, len(data))
                while at < len(data):
                    n, chunk, substitute = pack(data, at, self.repl.chunk, self.repl.ctrl_c_is_data)
                    head = header(at, n, substitute)
                    wire.write(head + chunk)
                    self._expect(binascii.crc32(data[at : at + n], binascii.crc32(head)))
                    failures = 0
                    at += n
                    progress(at, len(data))
                self.repl.finish()
                return not lost
            except Lost:
                self.repl.recover()
                lost = True
                failures += 1
                if failures == ATTEMPTS:
                    raise

    def _take(self, where: str, code: str, size: int, end: int) -> None:
        self._need(CRC, TAKE)
        self.repl.start(f"_a8_take({where}, {code!r}, {size}, {end})")
        self._expect(0)

    def _expect(self, crc: int) -> None:
        try:
            answer = self.repl.wire.read(5, self.patience)
        except BoardHung as e:
            raise Lost from e
        if answer != b"+" + crc.to_bytes(4, "little"):
            raise Lost

    def _write_text(self, where: str, data: bytes, code: str, size: int, progress: Progress) -> None:
        self._need(PUT)
        for at in range(0, len(data), TEXT_CHUNK):
            text = base64.b64encode(data[at : at + TEXT_CHUNK])
            self.repl.exec(f"_a8_put({where}, {at // size}, {code!r}, {text!r})")
            progress(min(at + TEXT_CHUNK, len(data)), len(data))

    # From the board.

    def _read_block(self, where: str, start: int, stop: int, size: int, what: str, total: int) -> bytes:
        n = (stop - start) * size
        if self.binary:
            for _ in range(ATTEMPTS):
                with contextlib.suppress(Lost):
                    data = self._read_binary(f"_a8_give({where}, {start}, {stop})", n)
                    self.proven = True
                    return data
            self.binary = self.proven
        if not self.binary:
            for _ in range(ATTEMPTS):
                with contextlib.suppress(Lost):
                    return self._read_text(where, start, stop, n, size)
        raise BoardError(f"{self.repl.name} sent {what} of {total} bytes wrongly {ATTEMPTS} times")

    def _read_binary(self, call: str, n: int) -> bytes:
        self._need(CRC, GIVE)
        try:
            self.repl.start(call)
            try:
                answer = self.repl.wire.read(1 + n + 4, self.patience)
            except BoardHung as e:
                raise Lost from e
            data = answer[1:-4]
            if answer[:1] != b"+" or int.from_bytes(answer[-4:], "little") != binascii.crc32(data):
                raise Lost
            self.repl.finish()
            return data
        except Lost:
            self.repl.recover()
            raise

    def _read_text(self, where: str, start: int, stop: int, n: int, size: int) -> bytes:
        self._need(GET)
        data = bytearray()
        step = TEXT_CHUNK // size
        for at in range(start, stop, step):
            text = self.repl.exec(f"_a8_get({where}, {at}, {min(at + step, stop)})")
            try:
                data += base64.b64decode(text.strip(), validate=True)
            except ValueError as e:
                raise Lost from e
        if len(data) != n or self._crc(f"{where}[{start}:{stop}]") != binascii.crc32(data):
            raise Lost
        return bytes(data)


def header(at: int, n: int, substitute: int) -> bytes:
    """Every byte of it is at least 128, or a substitute, which is not Ctrl-C."""
    digits = [at >> 21, at >> 14, at >> 7, at, n >> 7, n]
    head = bytes([*(d & 127 | 128 for d in digits), substitute])
    return head + bytes([sum(head) & 127 | 128])


def pack(data: bytes, at: int, most: int = CHUNK, plain: bool = False) -> tuple[int, bytes, int]:
    """(bytes of data, the same without Ctrl-C, its substitute or 0) of the chunk of at most `most` bytes that
    begins at at. A chunk that has every byte value is halved: one of 255 bytes can't. plain: Ctrl-C may stay."""
    n = min(most, len(data) - at)
    while True:
        chunk = data[at : at + n]
        if plain or CTRL_C not in chunk:
            return n, chunk, 0
        if unused := SUBSTITUTES.translate(None, chunk):
            return n, chunk.replace(b"\x03", unused[:1]), unused[0]
        n = (n + 1) // 2 // 8 * 8  # items are of 1, 2, 4 or 8 bytes
