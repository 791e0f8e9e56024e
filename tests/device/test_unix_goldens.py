# SPDX-License-Identifier: MIT
"""Every shared model that the engine takes, on the unix port, against the reference's answers."""

from __future__ import annotations

import json

import arena8
import numpy
import pytest
from machines import SHARED

MINIMUM = 60

# Reads raw inputs of all rows, writes raw outputs of all rows. One process runs all models in turn.
RUN = """
import arena8
def run(model, source, target):
    it = arena8.Interpreter(model)
    with open(source, "rb") as inputs, open(target, "wb") as outputs:
        while True:
            for t in it.inputs:
                data = inputs.read(len(t) * SIZES[t.dtype])
                if not data:
                    return it.arena_used
                t.write(data)
            it.invoke()
            for t in it.outputs:
                outputs.write(t)
SIZES = {"int8": 1, "uint8": 1, "int16": 2, "int32": 4, "float32": 4}
"""


def answers(golden, row):
    """Raw outputs of one row, with LiteRT's where the reference is wrong."""
    names = sorted((name for name in golden if name.startswith("out")), key=lambda name: int(name[3:]))
    right = [f"litert_{name}" if f"litert_{name}" in golden else name for name in names]
    return b"".join(numpy.ascontiguousarray(golden[name][row]).tobytes() for name in right)


def taken():
    """The shared models that load, which the host tells."""
    models = []
    for model in json.loads((SHARED / "manifest.json").read_text())["models"]:
        try:
            models.append((model, arena8.arena_size(SHARED / model["file"], target="generic")))
        except ValueError:
            continue
    return models


@pytest.mark.boards("UNIX")
def test_goldens(machine, repl, tmp_path):
    if not (SHARED / "manifest.json").is_file():
        pytest.skip(f"NOT RUN: no shared models at {SHARED} (ARENA8_SHARED_MODELS)")
    repl.exec(RUN)
    source, target = tmp_path / "inputs", tmp_path / "outputs"
    models, wrong = taken(), []
    for model, size in models:
        with numpy.load(SHARED / model["golden"]) as stored:
            golden = dict(stored)
        rows = range(model["golden_n"])
        inputs = sorted((name for name in golden if name.startswith("in")), key=lambda name: int(name[2:]))
        source.write_bytes(
            b"".join(numpy.ascontiguousarray(golden[name][row]).tobytes() for row in rows for name in inputs)
        )
        call = f"print(run({str(SHARED / model['file'])!r}, {str(source)!r}, {str(target)!r}))"
        arena = int(repl.exec(call))
        if target.read_bytes() != b"".join(answers(golden, row) for row in rows) or arena != size:
            wrong.append(f"{model['id']}: arena {arena}, the host says {size}")
    assert not wrong
    assert len(models) >= MINIMUM
