# SPDX-License-Identifier: MIT
"""Bytes on their way to and from emulated boards: right, fast, and interruptible."""

from __future__ import annotations

import pytest
from arena8.errors import RemoteError
from arena8.transports import bulk
from arena8.transports.bulk import Bulk
from wire_rates import BYTES, DOCUMENT, HEAD, HOLD, Rates, contents, rate, updated


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
    """By the board's clock. The unix port's is this machine's, on which others work too."""
    rates = Rates(repl)
    assert rates.ours_in() < 2 * rates.line_in()
    assert rates.ours_out() < 2 * rates.line_out()


class Counted:
    """What one transfer puts on the wire: bytes, and how often the host waits for the board."""

    def __init__(self, wire) -> None:
        self.bytes = self.waits = 0
        self._sent = False
        self._send, self._receive = wire._send, wire._receive
        wire._send, wire._receive = self.send, self.receive
        self.wire = wire

    def send(self, data: bytes) -> None:
        self.bytes += len(data)
        self._sent = True
        self._send(data)

    def receive(self, timeout: float) -> bytes:
        data = self._receive(timeout)
        self.bytes += len(data)
        if data and self._sent:
            self.waits += 1
            self._sent = False
        return data

    def __enter__(self) -> Counted:
        return self

    def __exit__(self, *exc: object) -> None:
        self.wire._send, self.wire._receive = self._send, self._receive


@pytest.mark.boards("UNIX", "RPI_PICO")
def test_what_a_transfer_costs(machine, repl):
    """Unlike seconds, the same on every machine. A chunk is one wait, the call of the helper two: the raw
    REPL's greeting and the board's readiness. All 256 values in a chunk of 2 KB halve it."""
    repl.exec(HOLD)
    link = Bulk(repl)
    data = contents(2)
    link.write("buffer", data[:8])
    link.read("buffer", 0, 8)  # the helpers are there now
    with Counted(repl.wire) as there:
        link.write("buffer", data)
    with Counted(repl.wire) as back:
        assert link.read("buffer", 0, BYTES) == data
    chunks = {"UNIX": 1, "RPI_PICO": BYTES // 1024}[machine.name]
    assert there.bytes <= BYTES * 1.02 and there.waits <= chunks + 2
    assert back.bytes <= BYTES * 1.01 and back.waits <= 2


def test_the_table_of_rates():
    text = DOCUMENT.read_text()
    row = "| a | in | 1 | 1 | 1.00 | 1 |\n"
    new = updated(text, HEAD + row)
    before, _, after = text.partition(HEAD)
    assert new.startswith(before + HEAD + row + "\n") and new.endswith(after.rpartition("|\n")[2])
    assert updated(new, HEAD + row) == new
    assert [rate(BYTES / value) for value in (12.4, 1234.6, 98765.4)] == ["12", "1,230", "98,800"]


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
