# SPDX-License-Identifier: MIT
"""pytest plugin: the same tests of a model on this machine, on emulated boards and on real ones.

    pytest --arena8-target=host,pico-emulator,/dev/ttyACM0

Tests that take the fixture `board` or `interpreter` run once for each target. docs/testing.md has more. This
module lies beside the package and imports it late, so that other people's test runs pay nothing for it.
"""

from __future__ import annotations

import os

import pytest


def pytest_addoption(parser):
    group = parser.getgroup("arena8")
    group.addoption(
        "--arena8-target",
        action="append",
        default=[],
        metavar="PORT",
        help="where tests with the fixtures board and interpreter run: names with commas, or the option more "
        "than once: host, unix, pico-emulator, qemu:BOARD, a serial port (with =, or pytest looks for its "
        "configuration in /dev). Default: ARENA8_TARGET, host",
    )
    group.addoption(
        "--arena8-timeout",
        type=float,
        default=None,
        metavar="S",
        help="seconds of silence after which a board hangs. Default: 10, emulators 60",
    )


def targets(config) -> list[str]:
    given = config.getoption("--arena8-target") or [os.environ.get("ARENA8_TARGET") or "host"]
    return [name.strip() for text in given for name in text.split(",") if name.strip()]


def pytest_generate_tests(metafunc):
    if "arena8_target" in metafunc.fixturenames:
        metafunc.parametrize("arena8_target", targets(metafunc.config), indirect=True, scope="session")


@pytest.fixture(scope="session")
def arena8_target(request):
    """The port that a test runs on, as --arena8-target has it."""
    return request.param


@pytest.fixture(scope="session")
def arena8_line(arena8_target, request):
    """The line to the target, for all tests on it. A conftest.py with boards of its own overrides it."""
    from arena8.testing import Line

    line = Line(arena8_target, request.config.getoption("--arena8-timeout"))
    yield line
    line.close()


@pytest.fixture
def board(arena8_line):
    """A board that has just started: name, exec(code) and models(). None of it on the target host."""
    return arena8_line.fresh()


@pytest.fixture
def interpreter(board):
    """Opens a model by name or .tflite file: interpreter("digits") has the surface of arena8.Interpreter."""
    return board.interpreter
