#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What one invoke costs: models x cores, on emulated boards with the newest firmware that was built for each.

    python tests/bench/bench.py [--core CORE...] [--model MODEL...] [--chart FILE] [--json]

Cycles on the Cortex-M0+, instructions elsewhere, beside what the best published peer takes for the same model
on the same core (tests/peers.json). Nothing here ran on silicon. On the Pico misses of the cache before its
flash are counted too, and told apart. A run of all writes build/bench.json; one of some does not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))

import arena8  # noqa: E402
import chart  # noqa: E402
import counting  # noqa: E402
from arena8 import render  # noqa: E402
from arena8.errors import ToolError, UsageError  # noqa: E402
from counting import Counted  # noqa: E402
from rich.table import Table  # noqa: E402
from workloads import PEERS, Workload, workloads  # noqa: E402

BUILD = ROOT / "build" / "bench"
CORES = json.loads((ROOT / "tests" / "bench" / "cores.json").read_text())


def cores(names: list[str] | None = None) -> list[dict[str, Any]]:
    """The rows of cores.json, all or those named."""
    unknown = set(names or ()) - {core["core"] for core in CORES}
    if unknown:
        known = ", ".join(core["core"] for core in CORES)
        raise UsageError(f"no core {', '.join(sorted(unknown))}; there are {known}")
    return [core for core in CORES if not names or core["core"] in names]


def kind_of(node: dict[str, Any]) -> str:
    """What the chart calls an operator."""
    if node["op"] == "CONV_2D" and node["inputs"][1]["shape"][1:3] == [1, 1]:
        return "CONV_2D 1x1"
    return node["op"]


def entry(core: dict[str, Any], one: Workload, found: Counted) -> dict[str, Any]:
    """What bench.json has of a model on a core."""
    peer = PEERS[core["peer_counts"]].get(one.name) if core.get("peer_counts") else None
    row = {
        "model": one.name,
        "core": core["core"],
        "unit": core["unit"],
        "count": found.count,
        "macs": one.about["macs"],
        "peer": core["peer"] if peer else None,
        "peer_count": peer,
        "ratio": round(found.count / peer, 3) if peer else None,
        "arena_bytes": found.arena_bytes,
        "weights": one.weights,
        "milliseconds": round(found.count / core["clock_hz"] * 1000, 3),
        "operators": [
            {"operator": kind_of(node), "count": count}
            for node, count in zip(one.about["operators"], found.operators, strict=False)
        ],
    }
    if found.misses:
        code, weights = found.misses
        row["misses"] = {"code": code, "weights": weights}
        row["count_with_misses"] = found.count + (code + weights) * core["miss_cycles"]
        if misses := PEERS[core["peer_misses"]].get(one.name):
            row["peer_count_with_misses"] = peer + sum(misses) * core["miss_cycles"]
            row["ratio_with_misses"] = round(row["count_with_misses"] / row["peer_count_with_misses"], 3)
    return row


@dataclass
class Job:
    """What one emulator is started for."""

    core: dict[str, Any]
    things: list[Workload]

    def run(self, tell) -> tuple[list[dict[str, Any]], list[str]]:
        """Entries of bench.json, and what went wrong. One emulator's end does not end the others."""
        rows, problems = [], []

        def told(one: Workload, found: Counted) -> None:
            if found.problem:
                problems.append(f"{self.core['core']}: {one.name} did not run: {found.problem}")
                tell(problems[-1])
            else:
                rows.append(entry(self.core, one, found))
                tell(f"{self.core['core']:11} {one.name:15} {found.count:>12,} {self.core['unit']}")

        try:
            counting.counted(self.core, self.things, BUILD, told)
        except (ToolError, OSError) as e:
            problems.append(f"{self.core['core']}: {e}")
            tell(problems[-1])
        return rows, problems


def jobs(chosen: list[dict[str, Any]], things: list[Workload]) -> list[Job]:
    """The longest first. A slow emulator gets one model, so that several of them work side by side."""
    slow = [core for core in chosen if counting.is_slow(core)]
    by_work = sorted(things, key=lambda one: -one.about["macs"])
    return [Job(core, [one]) for core in slow for one in by_work] + [
        Job(core, things) for core in chosen if core not in slow
    ]


def run(
    chosen: list[dict[str, Any]], things: list[Workload], processes: int
) -> tuple[list[dict[str, Any]], list[str]]:
    start = time.monotonic()

    def tell(line: str) -> None:
        print(f"  [{time.monotonic() - start:5.0f} s] {line}", file=sys.stderr, flush=True)

    for one in things:
        _ = one.outputs  # of the reference, once for all cores
    stdout = sys.stdout  # A Repl diverts it for a while; of several at once the last may leave it diverted.
    try:
        with ThreadPoolExecutor(processes) as pool:
            done = list(pool.map(lambda job: job.run(tell), jobs(chosen, things)))
    finally:
        sys.stdout = stdout
    order = [(core["core"], one.name) for core in chosen for one in things]
    rows = [row for found, _ in done for row in found]
    rows.sort(key=lambda row: order.index((row["core"], row["model"])))
    return rows, [problem for _, problems in done for problem in problems]


def show(core: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    unit = core["unit"]
    pace = "" if unit == "cycles" else " at an instruction a cycle"
    title = f"{core['core']}: one invoke, emulated, never run on silicon; ms of {core['chip']}, "
    table = Table(title=f"{title}{core['clock_hz'] / 1e6:g} MHz{pace}")
    table.add_column("model", no_wrap=True)
    headings = ["MACs", "arena", unit, "a MAC", "ms"]
    if "peer" in core:
        headings.append(f"of {core['peer']}")
    if "miss_cycles" in core:
        headings += ["with flash misses", "of it with its"]
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        cells = [f"{row[key]:,}" for key in ("macs", "arena_bytes", "count")]
        cells += [f"{row['count'] / row['macs']:.2f}" if row["macs"] else "", f"{row['milliseconds']:.2f}"]
        if "peer" in core:
            cells.append(f"{row['ratio']:.2f}" if row["ratio"] else "")
        if "misses" in row:
            ratio = row.get("ratio_with_misses")
            cells += [f"{row['count_with_misses']:,}", f"{ratio:.2f}" if ratio else ""]
        table.add_row(row["model"], *cells)
    render.console().print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--core", action="append", help="this core only (repeatable)")
    parser.add_argument("--model", action="append", help="models whose name has this in it (repeatable)")
    parser.add_argument("--json", action="store_true", help="print the entries as JSON")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the operators' shares as SVG")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="emulators at a time"
    )
    args = parser.parse_args()
    start = time.monotonic()
    try:
        chosen = cores(args.core)
        things = [
            one for one in workloads(BUILD) if not args.model or any(part in one.name for part in args.model)
        ]
        rows, problems = run(chosen, things, max(1, args.processes))
    except ToolError as e:
        print(f"error: {e}", file=sys.stderr)
        return e.exit_code
    is_all = not args.core and not args.model
    if is_all:
        (ROOT / "build" / "bench.json").write_text(json.dumps(rows, indent=1) + "\n")
    if args.chart:
        args.chart.write_text(chart.svg(rows))
    if args.json:
        print(json.dumps(rows, indent=1))
    else:
        for core in chosen:
            if mine := [row for row in rows if row["core"] == core["core"]]:
                show(core, mine)
        seconds = time.monotonic() - start
        where = " build/bench.json has them." if is_all else ""
        print(f"arena8 {arena8.__version__}: {len(rows)} counts in {seconds:.0f} s.{where}")
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
