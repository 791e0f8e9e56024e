# SPDX-License-Identifier: MIT
"""What `arena8 emulate` keeps running: which device is whose, and the BOOTSEL drives of emulated Picos.

Each device has a folder of its own, so that other commands know that the board behind it is emulated, and
`arena8 flash -p DEVICE` finds the drive of that board and of no other.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import config
from .boards import Board
from .errors import ToolError
from .flashers import bootsel, uf2

ABOUT = "about.json"


@dataclass(frozen=True)
class Emulated:
    """port: what --port calls such an emulator. board: its name. place: where its drive is whenever it is in
    BOOTSEL mode."""

    device: str
    port: str
    board: str
    place: Path | None

    @property
    def kind(self) -> str:
        return self.port.partition(":")[0]

    @property
    def drive(self) -> bootsel.Drive | None:
        """The drive that it shows now."""
        return bootsel.look_at(self.place) if self.place else None


def _folder(device: str) -> Path:
    return config.cache() / "devices" / device.strip("/").replace("/", "-")


def behind(device: str | None) -> Emulated | None:
    """The emulated board behind a device; None if `arena8 emulate` does not serve it."""
    if not device or not device.startswith("/"):
        return None
    try:
        about = json.loads((_folder(device) / ABOUT).read_text(encoding="utf-8"))
        os.kill(about["process"], 0)
        place = Path(about["place"]) if about["place"] else None
        return Emulated(device, about["port"], about["board"], place)
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Served:
    """The emulator's side of it. has_drive: its BOOTSEL drive is emulated."""

    def __init__(self, device: str, port: str, board: Board, has_drive: bool) -> None:
        self.board = board
        self.folder = _folder(device)
        self.place = self.folder / board.facts["usb"]["bootloader_volume"] if has_drive else None
        self.complaint = ""  # what is wrong with the file on the drive
        self.bytes = 0
        about = {
            "process": os.getpid(),
            "port": port,
            "board": board.name,
            "place": str(self.place) if self.place else None,
        }
        try:
            shutil.rmtree(self.folder, ignore_errors=True)  # of a process that was killed
            self.folder.mkdir(parents=True)
            (self.folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")
        except OSError as e:
            raise ToolError(f"can't make the folder {self.folder}: {e.strerror}") from e

    @property
    def is_shown(self) -> bool:
        return self.place.is_dir()

    def show(self) -> None:
        """The drive comes, whole at once."""
        fresh = self.folder / "fresh"
        fresh.mkdir()
        text = (
            "UF2 Bootloader, emulated\r\n"
            f"Model: {self.board.facts['name']}, emulated\r\n"
            f"Board-ID: {self.place.name}\r\n"
        )
        (fresh / bootsel.INFO).write_bytes(text.encode())
        fresh.rename(self.place)

    def hide(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)

    def firmware(self) -> uf2.Image | None:
        """The first whole UF2 file on the drive that is for this chip. The boot ROM ignores all others; what
        is wrong with such a file is the complaint, once it has stopped growing."""
        self.complaint = ""
        files = sorted(self.place.glob("*.[uU][fF]2"))
        before, self.bytes = self.bytes, sum(path.stat().st_size for path in files)
        for path in files:
            try:
                image = uf2.read(path)
                uf2.check(image, self.board)
                return image
            except uf2.WrongFile as e:
                if before == self.bytes:
                    self.complaint = str(e)
        return None

    def close(self) -> None:
        with contextlib.suppress(OSError):
            shutil.rmtree(self.folder)
