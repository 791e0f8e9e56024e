# SPDX-License-Identifier: MIT
"""The chart of `make bench`, docs/bench.svg: a panel a core, in it a bar a model, made of its operators. A
bar is as long as the share of what the peer takes; on cores without a peer, as what a multiplication takes.
"""

from __future__ import annotations

from html import escape
from typing import Any

# Kinds of operators in the order in which a bar shows them; the rest is "others".
KINDS = {
    "CONV_2D 1x1": "#3b82c4",
    "CONV_2D": "#4fb3a5",
    "DEPTHWISE_CONV_2D": "#e0a030",
    "FULLY_CONNECTED": "#c0618f",
    "ADD": "#8a6fc9",
    "others": "#9aa0a6",
}
COLUMNS, PANEL, LABEL, UNIT = 2, 432, 104, 230
BAR, STEP, HEAD, FOOT, TOP = 13, 20, 46, 14, 68
LONGEST = 1.2  # of UNIT; longer bars are cut there
FEW = 1000  # MACs, below which instructions a MAC say nothing

STYLE = """
.card { fill: #ffffff; stroke: #d0d7de }
text { fill: #1f2328; font: 12px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif }
.title { font-size: 15px; font-weight: 600 }
.core { font-weight: 600 }
.quiet { fill: #59636e }
.value { stroke: #ffffff; stroke-width: 4px; paint-order: stroke }
.line { stroke: #59636e; stroke-dasharray: 3 3 }
.tick { stroke: #1f2328; stroke-width: 2 }
.cut { fill: #ffffff }
@media (prefers-color-scheme: dark) {
.card { fill: #0d1117; stroke: #3d444d }
text { fill: #f0f6fc }
.quiet { fill: #9198a1 }
.value { stroke: #0d1117 }
.line { stroke: #9198a1 }
.tick { stroke: #f0f6fc }
.cut { fill: #0d1117 }
}
"""


def parts(row: dict[str, Any]) -> dict[str, float]:
    """The share of each kind in a row's count; they sum to 1."""
    sums = dict.fromkeys(KINDS, 0)
    for node in row["operators"]:
        sums[node["operator"] if node["operator"] in KINDS else "others"] += node["count"]
    # What is counted between the operators goes with the others.
    sums["others"] += max(0, row["count"] - sum(sums.values()))
    total = sum(sums.values()) or 1
    return {kind: count / total for kind, count in sums.items()}


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{of_kind} text-anchor="{anchor}">{escape(words)}</text>'


def line(x: float, y: float, length: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" y1="{y:.1f}" x2="{x:.1f}" y2="{y + length:.1f}"/>'


def bar(x: float, y: float, row: dict[str, Any], size: float) -> list[str]:
    """size: 1 is UNIT long."""
    out, at, end = [], x, x + min(size, LONGEST) * UNIT
    for kind, share in parts(row).items():
        width = min(share * size * UNIT, end - at)
        if width >= 0.1:
            place = f'x="{at:.1f}" y="{y}" width="{width:.1f}" height="{BAR}"'
            out.append(f'<rect {place} fill="{KINDS[kind]}"><title>{kind}: {share:.0%}</title></rect>')
            at += width
    if size > LONGEST:
        points = [(end - 14, y - 1), (end - 9, y - 1), (end - 14, y + BAR + 1), (end - 19, y + BAR + 1)]
        out.append(f'<polygon class="cut" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>')
    return out


def panel(x: float, y: float, rows: list[dict[str, Any]]) -> list[str]:
    core, peer = rows[0]["core"], next((row["peer"] for row in rows if row["peer"]), None)
    unit = rows[0]["unit"]
    left = x + LABEL
    out = [text(x, y + 14, core, "core")]
    if peer:
        out.append(text(x, y + 31, f"{unit}, as a share of those of {peer} (dashed)", "quiet"))
        out.append(line(left + UNIT, y + HEAD - 6, STEP * len(rows), "line"))
        most = 1.0
    else:
        most = max(row["count"] / row["macs"] for row in rows)
        out.append(text(x, y + 31, f"{unit} a multiplication; no peer publishes any", "quiet"))
    for i, row in enumerate(rows):
        top = y + HEAD + i * STEP
        size = row["ratio"] if peer else row["count"] / row["macs"] / most
        name = row["model"].removeprefix("mlperf_")
        out.append(text(left - 8, top + BAR - 2.5, name, anchor="end"))
        out += bar(left, top, row, size)
        end = left + min(size, LONGEST) * UNIT
        if with_misses := row.get("ratio_with_misses") if peer else None:
            at = left + min(with_misses, LONGEST) * UNIT
            out.append(line(at, top - 2, BAR + 4, "tick"))
            end = max(end, at)
        shown = row["ratio"] if peer else row["count"] / row["macs"]
        out.append(text(end + 6, top + BAR - 2.5, f"{shown:.2f}", "value"))
    return out


def legend() -> list[str]:
    out, x = [], 20.0
    for kind, colour in KINDS.items():
        out.append(f'<rect x="{x:.1f}" y="42" width="{BAR}" height="{BAR}" fill="{colour}"/>')
        out.append(text(x + BAR + 5, 42 + BAR - 2.5, kind))
        x += BAR + 24 + 7.6 * len(kind)
    return out


def notes(rows: list[dict[str, Any]]) -> list[str]:
    """What a reader must know, a line each."""
    found = ["Counted on emulated cores, never run on silicon, by `make bench`."]
    if any("ratio_with_misses" in row for row in rows):
        found.append("Ticks on Cortex-M0+: with the misses of RP2040's cache")
        found.append("before its flash, simulated, on both sides.")
    drawn = dict.fromkeys(
        row["model"].removeprefix("mlperf_") for row in rows if row.get("weights") == "random"
    )
    if drawn:
        found.append(f"With random weights: {', '.join(drawn)}.")
    return found


def svg(rows: list[dict[str, Any]]) -> str:
    """Rows as bench.json has them. Models for which a core has no peer are left out, and where it has none at
    all, those that hardly multiply."""
    compared = {row["model"] for row in rows if row["ratio"]}
    panels = []
    for core in dict.fromkeys(row["core"] for row in rows):
        mine = [row for row in rows if row["core"] == core]
        with_peer = [row for row in mine if row["ratio"]]
        mine = with_peer or [row for row in mine if row["macs"] >= FEW and row["model"] in compared]
        if mine:
            panels.append(mine)
    out, y = [], TOP
    for i in range(0, len(panels), COLUMNS):
        for j, mine in enumerate(panels[i : i + COLUMNS]):
            out += panel(20 + j * PANEL, y, mine)
        y += HEAD + STEP * max(map(len, panels[i : i + COLUMNS])) + FOOT
    beside = len(panels) % COLUMNS  # room in the last row
    said = notes([row for mine in panels for row in mine])
    for k, words in enumerate(said):
        if beside:
            last = y - HEAD - STEP * len(panels[-1]) - FOOT
            out.append(text(20 + beside * PANEL, last + 31 + 18 * k, words, "quiet"))
        else:
            out.append(text(20, y + 12 + 18 * k, words, "quiet"))
    width, height = 20 + COLUMNS * PANEL, y + (4 if beside else 18 * len(said) + 10)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    start = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    card = f'<rect class="card" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>'
    title = text(20, 28, "What one invoke costs, by operator", "title")
    return "\n".join([start, f"<style>{STYLE}</style>", card, title, *legend(), *out, "</svg>"]) + "\n"
