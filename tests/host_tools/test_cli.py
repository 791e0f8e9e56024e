# SPDX-License-Identifier: MIT
"""The command arena8 as a user meets it: exit codes, messages, answers."""

from __future__ import annotations

import errno
import json
import time
import zlib
from pathlib import Path

import numpy
import pytest
import serial
from arena8 import boards, cli
from arena8.transports import serial_port
from fake_board import FakeBoard

REPO = Path(__file__).resolve().parents[2]
MODELS = REPO / "firmware" / "models"
DIGITS = MODELS / "digits.tflite"
SAMPLES = numpy.load(MODELS / "digits_samples.npy")
LABELS = numpy.load(MODELS / "digits_samples_labels.npy")
NUMBERS = ",".join(map(str, SAMPLES[3].reshape(-1)))


# Usage


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["infer"], "Missing argument"),
        (["infer", "digits"], "Missing option"),
        (["nonsense"], "No such command"),
        (["inspect", DIGITS, "--no-such-option"], "No such option"),
        (["infer", "digits", "-i", "1", "--timeout", "0"], "--timeout"),
        (["infer", DIGITS, "-p", "host", "-i", "1,2,3"], "has 3 numbers; input 'image' takes 64"),
        (["infer", DIGITS, "-p", "host", "-i", "no_such_file.npy"], "neither a file nor numbers"),
        (["infer", DIGITS, "-p", "host", "-i", "1", "-i", "2"], "has 1 input ('image' 1x8x8x1 int8), got 2"),
        (["infer", DIGITS, "-p", "qemu:", "-i", "1"], "wants a board"),
        (["infer", DIGITS, "-p", "qemu:RPI_PICO", "-i", "1"], "RPI_PICO is not a QEMU machine"),
    ],
)
def test_wrong_usage_is_2(run, arguments, says):
    code, out, err = run(*arguments)
    assert code == 2
    assert says in err
    assert out == ""


def test_help_and_version(run):
    for arguments in (["--help"], ["infer", "--help"], ["inspect", "-h"]):
        code, out, _ = run(*arguments)
        assert code == 0 and "Usage" in out
    code, out, _ = run("--version")
    assert code == 0 and out.startswith("arena8 ")


# inspect


def test_inspect_shows_the_table(run):
    code, out, _ = run("inspect", DIGITS)
    card = json.loads((MODELS / "digits.json").read_text())
    assert code == 0
    assert f"{card['macs']:,}" in out and f"{card['params']:,}" in out
    for operator in card["operators"]:
        assert operator in out


def test_inspect_json(run):
    code, out, _ = run("inspect", DIGITS, "--json")
    about = json.loads(out)
    card = json.loads((MODELS / "digits.json").read_text())
    assert code == 0
    assert about["macs"] == card["macs"]
    assert [node["op"] for node in about["operators"]] == card["operators"]
    assert about["unsupported"] == []
    assert about["arena_bytes"] >= 64 + 10


def test_inspect_of_a_broken_model(run, tmp_path):
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(DIGITS.read_bytes()[:1000])
    code, out, err = run("inspect", broken, "--json")
    assert (code, out) == (1, "")
    assert "broken.tflite" in err and "Traceback" not in err


def test_inspect_of_no_file(run):
    code, _, err = run("inspect", "no/such.tflite")
    assert code == 1 and "no/such.tflite" in err


# infer on this machine


def test_infer_host_json_is_the_twins_answer(run):
    import arena8

    code, out, err = run("infer", DIGITS, "-p", "host", "-i", NUMBERS, "--verify", "--json")
    interpreter = arena8.Interpreter(DIGITS)
    interpreter.inputs[0].quantize(SAMPLES[3].tobytes())
    interpreter.invoke()
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer["outputs"][0]["raw"] == list(interpreter.outputs[0])
    assert answer["outputs"][0]["top"][0]["label"] == "3"
    assert answer["verified"] is True


def test_infer_host_for_people(run):
    code, out, _ = run("infer", DIGITS, "-p", "host", "-i", NUMBERS)
    assert code == 0
    assert out.split()[0] == str(LABELS[3])
    assert "\x1b" not in out  # colours are for terminals


# infer on a board


def test_infer_on_a_serial_port(run):
    with FakeBoard() as board:
        code, out, err = run("infer", DIGITS, "-p", board.port, "-i", NUMBERS, "--verify", "--json")
        answer = json.loads(out)
        assert (code, err) == (0, "")
        assert answer["verified"] is True
        assert answer["outputs"][0]["top"][0]["label"] == "3"
        assert answer["port"] == board.port
        assert board.soft_resets == 1 and board.program_starts == 0


def test_the_port_comes_from_the_environment(run, monkeypatch):
    with FakeBoard() as board, FakeBoard() as other:
        monkeypatch.setenv("ESPTOOL_PORT", other.port)
        assert run("infer", "digits", "-i", NUMBERS)[0] == 0
        assert other.executed and not board.executed
        monkeypatch.setenv("ARENA8_PORT", board.port)
        assert run("infer", "digits", "-i", NUMBERS)[0] == 0
        assert board.executed


def test_it_says_when_it_interrupts_a_program(run):
    with FakeBoard(program=True) as board:
        code, out, err = run("infer", "digits", "-p", board.port, "-i", NUMBERS, "--timeout", "5")
        time.sleep(0.2)
        assert code == 0
        assert f"{board.port} is running a program: interrupting it" in err
        assert board.program_starts == 1
    with FakeBoard(program=True) as board:
        assert run("infer", "digits", "-p", board.port, "-i", NUMBERS, "--timeout", "5", "--no-reset")[0] == 0
        time.sleep(0.2)
        assert board.program_starts == 0


def test_a_wrong_answer_is_1(run):
    with FakeBoard(flip=True) as board:
        code, out, err = run("infer", DIGITS, "-p", board.port, "-i", NUMBERS, "--verify")
        assert code == 1
        assert "differs from this machine's in 1 of 10 elements; the first is Identity[1]" in err
        # Without --verify nobody can tell.
        assert run("infer", DIGITS, "-p", board.port, "-i", NUMBERS)[0] == 0


def test_another_model_of_that_name(run):
    with FakeBoard(models=[("digits", 4711, 0x12345678)]) as board:
        code, _, err = run("infer", DIGITS, "-p", board.port, "-i", NUMBERS)
        assert code == 1
        assert (
            "12345678" in err
            and "4711 bytes" in err
            and f"{zlib.crc32(DIGITS.read_bytes()):08x}" in err
            and board.port in err
        )


def test_a_file_is_found_by_its_checksum(run, tmp_path):
    copy = tmp_path / "renamed.tflite"
    copy.write_bytes(DIGITS.read_bytes())
    with FakeBoard() as board:
        code, out, _ = run("infer", copy, "-p", board.port, "-i", NUMBERS, "--json")
        assert code == 0 and json.loads(out)["model"] == "digits"


def test_a_model_that_the_board_does_not_have(run, tmp_path):
    other = tmp_path / "other.tflite"
    other.write_bytes(DIGITS.read_bytes() + b"tail")
    with FakeBoard(models=[]) as board:
        code, _, err = run("infer", other, "-p", board.port, "-i", NUMBERS)
        assert code == 1 and "has no model other; its models are none" in err
        code, _, err = run("infer", "unknown_name", "-p", board.port, "-i", NUMBERS)
        assert code == 1 and "has no model unknown_name" in err


def test_verify_without_the_file(run, monkeypatch, tmp_path):
    monkeypatch.delenv("ARENA8_MODELS")
    monkeypatch.chdir(tmp_path)
    code, _, err = run("infer", "digits", "-p", "/dev/no_such_port", "-i", NUMBERS, "--verify")
    assert code == 2 and "--verify needs the .tflite of digits" in err


def test_no_such_file(run):
    code, _, err = run("infer", "no/such.tflite", "-p", "/dev/no_such_port", "-i", "1")
    assert code == 1 and "no file no/such.tflite" in err


def test_a_firmware_without_the_module(run):
    with FakeBoard(no_module=True) as board:
        code, _, err = run("infer", "digits", "-p", board.port, "-i", NUMBERS)
        assert code == 1
        assert "without the module arena8" in err and "make firmware" in err


def test_lost_bytes_are_noticed(run):
    with FakeBoard(wrong_crc=True) as board:
        code, _, err = run("infer", "digits", "-p", board.port, "-i", NUMBERS)
        assert code == 3 and "received an input of 64 bytes wrongly 3 times" in err


# No board, or one that hangs


def test_a_silent_board(run):
    with FakeBoard(silent=True) as board:
        start = time.monotonic()
        code, _, err = run("infer", "digits", "-p", board.port, "-i", NUMBERS, "--timeout", "1")
        assert code == 3
        assert "did not answer Ctrl-C with a prompt within 1 s; nothing was heard" in err
        assert time.monotonic() - start < 5


def test_a_program_that_can_not_be_stopped(run):
    with FakeBoard(program="stubborn") as board:
        assert run("infer", "digits", "-p", board.port, "-i", NUMBERS, "--timeout", "1")[0] == 3


def test_a_board_that_hangs_in_the_middle(run):
    with FakeBoard(hang_in="_a8.invoke()") as board:
        code, _, err = run("infer", "digits", "-p", board.port, "-i", NUMBERS, "--timeout", "1")
        assert code == 3
        assert f"{board.port} was silent for 1 s" in err and "last heard:" in err


def test_a_board_that_is_unplugged(run):
    with FakeBoard(gone_in="_a8.invoke()") as board:
        code, _, err = run("infer", "digits", "-p", board.port, "-i", NUMBERS, "--timeout", "2")
        assert code == 3 and f"{board.port} is gone" in err


def test_no_such_port(run):
    code, _, err = run("infer", "digits", "-p", "/dev/no_such_port", "-i", NUMBERS)
    assert code == 3 and "no port /dev/no_such_port" in err


def test_a_busy_port(run):
    with FakeBoard() as board, serial.Serial(board.port, exclusive=True):
        code, _, err = run("infer", "digits", "-p", board.port, "-i", NUMBERS)
        assert code == 3 and f"{board.port} is busy" in err


def test_a_port_without_permission(run, monkeypatch):
    def refuse(self):
        raise serial.SerialException(errno.EACCES, "could not open port: [Errno 13] Permission denied")

    monkeypatch.setattr(serial.Serial, "open", refuse)
    code, _, err = run("infer", "digits", "-p", "/dev/ttyACM0", "-i", NUMBERS)
    assert code == 3 and "permission denied for /dev/ttyACM0" in err and "dialout" in err


class Port:
    serial_number = "E660"

    def __init__(self, device, vid, pid):
        self.device, self.vid, self.pid = device, vid, pid


def test_no_board_connected(run, monkeypatch):
    monkeypatch.setattr(
        serial_port.serial.tools.list_ports, "comports", lambda: [Port("/dev/ttyS0", None, None)]
    )
    code, _, err = run("infer", "digits", "-i", NUMBERS)
    assert code == 3
    assert "no board found" in err and "2e8a:0005" in err and "/dev/ttyS0" in err


def test_the_one_board_connected(run, monkeypatch):
    with FakeBoard() as board:
        ports = [Port(board.port, 0x2E8A, 0x0005), Port("/dev/ttyUSB7", 0x1111, 0x2222)]
        monkeypatch.setattr(serial_port.serial.tools.list_ports, "comports", lambda: ports)
        assert run("infer", "digits", "-i", NUMBERS)[0] == 0
        assert board.executed


def test_several_boards_are_listed(run, monkeypatch):
    ports = [Port("/dev/ttyACM0", 0x2E8A, 0x0005), Port("/dev/ttyACM1", 0x2E8A, 0x0005)]
    monkeypatch.setattr(serial_port.serial.tools.list_ports, "comports", lambda: ports)
    code, _, err = run("infer", "digits", "-i", NUMBERS)
    assert code == 3
    assert "2 boards are connected" in err and "/dev/ttyACM0" in err and "/dev/ttyACM1" in err


def test_an_emulator_without_firmware(run, monkeypatch, tmp_path):
    monkeypatch.setenv("ARENA8_FIRMWARE", str(tmp_path))
    for port, board in (("unix", "UNIX"), ("pico-emulator", "RPI_PICO"), ("qemu:MICROBIT", "MICROBIT")):
        code, _, err = run("infer", "digits", "-p", port, "-i", NUMBERS)
        assert code == 3 and f"make firmware BOARD={board}" in err


def test_an_emulator_with_a_wrong_firmware(run, tmp_path):
    broken = tmp_path / "firmware.uf2"
    broken.write_bytes(b"this is no UF2")
    code, _, err = run("infer", "digits", "-p", f"pico-emulator:{broken}", "-i", NUMBERS)
    assert code == 1 and "is no UF2 file: it is text" in err
    code, _, err = run("infer", "digits", "-p", f"unix:{tmp_path / 'nothing'}", "-i", NUMBERS)
    assert code == 1 and f"no file {tmp_path / 'nothing'}" in err


def test_facts_of_boards():
    known = boards.all_boards()
    assert {"RPI_PICO", "UNIX", "MPS2_AN385", "MPS2_AN505", "MICROBIT"} <= set(known)
    assert known["RPI_PICO"].usb_id == (0x2E8A, 0x0005)
    assert known["RPI_PICO"].clock_hz == 125_000_000
    assert known["RPI_PICO"].target == known["MICROBIT"].target == "armv6m"


# As other programs see it


SHELLS = [("bash", "complete -o nosort -F"), ("zsh", "compdef"), ("fish", "complete ")]


@pytest.mark.parametrize("shell, says", SHELLS)
def test_shell_completion(capsys, monkeypatch, shell, says):
    """What docs/verbs/infer.md tells to eval; then the verbs are offered."""
    monkeypatch.setenv("_ARENA8_COMPLETE", f"{shell}_source")
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 0 and says in capsys.readouterr().out
    if shell == "bash":
        monkeypatch.setenv("_ARENA8_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", "arena8 in")
        monkeypatch.setenv("COMP_CWORD", "1")
        with pytest.raises(SystemExit):
            cli.main([])
        assert capsys.readouterr().out.split() == ["plain,inspect", "plain,infer"]


def test_every_command_has_json_and_plain_help(run):
    for verb in (*cli.FIRST, *cli.ADVANCED):
        code, out, err = run(verb, "--help")
        assert (code, err) == (0, "") and "--json" in out and "\x1b" not in out, verb
