# SPDX-License-Identifier: MIT
"""arena8 inspect: what is in a model, what it takes, whether it will run, and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import rich_click as click
from rich.markup import escape

from .. import boards, formats, options, render
from ..errors import ToolError, cause
from ..freeze import write_if_changed
from ..render import Column

SHOWN = 12  # kinds of obstacles that are listed
NODES = 8  # of each so many nodes


def examine(model: str, board: str | None = None) -> dict[str, Any]:
    from .. import engine, report

    chosen = [boards.board(board)] if board else None
    try:
        return report.examine(engine.Model(model), chosen)
    except (OSError, ValueError) as e:
        raise ToolError(formats.refusal(model, e)) from e


def run(model: str, as_json: bool, board: str | None, html: Path | None, folder: Path | None) -> int:
    about = examine(model, board)
    written = []
    if html:
        from ..report.html import page

        written.append(_write(html, page(about)))
    if folder:
        from ..report import svg
        from ..report.graph import graph

        for name, draw in (("graph", graph), ("plan", svg.plan), ("cost", svg.cost)):
            if name != "plan" or about["plan"]:
                written.append(_write(folder / f"{name}.svg", draw(about)))
    if as_json:
        print(json.dumps(about))
    else:
        show(about)
    for path in written:
        render.messages().print(f"wrote {path}", markup=False)
    if about["arena_bytes"] is None:
        return 1
    return 0 if board is None or about["boards"][0]["fits"] else 1


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_if_changed(path, text)
    except OSError as e:
        raise ToolError(f"can't write {path}: {cause(e)}") from e
    return path


def show(about: dict[str, Any]) -> None:
    out = render.console()
    name = escape(about["name"] or "model")
    kind = f"{about['kind']} model"
    out.print(f"[bold]{name}[/]  {kind}, {about['nbytes']:,} bytes, CRC-32 {about['crc32']:08x}")
    for what in ("inputs", "outputs"):
        for tensor in about[what]:
            out.print(f"  {what[:-1]:7} {escape(tensor['name'])}  {_type(tensor)}{_quantization(tensor)}")
    if about["labels"]:
        labels = about["labels"]
        shown = ", ".join(labels[:10]) + (f", ... ({len(labels)})" if len(labels) > 10 else "")
        out.print(f"  labels  {escape(shown)}")
    out.print()
    _show_operators(out, about)
    out.print()
    if about["arena_bytes"] is not None:
        by_target = about["arena_bytes_by_target"]
        most = "at most " if len(set(by_target.values())) > 1 else ""
        out.print(
            f"Runs. Flash {about['nbytes']:,} bytes, arena {most}[bold]{about['arena_bytes']:,}[/] bytes."
        )
    else:
        _show_obstacles(out, about)
    if about["converter"]:
        out.print()
        out.print(f"{about['converter']['reason']} For an int8 model, convert with:")
        out.print()
        for line in about["converter"]["lines"]:
            out.print(f"    {line}", markup=False, style="cyan")
    out.print()
    _show_boards(out, about)


def _show_operators(out: Any, about: dict[str, Any]) -> None:
    from .. import report

    refused = {(u["subgraph"], u["node"]) for u in about["unsupported"]}
    timed = report.clock(about)
    many = any(node["subgraph"] for node in about["operators"])
    columns = [Column("", "right"), Column("operator"), Column("input", worth=5), Column("output", worth=2),
               Column("weights", worth=4), Column("MACs", "right", worth=1),
               Column("parameters", "right", worth=3)]  # fmt: skip
    if timed:
        columns.append(Column("~ms", "right"))
    rows: list[tuple[list[str], str]] = []
    for node in about["operators"]:
        computed = [tensor for tensor in node["inputs"] if not tensor["constant"]]
        cells = [
            f"{node['subgraph']}:{node['index']}" if many else str(node["index"]),
            escape(" ".join([node["op"], *(f"{what} {called}" for what, called in report.calls(node))])),
            _type(computed[0]) if computed else "",
            _type(node["outputs"][0]) if node["outputs"] else "",
            _weights(node) if node["macs"] else "",
            f"{node['macs']:,}" if node["macs"] else "",
            f"{node['params']:,}" if node["params"] else "",
        ]
        if timed:
            cycles = node["cycles"].get(timed[1])
            cells.append(f"{cycles / timed[2] * 1000:.2f}" if cycles is not None else "?")
        rows.append((cells, "red" if (node["subgraph"], node["index"]) in refused else ""))
    total = ["", "[bold]total[/]", "", "", "", f"[bold]{about['macs']:,}[/]", f"[bold]{about['params']:,}[/]"]
    if timed:
        known = [node["cycles"].get(timed[1]) for node in about["operators"] if node["subgraph"] == 0]
        sums = f"{sum(count or 0 for count in known) / timed[2] * 1000:.2f}"
        total.append(f"[bold]{sums}[/]" if any(known) else "?")
    render.table(out, columns, [*rows, (total, "")])
    if timed:
        each = "; in subgraphs for each time that they run" if many else ""
        out.print(f"~ms: on {timed[0]}, {about['estimate']}{each}", style="dim", markup=False)


def _weights(node: dict[str, Any]) -> str:
    """The weights' type and how they are quantized."""
    constant = [tensor for tensor in node["inputs"] if tensor["constant"] and len(tensor["shape"]) >= 2]
    if not constant:
        return ""
    scale = constant[0]["scale"]
    how = "per channel" if isinstance(scale, list) else "per tensor" if scale else ""
    return f"{'x'.join(map(str, constant[0]['shape']))} {constant[0]['dtype']} {how}".rstrip()


def _show_obstacles(out: Any, about: dict[str, Any]) -> None:
    out.print("[bold red]Can't run.[/]")
    for item in about["obstacles"][:SHOWN]:
        nodes = [str(node["node"]) for node in item["nodes"]]
        listed = ", ".join(nodes[:NODES]) + (f" and {len(nodes) - NODES} more" if len(nodes) > NODES else "")
        where = (
            f"{item['op']} {item['dtype']} (node{'s' * (len(nodes) > 1)} {listed}): " if item["op"] else ""
        )
        out.print(f"  {where}{item['text']}", markup=False)
        if item["mend"]:
            out.print(f"    {item['mend']}", markup=False, style="dim")
    if len(about["obstacles"]) > SHOWN:
        out.print(f"  ... and {len(about['obstacles']) - SHOWN} more kinds (--json has all)")


def _show_boards(out: Any, about: dict[str, Any]) -> None:
    yes, no = render.marks()
    columns = [Column(""), Column("board"), Column("arena", "right", worth=1),
               Column("RAM free", "right", worth=3), Column("~ms", "right", worth=2),
               Column("goes into", folds=True)]  # fmt: skip
    rows: list[tuple[list[str], str]] = []
    for board in about["boards"]:
        time = "" if board["milliseconds"] is None else f"{board['milliseconds']:.2f}"
        if time and board["not_estimated"]:
            time = f">{time}"
        why = "; ".join(board["reasons"])
        if not why and board["places"]:
            why = " or ".join(
                {"firmware": "the firmware (build)", "romfs": "ROMFS (deploy)"}[p] for p in board["places"]
            )
        cells = [
            f"[green]{yes}[/]" if board["fits"] else f"[red]{no}[/]",
            board["board"],
            "" if board["arena_bytes"] is None else f"{board['arena_bytes']:,}",
            "" if board["ram_free"] is None else f"{board['ram_free']:,}",
            time,
            escape(why),
        ]
        rows.append((cells, ""))
    render.table(out, columns, rows)
    unknown = sorted({key for board in about["boards"] for key in board["not_estimated"]})
    if unknown:
        out.print(f"~ms lacks {', '.join(unknown)}: nobody has counted them yet", style="dim", markup=False)


def _type(tensor: dict[str, Any]) -> str:
    return f"{'x'.join(map(str, tensor['shape'])) or 'scalar'} {tensor['dtype']}"


def _quantization(tensor: dict[str, Any]) -> str:
    scale = tensor["scale"]
    if isinstance(scale, list):
        return f"  {len(scale)} scales"
    return f"  scale {scale:.6g}, zero point {tensor['zero_point']}" if scale else ""


@click.command("inspect")
@click.argument("model", metavar="MODEL", shell_complete=options.files)
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write a page with graph, memory plan and costs to click through. It needs no network.",
)  # fmt: skip
@click.option(
    "--svg", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
    help="Write graph.svg, plan.svg and cost.svg.",
)  # fmt: skip
@click.option(
    "--board",
    **options.BOARD,
    help="Judge this board only: exit code 1 if the model doesn't fit it.",
)
@options.as_json("Everything")
def command(model: str, html: Path | None, folder: Path | None, board: str | None, as_json: bool) -> int:
    """What is in MODEL, what it takes, whether it will run, and on which boards.

    MODEL is a .tflite file, or a name found in ARENA8_MODELS or the working directory. Times are estimated,
    from counts on an emulated core. Exit code 1 if it can't run.
    """
    return run(model, as_json, board, html, folder)
