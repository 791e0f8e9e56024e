# SPDX-License-Identifier: MIT
"""Milliseconds of a model on a board, estimated from what its operators cost on an emulated core.

costs.json holds, by core and operator, the cycles of a node, of a MAC, of a row, and of a byte that goes in
or comes out, as tests/estimates.py measured them. Nothing in it knows of flash caches, bus contention or a
second core.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from .boards import Board

NOTE = "estimated, from counts on an emulated core; no cache misses"
COSTS = ("per_mac", "per_row", "per_input", "per_output")


@lru_cache(maxsize=1)
def _measured() -> dict[str, Any]:
    return json.loads(Path(__file__).with_name("costs.json").read_text(encoding="utf-8"))


def costs() -> dict[str, Any]:
    """By core: the operators' costs, and the cycles of a call of invoke()."""
    return _measured()["cores"]


def firmware() -> dict[str, Any]:
    """By board: bytes of flash and RAM that its default firmware takes, without models and arena."""
    return _measured()["firmware"]


def key(node: dict[str, Any]) -> str:
    """What nodes of equal costs have in common: operator and element type, and where a kernel has code of its
    own for them: 1x1 convolutions, depthwise ones that make several channels of each."""
    name = f"{node['op']}.{node['family']}"
    if len(node["inputs"]) < 2 or not node["outputs"]:
        return name
    shape, weights = node["inputs"][0]["shape"], node["inputs"][1]["shape"]
    if node["op"] == "CONV_2D" and weights[1:3] == [1, 1]:
        name += ".1x1"
    elif node["op"] == "DEPTHWISE_CONV_2D" and shape[-1:] != weights[-1:]:
        name += ".multiplied"
    return name


def work(node: dict[str, Any]) -> dict[str, int]:
    """What a node's costs are multiplied with. Constants that only steer it are no input."""
    computed = [tensor for tensor in node["inputs"] if not tensor["constant"]]
    return {
        "per_mac": node["macs"],
        "per_row": _rows(node, computed),
        "per_input": sum(tensor["bytes"] for tensor in computed),
        "per_output": sum(tensor["bytes"] for tensor in node["outputs"]),
    }


def _rows(node: dict[str, Any], computed: list[dict[str, Any]]) -> int:
    """Runs that a kernel goes through without a jump: of a convolution those of its windows, else those of
    the tensors' last dimension."""
    shape = node["inputs"][1]["shape"] if len(node["inputs"]) > 1 else []
    if node["macs"] and len(shape) == 4:
        outputs = node["outputs"][0]
        if node["op"] == "CONV_2D":
            return outputs["count"] * shape[1]
        if node["op"] == "DEPTHWISE_CONV_2D":
            return outputs["count"] // max(shape[3], 1) * shape[1] * shape[2]
        if node["op"] == "TRANSPOSE_CONV":
            source = node["inputs"][2]
            return source["count"] // max(shape[3], 1) * shape[1] * shape[2]
    tensors = [*computed, *node["outputs"]]
    return max((t["count"] // t["shape"][-1] for t in tensors if t["shape"] and t["shape"][-1]), default=1)


def cycles(node: dict[str, Any], core: str) -> int | None:
    """Cycles of a node, None if nothing like it was counted on that core."""
    known = costs().get(core, {}).get("operators", {}).get(key(node))
    if known is None:
        return None
    counts = work(node)
    return round(known.get("fixed", 0) + sum(known.get(name, 0) * counts[name] for name in COSTS))


def milliseconds(nodes: list[dict[str, Any]], board: Board) -> tuple[float | None, list[str]]:
    """Of one invoke, and the operators that nothing is known of, whose time is missing from it. None if the
    board's clock or core is not known."""
    core = board.facts.get("core", "")
    if not board.clock_hz or core not in costs():
        return None, []
    each = [(node, cycles(node, core)) for node in nodes if node["subgraph"] == 0]
    missing = sorted({key(node) for node, count in each if count is None})
    total = costs()[core].get("invoke", 0) + sum(count for _, count in each if count is not None)
    return total / board.clock_hz * 1000, missing
