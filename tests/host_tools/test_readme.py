# SPDX-License-Identifier: MIT
"""What the README shows is what happens, on CPython. tests/device has the same for boards."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from arena8 import cli

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import readme  # noqa: E402


@pytest.mark.parametrize("script, output", readme.scripts())
def test_script_prints_what_the_readme_says(script, output, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "ARENA8_MODELS": str(ROOT / "firmware" / "models")},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout == readme.printed_on(output, str(ROOT / "firmware/models/digits.tflite"), None)


def test_there_are_scripts():
    assert len(readme.scripts()) >= 2


def test_targets_exist_and_document_themselves():
    documented = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M))
    assert readme.make_targets() <= documented
    assert {"help", "demo", "test", "firmware"} <= documented


def test_the_input_of_the_readme_is_read_as_seven(capsys):
    models = ROOT / "firmware" / "models"
    arguments = [
        "infer",
        str(models / "digits.tflite"),
        "--port",
        "host",
        "--input",
        str(models / "seven.csv"),
    ]
    assert cli.main([*arguments, "--verify"]) == 0
    assert capsys.readouterr().out.startswith("7  0.99")
