# SPDX-License-Identifier: MIT
"""Bytes on their way to and from emulated boards: right, fast, and interruptible."""

from __future__ import annotations

import random

import pytest
from arena8.errors import RemoteError
from arena8.transports import bulk
from arena8.transports.bulk import Bulk

BYTES = 9216  # a picture of 96 x 96
HOLD = f"import sys\nbuffer = memoryview(bytearray({BYTES}))"


def contents(seed: int) -> bytes:
    return random.Random(seed).randbytes(BYTES)


def test_there_and_back(machine, repl):
    repl.exec(HOLD)
    link = Bulk(repl)
    data = bytes(range(256)) * 4 + contents(1)[1024:]
    link.write("buffer", data)
    assert link.read("buffer", 0, BYTES) == data
    # MicroPython's QEMU port has no sys.stdin.buffer: source text does it there.
    assert link.binary is (machine.facts.emulator["kind"] != "qemu")


@pytest.mark.boards("RPI_PICO")
def test_at_least_half_of_what_the_line_carries(machine, repl):
    """By the board's clock: the emulator's speed is this machine's."""
    repl.exec(HOLD)
    link = Bulk(repl)

    def cycles(do) -> int:
        start = repl.cycles()
        do()
        return repl.cycles() - start

    data = contents(2)

    def line_in():
        repl.start("sys.stdin.buffer.readinto(buffer)")
        repl.wire.write(data.replace(b"\3", b"\4"))
        repl.finish()

    def line_out():
        repl.start("sys.stdout.buffer.write(buffer)")
        repl.wire.read(BYTES)
        repl.finish()

    assert cycles(lambda: link.write("buffer", data)) < 2 * cycles(line_in)
    assert cycles(lambda: link.read("buffer", 0, BYTES)) < 2 * cycles(line_out)


@pytest.mark.boards("RPI_PICO", "UNIX")
def test_lost_bytes_and_ctrl_c(machine, repl):
    repl.exec(HOLD)
    link = Bulk(repl)
    link.patience = 3
    repl.chunk = bulk.CHUNK  # several chunks on every board
    data = contents(3)

    # The line loses a byte of a header, later one of a chunk, and later changes one.
    sent = []
    write = repl.wire.write

    def lossy(piece: bytes) -> int:
        if len(piece) > bulk.CHUNK // 2:
            sent.append(len(piece))
            if len(sent) == 1:
                piece = piece[1:]
            elif len(sent) == 3:
                piece = piece[:500] + piece[501:]
            elif len(sent) == 5:
                piece = piece[:500] + bytes([200 if piece[500] != 200 else 201]) + piece[501:]
        return write(piece)

    repl.wire.write = lossy
    try:
        link.write("buffer", data)
    finally:
        repl.wire.write = write
    assert link.binary and link.read("buffer", 0, BYTES) == data

    # Ctrl-C here, in the middle of a chunk.
    link._take("buffer", "B", 1, BYTES)
    repl.wire.write(bulk.header(0, 1000, 0) + bytes(300))
    repl.interrupt()
    with pytest.raises(RemoteError, match="KeyboardInterrupt"):
        repl.finish()
    assert repl.exec("print(1)").strip() == b"1"
