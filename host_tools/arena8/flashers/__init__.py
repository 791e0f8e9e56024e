# SPDX-License-Identifier: MIT
"""Ways to put a firmware into a board's flash, one module a family of chips."""

from __future__ import annotations

from ..boards import Board
from ..errors import ToolError

UF2_PORTS = ("rp2",)


def require_uf2(board: Board) -> None:
    """ToolError unless this board takes its firmware as a UF2 file; says what would do it."""
    port = board.facts.get("port")
    if port in UF2_PORTS:
        return
    if port == "esp32":
        chip = str(board.facts.get("chip", "esp32")).lower().replace("-", "")
        raise ToolError(
            f"flashing {board.name} is not built in yet; esptool does it: "
            f"`esptool --chip {chip} write-flash 0x0 firmware.bin` (the offset is that of its bootloader)"
        )
    if port == "unix":
        raise ToolError(f"{board.name} is a program on this machine: there is nothing to flash")
    raise ToolError(f"flashing {board.name} (port {port}) is not built in; its own tools flash it")
