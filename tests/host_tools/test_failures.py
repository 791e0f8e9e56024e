# SPDX-License-Identifier: MIT
"""What each command that talks to a board says when that goes wrong: one table for all, so that no command is
forgotten. What only one of them can meet is in its own tests."""

from __future__ import annotations

import json
import types
from pathlib import Path

import arena8
import pytest
import serial
from arena8 import cli
from arena8.verbs import build
from fake_board import FakeBoard
from serial.tools import list_ports
from test_deploy import BlockDevice, modules
from test_flash_verb import Pico, firmware, uf2_of

MODELS = Path(__file__).resolve().parents[2] / "firmware" / "models"
DIGITS = MODELS / "digits.tflite"
INPUT = ("-i", str(MODELS / "seven.csv"))
PORT = "/dev/no_such_port"

# How each is called with a model or file, and a board that it works with.
ON_MODELS = {
    "infer": (DIGITS, *INPUT),
    "infer by name": ("digits", *INPUT),
    "infer --verify": (DIGITS, *INPUT, "--verify"),
    "infer --watch": ("digits", "--watch", "-"),
    "verify": (DIGITS, "--count", "1"),
    "bench": (DIGITS, "--repeat", "1"),
    "deploy": (DIGITS,),
}
ALL = [*ON_MODELS, "deploy --list", "flash"]


@pytest.fixture
def fails(capsys, tmp_path):
    """Runs a command that has to fail as the tools fail: the exit code, nothing on standard output, one
    error on the other, no traceback."""
    file = tmp_path / "firmware.uf2"
    file.write_bytes(uf2_of(firmware()))
    arguments = {**ON_MODELS, "deploy --list": ("--list",), "flash": (file,)}

    def fails(what, *more, code):
        verb = what.split()[0]
        for json_too in ((), ("--json",)):
            told = [verb, *map(str, arguments[what]), *map(str, more), *json_too]
            got = cli.main(told)
            out, err = capsys.readouterr()
            err = " ".join(err.split())
            assert (got, out) == (code, ""), (told, out, err)
            assert err.count("error: ") == 1 and "Traceback" not in err, err
        return err

    return fails


def board_for(what, **faults):
    verb = what.split()[0]
    if verb == "flash":
        return Pico(**faults)
    if verb == "deploy":
        return FakeBoard(modules=modules(BlockDevice()), **faults)
    if verb == "bench":
        ticks = types.SimpleNamespace(ticks_us=lambda: 5, ticks_diff=lambda a, b: 5)
        return FakeBoard(modules={"time": ticks}, **faults)
    return FakeBoard(**faults)


@pytest.mark.parametrize("what", ALL)
def test_no_board(fails, what):
    assert "no board found" in fails(what, code=3)


@pytest.mark.parametrize("what", ALL)
def test_no_such_port(fails, what):
    assert f"no port {PORT}" in fails(what, "-p", PORT, code=3)
    assert "no port has the serial number 'E66'" in fails(what, "-p", "id:E66", code=3)


@pytest.mark.parametrize("what", ALL)
def test_what_is_no_port(fails, tmp_path, what):
    (tmp_path / "file").write_text("")
    assert f"{tmp_path / 'file'} is no serial port" in fails(what, "-p", tmp_path / "file", code=3)
    if what != "flash":  # to which a folder is that of a drive
        assert f"{tmp_path} is no serial port" in fails(what, "-p", tmp_path, code=3)


@pytest.mark.parametrize("what", ALL)
def test_a_busy_port(fails, what):
    with board_for(what) as board, serial.Serial(board.port, exclusive=True):
        assert f"{board.port} is busy: another program has it open" in fails(what, "-p", board.port, code=3)


@pytest.mark.parametrize("what", ALL)
def test_a_board_that_hangs_in_its_program(fails, what):
    with board_for(what, program="stubborn") as board:
        err = fails(what, "-p", board.port, "--timeout", "0.4", code=3)
        assert "is running a program: interrupting it" in err and "did not answer Ctrl-C with a prompt" in err


@pytest.mark.parametrize("what", ALL)
def test_something_else_than_micropython(fails, what):
    with board_for(what, modem=True) as board:
        err = fails(what, "-p", board.port, "--timeout", "0.4", code=3)
        assert "did not answer Ctrl-C with a prompt" in err and "ERROR" in err


@pytest.mark.parametrize("what", ALL)
def test_unplugged_when_code_first_runs(capsys, fails, what):
    with board_for(what, gone_in="import") as board:
        verb = what.split()[0]
        arguments = ON_MODELS.get(what, ("--list",) if verb == "deploy" else ())
        code = cli.main([verb, *map(str, arguments), "-p", board.port, "--timeout", "2"])
        out, err = capsys.readouterr()
        assert (code, out) == (3, "") and f"{board.port} is gone" in " ".join(err.split())


@pytest.mark.parametrize("what", list(ON_MODELS))
def test_a_firmware_without_the_module(fails, what):
    with board_for(what, no_module=True) as board:
        err = fails(what, "-p", board.port, code=1)
        assert "without the module arena8" in err and "make firmware" in err


@pytest.mark.parametrize("what", list(ON_MODELS))
def test_an_older_firmware(fails, what, monkeypatch):
    """One whose module has no models()."""
    old = types.ModuleType("arena8")
    old.Model, old.Interpreter, old.operators = arena8.Model, arena8.Interpreter, arena8.operators
    with board_for(what) as board:
        board.faults["modules"] = {**board.faults.get("modules", {}), "arena8": old}
        assert "runs an older firmware" in fails(what, "-p", board.port, code=1)


def test_an_older_firmware_says_what_it_is(monkeypatch, capsys):
    """flash and boards must know such a board, to replace what runs there."""
    old = types.ModuleType("arena8")
    old.operators = lambda: ("ADD",)
    with Pico(modules={"arena8": old}) as board:
        port = types.SimpleNamespace(device=board.port, serial_number="1", vid=0x2E8A, pid=0x0005)
        monkeypatch.setattr(list_ports, "comports", lambda: [port])
        assert cli.main(["boards", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["connected"]
    assert entry["error"] is None and entry["running"]["arena8"] == "?" and entry["running"]["operators"] == 1


@pytest.mark.parametrize("what", [what for what in ON_MODELS if DIGITS in ON_MODELS[what]])
@pytest.mark.parametrize(
    "content, says",
    [
        (DIGITS.read_bytes()[:1000], "the model's root table is malformed"),
        (b"import tensorflow as tf\n", "is text; arena8 wants a .tflite"),
        (b"", "is empty; arena8 wants a .tflite"),
        (None, "no file"),
    ],
)
def test_files_that_are_no_model(capsys, tmp_path, what, content, says):
    """Said before a board is looked for."""
    file = tmp_path / "wrong.tflite"
    if content is not None:
        file.write_bytes(content)
    rest = [str(a) for a in ON_MODELS[what][1:]]
    for port in (PORT, "host"):
        code = cli.main([what.split()[0], str(file), *rest, "-p", port])
        out, err = capsys.readouterr()
        err = " ".join(err.split())
        if what == "deploy" and port == "host":
            assert code == 2  # wrong usage
            continue
        assert (code, out) == (1, ""), err
        assert "wrong.tflite" in err and (says in err or content is None and "no model or file" in err), err


@pytest.mark.parametrize("what", ["infer", "infer by name", "verify", "bench"])
def test_too_large_for_the_ram(fails, what, monkeypatch):
    def full(model):
        raise MemoryError("no heap for an arena of 6064 bytes")

    with board_for(what) as board:
        small = types.ModuleType("arena8")
        small.__dict__.update(vars(arena8), Interpreter=full)
        board.faults["modules"] = {**board.faults.get("modules", {}), "arena8": small}
        err = fails(what, "-p", board.port, code=1)
        assert "has no RAM for digits: no heap for an arena of 6064 bytes" in err


@pytest.mark.parametrize("what", ["infer", "infer by name", "verify", "bench"])
def test_operators_that_the_firmware_lacks(fails, what):
    def refused(model):
        raise ValueError("node 5 CONV_2D: known, but not in this firmware")

    with board_for(what) as board:
        small = types.ModuleType("arena8")
        small.__dict__.update(vars(arena8), Interpreter=refused)
        board.faults["modules"] = {**board.faults.get("modules", {}), "arena8": small}
        err = fails(what, "-p", board.port, code=1)
        assert "can't run its digits: node 5 CONV_2D: known, but not in this firmware" in err


# Commands that look for boards by themselves. `boards` tells of each what is wrong with it, `build` asks for
# --board.

UNREACHABLE = [
    ({"program": "stubborn"}, "did not answer Ctrl-C with a prompt"),
    ({"silent": True}, "did not answer Ctrl-C with a prompt"),
    ({"modem": True}, "did not answer Ctrl-C with a prompt"),
    ({"gone_in": "import"}, "is gone"),
    ({"hang_in": "import"}, "was silent for 1 s"),
]


@pytest.fixture
def connected(monkeypatch):
    def connect(*boards):
        ports = [
            types.SimpleNamespace(device=board.port, serial_number="E66", vid=0x2E8A, pid=0x0005)
            for board in boards
        ]
        monkeypatch.setattr(list_ports, "comports", lambda: ports)

    return connect


@pytest.mark.parametrize("faults, says", UNREACHABLE)
def test_boards_tells_of_one_that_does_not_answer(run, connected, faults, says):
    """And goes on to the next."""
    with FakeBoard(**faults) as broken, Pico() as sound:
        connected(broken, sound)
        code, out, err = run("boards", "--timeout", "1", "--json")
        first, second = json.loads(out)["connected"]
        assert code == 0 and says in first["error"] and first["running"] is None
        assert second["error"] is None and second["running"]["arena8"]


def test_boards_tells_of_a_busy_port(run, connected):
    with Pico() as board, serial.Serial(board.port, exclusive=True):
        connected(board)
        code, out, _ = run("boards")
        assert code == 0 and "is busy: another program has it open" in out


def test_boards_tells_of_a_firmware_without_the_module(run, connected):
    with Pico(no_module=True) as board:
        connected(board)
        code, out, _ = run("boards")
        assert code == 0 and "without arena8: `arena8 flash` puts it there" in out


@pytest.mark.parametrize("faults, says", UNREACHABLE[:4])
def test_build_for_a_board_that_does_not_answer(run, connected, monkeypatch, faults, says):
    monkeypatch.setattr(build, "ASK_SECONDS", 0.4)
    with FakeBoard(**faults) as board:
        connected(board)
        code, out, err = run("build", "--json")
        assert (code, out) == (3, "") and "give --board" in err and says in err


def test_build_for_which_board(run, connected):
    for there in ((), (FakeBoard(), FakeBoard())):
        connected(*there)
        code, out, err = run("build", "--json")
        assert (code, out) == (2, "") and "--board says what to build for" in err and "RPI_PICO" in err
        for board in there:
            board.__exit__()
