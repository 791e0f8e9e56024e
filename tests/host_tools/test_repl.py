# SPDX-License-Identifier: MIT
"""The raw REPL over a pty: what goes in, what comes back, what errors tell."""

from __future__ import annotations

import pytest
from arena8 import transports
from arena8.errors import BoardHung, RemoteError
from arena8.transports.repl import remote_error
from arena8.transports.wire import printable
from fake_board import FakeBoard


def test_code_and_output():
    with FakeBoard() as board, transports.connect(board.port, 5) as repl:
        assert repl.exec("print(6 * 7)") == b"42\r\n"
        text = "x" * 1000  # several windows of raw paste
        assert repl.exec(f"print(len({text!r}))") == b"1000\r\n"
        with pytest.raises(RemoteError) as raised:
            repl.exec("{}['key']")
        assert raised.value.kind == "KeyError"
        assert repl.exec("print('alive')") == b"alive\r\n"


def test_a_raw_repl_left_behind():
    with FakeBoard() as board:
        first = transports.connect(board.port, 5)
        first.exec("print(1)")
        first.close()  # without leave()
        said = []
        with transports.connect(board.port, 5, tell=said.append) as repl:
            assert repl.exec("print(2)") == b"2\r\n"
        assert said == []


def test_interrupting_code():
    with FakeBoard(hang_in="forever") as board, transports.connect(board.port, 5) as repl:
        repl.start("forever")
        with pytest.raises(BoardHung, match="silent for 0.5 s"):
            repl.finish(0.5)
        repl.interrupt()
        with pytest.raises(RemoteError, match="KeyboardInterrupt"):
            repl.finish()
        assert repl.exec("print('alive')") == b"alive\r\n"


@pytest.mark.parametrize(
    "text, kind, message",
    [
        (
            'Traceback (most recent call last):\r\n  File "<stdin>", line 1, in <module>\r\nOSError: 2\r\n',
            "OSError",
            "2",
        ),
        ("Traceback (most recent call last):\n  File x\nKeyboardInterrupt: \n", "KeyboardInterrupt", ""),
        ("Traceback (most recent call last):\n  File x\nValueError: one\ntwo\n", "ValueError", "one\ntwo"),
        ("MemoryError: ", "MemoryError", ""),
        (
            "Traceback (most recent call last):\n  File x\na.b.CustomError: why: this\n",
            "a.b.CustomError",
            "why: this",
        ),
    ],
)
def test_tracebacks(text, kind, message):
    error = remote_error(text)
    assert (error.kind, error.message) == (kind, message)


def test_printable():
    assert printable(b"a\r\nb\x04\xff") == "a\\nb\\x04\ufffd"
