# SPDX-License-Identifier: MIT
"""What a target's kernels want besides tensors leaves every arena below that of TFLM with CMSIS-NN."""

import sys
from pathlib import Path

import arena8
import pytest
from arena8 import engine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import sizes

MODELS = {name: sizes.SHARED / "models" / f"{name}.tflite" for name in sizes.PEERS if "__" in name}


@pytest.mark.parametrize("target", engine.TARGETS)
@pytest.mark.parametrize("name", MODELS)
def test_below_peer(name, target):
    if not MODELS[name].is_file():
        pytest.skip("the shared models are not here")
    assert arena8.arena_size(str(MODELS[name]), target=target) < sizes.PEERS[name]
