# SPDX-License-Identifier: MIT
"""arena8 emulate, verify and bench on emulated boards, as commands of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zlib

import pytest
from arena8 import cli, engine, localize, samples, transports
from arena8.errors import BoardError
from arena8.remote import RemoteModel
from arena8.transports.pico_emulator import PicoRepl
from machines import DIGITS

IRIS = DIGITS.parent / "iris.tflite"


@pytest.fixture
def device(machine):
    """A serial device with the board behind it, from a process that Ctrl-C ends well."""
    command = [sys.executable, "-m", "arena8", "emulate", machine.name, "--json"]
    firmware = machine.folder / machine.facts.emulator["firmware"]
    process = subprocess.Popen(
        [*command, "--firmware", str(firmware)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    assert line, process.stderr.read()
    yield json.loads(line)["device"]
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0 and "Traceback" not in err, err


@pytest.mark.boards("UNIX", "RPI_PICO")
def test_other_tools_open_it(machine, device, capsys):
    mpremote = [sys.executable, "-m", "mpremote", "connect", device]
    done = subprocess.run([*mpremote, "exec", "print(6 * 7)"], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "42", done.stdout + done.stderr
    # A second client, after the first has gone; and nothing is left in the line between them.
    arguments = [
        "infer",
        str(DIGITS),
        "-p",
        device,
        "-i",
        str(DIGITS.parent / "seven.csv"),
        "--timeout",
        "60",
    ]
    assert cli.main([*arguments, "--verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verified"] is True


@pytest.mark.boards("UNIX", "RPI_PICO")
def test_a_mounted_folder_has_the_model(device, tmp_path):
    """Its bytes hold Ctrl-C, which is data then."""
    assert 3 in IRIS.read_bytes()
    (tmp_path / "flower.tflite").write_bytes(IRIS.read_bytes())
    (tmp_path / "app.py").write_text(
        "import arena8\n"
        "m = arena8.Model('flower.tflite')\n"
        "print(m.name, m.nbytes, m.crc32)\n"
        "print(arena8.Interpreter(m).outputs[0].shape)\n"
    )
    command = [sys.executable, "-m", "mpremote", "connect", device, "mount", ".", "run", "app.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    said = done.stdout.splitlines()[1:]
    about = f"flower {IRIS.stat().st_size} {zlib.crc32(IRIS.read_bytes())}"
    assert (done.returncode, said) == (0, [about, "(1, 3)"]), done.stdout + done.stderr
    # Ctrl-C interrupts again afterwards, and the board hears what comes then.
    done = subprocess.run([*command[:5], "exec", "print(6 * 7)"], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "42", done.stdout + done.stderr


@pytest.mark.boards("RPI_PICO")
def test_a_wait_takes_as_long_as_it_says(repl):
    """So a program that waits for the host with a timeout gives it that time."""
    repl.exec("import select, sys, time\npoll = select.poll()\npoll.register(sys.stdin, select.POLLIN)")
    start = time.monotonic()
    waited = repl.exec("t = time.ticks_ms()\npoll.poll(400)\nprint(time.ticks_diff(time.ticks_ms(), t))")
    assert 400 <= int(waited) < 450 and time.monotonic() - start > 0.35


@pytest.mark.boards("RPI_PICO")
def test_flash_that_is_kept(machine, tmp_path):
    """From one run to the next, also of a Pico whose other side is killed; and -p takes the file as well."""
    firmware = str(machine.folder / machine.facts.emulator["firmware"])
    file = tmp_path / "pico.bin"
    with PicoRepl(None, flash=str(file), in_bootsel_mode=True) as repl:
        assert repl.is_in_bootsel_mode() and file.stat().st_size == machine.facts.facts["flash"]["bytes"]
        repl.load(firmware)
        repl.connect()
        repl.exec("with open('note', 'w') as f: f.write('kept')")
    with pytest.raises(BoardError, match="nothing to boot"):
        blank = tmp_path / "blank.bin"
        blank.write_bytes(b"\xff" * file.stat().st_size)
        transports.connect(f"pico-emulator:{blank}")
    with transports.connect(f"pico-emulator:{file}") as repl:
        assert repl.exec("print(open('note').read())").strip() == b"kept"
        repl.exec("with open('note', 'a') as f: f.write(' again')")
        repl.process.stdin.close()  # as when this process is killed
        repl.process.wait(10)
    assert b"kept again" in file.read_bytes()


def test_verify(machine, capsys):
    machine.close()
    code = cli.main(["verify", str(DIGITS), "-p", machine.port, "--count", "3", "--json"])
    about = json.loads(capsys.readouterr().out)
    assert (code, about["identical"]) == (0, 3)


def test_the_first_operator_that_differs(machine, repl, opened, tmp_path):
    model: RemoteModel = opened("digits")
    content = bytearray(DIGITS.read_bytes())
    weights = engine.nodes(DIGITS)[5]["inputs"][1]
    content[weights["position"] + 100] ^= 0x40
    other = tmp_path / "digits.tflite"
    other.write_bytes(content)
    fed = samples.random(model.inputs, 1, 1)
    found = localize.first_wrong_node(repl, model, other, fed)
    assert (found["node"], found["op"]) == (5, "CONV_2D")
    assert "reason" in localize.first_wrong_node(repl, model, DIGITS, fed)


def test_bench(machine, capsys):
    machine.close()
    code = cli.main(["bench", str(DIGITS), "-p", machine.port, "--repeat", "2", "--json"])
    out, err = capsys.readouterr()
    if machine.name not in ("UNIX", "RPI_PICO"):
        assert code == 1 and "has no clock" in " ".join(err.split())
        return
    about = json.loads(out)
    assert code == 0 and about["emulated"] is True and len(about["operators"]) == 10
    if machine.name == "RPI_PICO":
        cycles = about["microseconds"]["median"] * machine.facts.clock_hz / 1e6
        assert about["cycles"] == pytest.approx(cycles, rel=0.02)


@pytest.mark.boards("UNIX")
def test_a_termination_ends_it_well(machine):
    command = [sys.executable, "-m", "arena8", "emulate", "UNIX", "--firmware"]
    firmware = machine.folder / machine.facts.emulator["firmware"]
    process = subprocess.Popen([*command, str(firmware)], stdout=subprocess.PIPE, text=True)
    device = process.stdout.readline().strip()
    assert os.path.exists(device)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert not os.path.exists(device)
