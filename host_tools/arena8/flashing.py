# SPDX-License-Identifier: MIT
"""What every way of flashing shares: the request, the firmware file, the backup, the proof that it runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import backup, boards, render
from .boards import Board
from .errors import ToolError
from .flashers.esp_image import Image as EspImage
from .flashers.uf2 import Image
from .running import Running
from .transports.repl import Repl

BOOT_SECONDS = 25.0  # from the last block to a REPL; a filesystem may be made


@dataclass(frozen=True)
class Request:
    firmware: str | None = None
    board: str | None = None
    port: str | None = None
    baud: int = 115200
    erase_filesystem: bool = False
    backup: str | None = None
    as_json: bool = False
    timeout: float | None = None


def tell(text: str) -> None:
    render.messages().print(text, markup=False)


def firmware_file(request: Request, board: Board) -> Path:
    if request.firmware is None:
        return boards.firmware_to_flash(board)
    path = Path(request.firmware)
    if not path.is_dir():
        if not path.is_file():
            raise ToolError(f"no file {path}")
        return path
    if (path / "manifest.json").is_file():
        found = boards.distributed(board.name, path)
        if found is None:
            raise ToolError(f"the distribution {path} has no firmware for {board.name}")
        return found
    if (path / board.file).is_file():
        return path / board.file
    raise ToolError(f"the folder {path} holds neither a manifest.json nor {board.file}")


def leave(repl: Repl) -> None:
    try:
        repl.leave(restart=repl.interrupted)
    except ToolError:
        pass  # what went wrong before is the error to show


def copy_files(repl: Repl, folder: Path) -> dict[str, Any]:
    with render.messages().status("copying the board's files") as status:
        files, total = backup.copy(repl, folder, lambda name: status.update(f"copying {name}"))
    tell(f"{files} files of the board, {total:,} bytes, are in {folder}")
    return {"folder": str(folder), "files": files, "bytes": total}


def compare(there: Running, board: Board, image: Image | EspImage, port: str) -> None:
    """ToolError unless the board runs what the file is."""
    version = image.info.get("version", "")
    if version.startswith("v") and not version.startswith(f"v{there.version}"):
        raise ToolError(
            f"{port} runs MicroPython {there.version}, and {image.path} is {version}: the board kept another "
            "firmware"
        )
    facts = boards.build_facts(image.path)
    wanted = {(m["name"], m["bytes"], m["crc32"]) for m in facts.get("models", [])}
    found = {(name, size, f"{crc:08x}") for name, size, crc in there.models}
    if facts and wanted != found:
        raise ToolError(
            f"{port} has the models {_names(found)}, and {image.path} was built with {_names(wanted)}: the "
            "board kept another firmware"
        )
    if facts.get("arena8") and facts["arena8"] != there.arena8:
        raise ToolError(
            f"{port} runs arena8 {there.arena8}, and {image.path} was built with {facts['arena8']}"
        )
    if there.board and there.board != board.name:
        tell(f"warning: this firmware calls its board {there.board}, not {board.name}")


def _names(models: set[tuple[str, int, str]]) -> str:
    return ", ".join(f"{name} ({crc})" for name, _, crc in sorted(models)) or "none"


def about(
    board: Board,
    image: Image | EspImage,
    harm: list[str],
    by: str,
    port: str,
    there: Running,
    saved: dict[str, Any] | None,
) -> dict[str, Any]:
    return {
        "board": board.name,
        "port": port,
        "firmware": str(image.path),
        "sha256": hashlib.sha256(image.data).hexdigest(),
        "flash_bytes": image.size,
        "by": by,
        "files_kept": not harm,
        "backup": saved,
        "running": there.as_dict(),
        "sentence": there.sentence(),
    }
