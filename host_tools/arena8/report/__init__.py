# SPDX-License-Identifier: MIT
"""Everything that is to say about a model, in values that JSON takes, and its pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .. import advice, engine, estimate, fitting
from ..boards import Board, all_boards


def examine(source: Any, boards: Iterable[Board] | None = None) -> dict[str, Any]:
    """engine.describe() and more: plan, cycles of every node by core, obstacles, boards.

    plan is None if the model can't run. boards: those to judge, all that are known by default.
    """
    model = engine.Model(source)
    about = engine.describe(model)
    about["kind"] = advice.kind(about)
    about["obstacles"] = advice.obstacles(about)
    about["converter"] = advice.converter(about, about["kind"])
    runs = about["arena_bytes"] is not None
    about["plan"] = engine.plan(model) if runs else None
    for node in about["operators"]:
        node["cycles"] = {core: estimate.cycles(node, core) for core in estimate.costs()}
    chosen = list(all_boards().values() if boards is None else boards)
    about["boards"] = [
        fitting.judge(about, board, about["arena_bytes_by_target"][board.target]) for board in chosen
    ]
    about["estimate"] = estimate.NOTE
    return about


def clock(about: dict[str, Any]) -> tuple[str, str, int] | None:
    """(board, core, Hz) whose milliseconds the pictures show: the first board that has an estimate."""
    for judged in about["boards"]:
        board = all_boards().get(judged["board"])
        if judged["milliseconds"] is not None and board and board.clock_hz:
            return board.facts.get("name", board.name), judged["core"], board.clock_hz
    return None


# What a converter appends to the name that a layer has.
APPENDED = re.compile(
    r"relu\d?|biasadd|conv2d|matmul|depthwise|add|convolution|softmax|(?:bias)?_?quant.*", re.I
)


def short(name: str) -> str:
    """The part of a tensor's name that people gave: of joined names the first, of its path the last part that
    no converter appended."""
    first = name.split(";")[0].rstrip("/")
    parts = [part for part in first.split("/") if part]
    given = [part for part in parts if not APPENDED.fullmatch(part)]
    return (given or parts or [name])[-1]


CALLED = {"IF": ("then", "else"), "WHILE": ("condition", "body")}


def calls(node: dict[str, Any]) -> list[tuple[str, int]]:
    """(what for, subgraph) of the subgraphs that a node has run."""
    return list(zip(CALLED.get(node["op"], ("runs", "runs")), node["subgraphs"], strict=False))


def callers(about: dict[str, Any], subgraph: int) -> str:
    """'body of 0:3': who runs a subgraph; empty for the first."""
    found = []
    for node in about["operators"]:
        if what := [what for what, called in calls(node) if called == subgraph]:
            found.append(f"{' and '.join(what)} of {node['subgraph']}:{node['index']}")
    return ", ".join(found[:2]) + (" ..." if len(found) > 2 else "")


def type_text(tensor: dict[str, Any]) -> str:
    """'1x8x8x1 int8'"""
    return f"{'x'.join(map(str, tensor['shape'])) or 'scalar'} {tensor['dtype']}"
