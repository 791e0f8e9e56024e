# SPDX-License-Identifier: MIT
"""Bytes into and out of buffers on a board, over lines that lose and change some."""

from __future__ import annotations

import random
import time

import pytest
from arena8 import transports
from arena8.errors import BoardError, BoardHung, RemoteError
from arena8.transports import bulk
from arena8.transports.bulk import CHUNK, Bulk
from fake_board import FakeBoard

HOLD = "from array import array\nbuffer = memoryview(array({code!r}, bytes({n})))"
ITEMS = (("b", 1), ("B", 1), ("h", 2), ("i", 4), ("f", 4), ("q", 8))


def contents(seed: int, n: int) -> bytes:
    """Bytes of several tempers: noise, few values, many Ctrl-C, every control character."""
    rng = random.Random(seed)
    kind = seed % 4
    if kind == 0:
        return rng.randbytes(n)
    values = (range(0, 256, 7), (3, 3, 3, 4), range(32))[kind - 1]
    return bytes(rng.choice(values) for _ in range(n))


def open_bulk(board, n, code="B"):
    repl = transports.connect(board.port, 5)
    repl.exec(HOLD.format(code=code, n=n))
    link = Bulk(repl)
    link.patience = 0.5
    return repl, link


@pytest.mark.parametrize("seed", range(200))
def test_chunks_have_no_ctrl_c(seed):
    data = contents(seed, random.Random(seed).randrange(5000) // 8 * 8)
    at = 0
    while at < len(data):
        n, chunk, substitute = bulk.pack(data, at)
        head = bulk.header(at, n, substitute)
        assert 0 < n <= CHUNK and (n % 8 == 0) and len(chunk) == n and len(head) == 8
        assert 3 not in head + chunk
        restored = chunk.replace(bytes([substitute]), b"\3") if substitute else chunk
        assert restored == data[at : at + n]
        at += n
    assert at == len(data)
    n, chunk, substitute = bulk.pack(data, 0, most=800, plain=True)
    assert (n, chunk, substitute) == (min(800, len(data)), data[:800], 0)


@pytest.mark.parametrize("faults", [{}, {"no_buffer": True}], ids=["binary", "text"])
def test_there_and_back(faults):
    n = 6000
    with FakeBoard(**faults) as board:
        for seed, (code, size) in enumerate(ITEMS):
            repl, link = open_bulk(board, n, code)
            data = contents(seed, n)
            if code == "f":
                data = bytes(b & 0x3F for b in data)  # no NaN, which CPython may quieten
            seen = []
            link.write("buffer", b"", code, size)
            link.write("buffer", data, code, size, progress=lambda done, total, seen=seen: seen.append(done))
            assert seen == sorted(set(seen)) and seen[-1] == n
            assert repl.exec("print(bytes(buffer).hex())").strip().decode() == data.hex()
            assert link.read("buffer", 0, n // size, size) == data
            assert link.read("buffer", 100, 200, size) == data[100 * size : 200 * size]
            assert link.binary is not bool(faults)
            repl.close()
        as_source = [text for text in board.executed if text.startswith("_a8_put(")]
        assert bool(as_source) is bool(faults)


@pytest.mark.parametrize(
    "faults",
    [
        {"lose": [3]},  # of a header
        {"lose": [700]},  # of a chunk
        {"lose": [700, 2000, 2001, 2002]},
        {"change": [3]},
        {"change": [6]},  # the header's number of bytes
        {"change": [700]},
        {"change": [700], "lose": [3000]},
        {"garble": 1},  # the answer to nothing yet
        {"garble": 2},
    ],
    ids=str,
)
def test_what_is_lost_or_changed_is_sent_again(faults):
    with FakeBoard(**faults) as board:
        data = contents(0, 5000)
        repl, link = open_bulk(board, 5000)
        link.write("buffer", data)
        assert repl.exec("print(bytes(buffer).hex())").strip().decode() == data.hex()
        assert link.binary and board.soft_resets == 0
        assert repl.exec("print('alive')") == b"alive\r\n"
        repl.close()


def test_a_chunk_that_was_led_to_where_another_lies(monkeypatch):
    """A wrong offset that the header's own check passes."""
    with FakeBoard() as board:
        data = contents(1, 5000)
        repl, link = open_bulk(board, 5000)
        sent = []
        write = repl.wire.write

        def lead_astray(piece):
            if len(piece) > 8 and piece[0] >= 128:
                sent.append(len(piece))
                if len(sent) == 2:
                    piece = bulk.header(0, len(piece) - 8, piece[6]) + piece[8:]
            return write(piece)

        monkeypatch.setattr(repl.wire, "write", lead_astray)
        link.write("buffer", data)
        assert len(sent) == 7, "three chunks, one of them twice, then all again"
        assert repl.exec("print(bytes(buffer).hex())").strip().decode() == data.hex()
        assert link.binary
        repl.close()


def test_an_answer_that_comes_wrong_is_asked_for_again():
    with FakeBoard() as board:
        data = contents(1, 40000)
        repl, link = open_bulk(board, 40000)
        link.write("buffer", data)
        board.garbles = 2  # "+" and the bytes
        assert link.read("buffer", 0, 40000) == data
        repl.close()


def test_a_line_that_takes_no_binary_data():
    """Where the first transfer fails altogether, source text does it."""
    with FakeBoard(lose=range(1, 100000)) as board:
        data = contents(0, 3000)
        repl, link = open_bulk(board, 3000)
        link.write("buffer", data)
        assert not link.binary
        assert link.read("buffer", 0, 3000) == data
        repl.close()


def test_a_line_that_became_bad():
    with FakeBoard() as board:
        repl, link = open_bulk(board, 3000)
        link.write("buffer", contents(0, 3000))
        board.faults["lose"] = range(1, 100000)
        with pytest.raises(BoardError, match="received a thing of 3000 bytes wrongly 3 times"):
            link.write("buffer", contents(1, 3000), what="a thing")
        assert repl.exec("print('alive')") == b"alive\r\n"
        repl.close()


def test_ctrl_c_in_the_middle_leaves_a_repl():
    with FakeBoard() as board:
        repl, link = open_bulk(board, 3000)

        def stop(done, total):
            if done >= CHUNK:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            link.write("buffer", contents(0, 3000), progress=stop)
        repl.interrupt()
        with pytest.raises(RemoteError, match="KeyboardInterrupt"):
            repl.finish()
        assert repl.exec("print('alive')") == b"alive\r\n"
        repl.close()


def test_a_host_that_died_in_the_middle():
    """The next one finds a board that waits for the rest of a chunk."""
    with FakeBoard() as board:
        repl, link = open_bulk(board, 3000)
        link._take("buffer", "B", 1, 3000)
        repl.wire.write(bulk.header(0, 1000, 0) + bytes(100))
        time.sleep(0.2)
        repl.close()
        with transports.connect(board.port, 5) as repl:
            assert repl.exec("print('alive')") == b"alive\r\n"


def test_a_board_that_hangs_in_the_middle():
    with FakeBoard(hang_in="_a8_take(buffer") as board:
        repl, link = open_bulk(board, 3000)
        repl.wire.timeout = 1
        start = time.monotonic()
        board.faults["silent"] = True
        with pytest.raises((BoardHung, BoardError)):
            link.write("buffer", contents(0, 3000))
        assert time.monotonic() - start < 10
        repl.close()
