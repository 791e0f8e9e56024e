# SPDX-License-Identifier: MIT
"""What tests of the command line share: a machine to which nothing is connected, and the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from arena8 import cli, config
from arena8.flashers import bootsel
from serial.tools import list_ports

MODELS = Path(__file__).resolve().parents[2] / "firmware" / "models"
OTHERS = ("ARENA8_DEBUG", "ARENA8_DIST", "ARENA8_FIRMWARE", "ARENA8_REPO")


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """Neither the boards nor the settings of whoever runs the tests. The models are the project's own."""
    for name in (*OTHERS, *(name for names in config.VARIABLES.values() for name in names)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ARENA8_MODELS", str(MODELS))
    monkeypatch.setenv("ARENA8_DRIVES", str(tmp_path / "no_drive"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(config, "files", list)
    monkeypatch.setattr(config, "cache", lambda: tmp_path / "cache" / "arena8")
    monkeypatch.setattr(bootsel, "unmounted", lambda board: None)
    monkeypatch.setattr(list_ports, "comports", list)


@pytest.fixture
def run(capsys, request):
    """The command: exit code, standard output, standard error in one line. A test file that is about one verb
    names it as VERB, and its tests give what comes after it."""
    verb = [request.module.VERB] if hasattr(request.module, "VERB") else []

    def run(*arguments):
        code = cli.main([*verb, *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out, " ".join(err.split())

    return run
