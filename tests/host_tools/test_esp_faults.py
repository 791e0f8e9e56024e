# SPDX-License-Identifier: MIT
"""The program that counts noticed and unnoticed faults of flashing."""

from __future__ import annotations

import sys
from pathlib import Path

import esp_double
import pytest
from arena8.flashers import esp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import esp_faults


@pytest.fixture(autouse=True)
def doubles(monkeypatch):
    esp_double.attach(monkeypatch)


def test_none_goes_unnoticed():
    kinds = ("none", "bytes changed that checksums miss", "a bit of flash stuck")
    found = esp_faults.campaign(1, ["esp32c6"], kinds)
    assert [found[kind]["unnoticed"] for kind in kinds] == [0, 0, 0]
    assert found["none"]["written"] == 1 and found["a bit of flash stuck"]["refused"] == 1
    assert "| all | 3 |" in esp_faults.table(found)


def test_one_that_goes_unnoticed_is_counted(monkeypatch):
    """Without its comparisons, and with a board that starts whatever is in its flash."""
    monkeypatch.setattr(esp.Chip, "verify", lambda self, pieces: None)
    monkeypatch.setattr(esp_double.EspBoard, "_starts", lambda self: True)
    write = esp.Chip.write
    monkeypatch.setattr(esp.Chip, "write", lambda self, pieces, moved: write(self, pieces[:2], moved))
    monkeypatch.setattr(esp_faults, "fault", lambda *_: {"version": "v1.25.0"})
    monkeypatch.setattr(esp_faults, "length_without_faults", lambda folder, chip: 80_000)
    found = esp_faults.campaign(1, ["esp32c6"], ("none",))
    assert found["none"]["unnoticed"] == 1
