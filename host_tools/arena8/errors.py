# SPDX-License-Identifier: MIT
"""One family of errors. Each carries the exit code that the command ends with."""

from __future__ import annotations


class ToolError(Exception):
    """Something that the user can read and act upon: what, where, how much. Never shown with a traceback."""

    exit_code = 1


def cause(e: OSError) -> str:
    """Why a file could not be written."""
    if isinstance(e, FileExistsError | NotADirectoryError):
        return "a file has the name of a folder in its path"
    return e.strerror or str(e)


class UsageError(ToolError):
    """The command line contradicts itself or names something that doesn't exist."""

    exit_code = 2


class BoardError(ToolError):
    """No board, or a board that can't be talked to."""

    exit_code = 3


class BoardHung(BoardError):
    """The board stayed silent for longer than the timeout."""


class BoardGone(BoardError):
    """The line closed: unplugged, or the emulator ended."""


class RemoteError(ToolError):
    """Code on the board raised an exception."""

    def __init__(self, kind: str, message: str, traceback: str) -> None:
        super().__init__(f"{kind}: {message}" if message else kind)
        self.kind = kind
        self.message = message
        self.traceback = traceback
