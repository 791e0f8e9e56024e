# SPDX-License-Identifier: MIT
"""The files of a board, copied into a folder here by mpremote's transport."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from pathlib import Path

from mpremote.transport import TransportError

from .errors import BoardError, ToolError
from .transports.repl import Repl

FOLDER = 0x4000
READ_ONLY = ("/rom",)  # a ROMFS is made again by deploy, not copied back
CHUNK = 1024


def copy(repl: Repl, target: Path, tell: Callable[[str], None] = lambda name: None) -> tuple[int, int]:
    """Copies everything below / into target, which must not exist or be empty. (files, bytes)."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ToolError(f"the backup folder {target} is there and not empty: name a new one")
    files = total = 0
    waiting = ["/"]
    try:
        target.mkdir(parents=True, exist_ok=True)
        while waiting:
            folder = waiting.pop()
            for entry in repl.transport.fs_listdir(folder):
                name = posixpath.join(folder, entry.name)
                if name in READ_ONLY:
                    continue
                if not entry.name or "/" in entry.name or "\\" in entry.name or entry.name in (".", ".."):
                    raise ToolError(f"{repl.name} has a file named {name!r}, which can't be copied here")
                place = target / name.lstrip("/")
                if entry.st_mode & FOLDER:
                    place.mkdir(exist_ok=True)
                    waiting.append(name)
                    continue
                tell(name)
                data = repl.transport.fs_readfile(name, CHUNK)
                if entry.st_size and len(data) != entry.st_size:
                    raise BoardError(f"{repl.name}: {name} has {entry.st_size} bytes, {len(data)} were read")
                place.write_bytes(data)
                files, total = files + 1, total + len(data)
    except TransportError as e:
        raise BoardError(f"{repl.name}: its files can't be read: {e}") from e
    except OSError as e:
        raise ToolError(f"the backup into {target} failed: {e.filename or ''} {e.strerror or e}") from e
    return files, total
