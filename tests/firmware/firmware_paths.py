# SPDX-License-Identifier: MIT
"""Where things are, for the firmware tests."""

from __future__ import annotations

import json
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
MODEL = REPO / "firmware/models/digits.tflite"


def facts(board: str) -> dict:
    (path,) = REPO.glob(f"boards/*/{board}/facts.json")
    return json.loads(path.read_text())
