# SPDX-License-Identifier: MIT
"""Defaults of options from the environment and arena8.toml, and the names that a port may have."""

from __future__ import annotations

import pytest
from arena8 import config, options, transports
from arena8.errors import BoardError, UsageError
from arena8.transports import serial_port


@pytest.fixture(autouse=True)
def folders(monkeypatch, tmp_path):
    for names in config.VARIABLES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    here, user = tmp_path / "here", tmp_path / "user"
    here.mkdir()
    user.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(config, "files", lambda: [here / config.FILE, user / config.FILE])
    return here, user


def test_nothing_says_it():
    assert [config.default(key) for key in config.KEYS] == [None] * len(config.KEYS)
    assert transports.choose_port(None) is None
    assert options._baud(None, None, None) == options.BAUD


def test_the_working_directory_wins_key_by_key(folders):
    here, user = folders
    (user / "arena8.toml").write_text('port = "unix"\nbaud = 9600\ntimeout = 1.5\n')
    (here / "arena8.toml").write_text('port = "host"\nboard = "RPI_PICO"\n')
    assert transports.choose_port(None) == "host"
    assert config.default("baud") == 9600 and config.default("timeout") == 1.5
    assert config.default("board") == "RPI_PICO"


def test_the_environment_wins_over_files_and_an_option_over_both(folders, monkeypatch):
    here, _ = folders
    (here / "arena8.toml").write_text('port = "unix"\nbaud = 9600\n')
    for name in reversed(config.VARIABLES["port"]):
        monkeypatch.setenv(name, name)
        assert transports.choose_port(None) == name
    assert transports.choose_port("host") == "host"
    assert transports.choose_port("auto") is None
    for number, name in enumerate(reversed(config.VARIABLES["baud"]), 1):
        monkeypatch.setenv(name, str(number))
        assert options._baud(None, None, None) == number
    assert options._baud(None, None, 5) == 5


@pytest.mark.parametrize(
    "text, says",
    [
        ("port = ", "is not valid TOML"),
        ("prot = 'unix'", "has a key 'prot'; those known are port, board, baud, timeout"),
        ("port = 5", "port is 5; it takes a text in quotes"),
        ("baud = 'fast'", "takes a whole number"),
        ("baud = true", "takes a whole number"),
        ("baud = 9600.5", "takes a whole number"),
        ("timeout = inf", "at most 86,400"),
        ("timeout = nan", "at most 86,400"),
        ("baud = -1", "takes a number above 0"),
    ],
)
def test_a_wrong_file(folders, text, says):
    here, _ = folders
    (here / "arena8.toml").write_text(text)
    with pytest.raises(UsageError, match=says):
        for key in config.KEYS:
            config.default(key)


def test_a_wrong_variable(monkeypatch):
    monkeypatch.setenv("ESPBAUD", "fast")
    with pytest.raises(UsageError, match="ESPBAUD is 'fast'; it takes a whole number"):
        config.default("baud")


@pytest.mark.parametrize(
    "port, device",
    [
        ("a0", "/dev/ttyACM0"),
        ("u12", "/dev/ttyUSB12"),
        ("c3", "COM3"),
        ("COM7", "COM7"),
        ("/dev/ttyS0", "/dev/ttyS0"),
        ("rfc2217://box:4000", "rfc2217://box:4000"),
    ],
)
def test_names_of_ports(port, device):
    assert transports.device(port) == device


def test_a_port_by_serial_number(monkeypatch):
    class Port:
        device, serial_number, vid, pid = "/dev/ttyACM4", "E66", 0x2E8A, 5

    monkeypatch.setattr(serial_port.serial.tools.list_ports, "comports", lambda: [Port])
    assert transports.device("id:E66") == "/dev/ttyACM4"
    assert transports.device("auto") == transports.device(None) == "/dev/ttyACM4"
    with pytest.raises(BoardError, match=r"no port has the serial number 'X'; .*E66 \(/dev/ttyACM4\)"):
        transports.device("id:X")
