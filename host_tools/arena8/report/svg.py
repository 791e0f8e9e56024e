# SPDX-License-Identifier: MIT
"""Pictures of a model as SVG: the arena over time, what each operator costs, the graph of operators.

Elements carry data-node="subgraph:node" and data-tensor="subgraph:tensor", by which the HTML report finds
them. Colours are CSS variables: a picture of its own brings a style along, in the report the page's holds.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from . import callers, clock, short

Facts = dict[str, Any]
CHAR = 6.1  # width of a character of 11 px, about


def sheet() -> str:
    """What page and pictures share: the colours in light and dark, and how the shapes look."""
    return Path(__file__).with_name("picture.css").read_text(encoding="utf-8")


def style() -> str:
    """The same for a picture of its own, with plain colours: not every viewer of SVG knows variables."""
    light, dark, rules = re.fullmatch(
        r"\s*:root \{(.*?)\}\s*@media [^{]*\{[^{]*\{(.*?)\}\s*\}(.*)", sheet(), re.S
    ).groups()

    def coloured(colours: str) -> str:
        values = dict(
            re.findall(r"--([\w-]+): ([^;]+);", light) + re.findall(r"--([\w-]+): ([^;]+);", colours)
        )
        return re.sub(r"var\(--([\w-]+)\)", lambda found: values[found.group(1)], rules)

    return f"{coloured(light)}@media (prefers-color-scheme: dark) {{{coloured(dark)}}}"


def attribute(text: Any) -> str:
    return quoteattr(_clean(str(text)))


def _clean(text: str) -> str:
    """Without the control characters that XML has no way to write."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]", "?", text)


def words(text: Any) -> str:
    return escape(_clean(str(text)))


def fit(text: str, width: float) -> str:
    """As much of a text as is that wide; nothing if that says nothing."""
    room = int((width - 6) / CHAR)
    if len(text) <= room:
        return text
    return text[: room - 1] + "…" if room >= 4 else ""


def picture(width: float, height: float, body: list[str], label: str, standalone: bool, kind: str) -> str:
    namespace = ' xmlns="http://www.w3.org/2000/svg"' if standalone else ""
    paper = f'<style>{style()}</style><rect class="paper" width="100%" height="100%"/>' if standalone else ""
    return (
        f'<svg{namespace} class="picture {kind}" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label={attribute(label)}>{paper}{"".join(body)}</svg>'
    )


def text(x: float, y: float, what: Any, kind: str = "", anchor: str = "start", extra: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"{extra}>{words(what)}</text>'
        if what != ""
        else ""
    )


def _step(total: int, ticks: int = 6) -> int:
    """A round distance of about so many marks; of bytes, so a multiple of 16 where there is room."""
    step = 16
    while total / step > ticks:
        step *= 2
    return step


def count_text(value: float) -> str:
    """1,234 or 12.3 k or 4.56 M"""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= size:
            return f"{value / (1e3 if unit == 'k' else size):.3g} {unit}"
    return f"{value:,.0f}"


# The arena over time.


def plan(about: Facts, standalone: bool = True) -> str:
    """Tensors over nodes and arena bytes. Every subgraph that has places gets a panel."""
    layout = about["plan"]
    subgraphs = sorted({place["subgraph"] for place in layout["places"]} | {0})
    panels, top, width = [], 0.0, 0.0
    for subgraph in subgraphs:
        body, panel_width, height = _panel(about, subgraph, len(subgraphs) > 1)
        panels.append(f'<g transform="translate(0 {top:.0f})">{"".join(body)}</g>')
        top += height
        width = max(width, panel_width)
    legend, x = [], 64.0
    present = {place["kind"] for place in layout["places"]} | {"records"}
    for kind in ("input", "tensor", "output", "variable", "scratch", "records"):
        if kind in present:
            legend.append(f'<rect class="place {kind}" x="{x}" y="{top + 2}" width="12" height="12" rx="2"/>')
            legend.append(text(x + 17, top + 12, kind, "small"))
            x += 17 + CHAR * len(kind) + 22
    title = f"Memory plan of {about['name'] or 'the model'}"
    return picture(width, top + 24, panels + legend, title, standalone, "plan")


def _panel(about: Facts, subgraph: int, named: bool) -> tuple[list[str], float, float]:
    layout = about["plan"]
    nodes = [node for node in about["operators"] if node["subgraph"] == subgraph]
    places = [place for place in layout["places"] if place["subgraph"] == subgraph]
    columns = layout["ends"][subgraph] + 1
    column = min(200.0, max(9.0, 880.0 / columns))
    left, right, top, high = 64.0, 12.0, 44.0 if named else 26.0, 300.0
    total = layout["records"] + layout["tensors"]
    width, scale = left + columns * column + right, high / total
    names, upright = column >= 15, column >= 110
    foot = 36.0 if upright else 108.0 if names else 26.0

    def y_of(offset: float) -> float:
        return top + high - offset * scale

    body = []
    if named:
        who = callers(about, subgraph)
        body.append(text(left, 16, f"subgraph {subgraph}" + (f": {who}" if who else ""), "heading"))
    step = _step(total)
    for value in range(0, total + 1, step):
        body.append(
            f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y_of(value):.1f}" '
            f'y2="{y_of(value):.1f}"/>'
        )
        body.append(text(left - 6, y_of(value) + 4, f"{value:,}", "small axis", "end"))
    for node in nodes:
        x = left + (node["index"] + 1) * column
        macs = f", {node['macs']:,} MACs" if node["macs"] else ""
        body.append(
            f'<rect class="slot" data-node="{subgraph}:{node["index"]}" x="{x:.1f}" y="{top}" '
            f'width="{column:.1f}" height="{high + foot - 12:.1f}">'
            f"<title>{words(node['index'])} {words(node['op'])}{macs}</title></rect>"
        )
        if upright:
            label = fit(f"{node['index']} {node['op']}", column)
            body.append(text(x + column / 2, top + high + 16, label, "small axis", "middle"))
        elif names:
            extra = f' transform="rotate(-50 {x + column / 2 + 4:.1f} {top + high + 14:.1f})"'
            body.append(
                text(x + column / 2 + 4, top + high + 14, f"{node['index']} {fit(node['op'], 96)}",
                      "small axis", "end", extra)
            )  # fmt: skip
        elif node["index"] % max(1, round(30 / column)) == 0:
            body.append(text(x + column / 2, top + high + 14, node["index"], "small axis", "middle"))
    body.append(
        f'<rect class="place records" x="{left}" y="{y_of(layout["records"]):.1f}" '
        f'width="{columns * column:.1f}" height="{layout["records"] * scale:.1f}">'
        f"<title>records: {layout['records']:,} bytes that say what runs where</title></rect>"
    )
    if layout["records"] * scale >= 13:
        middle = y_of(layout["records"] / 2) + 4
        body.append(text(left + 5, middle, f"records {layout['records']:,} B", "small"))
    body.append(f'<line class="whole" x1="{left}" x2="{width - right}" y1="{top}" y2="{top}"/>')
    body.append(text(width - right, top - 5, f"arena {total:,} B", "small", "end"))
    for place in sorted(places, key=lambda place: place["first"]):
        x, wide = left + place["first"] * column, (place["last"] - place["first"] + 1) * column
        offset, height = layout["records"] + place["offset"], max(place["bytes"] * scale, 1.5)
        y = y_of(offset) - height
        tensor = f' data-tensor="{subgraph}:{place["tensor"]}"' if place["tensor"] is not None else ""
        if place["kind"] == "scratch":
            tensor = f' data-scratch="{subgraph}:{place["first"] - 1}"'
        body.append(
            f'<g class="at"{tensor}><rect class="place {place["kind"]}" x="{x + 0.75:.2f}" y="{y:.2f}" '
            f'width="{wide - 1.5:.2f}" height="{height:.2f}" rx="2"/>'
            f"<title>{words(place['name'])}\n{place['kind']}, {place['bytes']:,} bytes at offset "
            f"{offset:,}</title>"
        )
        if height >= 13:
            label, size = short(place["name"]), f"{place['bytes']:,} B"
            if len(label) + len(size) + 1 <= (wide - 8) / CHAR:
                label = f"{label} {size}"
            elif height >= 27 and len(size) <= (wide - 8) / CHAR:
                body.append(text(x + 5, y + height / 2 + 15, size, "label"))
                y -= 8
            body.append(text(x + 5, y + height / 2 + 4, fit(label, wide - 4), "label"))
        body.append("</g>")
    return body, width, top + high + foot


# What operators cost.


def cost(about: Facts, standalone: bool = True) -> str:
    """A bar a node: estimated milliseconds where they are known, with their share, and MACs. A node of
    another subgraph is shown for each time that it runs."""
    nodes = about["operators"]
    timed = clock(about)
    row, left, bar, gap, small = 24.0, 214.0, 270.0, 90.0, 96.0
    full = left + bar + gap + small + 56
    values = [_milliseconds(node, timed) for node in nodes]
    most = max([value for value in values if value is not None] + [0.0]) or 1.0
    whole = sum(value for node, value in zip(nodes, values, strict=True) if value and not node["subgraph"])
    most_macs = max([node["macs"] for node in nodes] + [1])
    body = []
    heading = f"estimated ms on {timed[0]}" if timed else "no estimate of time for any board"
    body.append(text(left, 16, heading, "small axis"))
    body.append(text(left + bar + gap, 16, "MACs", "small axis"))
    many = len({node["subgraph"] for node in nodes}) > 1
    for i, (node, value) in enumerate(zip(nodes, values, strict=True)):
        y = 26 + i * row
        name = f"{node['subgraph']}:{node['index']}" if many else f"{node['index']}"
        body.append(f'<g class="bar" data-node="{node["subgraph"]}:{node["index"]}">')
        body.append(
            f'<rect class="slot" x="0" y="{y}" width="{full}" height="{row}" rx="3">'
            f"<title>{words(name)} {words(node['op'])}</title></rect>"
        )
        body.append(text(34, y + 16, name, "small axis", "end"))
        body.append(text(42, y + 16, fit(node["op"], left - 50), "name"))
        if value is not None:
            wide = max(value / most * bar, 1.0)
            body.append(f'<rect class="time" x="{left}" y="{y + 5}" width="{wide:.1f}" height="14" rx="2"/>')
            share = f" · {value / whole:.0%}" if whole and not node["subgraph"] else ""
            body.append(text(left + wide + 5, y + 16, f"{value:.3g}{share}", "small"))
        elif timed:
            body.append(text(left, y + 16, "not measured", "small axis"))
        if node["macs"]:
            wide = max(node["macs"] / most_macs * small, 1.0)
            x = left + bar + gap
            body.append(f'<rect class="work" x="{x}" y="{y + 5}" width="{wide:.1f}" height="14" rx="2"/>')
            body.append(text(x + wide + 5, y + 16, count_text(node["macs"]), "small"))
        body.append("</g>")
    height = 26 + len(nodes) * row + 24
    if timed:
        each = "; subgraphs for each time that they run" if many else ""
        body.append(text(42, height - 6, about["estimate"] + each, "small axis"))
    title = f"Cost of the operators of {about['name'] or 'the model'}"
    return picture(full, height, body, title, standalone, "cost")


def _milliseconds(node: Facts, timed: tuple[str, str, int] | None) -> float | None:
    if timed is None:
        return None
    cycles = node["cycles"].get(timed[1])
    return None if cycles is None else cycles / timed[2] * 1000
