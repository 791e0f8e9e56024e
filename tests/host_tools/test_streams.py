# SPDX-License-Identifier: MIT
"""Where the command's output goes: closed pipes, full disks, terminals of few characters and few columns."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from arena8 import cli
from arena8.verbs import inspect

MODELS = Path(__file__).resolve().parents[2] / "firmware" / "models"
DIGITS = str(MODELS / "digits.tflite")
ONE = ("infer", DIGITS, "-p", "host", "-i", str(MODELS / "seven.csv"))
COMMANDS = {
    "help": ("--help",),
    "help of a verb": ("infer", "--help"),
    "version": ("--version",),
    "inspect": ("inspect", DIGITS),
    "inspect --json": ("inspect", DIGITS, "--json"),
    "infer": ONE,
    "infer --json": (*ONE, "--json"),
    "boards": ("boards",),
}
BENCH = ("bench", DIGITS, "-p", "host", "--repeat", "1")


@pytest.fixture
def stdout(monkeypatch):
    """Puts another stream in the place of standard output."""

    def put(stream):
        monkeypatch.setattr(sys, "stdout", stream)
        return stream

    return put


@pytest.mark.parametrize("what", COMMANDS)
def test_nobody_reads_it(what, stdout, capfd):
    """As of `arena8 inspect MODEL | true`: silence, and an exit code that is not that of success."""
    reader, writer = os.pipe()
    os.close(reader)
    stdout(os.fdopen(writer, "w"))
    try:
        code = cli.main(list(COMMANDS[what]))
    except SystemExit as e:  # rich's way
        code = e.code
    assert code == 1 and capfd.readouterr().err == ""


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no /dev/full")
@pytest.mark.parametrize("what", COMMANDS)
def test_a_full_disk(what, stdout, capfd):
    stdout(open("/dev/full", "w"))
    assert cli.main(list(COMMANDS[what])) == 1
    assert capfd.readouterr().err == "error: the output: No space left on device\n"


@pytest.mark.parametrize("redirect, says", [("| true", ""), ("> /dev/full", "No space"), (">&-", "")])
def test_the_process_ends_as_the_command_does(redirect, says):
    """Nothing is left for the interpreter to fail with at its end."""
    told = f"{sys.executable} -m arena8 inspect {DIGITS} --json {redirect}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", told], capture_output=True, text=True)
    assert done.returncode == (0 if redirect == ">&-" else 1) and "Traceback" not in done.stderr
    assert says in done.stderr if says else done.stderr == ""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_characters_that_a_terminal_lacks(encoding, stdout, monkeypatch, tmp_path):
    """The name of the model, its labels, ticks and bars."""
    model = tmp_path / "größe語.tflite"
    model.write_bytes(Path(DIGITS).read_bytes())
    for verb in ("inspect", "infer", "bench"):
        stream = stdout(io.TextIOWrapper(io.BytesIO(), encoding=encoding))
        more = () if verb == "inspect" else ("-p", "host", "-i", str(MODELS / "seven.csv"))
        assert cli.main([verb, str(model), *more]) == 0
        text = stream.buffer.getvalue().decode(encoding)
        shown = "größe語".encode(encoding, "backslashreplace").decode(encoding)
        assert shown in text
        if encoding == "ascii":
            assert "\\u25" not in text and "\\u27" not in text, "bars and ticks have other characters"


def test_no_stream_at_all(monkeypatch):
    """As a program without a console starts another."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert cli.main(["inspect", DIGITS]) == 0
    assert cli.main(["inspect", "nothing"]) == 1


@pytest.mark.parametrize("columns", ["0", "1", "19", "x", ""])
def test_a_terminal_without_width(columns, run, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert "no model or file 'nothing'" in run("inspect", "nothing")[2]
    assert "Usage: arena8 inspect" in run("inspect", "--help")[1]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize("what", [*COMMANDS, "bench"])
def test_no_line_is_longer_than_the_terminal(what, columns, stdout, monkeypatch):
    """Which would wrap it, and no table could be read."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    stream = stdout(Terminal())
    assert cli.main(list({**COMMANDS, "bench": BENCH}[what])) == 0
    lines = re.sub("\x1b[^m]*m", "", stream.getvalue()).splitlines()
    assert "--json" in what or max(map(len, lines)) <= columns


@pytest.mark.parametrize("what", [*COMMANDS, "bench"])
def test_a_dumb_terminal_gets_no_escape_sequences(what, stdout, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stream = stdout(Terminal())
    assert cli.main(list({**COMMANDS, "bench": BENCH}[what])) == 0
    assert stream.getvalue() and "\x1b" not in stream.getvalue()


def test_json_is_ascii(stdout, tmp_path):
    model = tmp_path / "größe.tflite"
    model.write_bytes(Path(DIGITS).read_bytes())
    stream = stdout(io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert cli.main(["inspect", str(model), "--json"]) == 0
    assert json.loads(stream.buffer.getvalue())["name"] == "größe"


# Our own faults


def test_a_bug_is_told_in_a_sentence(run, monkeypatch):
    monkeypatch.setattr(inspect, "show", lambda about: about["no such key"])
    code, _, err = run("inspect", DIGITS)
    assert code == 1 and "arena8 itself failed, in verbs/inspect.py, line" in err
    assert "KeyError: 'no such key'" in err and "--traceback" in err and "Traceback" not in err
    monkeypatch.setenv("ARENA8_DEBUG", "1")
    with pytest.raises(KeyError):
        cli.main(["inspect", DIGITS])
