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
