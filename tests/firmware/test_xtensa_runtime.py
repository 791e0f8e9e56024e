# SPDX-License-Identifier: MIT
"""The arithmetic that the Xtensa board brings along for its compiler, against this machine's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from firmware_paths import REPO

HERE = Path(__file__).resolve().parent
SOURCES = [REPO / "boards" / "xtensa" / name for name in ("integer.c", "real.c")]


def test_runtime_functions(tmp_path):
    program = tmp_path / "program"
    flags = ["-std=gnu99", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]
    sanitize = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]
    sources = [HERE / "xtensa_runtime.c", *SOURCES]
    subprocess.run([os.environ.get("CC", "cc"), *flags, *sanitize, "-o", program, *sources], check=True)
    done = subprocess.run([program], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
