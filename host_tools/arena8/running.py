# SPDX-License-Identifier: MIT
"""What runs on a board: its MicroPython, its arena8, its models. It says so itself."""

from __future__ import annotations

import ast
from dataclasses import asdict, dataclass
from typing import Any

from serial.tools import list_ports

from . import boards
from .boards import Board
from .errors import BoardError
from .transports.repl import Repl

# One literal on the last line. Works on every MicroPython, with arena8 and without.
ASK = """
import sys
_a8i = sys.implementation
_a8r = dict(name=_a8i.name, version=list(_a8i.version)[:3], machine=getattr(_a8i, '_machine', ''),
    build=getattr(_a8i, '_build', ''), arena8=None, models=[], romfs=[], operators=0, storage=None)
try:
    import arena8 as _a8
    _a8r['arena8'] = getattr(_a8, '__version__', '?')
    _a8r['operators'] = len(_a8.operators())
    _a8r['models'] = _a8.models()
except (ImportError, AttributeError):
    pass
try:
    import os as _a8o
    _a8r['romfs'] = [f[0][:-7] for f in _a8o.ilistdir('/rom') if f[0].endswith('.tflite')]
except Exception:
    pass
try:
    import rp2
    _a8f = rp2.Flash()
    _a8r['storage'] = _a8f.ioctl(4, 0) * _a8f.ioctl(5, 0)
    del _a8f
except Exception:
    pass
print(repr(_a8r))
"""


@dataclass(frozen=True)
class Running:
    """storage: bytes of flash that its filesystem has; None where the board does not say."""

    system: str  # micropython
    version: str
    machine: str
    build: str  # the board's name in MicroPython, RPI_PICO for one; "" if it does not say
    arena8: str | None  # version of the module; None without it
    operators: int
    models: tuple[tuple[str, int, int], ...]  # frozen ones: name, bytes, CRC-32
    romfs: tuple[str, ...]  # names of models in ROMFS
    storage: int | None

    @property
    def board(self) -> str:
        """The board's name; with the variant of the build where that is a board of its own here."""
        return self.build if self.build in boards.all_boards() else self.build.partition("-")[0]

    def as_dict(self) -> dict[str, Any]:
        about = asdict(self)
        about["models"] = [{"name": n, "bytes": size, "crc32": f"{crc:08x}"} for n, size, crc in self.models]
        return about

    def sentence(self) -> str:
        system = "MicroPython" if self.system == "micropython" else self.system
        words = [f"{system} {self.version}" + (f" on {self.machine}" if self.machine else "")]
        if self.arena8 is None:
            return f"{words[0]}, without arena8"
        words.append(f"arena8 {self.arena8} with {self.operators} operators")
        names = [name for name, _, _ in self.models]
        words.append(f"models: {', '.join(names) or 'none'}")
        if self.romfs:
            words.append(f"in ROMFS: {', '.join(self.romfs)}")
        return ", ".join(words)


def ask(repl: Repl) -> Running:
    """What runs on a board that is in the raw REPL."""
    line = repl.exec(ASK).strip().rpartition(b"\n")[2].strip()
    try:
        said = ast.literal_eval(line.decode())
    except (ValueError, SyntaxError, UnicodeDecodeError) as e:
        raise BoardError(f"{repl.name} answered {line[:80]!r}, which is no value") from e
    return Running(
        system=said["name"],
        version=".".join(map(str, said["version"])),
        machine=said["machine"],
        build=said["build"],
        arena8=said["arena8"],
        operators=said["operators"],
        models=tuple((name, size, crc & 0xFFFFFFFF) for name, size, crc in said["models"]),
        romfs=tuple(said["romfs"]),
        storage=said["storage"],
    )


def usb_ports(board: Board | None = None) -> list[Any]:
    """Serial ports, as pyserial describes them, whose USB identity is that of a board, or of any we know."""
    known = [board] if board else list(boards.all_boards().values())
    ids = {each.usb_id for each in known if each.usb_id}
    return [port for port in list_ports.comports() if (port.vid, port.pid) in ids]
