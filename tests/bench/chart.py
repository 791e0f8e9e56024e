# SPDX-License-Identifier: MIT
"""The chart of `make bench`: a bar a model and core, as long as the share of the peer's count, with the
operators that make it up."""

from __future__ import annotations

from html import escape
from typing import Any

# Kinds of operators in the order in which a bar shows them; the rest is "others".
KINDS = {
    "CONV_2D 1x1": "#1f6f8b",
    "CONV_2D": "#5fb3a1",
    "DEPTHWISE_CONV_2D": "#e0a458",
    "FULLY_CONNECTED": "#b5577b",
    "others": "#9a9a9a",
}
LEFT, UNIT, BAR, GAP, TOP = 190, 420, 14, 8, 64


def parts(row: dict[str, Any]) -> dict[str, float]:
    """The share of each kind in a row's count; they sum to 1."""
    sums = dict.fromkeys(KINDS, 0)
    for node in row["operators"]:
        sums[node["operator"] if node["operator"] in KINDS else "others"] += node["count"]
    # What is counted between the operators goes with the others.
    sums["others"] += max(0, row["count"] - sum(sums.values()))
    total = sum(sums.values()) or 1
    return {kind: count / total for kind, count in sums.items()}


def text(x: float, y: float, words: str, **attributes: str) -> str:
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(words)}</text>'


def svg(rows: list[dict[str, Any]]) -> str:
    """Rows as bench.json has them; those without a peer's count are left out."""
    rows = [row for row in rows if row["ratio"]]
    widest = max((row["ratio"] for row in rows), default=1.0)
    out, y = [], TOP
    for core in dict.fromkeys(row["core"] for row in rows):
        mine = [row for row in rows if row["core"] == core]
        out.append(text(8, y + BAR - 3, f"{core}, of {mine[0]['peer']}", font_weight="bold"))
        y += BAR + GAP
        for row in mine:
            out.append(text(LEFT - 8, y + BAR - 3, row["model"].split("__")[-1], text_anchor="end"))
            x = LEFT
            for kind, share in parts(row).items():
                width = share * row["ratio"] * UNIT
                if width >= 0.1:
                    title = f"<title>{kind}: {share:.0%}</title>"
                    place = f'x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}"'
                    out.append(f'<rect {place} fill="{KINDS[kind]}">{title}</rect>')
                x += width
            out.append(text(x + 5, y + BAR - 3, f"{row['ratio']:.2f}"))
            y += BAR + GAP
        y += GAP
    width = LEFT + max(widest, 1.0) * UNIT + 50
    head = [
        text(8, 20, "Cost of one invoke, by operator, as a share of the peer's (the line); emulated cores")
    ]
    x = 8.0
    for kind, colour in KINDS.items():
        head.append(f'<rect x="{x:.1f}" y="32" width="{BAR}" height="{BAR}" fill="{colour}"/>')
        head.append(text(x + BAR + 5, 32 + BAR - 3, kind))
        x += BAR + 20 + 8.5 * len(kind)
    at = LEFT + UNIT
    line = f'<line x1="{at}" y1="{TOP - 6}" x2="{at}" y2="{y}" stroke="#444" stroke-dasharray="3 3"/>'
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {y + 8}" '
        'font-family="sans-serif" font-size="12" fill="#222">'
    )
    background = f'<rect width="{width:.0f}" height="{y + 8}" fill="#fff"/>'
    return "\n".join([start, background, *head, *out, line, "</svg>"]) + "\n"
