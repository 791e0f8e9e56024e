# SPDX-License-Identifier: MIT
"""Machines that the device tests run on: emulated boards and their firmware."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from arena8 import boards, transports
from arena8.testing import Line
from arena8.transports.repl import Repl

REPO = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("ARENA8_SHARED_MODELS") or REPO.parent / "shared" / "models")
DIGITS = REPO / "firmware" / "models" / "digits.tflite"
EMULATED = ("UNIX", "MPS2_AN385", "MPS2_AN505", "MICROBIT", "VIRT_RV32", "DE233_FPU", "RPI_PICO")
# Memory of the emulated machines beside what their firmware uses, 16 MB.
EXTERNAL = {
    "MPS2_AN385": 0x21000000,
    "MPS2_AN505": 0x80000000,
    "VIRT_RV32": 0x82000000,
    "DE233_FPU": 0x3D000000,
}
TIMEOUT = 120  # seconds of silence
PORTS = {"process": "unix", "rp2040py": "pico-emulator"}


@dataclass
class Machine:
    """A board under test, with the newest firmware that holds the most models."""

    name: str
    folder: Path
    about: dict[str, Any]
    seen: int = 0

    @property
    def facts(self) -> boards.Board:
        return boards.board(self.name)

    @property
    def bits(self) -> int:
        return 64 if self.name == "UNIX" else 32

    @property
    def models(self) -> dict[str, Path]:
        """Files of the models in the firmware that this machine has too."""
        known = {
            path.stem: path
            for path in (*DIGITS.parent.glob("*.tflite"), *(SHARED / "models").glob("*.tflite"))
        }
        return {m["name"]: known[m["name"]] for m in self.about["models"] if m["name"] in known}

    def model(self, name: str) -> Path:
        if name in self.models:
            return self.models[name]
        if any(m["name"] == name for m in self.about["models"]):
            pytest.skip(f"the file of {name} is not in {SHARED}")
        pytest.skip(f"the firmware of {self.name} has no model {name}")

    @property
    def port(self) -> str:
        """What --port calls it."""
        emulator = self.facts.emulator
        kind = PORTS.get(emulator["kind"], f"qemu:{self.name}")
        return f"{kind}:{self.folder / emulator['firmware']}"

    def connect(self) -> Repl:
        """A connection of the test's own, beside the line."""
        return transports.connect(self.port, TIMEOUT)

    @cached_property
    def line(self) -> Line:
        return Line(self.port, TIMEOUT)

    def fresh(self) -> Repl:
        """The raw REPL of MicroPython just started."""
        return self.line.fresh().repl

    def close(self) -> None:
        self.line.close()

    def new_unaligned(self, repl: Repl) -> list[str]:
        """What the emulator has logged about unaligned accesses since the last call."""
        if not hasattr(repl, "unaligned"):
            return []
        found = repl.unaligned()
        new, self.seen = found[self.seen :], len(found)
        return new


def builds(name: str) -> list[tuple[Path, dict[str, Any]]]:
    """Firmware builds of a board, the one to test first."""
    folder = Path(os.environ.get("ARENA8_FIRMWARE") or REPO / "build" / "firmware")
    found = []
    for path in [*folder.glob(f"{name}/firmware.json"), *folder.glob(f"{name}-*/firmware.json")]:
        about = json.loads(path.read_text())
        if about["board"] == name and (path.parent / boards.board(name).emulator["firmware"]).is_file():
            found.append((len(about["models"]), path.stat().st_mtime, path.parent, about))
    return [(path, about) for _, _, path, about in sorted(found, key=lambda f: f[:2], reverse=True)]
