# SPDX-License-Identifier: MIT
"""Defaults for options: from the environment, from arena8.toml, and what holds without either.

arena8.toml lies in the working directory or in the user's configuration folder; the first wins, key by key:

    port = "/dev/ttyACM0"
    board = "RPI_PICO"
    baud = 115200
    timeout = 30
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from .errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = "arena8.toml"
KEYS: dict[str, tuple[type, ...]] = {
    "port": (str,),
    "board": (str,),
    "baud": (int,),
    "timeout": (int, float),
}
MOST = {"baud": 100_000_000, "timeout": 86_400}
# The environment's names for a key, the first that is set wins.
VARIABLES: dict[str, tuple[str, ...]] = {
    "port": ("ARENA8_PORT", "ESPTOOL_PORT", "ESPPORT"),
    "board": ("ARENA8_BOARD",),
    "baud": ("ARENA8_BAUD", "ESPTOOL_BAUD", "ESPBAUD"),
    "timeout": ("ARENA8_TIMEOUT",),
}


def files() -> list[Path]:
    """Where a configuration may lie, the one that wins first."""
    import click

    return [Path.cwd() / FILE, Path(click.get_app_dir("arena8")) / FILE]


def cache() -> Path:
    """The folder for what this tool keeps between commands and can do without."""
    if os.name == "nt":
        root = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches"
    else:
        root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "arena8"


def default(key: str) -> Any:
    """The value of a key that no option gave; None if nothing says it."""
    for name in VARIABLES[key]:
        if text := os.environ.get(name):
            return _parsed(text, key, f"the environment's {name}")
    for path in files():
        if path.is_file():
            value = _read(path).get(key)
            if value is not None:
                return value
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UsageError(f"{path} is not valid TOML: {e}") from e
    except OSError as e:
        raise UsageError(f"can't read {path}: {e.strerror}") from e
    for key, value in found.items():
        if key not in KEYS:
            raise UsageError(f"{path} has a key {key!r}; those known are {', '.join(KEYS)}")
        found[key] = _checked(value, key, f"{path}: {key}")
    return found


def _parsed(text: str, key: str, what: str) -> Any:
    value: Any = text
    if str not in KEYS[key]:
        try:
            value = float(text) if float in KEYS[key] else int(text)
        except ValueError:
            value = text
    return _checked(value, key, what)


def _checked(value: Any, key: str, what: str) -> Any:
    kinds = KEYS[key]
    if not isinstance(value, kinds) or isinstance(value, bool):
        wanted = "a text in quotes" if str in kinds else "a number" if float in kinds else "a whole number"
        raise UsageError(f"{what} is {value!r}; it takes {wanted}")
    if not isinstance(value, str) and not 0 < value <= MOST[key]:
        raise UsageError(f"{what} is {value!r}; it takes a number above 0, at most {MOST[key]:,}")
    return value
