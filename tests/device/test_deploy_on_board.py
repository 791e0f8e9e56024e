# SPDX-License-Identifier: MIT
"""arena8 deploy into the flash of an emulated Pico, and on machines that have no ROMFS."""

from __future__ import annotations

import json
import os
import zlib
from array import array
from pathlib import Path

import arena8
import pytest
from arena8 import cli, romfs, transports
from arena8.errors import BoardGone
from machines import DIGITS, Machine

IRIS = DIGITS.parent / "iris.tflite"
FLOWER = [5.9, 3.0, 5.1, 1.8]
ANSWER = """
import arena8
from array import array
m = arena8.Model({name!r})
print(m.address, m.in_flash, m.address % 16, m.crc32)
print(bytes(arena8.Interpreter(m).predict(array("f", {flower}))).hex())
"""


@pytest.fixture
def deploy(machine, repl, monkeypatch, tmp_path, capsys):
    """The command on the machine that keeps running: what it wrote is still there afterwards."""

    def connect(*arguments: object) -> object:
        repl._enter_raw()
        return repl

    def deploy(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(["deploy", *map(str, arguments), "-p", machine.port])
        out, err = capsys.readouterr()
        repl._enter_raw()
        return code, out, " ".join(err.split())

    monkeypatch.setattr(transports, "connect", connect)
    monkeypatch.setattr(repl, "close", lambda: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return deploy


def renamed(model: Path, name: str, folder: Path, tail: bytes = b"") -> Path:
    copy = folder / f"{name}.tflite"
    copy.write_bytes(model.read_bytes() + tail)
    return copy


def answer(repl, name: str) -> list[str]:
    about, answered = repl.exec(ANSWER.format(name=name, flower=FLOWER)).decode().split("\r\n")[:2]
    assert bytes.fromhex(answered) == bytes(arena8.Interpreter(IRIS).predict(array("f", FLOWER)))
    return about.split()


@pytest.mark.boards("RPI_PICO")
def test_deploy(machine, repl, deploy, tmp_path):
    assert deploy("--fresh", "--json")[0] == 0
    one = renamed(IRIS, "flower", tmp_path)
    code, out, err = deploy(one, "--json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert report["board"] == "RPI_PICO"
    assert report["romfs_bytes"] == machine.facts.facts["flash_map"]["romfs"]["bytes"]
    entry = report["files"][0]
    assert (entry["path"], entry["change"], entry["bytes"]) == ("flower.tflite", "new", IRIS.stat().st_size)
    assert entry["arena_bytes"] == arena8.engine.describe(IRIS)["arena_bytes_by_target"][machine.facts.target]

    # Found by name, read in place, aligned.
    flash, part = machine.facts.facts["flash"], machine.facts.facts["flash_map"]["romfs"]
    start = int(flash["base"], 0) + part["offset"]
    address, in_flash, off, crc = answer(repl, "flower")
    assert start <= int(address) == entry["address"] < start + part["bytes"]
    assert (in_flash, off) == ("True", "0")
    assert int(crc) & 0xFFFFFFFF == zlib.crc32(one.read_bytes())

    # A second one beside it; the first is replaced by another of its name.
    two = renamed(IRIS, "two", tmp_path, bytes(3000))
    other = renamed(IRIS, "flower", tmp_path, b"a tail")
    code, out, _ = deploy(two, other)
    assert code == 0 and "replaced" in out and "new" in out
    assert int(answer(repl, "flower")[3]) & 0xFFFFFFFF == zlib.crc32(other.read_bytes())
    code, out, _ = deploy("--list", "--json")
    sizes = {entry["path"]: entry["bytes"] for entry in json.loads(out)["files"]}
    assert sizes == {"flower.tflite": other.stat().st_size, "two.tflite": two.stat().st_size}
    assert json.loads(deploy(two, other, "--json")[1])["written_bytes"] == 0

    # infer takes the deployed one, though the firmware has another of its name.
    mine = renamed(IRIS, "digits", tmp_path)
    code, _, err = deploy(mine)
    assert code == 0 and "another model frozen as digits" in err
    values = ",".join(map(str, FLOWER))
    assert cli.main(["infer", str(mine), "-i", values, "-p", machine.port, "--verify", "--json"]) == 0
    repl._enter_raw()
    assert deploy("--remove", "digits")[0] == 0

    # What does not fit is refused.
    large = renamed(IRIS, "large", tmp_path, bytes(part["bytes"]))
    code, _, err = deploy(large)
    assert code == 1 and "don't fit into the ROMFS" in err and f"{part['bytes']:,}" in err

    # Interrupted while the second block is written, and put back.
    program = "_a8_part.writeblocks(1,"
    execute = repl.exec

    def interrupted(code: str | bytes, timeout: float | None = None) -> bytes:
        if program in str(code):
            raise KeyboardInterrupt
        return execute(code, timeout)

    repl.exec = interrupted
    bigger = renamed(IRIS, "bigger", tmp_path, bytes(5000))
    try:
        code, _, err = deploy("--remove", "two", bigger)
    finally:
        del repl.exec
    assert code == 130 and "is incomplete and won't be mounted" in err
    repl.soft_reset()
    assert repl.exec("import os\nprint('rom' in os.listdir('/'))").strip() == b"False"
    assert repl.exec("print(sum(range(10)))").strip() == b"45"
    saved = err.partition("--restore ")[2].split()[0]
    assert deploy("--restore", saved)[0] == 0
    answer(repl, "flower")
    assert not os.path.exists(saved) or romfs.parse(Path(saved).read_bytes())

    code, out, _ = deploy("--remove", "flower", "--remove", "two")
    assert code == 0
    assert b"False" in repl.exec("import os\nprint('rom' in os.listdir('/'))")


@pytest.mark.boards("RPI_PICO")
def test_operators_by_type(machine, repl):
    """What a firmware with int8 operators alone says of itself."""
    assert b"('int8',)" in repl.exec("import arena8\nprint(arena8.operators('DEPTHWISE_CONV_2D'))")


@pytest.mark.boards("RPI_PICO")
def test_the_emulator_ends_in_the_middle(machine, monkeypatch, capsys, tmp_path):
    victim = Machine(machine.name, machine.folder, machine.about)
    repl = victim.fresh()
    monkeypatch.setattr(transports, "connect", lambda *arguments: repl)
    start = repl.start

    def pulled(code: str | bytes) -> None:
        if "_a8_part.ioctl(6, 0)" in str(code):
            repl.process.kill()
        start(code)

    repl.start = pulled
    code = cli.main(["deploy", str(renamed(IRIS, "flower", tmp_path)), "-p", machine.port])
    err = " ".join(capsys.readouterr().err.split())
    assert code == BoardGone.exit_code == 3
    assert "pico-emulator is gone" in err and "Traceback" not in err


@pytest.mark.boards("UNIX", "MICROBIT", "MPS2_AN385", "MPS2_AN505", "VIRT_RV32", "DE233_FPU")
def test_no_romfs(machine, capsys):
    code = cli.main(["deploy", str(IRIS), "-p", machine.port])
    err = " ".join(capsys.readouterr().err.split())
    assert code == 1 and "has no ROMFS partition" in err
