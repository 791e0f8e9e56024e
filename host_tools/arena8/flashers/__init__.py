# SPDX-License-Identifier: MIT
"""Ways to put a firmware into a board's flash, one module a family of chips."""

from __future__ import annotations

from ..boards import Board
from ..errors import ToolError

UF2_PORTS = ("rp2",)
ESP_PORTS = ("esp32",)


def is_esp(board: Board) -> bool:
    """Whether the board takes its firmware through esptool."""
    return board.facts.get("port") in ESP_PORTS


def has_way(board: Board) -> bool:
    return board.facts.get("port") in UF2_PORTS + ESP_PORTS


def require_way(board: Board) -> None:
    """ToolError unless `arena8 flash` knows how to flash this board."""
    if has_way(board):
        return
    port = board.facts.get("port")
    if port == "unix":
        raise ToolError(f"{board.name} is a program on this machine: there is nothing to flash")
    raise ToolError(f"flashing {board.name} (port {port}) is not built in; its own tools flash it")
