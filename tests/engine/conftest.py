# SPDX-License-Identifier: MIT
"""The engine, compiled with ASan and UBSan, and programs linked with it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kernels"))  # model_builder

import engine_build


@pytest.fixture(scope="session")
def program():
    """program(name): path of tests/engine/<name>.c, compiled and linked with the engine."""
    return engine_build.program


@pytest.fixture(scope="session")
def shared_models():
    folder = engine_build.shared_models()
    if folder is None:
        pytest.skip("NOT RUN: no folder of shared models (set ARENA8_SHARED_MODELS)")
    return folder
