# SPDX-License-Identifier: MIT
"""arena8 emulate: what is wrong is said before anything boots. tests/device has the boards themselves."""

from __future__ import annotations

import pytest
from arena8 import cli
from arena8.errors import BoardError
from arena8.transports import flash_file, pico_emulator
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


def test_flash_of_what_has_none(capsys):
    assert cli.main(["emulate", "UNIX", "--flash", "x.bin"]) == 2
    assert "--flash keeps the flash of an RPI_PICO" in " ".join(capsys.readouterr().err.split())


def test_flash_files(tmp_path):
    size = pico_emulator.flash_bytes()
    file = tmp_path / "pico.bin"
    with flash_file.opened(str(file), size):
        assert file.read_bytes() == b"\xff" * size
        if flash_file.fcntl:
            with pytest.raises(BoardError, match="is the flash of an emulated Pico that runs"):
                flash_file.opened(str(file), size)
    assert pico_emulator.keeps_flash(str(file))
    file.write_bytes(b"UF2\n".ljust(size, b"\0"))
    assert not pico_emulator.keeps_flash(str(file))
    file.write_bytes(b"too short")
    assert not pico_emulator.keeps_flash(str(file))
    with pytest.raises(BoardError, match="no flash of 2,097,152 bytes: it has 9"):
        flash_file.opened(str(file), size)
    with pytest.raises(BoardError, match="can't keep the flash in"):
        flash_file.opened(str(tmp_path / "nowhere" / "pico.bin"), size)
