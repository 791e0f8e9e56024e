# SPDX-License-Identifier: MIT
"""The graph of operators as SVG: one below the other, as they run."""

from __future__ import annotations

from typing import Any

from . import callers, calls, short, type_text
from .svg import attribute, count_text, fit, picture, text, words

Facts = dict[str, Any]


def graph(about: Facts, standalone: bool = True) -> str:
    """Nodes in the order in which they run, one below the other; what skips some goes round them."""
    body, top, width = [], 0.0, 0.0
    subgraphs = sorted({node["subgraph"] for node in about["operators"]} | {0})
    for subgraph in subgraphs:
        drawn, wide, height = _column(about, subgraph, len(subgraphs) > 1)
        body.append(f'<g transform="translate(0 {top:.0f})">{"".join(drawn)}</g>')
        top += height
        width = max(width, wide)
    return picture(width, top, body, f"Graph of {about['name'] or 'the model'}", standalone, "graph")


def _lanes(edges: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """The lowest lane for each edge in which it meets no other; short ones first, so that they lie inside."""
    taken: list[list[tuple[int, int]]] = []
    found = {}
    for edge in sorted(edges, key=lambda e: (e[1] - e[0], e)):
        lane = 0
        while lane < len(taken) and any(edge[0] < b and a < edge[1] for a, b in taken[lane]):
            lane += 1
        if lane == len(taken):
            taken.append([])
        taken[lane].append(edge)
        found[edge] = lane
    return found


def _column(about: Facts, subgraph: int, named: bool) -> tuple[list[str], float, float]:
    nodes = [node for node in about["operators"] if node["subgraph"] == subgraph]
    refused = {(u["subgraph"], u["node"]) for u in about["unsupported"]}
    box, tall, gap, left, top = 208.0, 40.0, 22.0, 10.0, 30.0 if named else 8.0
    ends = [("input", t) for t in about["inputs"]] if subgraph == 0 else []
    row_of: dict[int, int] = {t["index"]: i for i, (_, t) in enumerate(ends)}
    rows = len(ends)
    edges: dict[tuple[int, int], str] = {}
    for i, node in enumerate(nodes):
        for tensor in node["inputs"]:
            if tensor["index"] in row_of:
                edges[row_of[tensor["index"]], rows + i] = f"{subgraph}:{tensor['index']}"
        for tensor in node["outputs"]:
            row_of[tensor["index"]] = rows + i
    lines = [("input", None, t) for _, t in ends] + [("node", node, None) for node in nodes]
    if subgraph == 0:
        for tensor in about["outputs"]:
            if tensor["index"] in row_of:
                edges[row_of[tensor["index"]], len(lines)] = f"{subgraph}:{tensor['index']}"
            lines.append(("output", None, tensor))
    lanes = _lanes([edge for edge in edges if edge[1] - edge[0] > 1])
    shown = min(max(lanes.values(), default=-1) + 1, 6)
    width = left + box + 14 + shown * 11 + 6
    body = []
    if named:
        who = callers(about, subgraph)
        heading = f"subgraph {subgraph}" + (f": {who}" if who else "")
        body.append(text(left, 18, fit(heading, 0.85 * (box + 40)), "heading"))

    def y_of(row: int) -> float:
        return top + row * (tall + gap)

    for (a, b), tensor in edges.items():
        x = left + box / 2
        if b - a == 1:
            d = f"M{x} {y_of(a) + tall} V{y_of(b) - 5}"
        else:
            side = left + box + 14 + min(lanes[a, b], 5) * 11
            d = (
                f"M{left + box} {y_of(a) + tall * 0.7} H{side - 6} q6 0 6 6 V{y_of(b) + tall * 0.3 - 6} "
                f"q0 6 -6 6 H{left + box + 5}"
            )
        body.append(f'<path class="edge" data-tensor="{tensor}" d="{d}"/>')
        tip = (
            f"M{x - 4} {y_of(b) - 6} h8 l-4 6 z"
            if b - a == 1
            else f"M{left + box + 6} {y_of(b) + tall * 0.3 - 4} v8 l-6 -4 z"
        )
        body.append(f'<path class="tip" d="{tip}"/>')
    for i, (kind, node, tensor) in enumerate(lines):
        y = y_of(i)
        if node is None:
            body.append(
                f'<g class="end {kind}" data-tensor="{subgraph}:{tensor["index"]}">'
                f'<rect x="{left + 24}" y="{y + 4}" width="{box - 48}" height="{tall - 8}" rx="16"/>'
                f"<title>{words(kind)} {words(tensor['name'])}</title>"
            )
            label = fit(short(tensor["name"]), box - 60)
            body.append(text(left + box / 2, y + 18, label, "name", "middle"))
            body.append(text(left + box / 2, y + 31, type_text(tensor), "small axis", "middle"))
            body.append("</g>")
            continue
        state = " refused" if (subgraph, node["index"]) in refused else ""
        state += " matrix" if node["macs"] else ""
        body.append(
            f'<g class="node{state}" data-node="{subgraph}:{node["index"]}" tabindex="0" role="button" '
            f"aria-label={attribute(str(node['index']) + ' ' + node['op'])}>"
            f'<rect class="box" x="{left}" y="{y}" width="{box}" height="{tall}" rx="6"/>'
            f'<rect class="stripe" x="{left}" y="{y}" width="5" height="{tall}" rx="2"/>'
        )
        body.append(text(left + 14, y + 17, fit(node["op"], box - 44), "name"))
        body.append(text(left + box - 8, y + 17, node["index"], "small axis", "end"))
        called = ", ".join(f"{what} {number}" for what, number in calls(node))
        if called:
            body.append(text(left + 14, y + 32, fit(called, box - 20), "small axis"))
        elif node["outputs"]:
            body.append(text(left + 14, y + 32, fit(type_text(node["outputs"][0]), box - 76), "small axis"))
        if node["macs"]:
            body.append(text(left + box - 8, y + 32, count_text(node["macs"]), "small axis", "end"))
        body.append("</g>")
    return body, width, y_of(len(lines)) + 2
