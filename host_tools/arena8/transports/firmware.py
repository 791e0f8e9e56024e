# SPDX-License-Identifier: MIT
"""The files that emulators boot, looked at before one is started: most say little of what they can't boot."""

from __future__ import annotations

import os
from pathlib import Path

from .. import formats
from ..boards import Board
from ..errors import ToolError
from ..flashers import uf2


def checked_uf2(path: str | Path, board: Board) -> str:
    """path, or a ToolError that says why the board would not start it."""
    uf2.check(uf2.read(path), board)
    return str(path)


def checked_elf(path: str | Path) -> str:
    """path, or a ToolError unless it is an ELF file."""
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
    except OSError as e:
        raise ToolError(f"can't read the firmware {path}: {e.strerror}") from e
    if not start.startswith(b"\x7fELF"):
        raise ToolError(f"{path} is no ELF file: {formats.no_firmware(start, Path(path).suffix)}")
    return str(path)


def checked_program(path: str | Path) -> str:
    """path, made absolute so that it is not looked up among the system's programs, or a ToolError."""
    path = Path(path).absolute()
    if not path.is_file():
        raise ToolError(f"can't start {path}: it is a folder" if path.is_dir() else f"no file {path}")
    if not os.access(path, os.X_OK):
        raise ToolError(f"can't start {path}: it may not be executed (chmod +x)")
    return str(path)
