# SPDX-License-Identifier: MIT
"""What the README shows is what happens, on CPython. tests/device has the same for boards."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import arena8
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


def rows():
    """The README's table of figures, by model: flash bytes, arena bytes, milliseconds on RPI_PICO."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| (\w+) \(.*?\| ([\d,]+) \| ([\d,]+) \| ([\d.]+) \|$", text, re.M)
    return {name: [float(value.replace(",", "")) for value in values] for name, *values in found}


def test_the_figures_of_our_models_are_those_of_today():
    assert set(rows()) == {"digits", "iris"}
    for name, (nbytes, arena, _) in rows().items():
        model = arena8.Model(str(ROOT / "firmware" / "models" / f"{name}.tflite"))
        assert (model.nbytes, arena8.arena_size(model, target="RPI_PICO")) == (nbytes, arena)


def test_the_milliseconds_are_those_of_the_budget():
    counts = json.loads((ROOT / "tests/budgets/counts.json").read_text())["Cortex-M0+"]
    assert rows()["digits"][2] == pytest.approx(counts["digits"] / 125e3, rel=0.02)


def test_the_four_commands_are_verbs_with_these_options():
    """tests/device/test_newcomer.py runs them."""
    assert len(readme.commands()) == 4
    for line in readme.commands():
        verb = cli.command.get_command(None, line.split()[1])
        known = {option for parameter in verb.params for option in parameter.opts}
        assert {word for word in line.split() if word.startswith("-")} <= known
