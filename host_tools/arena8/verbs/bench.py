# SPDX-License-Identifier: MIT
"""arena8 bench: how long a model takes on a board, operator by operator."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from statistics import median
from typing import Any

import rich_click as click
from rich.markup import escape

from .. import emulated, inputs, options, render
from ..errors import BoardError, RemoteError, ToolError
from ..local import LocalModel
from ..remote import RemoteModel, older
from ..render import Column
from ..request import OnModel
from ..transports.repl import Repl
from . import infer

REPEAT = 10
BAR = 20

PROFILE = "print(repr([us for _, _, us in _a8.profile()]))"
OPERATORS = "print(repr([op for _, op, _ in _a8.profile()]))"

# What a port's clock is worth.
CLOCKS = {
    "unix": "times are this machine's",
    "host": "times are this machine's",
    "pico-emulator": "times are the emulator's, which counts the core's cycles, "
    "but no misses of the flash cache",
}


@dataclass(frozen=True, kw_only=True)
class Request(OnModel):
    repeat: int


def run(request: Request) -> int:
    with infer.opened(request) as (repl, model, _, file, port):
        if request.given:
            infer.check_inputs(model, request.given)
        fed = [
            inputs.read(text, tensor, request.options)
            for text, tensor in zip(request.given, model.inputs, strict=False)
        ]
        operators = _ask(repl, model, OPERATORS)
        totals: list[int | None] = []
        profiles: list[list[int]] = []
        with render.counting("bench", request.repeat) as counted:
            for done in range(request.repeat):
                # Anew each time, because invoke may write over its inputs.
                for tensor, data in zip(model.inputs, fed, strict=False):
                    model.send(tensor, data)
                totals.append(model.invoke(request.timeout))
                profiles.append(_ask(repl, model, PROFILE))
                counted(done + 1)
        if None in totals or not any(map(any, profiles)) and not any(totals):
            raise ToolError(
                f"{port} has no clock, so there is nothing to measure; pico-emulator and boards have one"
            )
        cycles = _cycles(repl)
    report = _report(request, model, repl, port, operators, totals, profiles, cycles, _facts(file))
    if request.as_json:
        print(json.dumps(report))
    else:
        _show(report)
    return 0


def _ask(repl: Repl | None, model: RemoteModel | LocalModel, code: str) -> list[Any]:
    if repl is None:
        profile = model.profile()
        return [us if code == PROFILE else op for _, op, us in profile]
    try:
        return ast.literal_eval(repl.exec(code).strip().decode())
    except RemoteError as e:
        raise older(repl, e) from e
    except (ValueError, SyntaxError) as e:
        raise BoardError(f"{repl.name} did not answer with a profile: {e}") from e


def _cycles(repl: Repl | None) -> int | None:
    """Of one invoke by the emulator's own counter, None where there is none."""
    return repl.cycles_of("_a8.invoke") if hasattr(repl, "cycles_of") else None


def _facts(file: Any) -> list[dict[str, Any]]:
    from .. import engine

    try:
        return [node for node in engine.nodes(file) if node["subgraph"] == 0] if file else []
    except (ValueError, OSError):
        return []


def _spread(values: list[int]) -> dict[str, float]:
    return {"median": median(values), "min": min(values), "max": max(values)}


def _report(
    request: Request,
    model: RemoteModel | LocalModel,
    repl: Repl | None,
    port: str,
    operators: list[str],
    totals: list[Any],
    profiles: list[list[int]],
    cycles: int | None,
    nodes: list[dict[str, Any]],
) -> dict[str, Any]:
    board = repl.board if repl else None
    whole = sum(median(p[i] for p in profiles) for i in range(len(operators))) or 1
    rows = []
    for i, op in enumerate(operators):
        spread = _spread([p[i] for p in profiles])
        row = {"index": i, "op": op, "microseconds": spread, "share": spread["median"] / whole}
        if i < len(nodes):
            outputs = nodes[i]["outputs"]
            row["op"] = nodes[i]["op"]  # a custom operator's own name
            row["macs"] = nodes[i]["macs"]
            row["output"] = (
                f"{'x'.join(map(str, outputs[0]['shape'])) or 'scalar'} {outputs[0]['dtype']}"
                if outputs
                else ""
            )
        rows.append(row)
    kind = _kind(port)
    return {
        **infer.about(model, port),
        "board": board.name if board else None,
        "emulated": repl is not None and kind in CLOCKS,
        "repeat": request.repeat,
        "microseconds": _spread(totals),
        "cycles": cycles,
        "macs": sum(row.get("macs", 0) for row in rows) if nodes else None,
        "operators": rows,
    }


def _show(report: dict[str, Any]) -> None:
    out = render.console()
    known = report["macs"] is not None
    columns = [Column("", "right", style="dim"), Column("operator")]
    if known:
        columns += [Column("output", worth=3), Column("MACs", "right", worth=2)]
    columns += [Column("ms", "right"), Column("%", "right"), Column("", worth=1)]
    rows: list[tuple[list[str], str]] = []
    most = max((row["share"] for row in report["operators"]), default=0) or 1
    for row in report["operators"]:
        cells = [str(row["index"]), escape(row["op"])]
        if known:
            cells += [row.get("output", ""), f"{row['macs']:,}" if row.get("macs") else ""]
        share = row["share"]
        cells += [
            f"{row['microseconds']['median'] / 1000:.3f}",
            f"{100 * share:.1f}",
            f"[cyan]{render.bar(share / most, BAR)}[/]",
        ]
        rows.append((cells, ""))
    render.table(out, columns, rows)
    total = report["microseconds"]
    line = f"[bold]{total['median'] / 1000:.3f} ms[/]"
    if total["min"] != total["max"]:
        line += f" ({total['min'] / 1000:.3f} to {total['max'] / 1000:.3f})"
    line += f", median of {report['repeat']}"
    if report["cycles"] is not None:
        line += f"; {report['cycles']:,} cycles"
        if report["macs"]:
            line += f", {report['cycles'] / report['macs']:.1f} a MAC"
    out.print(line)
    out.print(
        f"{report['model']} on {report['port']}, arena {report['arena_bytes']:,} bytes",
        style="dim",
        markup=False,
    )
    if _kind(report["port"]) in CLOCKS:
        out.print(CLOCKS[_kind(report["port"])], style="dim", markup=False)


def _kind(port: str) -> str:
    served = emulated.behind(port)
    return served.kind if served else port.partition(":")[0]


@click.command("bench")
@options.model("As of infer. Default: what load writes, zeros.")
@click.option(
    "--repeat", type=click.IntRange(min=1), default=REPEAT, show_default=True, metavar="N", help="Invokes."
)
@options.on_model("The profile")
def command(**asked) -> int:
    """Measures MODEL on a board, operator by operator: the median of N invokes.

    Microseconds are those of the board's clock. An emulated Pico also tells the core's cycles.
    """
    return run(Request(**asked))
