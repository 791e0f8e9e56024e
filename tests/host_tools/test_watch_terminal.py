# SPDX-License-Identifier: MIT
"""infer --watch as a command of its own: on a terminal, in a pipe, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pyte
import pytest
from fake_board import FakeBoard

MODELS = Path(__file__).resolve().parents[2] / "firmware" / "models"
DIGITS = MODELS / "digits.tflite"
SAMPLES = numpy.load(MODELS / "digits_samples.npy")  # 0 to 9, and again
ZEROS = ",".join(["0"] * 64)


def command(*arguments, port="host", **options):
    # The terminal's own size counts.
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return subprocess.Popen(
        [sys.executable, "-m", "arena8", "infer", DIGITS, "-p", port, "--watch", *map(str, arguments)],
        env={**environment, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}, **options,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="a pty")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_terminal(tmp_path, end):
    """A real pty: the display, a file that comes later, one that is wrong, and the way out."""
    import fcntl
    import pty
    import select
    import struct
    import termios

    numpy.save(tmp_path / "first.npy", SAMPLES[4])
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    process = command(tmp_path, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    screen = pyte.HistoryScreen(60, 24)
    stream = pyte.ByteStream(screen)
    written = b""

    def until(*wanted):
        """Until the terminal shows all of this; what it shows then."""
        nonlocal written
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if select.select([master], [], [], 0.1)[0]:
                try:
                    data = os.read(master, 65536)
                except OSError:
                    data = b""
                if not data:
                    break
                written += data
                stream.feed(data)
            shown = "\n".join(line.rstrip() for line in screen.display)
            if wanted and all(text in shown for text in wanted):
                break
        return "\n".join(line.rstrip() for line in screen.display)

    try:
        shown = until("first.npy", "1 answer")
        assert " 4  0.9" in shown and "█████" in shown and "▀▀▀▀▀▀▀▀" in shown, shown
        (tmp_path / "wrong.csv").write_text("1,2")
        numpy.save(tmp_path / "second.npy", SAMPLES[8])
        shown = until("second.npy", "2 answers", "1 failed", "wrong.csv has 2 numbers")
        assert shown.count("digits on host") == 1 and shown.count("invoke") == 1, shown
        process.send_signal(end)
        shown = until()
        assert process.wait(30) == 0
    finally:
        process.kill()
        os.close(master)
    assert "second.npy" in shown and "Traceback" not in shown, shown
    assert not screen.cursor.hidden and not screen.history.top
    assert screen.display[screen.cursor.y].strip() == "" and screen.cursor.x == 0


def test_the_board_is_left_well():
    """Ctrl-C while the board waits for an input: its REPL then takes the next command."""
    with FakeBoard() as board:
        process = command(
            "-", port=board.port, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for number in (1, 2):
            process.stdin.write(f"{ZEROS}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().startswith(f"line {number}".encode())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, b"") and b"Traceback" not in err, err
        executed = len(board.executed)
        again = command("-", port=board.port, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert len(again.communicate(f"{ZEROS}\n".encode(), timeout=60)[0].splitlines()) == 1
        assert again.returncode == 0 and len(board.executed) > executed and board.program_starts == 0


def test_a_reader_that_has_enough(tmp_path):
    process = command("-", "--json", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(f"{ZEROS}\n".encode() * 100)
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["input"] == "line 1"
    process.stdout.close()
    err = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 0 and "Traceback" not in err and "Broken" not in err, err


def test_a_pipe_gets_no_escape_codes(monkeypatch):
    for variable in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.setenv(variable, "1")
    process = command("-", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, _ = process.communicate(f"{ZEROS}\n{ZEROS}\n".encode(), timeout=60)
    assert process.returncode == 0 and len(out.splitlines()) == 2 and b"\x1b" not in out
