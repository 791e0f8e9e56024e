# SPDX-License-Identifier: MIT
"""Which boards a model fits, and if not, why: flash, RAM, ROMFS, operators."""

from __future__ import annotations

from typing import Any

from . import estimate, operator_groups
from .boards import Board

Facts = dict[str, Any]

HEAP = 32768  # bytes of RAM that stay Python's
ROMFS_OVERHEAD = 256  # of an image with one model: headers, its name, what aligns its bytes


def judge(about: Facts, board: Board, arena: int | None) -> Facts:
    """Whether a model runs on a board with its default firmware, and every reason against it.

    arena: bytes on that board's target, None if the model can't run at all. A free count is None where
    nothing is known, and then nothing is held against the board.
    """
    facts, firmware = board.facts, estimate.firmware().get(board.name, {})
    room = facts.get("flash_map", {}).get("firmware", {}).get("bytes")
    romfs = facts.get("flash_map", {}).get("romfs", {}).get("bytes")
    ram = facts.get("ram", {}).get("bytes")
    flash_free = max(0, room - firmware["flash"]) if room and "flash" in firmware else None
    romfs_free = max(0, romfs - ROMFS_OVERHEAD) if romfs else None
    ram_free = max(0, ram - firmware["ram"] - HEAP) if ram and "ram" in firmware else None
    rows = dict.fromkeys((n["op"], n["family"], n["custom"]) for n in about["operators"] if n["family"])
    lacking = operator_groups.lacking(facts.get("operators", "all"), rows)
    places = [
        name
        for name, free in (("firmware", flash_free), ("romfs", romfs_free))
        if free is not None and about["nbytes"] <= free
    ]
    reasons = []
    if arena is None:
        reasons.append("can't run")
    if lacking:
        groups = dict.fromkeys(
            [*facts["operators"].split(), *(operator_groups.group(*row) for row in lacking)]
        )
        names = [f"{op} {family.lower()}" for op, family, _ in lacking]
        shown = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
        reasons.append(f"its firmware is without {shown}: build one with OPERATORS='{' '.join(groups)}'")
    if arena is not None and ram_free is not None and arena > ram_free:
        reasons.append(f"arena {arena:,} bytes, {ram_free:,} of RAM free")
    known = [free for free in (flash_free, romfs_free) if free is not None]
    if known and not places:
        where = [
            f"{free:,} free in {name}"
            for name, free in (("its firmware", flash_free), ("its ROMFS", romfs_free))
            if free is not None
        ]
        reasons.append(f"{about['nbytes']:,} bytes, {' and '.join(where)}")
    milliseconds, unknown = estimate.milliseconds(about["operators"], board)
    return {
        "board": board.name,
        "name": facts.get("name", board.name),
        "core": facts.get("core"),
        "target": board.target,
        "fits": not reasons,
        "reasons": reasons,
        "places": places,
        "arena_bytes": arena,
        "ram_free": ram_free,
        "flash_free": flash_free,
        "romfs_free": romfs_free,
        "milliseconds": milliseconds if arena is not None else None,
        "not_estimated": unknown,
    }
