# SPDX-License-Identifier: MIT
"""arena8 boards: those that are known, and those that are connected, whatever state they are in."""

from __future__ import annotations

import json

from arena8.flashers import bootsel
from serial.tools import list_ports
from test_flash_verb import Pico, Port, make_drive

VERB = "boards"


def test_known(run):
    code, out, _ = run("--json")
    report = json.loads(out)
    assert code == 0 and report["connected"] == []
    pico = next(board for board in report["known"] if board["board"] == "RPI_PICO")
    assert (pico["flash_bytes"], pico["romfs_bytes"], pico["emulator"]) == (2097152, 131072, "rp2040py")
    code, out, _ = run()
    assert code == 0 and "None is connected" in out and "Raspberry Pi Pico" in out


def test_not_mounted(run, monkeypatch):
    monkeypatch.setattr(bootsel, "unmounted", lambda board: "a RP2040 is there, but not mounted")
    assert "but not mounted" in run()[1]


def test_connected(run, monkeypatch, tmp_path):
    make_drive(tmp_path / "RPI-RP2")
    monkeypatch.setenv("ARENA8_DRIVES", str(tmp_path / "RPI-RP2"))
    with Pico(models=[("kws", 5, -1)]) as board, Pico(silent=True) as silent, Pico(no_module=True) as stock:
        ports = [Port(board.port, "A"), Port(silent.port, "B"), Port(stock.port, "C"), Port("x", "D", 1, 2)]
        monkeypatch.setattr(list_ports, "comports", lambda: ports)
        code, out, err = run("--json", "--timeout", "1")
        first, hung, plain, drive = json.loads(out)["connected"]
        assert code == 0
        assert first["board"] == "RPI_PICO" and first["running"]["version"] == "1.25.0"
        assert first["running"]["models"] == [{"name": "kws", "bytes": 5, "crc32": "ffffffff"}]
        assert hung["running"] is None and "did not answer" in hung["error"]
        assert plain["running"]["arena8"] is None
        assert (drive["mode"], drive["board"], drive["board_id"]) == ("bootsel", "RPI_PICO", "RPI-RP2")
        code, out, _ = run("--timeout", "1")
        shown = " ".join(out.split())
        assert code == 0 and "models: kws" in shown and "in BOOTSEL mode (Raspberry Pi RP2)" in shown
        assert "without arena8: `arena8 flash` puts it there" in shown and "did not answer" in shown


def test_no_ask(run, monkeypatch):
    with Pico(program=True) as board:
        monkeypatch.setattr(list_ports, "comports", lambda: [Port(board.port)])
        code, out, _ = run("--no-ask", "--json")
        assert code == 0 and json.loads(out)["connected"][0]["running"] is None
        assert not board.executed and board.running_program
        code, out, err = run("--json", "--timeout", "5")
        assert "interrupting it" in err and board.executed
