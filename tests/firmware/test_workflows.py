# SPDX-License-Identifier: MIT
"""The workflows of continuous integration: valid by their schema, and what they call is there."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from firmware_paths import REPO
from ruamel.yaml import YAML

WORKFLOWS = sorted((REPO / ".github/workflows").glob("*.yml"))


def load(path):
    return YAML(typ="safe").load(path.read_text())


def steps(path):
    """(job, step) of every step."""
    jobs = load(path)["jobs"]
    return [(job, step) for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_schema(path):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_is_called_is_there(path):
    targets = set(re.findall(r"^([a-z-]+):.*##", (REPO / "Makefile").read_text(), re.M))
    for _, step in steps(path):
        text = step.get("run", "")
        shell = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True)
        assert shell.returncode == 0, shell.stderr
        for target in re.findall(r"^\s*make ([a-z]\S*)", text, re.M):
            assert target in targets
        for script in re.findall(r"(?:python3?|^\s*)\s(firmware/\w+\.py|\.ci/\w+)", text, re.M):
            assert (REPO / script).is_file()
        for word in re.findall(r"firmware/dist\.py(.*)", text):
            options = set(re.findall(r"--[a-z-]+", word))
            help_text = subprocess.run(
                [sys.executable, REPO / "firmware/dist.py", "--help"], capture_output=True, text=True
            ).stdout
            assert options <= set(re.findall(r"--[a-z-]+", help_text))
        # What comes from outside reaches a shell by the environment, never as part of the script.
        assert "${{" not in text


def test_every_board_that_a_user_flashes_is_built():
    (path,) = WORKFLOWS
    jobs = load(path)["jobs"]
    listed = [
        board for job in jobs.values() for board in job.get("strategy", {}).get("matrix", {}).get("board", [])
    ]
    known = {p.parent.name: p for port in ("rp2", "esp32") for p in REPO.glob(f"boards/{port}/*/facts.json")}
    plain = {name for name in known if name not in listed}
    assert len(listed) == len(set(listed)) and set(listed) <= set(known)
    # `make dist` builds the others.
    assert (
        plain == {"RPI_PICO", "RPI_PICO2", "RPI_PICO2-RISCV"}
        and jobs["rp2"]["steps"][-2]["run"] == "make dist"
    )
    assert set(jobs["release"]["needs"]) == set(jobs) - {"release"}


def test_the_container_is_the_one_that_the_build_names(builder):
    (path,) = WORKFLOWS
    workflow = load(path)
    series = builder.esp32.series_for(workflow["env"]["MICROPYTHON_TAG"].removeprefix("v"))
    assert workflow["jobs"]["esp32"]["container"] == builder.esp32.CONTAINERS[series]
