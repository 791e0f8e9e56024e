# SPDX-License-Identifier: MIT
"""A model as one self-contained page: graph, memory plan, costs and boards, tied together by clicks.

The page fetches nothing. Whatever comes from the model is escaped here or set as text by page.js; the content
security policy says so once more.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from pathlib import Path
from typing import Any

from . import calls, clock, short, svg, type_text
from .graph import graph

Facts = dict[str, Any]


def page(about: Facts) -> str:
    """The whole page."""
    timed = clock(about)
    data = dict(about)
    data["operators"] = [{**node, "calls": calls(node)} for node in about["operators"]]
    data["clock"] = {"board": timed[0], "core": timed[1], "hz": timed[2]} if timed else None
    # "</" would end the element that holds it; a browser reads the JSON as text.
    content = json.dumps(data).replace("<", "\\u003c")
    script = _asset("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"
    name = escape(about["name"] or "model")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name} · arena8</title>
<link rel="icon" href="data:,">
<style>{svg.sheet()}{_page_style()}</style>
</head>
<body>
<header><h1>{name}</h1><span class="what">{_what(about)}</span>{_verdict(about)}
<button type="button" id="theme">light / dark</button></header>
<div class="tiles">{_tiles(about, timed)}</div>
<main>
<section id="graph" class="side"><h2>Operators</h2>{graph(about, standalone=False)}</section>
<div class="middle">{_obstacles(about)}{_plan(about)}
<section id="cost"><h2>Cost by operator</h2>
<div class="scroll">{svg.cost(about, standalone=False)}</div></section>
{_boards(about)}{_ends(about)}</div>
<section id="details" class="side"><div id="panel"><h2>Details</h2>
<p class="soft">Click an operator, a bar or a tensor. Arrow keys go on from there.</p>
{_kinds(about, timed)}</div></section>
</main>
<footer>Times are {escape(about["estimate"])}.</footer>
<script type="application/json" id="about">{content}</script>
<script>{script}</script>
</body>
</html>
"""


def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _page_style() -> str:
    """The page's own rules; the colours of dark, once more for the button that asks for them."""
    dark = re.search(r"@media [^{]*\{[^{]*\{(.*?)\}", svg.sheet(), re.S)
    return _asset("page.css").replace("DARK", dark.group(1) if dark else "")


def _what(about: Facts) -> str:
    nodes = len(about["operators"])
    return f"{about['kind']} model, {nodes} operator{'s' * (nodes != 1)}, CRC-32 {about['crc32']:08x}"


def _verdict(about: Facts) -> str:
    if about["arena_bytes"] is None:
        return '<span class="verdict no">can’t run</span>'
    fits = sum(board["fits"] for board in about["boards"])
    return f'<span class="verdict yes">fits {fits} of {len(about["boards"])} boards</span>'


def _tiles(about: Facts, timed: tuple[str, str, int] | None) -> str:
    tiles = [("flash", f"{about['nbytes']:,} B")]
    if about["arena_bytes"] is not None:
        tiles.append(("arena", f"{about['arena_bytes']:,} B"))
    tiles += [("MACs", svg.count_text(about["macs"])), ("parameters", svg.count_text(about["params"]))]
    board = next((board for board in about["boards"] if board["milliseconds"] is not None), None)
    if timed and board:
        more = "at least " if board["not_estimated"] else ""
        tiles.append((f"estimated, {board['name']}", f"{more}{board['milliseconds']:.3g} ms"))
    return "".join(
        f'<div class="tile"><b>{escape(value)}</b><span>{escape(what)}</span></div>' for what, value in tiles
    )


def _obstacles(about: Facts) -> str:
    parts = []
    for item in about["obstacles"]:
        nodes = ", ".join(str(node["node"]) for node in item["nodes"][:12])
        nodes += ", …" if len(item["nodes"]) > 12 else ""
        head = f"<b>{escape(item['op'])} {escape(item['dtype'])}</b> (node {nodes}): " if item["op"] else ""
        mend = f'<br><span class="soft">{escape(item["mend"])}</span>' if item["mend"] else ""
        parts.append(f"<li>{head}{escape(item['text'])}{mend}</li>")
    body = f"<ul>{''.join(parts)}</ul>" if parts else ""
    if about["converter"]:
        lines = escape("\n".join(about["converter"]["lines"]))
        reason = escape(about["converter"]["reason"])
        body += f"<p>{reason} For an int8 model, convert with:</p><pre>{lines}</pre>"
    title = "What keeps it from running" if about["obstacles"] else "What would make it better"
    return f'<section id="obstacles"><h2>{title}</h2>{body}</section>' if body else ""


def _kinds(about: Facts, timed: tuple[str, str, int] | None) -> str:
    """What each kind of operator takes of the time, until a node is chosen; else of the MACs."""
    spent: dict[str, list[float]] = {}
    for node in about["operators"]:
        if node["subgraph"] == 0:
            took = (node["cycles"].get(timed[1]) or 0) if timed else node["macs"]
            spent.setdefault(node["op"], []).append(took)
    whole = sum(map(sum, spent.values()))
    if not whole:
        return ""
    rows = [("kind", "nodes", "time" if timed else "MACs")]
    for op, each in sorted(spent.items(), key=lambda item: -sum(item[1]))[:12]:
        rows.append((escape(op), str(len(each)), f"{sum(each) / whole:.0%}"))
    cells = ["".join(f'<td class="n">{cell}</td>' if i else f"<td>{cell}</td>" for i, cell in enumerate(row))
             for row in rows]  # fmt: skip
    head, *body = [f"<tr>{row}</tr>" for row in cells]
    return f"<table>{head.replace('td', 'th')}{''.join(body)}</table>"


def _plan(about: Facts) -> str:
    if about["plan"] is None:
        return ""
    plan = about["plan"]
    return (
        '<section id="plan" class="fluid"><h2>Memory plan</h2>'
        f'<p class="soft">{plan["records"]:,} bytes of records and {plan["tensors"]:,} of tensors are the '
        "arena. Tensors share places when they live at different times.</p>"
        f'<div class="scroll">{svg.plan(about, standalone=False)}</div></section>'
    )


def _boards(about: Facts) -> str:
    rows = []
    for board in about["boards"]:
        mark = '<td class="yes-mark">✓</td>' if board["fits"] else '<td class="no-mark">✗</td>'
        time = "" if board["milliseconds"] is None else f"{board['milliseconds']:.3g}"
        time = f"&gt; {time}" if time and board["not_estimated"] else time
        why = "; ".join(board["reasons"]) or _where(board)
        rows.append(
            f"<tr>{mark}<td>{escape(board['name'])}<br>"
            f"<span class='soft'>{escape(board['core'] or '')}</span></td>"
            f'<td class="n">{_free(board["arena_bytes"])}</td><td class="n">{_free(board["ram_free"])}</td>'
            f'<td class="n">{time}</td><td>{escape(why)}</td></tr>'
        )
    return (
        '<section id="boards"><h2>Boards</h2><div class="scroll"><table><tr><th></th><th>board</th>'
        '<th class="n">arena</th><th class="n">RAM free</th><th class="n">ms</th><th>goes into</th></tr>'
        f"{''.join(rows)}</table></div></section>"
    )


def _free(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _where(board: Facts) -> str:
    names = {"firmware": "the firmware (build)", "romfs": "ROMFS (deploy)"}
    return " or ".join(names[place] for place in board["places"])


def _ends(about: Facts) -> str:
    rows = []
    for what in ("inputs", "outputs"):
        for tensor in about[what]:
            scale = tensor["scale"]
            quantized = (
                f"scale {scale:.6g}, zero point {tensor['zero_point']}"
                if isinstance(scale, float) and scale
                else ""
            )
            rows.append(
                f"<tr><td>{what[:-1]}</td><td>{escape(short(tensor['name']))}</td>"
                f"<td>{escape(type_text(tensor))}</td><td>{escape(quantized)}</td></tr>"
            )
    if about["labels"]:
        labels = ", ".join(about["labels"][:40]) + (", …" if len(about["labels"]) > 40 else "")
        rows.append(f'<tr><td>labels</td><td colspan="3">{escape(labels)}</td></tr>')
    return f'<section id="ends"><h2>Inputs and outputs</h2><table>{"".join(rows)}</table></section>'
