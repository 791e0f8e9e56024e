# SPDX-License-Identifier: MIT
"""arena8 emulate: what is wrong is said before anything boots. tests/device has the boards themselves."""

from __future__ import annotations

import pytest
from arena8 import cli
from arena8.verbs import emulate


@pytest.fixture(autouse=True)
def no_firmware(monkeypatch, tmp_path):
    monkeypatch.setenv("ARENA8_FIRMWARE", str(tmp_path))


@pytest.mark.parametrize(
    "board, port",
    [("RPI_PICO", "pico-emulator"), ("UNIX", "unix"), ("MPS2_AN385", "qemu:MPS2_AN385"), ("unix", "unix"),
     ("MPS2_AN505", "qemu:MPS2_AN505"), ("pico-emulator", "pico-emulator"),
     ("qemu:MICROBIT", "qemu:MICROBIT")],
)  # fmt: skip
def test_names(board, port):
    assert emulate.port_of(board, None) == port
    assert emulate.port_of(board, "x.elf") == f"{port}:x.elf"


@pytest.mark.parametrize(
    "board, code, says",
    [
        ("NOTHING", 2, "no board NOTHING"),
        ("RPI_PICO", 3, "make firmware BOARD=RPI_PICO"),
        ("UNIX", 3, "make"),
    ],
)
def test_what_can_not_start(board, code, says, capsys):
    assert cli.main(["emulate", board]) == code
    out, err = capsys.readouterr()
    assert out == "" and says in " ".join(err.split())
