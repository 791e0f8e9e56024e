# SPDX-License-Identifier: MIT
"""Facts about boards, read from data: one facts.json in each board's folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import config
from .errors import BoardError, ToolError, UsageError

PACKAGE = Path(__file__).resolve().parent
ORDER = ("rp2", "esp32", "unix", "qemu")  # of ports, where boards are listed; boards to buy come first
# (vendor, product) of USB serial ports behind which an ESP chip may be: its own USB, and the usual bridges.
ESP_NATIVE = frozenset({(0x303A, 0x1001), (0x303A, 0x4001), (0x303A, 0x0002)})
ESP_BRIDGES = frozenset(
    {(0x10C4, product) for product in (0xEA60, 0xEA70)}
    | {(0x1A86, product) for product in (0x7523, 0x55D3, 0x55D4)}
    | {(0x0403, product) for product in (0x6001, 0x6010, 0x6011, 0x6014, 0x6015)}
)


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

    @property
    def file(self) -> str:
        """The firmware file that is flashed or booted."""
        return self.facts["files"][0]

    def firmware(self) -> Path:
        """The firmware file that was built last for its emulator, or an error that says how to make it."""
        return find_firmware(self.name, self.emulator.get("firmware", ""))

    def to_boot(self) -> Path:
        """The firmware file that its emulator boots: the newer of what was built last and what `arena8 flash`
        put there; else that of a distribution."""
        if os.environ.get("ARENA8_FIRMWARE"):
            return self.firmware()
        held = flashed(self.name, self.file)
        try:
            built = self.firmware()
        except BoardError:
            if found := held if held.is_file() else distributed(self.name):
                return found
            raise
        return held if held.is_file() and _finished(held) >= _finished(built) else built


def checkout() -> Path | None:
    """Top of the source tree: ARENA8_REPO, or what this package lies in, or the working directory, if any."""
    given = os.environ.get("ARENA8_REPO")
    for folder in (Path(given),) if given else (PACKAGE.parent.parent, Path.cwd()):
        if (folder / "boards").is_dir() and (folder / "micropython_module").is_dir():
            return folder.resolve()
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
    return dict(
        sorted(found.items(), key=lambda item: (_rank(item[1].facts.get("port")), item[0].replace("_", " ")))
    )


def _rank(port: str | None) -> int:
    return ORDER.index(port) if port in ORDER else len(ORDER)


def board(name: str) -> Board:
    boards = all_boards()
    if name not in boards:
        raise UsageError(f"no board {name}; known boards are {', '.join(sorted(boards)) or 'none'}")
    return boards[name]


def emulated(kind: str) -> dict[str, Board]:
    """Boards by name that an emulator of this kind runs."""
    return {name: board for name, board in all_boards().items() if board.emulator.get("kind") == kind}


def find_firmware(name: str, file: str) -> Path:
    """A board's firmware file: ARENA8_FIRMWARE (the file, or a folder of build folders), else what was built
    last for this board, with whatever models."""
    given = os.environ.get("ARENA8_FIRMWARE")
    if given and Path(given).is_file():
        return Path(given)
    top = checkout()
    folder = Path(given) if given else (top / "build" / "firmware" if top else None)
    builds = [folder / name, *folder.glob(f"{name}-*")] if folder else []
    files = [build / file for build in builds if (build / file).is_file()]
    if files:
        return max(files, key=_finished)
    where = f": there is no {folder / name / file}" if folder else ""
    raise BoardError(
        f"no firmware for {name}{where}. In the source tree `make firmware BOARD={name}` builds it; "
        "ARENA8_FIRMWARE names one"
    )


def _finished(file: Path) -> float:
    """When a firmware was made: its firmware.json is written when a build ends well."""
    about = file.with_name("firmware.json")
    return max(path.stat().st_mtime for path in (file, about) if path.is_file())


def firmware_to_flash(board: Board) -> Path:
    """The file for a board that is flashed without naming one: ARENA8_FIRMWARE, ARENA8_DIST, what was built
    last, build/dist, what the wheel brought along."""
    wants_dist = os.environ.get("ARENA8_DIST") and not os.environ.get("ARENA8_FIRMWARE")
    if wants_dist and (generic := distributed(board.name)):
        return generic
    try:
        return find_firmware(board.name, board.file)
    except BoardError as e:
        if generic := distributed(board.name):
            return generic
        raise BoardError(
            f"no firmware for {board.name} is at hand: give its file, or the folder of a distribution (or "
            f"name that in ARENA8_DIST); in the source tree `arena8 build --board {board.name}` makes one"
        ) from e


def distributions() -> list[Path]:
    """Folders that `make dist` wrote: ARENA8_DIST, build/dist of the source tree, and what the wheel has."""
    given = os.environ.get("ARENA8_DIST")
    top = checkout()
    folders = [Path(given)] if given else [top / "build" / "dist"] if top else []
    if given and not (folders[0] / "manifest.json").is_file():
        raise UsageError(f"ARENA8_DIST is {given}, where no distribution is: there is no manifest.json")
    folders.append(PACKAGE / "_firmware")
    return [folder for folder in folders if (folder / "manifest.json").is_file()]


def distributed(name: str, folder: Path | None = None) -> Path | None:
    """A board's firmware in a distribution, after its checksum was compared; None if there is none."""
    for place in [folder] if folder else distributions():
        try:
            manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
            entries = [entry for entry in manifest["firmware"] if entry["board"] == name]
            for entry in entries:
                path = place / entry["file"]
                if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
                    raise ToolError(
                        f"{path} is not the file that {place / 'manifest.json'} lists: its SHA-256 differs; "
                        "get the distribution again"
                    )
                return path
        except OSError as e:
            raise ToolError(f"{place}: {e.filename or 'a file'}: {e.strerror}") from e
        except (ValueError, KeyError, TypeError) as e:
            raise ToolError(f"{place / 'manifest.json'} is no manifest of a distribution: {e!r}") from e
    return None


def flashed(name: str, file: str) -> Path:
    """Where the firmware lies that `arena8 flash` put on an emulated board."""
    return config.cache() / "emulated" / name / file


def build_facts(firmware: Path) -> dict[str, Any]:
    """What is known about a firmware, a file or a folder of them, from the build or the distribution that it
    lies in; else empty."""
    folder = firmware if firmware.is_dir() else firmware.parent
    with contextlib.suppress(OSError, ValueError):
        return json.loads((folder / "firmware.json").read_text(encoding="utf-8"))
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        manifest = json.loads(firmware.with_name("manifest.json").read_text(encoding="utf-8"))
        return next((e for e in manifest["firmware"] if e["file"] == firmware.name), {})
    return {}
