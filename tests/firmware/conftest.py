# SPDX-License-Identifier: MIT
"""What the firmware tests share: the build's own modules, and firmware that is built when it is not there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from firmware_paths import MODEL, REPO

sys.path[:0] = [str(REPO / "firmware"), str(REPO / "tests" / "kernels")]

import by_path  # noqa: E402


@pytest.fixture(scope="session")
def freezer():
    return by_path.package("freeze")


@pytest.fixture(scope="session")
def builder():
    return by_path.load(REPO / "firmware/build.py")


@pytest.fixture(scope="session")
def trees(builder):
    """MicroPython's sources, from the cache or fetched."""
    return builder.fetch.trees("rp2")


@pytest.fixture(scope="session")
def built():
    """Call with a board: the folder and the description of its test firmware, which is built if absent."""

    def get(board: str) -> tuple[Path, dict]:
        folder = REPO / "build/firmware" / f"{board}-tests"
        if not (folder / "firmware.json").is_file():
            command = [sys.executable, REPO / "firmware/build.py", board, "--for-tests", "--model", MODEL]
            done = subprocess.run([*command, "--arena", "16384"], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        return folder, json.loads((folder / "firmware.json").read_text())

    return get
