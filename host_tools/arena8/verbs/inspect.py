# SPDX-License-Identifier: MIT
"""arena8 inspect: what is in a model, what it takes, and whether it will run."""

from __future__ import annotations

import json
from typing import Any

import rich_click as click
from rich.markup import escape
from rich.table import Table

from .. import options, render
from ..errors import ToolError

SHOWN = 6  # unsupported nodes that are listed one by one


def describe(model: str) -> dict[str, Any]:
    from .. import engine

    try:
        return engine.describe(model)
    except OSError as e:
        raise ToolError(e.strerror or str(e)) from e
    except ValueError as e:
        raise ToolError(f"{model}: {e}") from e


def run(model: str, as_json: bool) -> int:
    about = describe(model)
    if as_json:
        print(json.dumps(about))
    else:
        show(about)
    return 0 if about["arena_bytes"] is not None else 1


def show(about: dict[str, Any]) -> None:
    out = render.console()
    name = escape(about["name"] or "model")
    out.print(f"[bold]{name}[/]  {about['nbytes']:,} bytes, CRC-32 {about['crc32']:08x}")
    for what in ("inputs", "outputs"):
        for tensor in about[what]:
            out.print(f"  {what[:-1]:7} {escape(tensor['name'])}  {_type(tensor)}{_quantization(tensor)}")
    if about["labels"]:
        labels = about["labels"]
        shown = ", ".join(labels[:10]) + (f", ... ({len(labels)})" if len(labels) > 10 else "")
        out.print(f"  labels  {escape(shown)}")
    out.print()

    refused = {u["node"] for u in about["unsupported"] if u["subgraph"] == 0}
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading, justify in (("", "right"), ("operator", "left"), ("output", "left"), ("MACs", "right"),
                             ("parameters", "right")):  # fmt: skip
        table.add_column(heading, justify=justify)
    for node in about["operators"]:
        first = node["outputs"][0] if node["outputs"] else None
        table.add_row(
            str(node["index"]),
            escape(node["op"]),
            _type(first) if first else "",
            f"{node['macs']:,}" if node["macs"] else "",
            f"{node['params']:,}" if node["params"] else "",
            style="red" if node["index"] in refused else "",
        )
    table.add_row("", "[bold]total[/]", "", f"[bold]{about['macs']:,}[/]", f"[bold]{about['params']:,}[/]")
    out.print(table)
    out.print()

    if about["arena_bytes"] is not None:
        by_target = about["arena_bytes_by_target"]
        out.print(f"Runs. Flash {about['nbytes']:,} bytes, arena [bold]{about['arena_bytes']:,}[/] bytes.")
        if len(set(by_target.values())) > 1:
            out.print("  " + ", ".join(f"{target} {size:,}" for target, size in by_target.items()))
        return
    out.print("[bold red]Can't run.[/]")
    reasons = [u["text"] for u in about["unsupported"]]
    for text in reasons[:SHOWN]:
        out.print(f"  {escape(text)}")
    if len(reasons) > SHOWN:
        out.print(f"  ... and {len(reasons) - SHOWN} more (--json has all)")
    if not reasons:
        out.print(f"  {escape(about['error'] or 'no reason was given')}")


def _type(tensor: dict[str, Any]) -> str:
    return f"{'x'.join(map(str, tensor['shape'])) or 'scalar'} {tensor['dtype']}"


def _quantization(tensor: dict[str, Any]) -> str:
    scale = tensor["scale"]
    if isinstance(scale, list):
        return f"  {len(scale)} scales"
    return f"  scale {scale:.6g}, zero point {tensor['zero_point']}" if scale else ""


@click.command("inspect")
@click.argument("model", metavar="MODEL")
@options.as_json("Everything")
def command(model: str, as_json: bool) -> int:
    """What is in MODEL: operators, shapes, MACs, parameters, arena bytes to the byte, what can't run.

    MODEL is a .tflite file, or a name found in ARENA8_MODELS or the working directory. Exit code 1 if it
    can't run.
    """
    return run(model, as_json)
