# SPDX-License-Identifier: MIT
"""Facts about boards, read from data: one facts.json in each board's folder."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from .errors import BoardError, UsageError

PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Board:
    """A board that arena8 has a firmware for. facts is the whole file, for the rare reader."""

    name: str
    folder: Path
    facts: dict[str, Any] = field(repr=False)

    @property
    def clock_hz(self) -> int | None:
        return self.facts.get("clock_hz")

    @property
    def target(self) -> str:
        return self.facts.get("target", "generic")

    @property
    def usb_id(self) -> tuple[int, int] | None:
        """(vendor, product) of the serial port that the running firmware shows."""
        usb = self.facts.get("usb")
        return (int(usb["vid"], 0), int(usb["pid"], 0)) if usb else None

    @property
    def emulator(self) -> dict[str, Any]:
        """How to run its firmware here; empty if that is not known."""
        return self.facts.get("emulator", {})

    def firmware(self) -> Path:
        """The firmware file that its emulator starts, or an error that says how to make it."""
        return find_firmware(self.name, self.emulator.get("firmware", ""))


def checkout() -> Path | None:
    """Top of the source tree that this package lies in (or that is the working directory), if any."""
    for folder in (PACKAGE.parent.parent, Path.cwd()):
        if (folder / "boards").is_dir() and (folder / "micropython_module").is_dir():
            return folder
    return None


@lru_cache(maxsize=1)
def all_boards() -> dict[str, Board]:
    """Boards by name. A checkout's files win over those packaged with the tool."""
    top = checkout()
    roots = [PACKAGE / "_boards"] + ([top / "boards"] if top else [])
    found = {}
    for root in roots:
        for path in sorted(root.glob("**/facts.json")):
            try:
                facts = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as e:
                raise BoardError(f"{path} is not valid JSON: {e}") from e
            name = facts.get("board", path.parent.name)
            found[name] = Board(name, path.parent, facts)
    return found


def board(name: str) -> Board:
    boards = all_boards()
    if name not in boards:
        raise UsageError(f"no board {name}; known boards are {', '.join(sorted(boards)) or 'none'}")
    return boards[name]


def emulated(kind: str) -> dict[str, Board]:
    """Boards by name that an emulator of this kind runs."""
    return {name: board for name, board in all_boards().items() if board.emulator.get("kind") == kind}


def find_firmware(name: str, file: str) -> Path:
    """A board's firmware file: ARENA8_FIRMWARE (the file, or a folder of build folders), else what
    `make firmware` built last for this board, with whatever models."""
    given = os.environ.get("ARENA8_FIRMWARE")
    if given and Path(given).is_file():
        return Path(given)
    top = checkout()
    folder = Path(given) if given else (top / "build" / "firmware" if top else None)
    builds = [folder / name, *folder.glob(f"{name}-*")] if folder else []
    files = [build / file for build in builds if (build / file).is_file()]
    if files:
        # firmware.json is written when a build ends well.
        return max(files, key=lambda f: max(f.stat().st_mtime, _modified(f.parent / "firmware.json")))
    where = f": there is no {folder / name / file}" if folder else ""
    raise BoardError(
        f"no firmware for {name}{where}. `make firmware BOARD={name}` builds it, or ARENA8_FIRMWARE names one"
    )


def _modified(path: Path) -> float:
    return path.stat().st_mtime if path.is_file() else 0.0
