# SPDX-License-Identifier: MIT
"""Files that keep the flash of an emulated board: its bytes, from the first to the last."""

from __future__ import annotations

from typing import IO

from ..errors import BoardError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


def opened(path: str, size: int) -> IO[bytes]:
    """The file, erased flash if it is new, for this process alone until it is closed."""
    try:
        file = open(path, "ab")
    except OSError as e:
        raise BoardError(f"can't keep the flash in {path}: {e.strerror}") from e
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if (found := file.tell()) == 0:
            file.write(b"\xff" * size)
            file.flush()
        elif found != size:
            raise BoardError(f"{path} is no flash of {size:,} bytes: it has {found:,}")
    except BlockingIOError as e:
        file.close()
        raise BoardError(f"{path} is the flash of an emulated Pico that runs") from e
    except BaseException:
        file.close()
        raise
    return file
