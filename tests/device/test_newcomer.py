# SPDX-License-Identifier: MIT
"""A newcomer's session: from a .tflite to verified answers on an emulated Pico, each step a process. The
README's four commands are among them.

The Pico comes without firmware, as from the shop; one emulator serves it for the whole session.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zlib

import numpy
import pytest
from arena8 import config
from machines import DIGITS, REPO

sys.path.insert(0, str(REPO / "tests"))
import readme

IRIS = DIGITS.parent / "iris.tflite"
SEVEN = DIGITS.parent / "seven.csv"
SLOW = 240  # seconds that one command may take on a busy machine


class Session:
    def __init__(self, folder):
        self.folder = folder
        ours = [name for name in os.environ if name.startswith(("ARENA8_MODELS", "ARENA8_FIRMWARE"))]
        taken = {*ours, *(name for names in config.VARIABLES.values() for name in names), "FORCE_COLOR"}
        self.environment = {name: value for name, value in os.environ.items() if name not in taken}
        self.environment.update(ARENA8_REPO=str(REPO), COLUMNS="100")
        self.cache = {"XDG_CACHE_HOME": str(folder / "cache")}  # but not for builds, which have theirs there

    def start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "arena8", *map(str, arguments)],
            cwd=self.folder, env={**self.environment, **self.cache}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip

    def run(self, *arguments, code=0):
        """What the command printed, on standard output and as messages. Colours are for terminals."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=SLOW)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            pytest.fail(f"{arguments} took more than {SLOW} s:\n{process.communicate()}")
        assert process.returncode == code, f"{arguments}: exit code {process.returncode}\n{out}{err}"
        assert "Traceback" not in err and "\x1b" not in out + err, (arguments, out, err)
        return out, " ".join(err.split())

    def json(self, *arguments, code=0):
        return json.loads(self.run(*arguments, "--json", code=code)[0])


@pytest.fixture
def session(tmp_path):
    """A folder with two models, and a Pico without firmware that arena8.toml names as the port."""
    session = Session(tmp_path)
    (tmp_path / "digits.tflite").write_bytes(DIGITS.read_bytes())
    (tmp_path / "model.tflite").write_bytes(IRIS.read_bytes())
    numpy.save(tmp_path / "data.npy", numpy.array([5.9, 3.0, 5.1, 1.8], numpy.float32))
    (tmp_path / "seven.csv").write_bytes(SEVEN.read_bytes())
    emulator = session.start("emulate", "RPI_PICO", "--bootsel", "--json")
    line = emulator.stdout.readline()
    assert line, emulator.stderr.read()
    about = json.loads(line)
    session.device, session.drive = about["device"], about["drive"]
    (tmp_path / config.FILE).write_text(f'port = "{session.device}"\n')
    yield session
    emulator.send_signal(signal.SIGINT)
    _, said = emulator.communicate(timeout=60)
    assert emulator.returncode == 0 and "Traceback" not in said, said
    assert "in BOOTSEL mode: its drive is" in said and "it starts" in said
    assert not list((tmp_path / "cache").rglob("RPI-RP2")), "the drive went with the emulator"


def firmware(machine, session, monkeypatch):
    """The firmware with digits in it: built now where that is a matter of seconds (`make demo` has built it
    with this Python), else that of the tests."""
    stamp = REPO / "build" / "firmware" / "RPI_PICO-digits" / "obj" / ".stamp.json"
    if not stamp.is_file() or f"-DPython3_EXECUTABLE={sys.executable}" not in stamp.read_text():
        return machine.folder / "firmware.uf2"
    monkeypatch.setattr(session, "cache", {})
    report = session.json("build", "--board", "RPI_PICO", "-m", "digits.tflite")
    assert [model["name"] for model in report["models"]] == ["digits"]
    assert report["report"]["ram"]["parts"]["static arena"] == report["arena_bytes"] > 0
    monkeypatch.undo()
    return report["file"]


@pytest.mark.boards("RPI_PICO")
def test_from_a_model_to_verified_answers(machine, session, monkeypatch):
    machine.close()  # one emulator is enough for a busy machine

    # What is in the model, and does it fit?
    shown, _ = session.run("inspect", "digits.tflite", "--board", "RPI_PICO")
    assert "✓" in shown and "Runs." in shown and "CONV_2D" in shown
    arena = session.json("inspect", "digits.tflite")["arena_bytes_by_target"]["armv6m"]

    # Nothing runs yet, and the message says what to do.
    _, said = session.run("infer", "digits", "-i", "seven.csv", code=3)
    assert f"{session.device} is an emulated Pico in BOOTSEL mode: `arena8 flash" in said

    uf2 = firmware(machine, session, monkeypatch)
    inspect, flash, deploy, infer = (command.split()[1:] for command in readme.commands())
    assert "Runs." in session.run(*inspect)[0]
    flashed = session.json(*flash, uf2)
    assert (flashed["board"], flashed["port"], flashed["by"]) == ("RPI_PICO", session.device, "drive")
    models = {model["name"]: model["crc32"] for model in flashed["running"]["models"]}
    assert int(models["digits"], 16) == zlib.crc32(DIGITS.read_bytes())

    shown, _ = session.run("infer", "digits.tflite", "-i", "seven.csv", "--verify")
    assert shown.split()[0] == "7" and "the same as this machine's to the bit" in shown
    assert f"arena {arena:,} bytes" in shown

    # A second model, without another firmware.
    shown, _ = session.run(*deploy)
    assert "model.tflite" in shown and "new" in shown and "written and verified" in shown
    shown, _ = session.run(*infer)
    assert shown.split()[0] == "virginica" and "the same as this machine's to the bit" in shown
    report = session.json("verify", "model.tflite", "--count", "3")
    assert (report["model"], report["identical"], report["verified"]) == ("model", 3, True)
    profile = session.json("bench", "model.tflite", "--repeat", "1")
    assert profile["emulated"] is True and 10 < profile["microseconds"]["median"] < 10_000
    assert [row["op"] for row in profile["operators"]] == ["FULLY_CONNECTED", "FULLY_CONNECTED", "SOFTMAX"]

    # The firmware anew, this time onto a board that runs: the deployed model is still there.
    shown, said = session.run("flash", uf2)
    assert "restarting in BOOTSEL mode" in said and "in ROMFS: model" in shown


@pytest.mark.boards("RPI_PICO")
def test_what_is_no_firmware_is_ignored_by_the_drive(machine, session, tmp_path):
    """As the boot ROM does; the command itself would refuse it before."""
    wrong = tmp_path / "wrong.uf2"
    data = bytearray((machine.folder / "firmware.uf2").read_bytes())
    for block in range(0, len(data), 512):
        data[block + 28 : block + 32] = (0xE48BFF59).to_bytes(4, "little")  # for RP2350
    wrong.write_bytes(data)
    assert "is for RP2350" in session.run("flash", wrong, code=1)[1]
    (tmp_path / "drive").symlink_to(session.drive)
    assert (tmp_path / "drive" / "INFO_UF2.TXT").is_file()
    flashed = session.json("flash", machine.folder / "firmware.uf2", "--board", "RPI_PICO")
    assert flashed["running"]["arena8"] and not (tmp_path / "drive").exists()
