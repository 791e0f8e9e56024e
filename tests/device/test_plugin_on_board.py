# SPDX-License-Identifier: MIT
"""The pytest plugin's fixtures as a user's tests take them, on every emulated board."""

from __future__ import annotations

import arena8
import numpy
import pytest
from arena8.errors import RemoteError
from machines import DIGITS

SAMPLES = numpy.load(DIGITS.with_name("digits_samples.npy"))
pytestmark = pytest.mark.boards("UNIX", "MPS2_AN385", "RPI_PICO")


def test_interpreter(machine, interpreter):
    machine.model("digits")
    # By the file that the board has too, or by name.
    there, here = interpreter(DIGITS if machine.name == "UNIX" else "digits"), arena8.Interpreter(str(DIGITS))
    for sample in SAMPLES[:2]:
        for it in (there, here):
            it.inputs[0].quantize(sample.tobytes())
            it.invoke()
        assert there.outputs[0].data.tolist() == here.outputs[0].data.tolist()
        assert there.outputs[0].argmax() == here.outputs[0].argmax()
    assert there.outputs[0].dequantize() == here.outputs[0].dequantize()
    assert there.arena_used == arena8.arena_size(str(DIGITS), target=machine.facts.target)


def test_board_starts_anew(board):
    """A test finds nothing of the one before, even when that raised."""
    for _ in range(2):
        with pytest.raises(RemoteError, match="mine"):
            board.exec("mine")
    board.exec("mine = 1")


def test_board_has_started_anew(board):
    with pytest.raises(RemoteError, match="mine"):
        board.exec("mine")
    assert board.exec("print(6 * 7)") == "42\n"


@pytest.mark.boards("UNIX")
def test_a_board_that_went_is_connected_anew(machine):
    first = machine.line.fresh()
    first.repl.wire.process.kill()
    first.repl.wire.process.wait()
    assert machine.line.fresh().exec("print(1)") == "1\n"
