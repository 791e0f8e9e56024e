# SPDX-License-Identifier: MIT
"""RP2 boards in BOOTSEL mode: the USB drive that they show, or picotool.

The drive is recognised by its INFO_UF2.TXT, whatever it is called. Tested on Linux with folders that look
like such drives; the searches of macOS and Windows have never run on a machine with one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import string
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..boards import Board
from ..errors import BoardError, BoardGone, ToolError
from .uf2 import Image

INFO = "INFO_UF2.TXT"
DRIVES = "ARENA8_DRIVES"  # folders to look at instead of the mounted drives
CHUNK = 64 * 1024
VENDOR = "2e8a"

Moved = Callable[[int, int], None]


@dataclass(frozen=True)
class Drive:
    folder: Path
    board_id: str  # of the chip's boot ROM: RPI-RP2 for RP2040, RP2350
    model: str


def drives() -> list[Drive]:
    """Every mounted drive of a chip in BOOTSEL mode."""
    found = [drive for folder in _folders() if (drive := look_at(folder))]
    return [drive for drive in found if drive.board_id.upper().startswith("RP")]


def look_at(folder: str | Path) -> Drive | None:
    """The drive that is mounted in folder; None if it is another kind of folder."""
    try:
        text = (Path(folder) / INFO).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    fields = {key.strip().lower(): value.strip() for key, value in fields.items()}
    return Drive(Path(folder), fields.get("board-id", ""), fields.get("model", ""))


def _folders() -> list[Path]:
    if given := os.environ.get(DRIVES):
        return [Path(folder) for folder in given.split(os.pathsep) if folder]
    if sys.platform == "darwin":
        return sorted(Path("/Volumes").glob("*"))
    if sys.platform == "win32":
        return [Path(f"{letter}:/") for letter in string.ascii_uppercase[3:]]
    found = []
    with contextlib.suppress(OSError):
        for line in Path("/proc/mounts").read_text().splitlines():
            fields = line.split()
            if len(fields) > 2 and fields[2] in ("vfat", "msdos", "fuseblk"):
                found.append(Path(fields[1].encode().decode("unicode_escape")))  # a blank is \040
    for root in ("/run/media/*/*", "/media/*/*", "/media/*"):
        found += [path for path in sorted(Path("/").glob(root[1:])) if path not in found]
    return found


def of_board(board: Board) -> list[Drive]:
    return [drive for drive in drives() if fits(drive, board)]


def fits(drive: Drive, board: Board) -> bool:
    return drive.board_id == board.facts["usb"]["bootloader_volume"]


def likely(found: list[Board]) -> list[Board]:
    """Of boards whose drives are alike those for which everybody can build: a Pico W takes a Pico's firmware,
    and runs it without its radio."""
    return [board for board in found if not board.facts.get("needs")] or found


def unmounted(board: Board) -> str | None:
    """What is known about a chip in BOOTSEL mode that shows no drive we can write to: a sentence. None: there
    is none, or this system does not tell."""
    volume = board.facts["usb"]["bootloader_volume"]
    device = Path("/dev/disk/by-label") / volume
    if device.exists():
        real = device.resolve()
        return (
            f"a {board.facts['chip']} in BOOTSEL mode is there as {real}, but not mounted: "
            f"`udisksctl mount -b {real}` mounts it"
        )
    wanted = board.facts["usb"]["bootloader_pid"].removeprefix("0x")
    for vendor in Path("/sys/bus/usb/devices").glob("*/idVendor"):
        with contextlib.suppress(OSError):
            product = vendor.with_name("idProduct").read_text().strip()
            if vendor.read_text().strip() == VENDOR and product == wanted:
                return (
                    f"a {board.facts['chip']} in BOOTSEL mode is on USB ({VENDOR}:{wanted}), but it shows no "
                    "drive here: mount it, or install picotool"
                )
    return None


def wait_for_drive(board: Board, seconds: float, folder: Path | None = None) -> Drive | None:
    """The drive of a board that has just been sent to its bootloader; folder: where it will be, if that is
    known."""
    deadline = time.monotonic() + seconds
    while True:
        if folder is None:
            found = of_board(board)
        else:
            found = [drive for drive in [look_at(folder)] if drive and fits(drive, board)]
        if found:
            return found[0]
        if time.monotonic() > deadline:
            return None
        time.sleep(0.2)


def write(image: Image, drive: Drive, moved: Moved = lambda done, total: None) -> bool:
    """Copies the file onto the drive. False: the drive went away at the very end, as it does when the chip
    restarts with the last block; only the board can then tell whether it has all. Every chunk is on the chip
    before the next goes, so that a chip that vanishes half-way is noticed there."""
    total = len(image.data)
    done = 0
    name = drive.folder / "firmware.uf2"
    try:
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
    except OSError as e:
        raise _failed(e, drive, 0, total) from e
    try:
        while done < total:
            piece = image.data[done : done + CHUNK]
            sent = 0
            try:
                while sent < len(piece):
                    sent += os.write(fd, piece[sent:])
                os.fsync(fd)
            except OSError as e:
                if done + sent >= total and e.errno in GONE:
                    moved(total, total)
                    return False
                raise _failed(e, drive, done, total) from e
            done += sent
            moved(done, total)
    finally:
        with contextlib.suppress(OSError):
            os.close(fd)
    return True


GONE = (errno.EIO, errno.ENODEV, errno.ENOENT, errno.ENXIO, errno.EBADF)


def _failed(e: OSError, drive: Drive, done: int, total: int) -> ToolError:
    where = f"the drive {drive.folder}"
    if e.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return BoardError(
            f"{where} can't be written to ({e.strerror}): mount it for your user, for example by "
            "`udisksctl mount -b /dev/sdX1`"
        )
    if e.errno in (errno.ENOSPC, errno.EDQUOT):
        return ToolError(f"{where} is full after {done:,} of {total:,} bytes: is it a board's BOOTSEL drive?")
    if e.errno in GONE:
        return BoardGone(
            f"{where} vanished after {done:,} of {total:,} bytes, so the firmware on the board is not whole: "
            "plug the board in with BOOTSEL held, and flash again"
        )
    return BoardError(f"{where}: {e.strerror} after {done:,} of {total:,} bytes")


# picotool, where a system has no drive for it.


def picotool() -> str | None:
    return shutil.which("picotool")


def load_by_picotool(image: Image) -> None:
    command = [picotool(), "load", "-v", "-x", str(image.path), "-t", "uf2"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
        raise BoardError(f"picotool ended with code {done.returncode}" + (f": {said}" if said else ""))
