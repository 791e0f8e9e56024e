# SPDX-License-Identifier: MIT
"""Boards for the device tests: emulated ones, started once and soft-reset before every test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))  # goldens

from arena8.remote import RemoteModel
from machines import EMULATED, Machine, builds


def pytest_generate_tests(metafunc):
    if "machine" not in metafunc.fixturenames:
        return
    asked = metafunc.config.getoption("--arena8-boards")
    names = EMULATED if asked in ("", "all") else tuple(asked.split(","))
    if not asked:
        names = [name for name in names if builds(name)]
    if only := metafunc.definition.get_closest_marker("boards"):
        names = [name for name in names if name in only.args]
    metafunc.parametrize("machine", names, indirect=True, scope="session")


def pytest_configure(config):
    config.addinivalue_line("markers", "boards(*names): the boards that a test is about; others don't run it")


def pytest_report_header(config):
    if not config.getoption("--arena8-boards"):
        missing = [name for name in EMULATED if not builds(name)]
        if missing:
            return (
                f"NO DEVICE TESTS on {', '.join(missing)}: no firmware has been built (make test builds it)"
            )
    return None


@pytest.fixture(scope="session")
def machine(request):
    found = builds(request.param)
    if not found:
        pytest.fail(f"no firmware for {request.param}; `make firmware BOARD={request.param}` builds it")
    machine = Machine(request.param, *found[0])
    yield machine
    machine.close()


@pytest.fixture(scope="session")
def arena8_line(machine):
    """With it the fixtures board and interpreter of arena8's pytest plugin are those of the machine."""
    return machine.line


@pytest.fixture
def repl(machine, board):
    """The raw REPL of a MicroPython that has just started. What the emulator logs about alignment fails."""
    yield board.repl
    unaligned = machine.new_unaligned(board.repl)
    assert not unaligned, f"unaligned accesses, which fault on silicon: {unaligned}"


@pytest.fixture
def opened(machine, repl):
    """Opens a model of the firmware by name; skips the test if it has none of that name."""

    def opened(name: str) -> RemoteModel:
        machine.model(name)
        return RemoteModel(repl, name)

    return opened
