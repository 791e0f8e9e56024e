# SPDX-License-Identifier: MIT
"""Every shared model on the unix port, against the reference's answers."""

from __future__ import annotations

import arena8
import goldens
import pytest
from arena8.errors import ToolError
from machines import SHARED

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


@pytest.mark.boards("UNIX")
def test_goldens(machine, repl, tmp_path):
    models = goldens.all_models()
    if not models:
        pytest.skip(f"NOT RUN: no shared models at {SHARED} (ARENA8_SHARED_MODELS)")
    repl.exec(RUN)
    source, target = tmp_path / "inputs", tmp_path / "outputs"
    wrong = []
    for model in models:
        golden = goldens.Golden(model)
        source.write_bytes(golden.inputs())
        try:
            arena = int(repl.exec(f"print(run({str(golden.path)!r}, {str(source)!r}, {str(target)!r}))"))
        except ToolError as error:
            wrong.append(f"{model['id']}: {error}")
            continue
        size = arena8.arena_size(golden.path, target="generic")
        what = golden.wrong(target.read_bytes()) or arena != size and f"arena {arena}, the host says {size}"
        if what:
            wrong.append(f"{model['id']}: {what}")
    assert not wrong, "\n".join(wrong)
    assert len(models) >= 235
