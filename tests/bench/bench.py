#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What one invoke costs: models x cores, on emulated boards with the newest firmware that was built for each.

    python tests/bench/bench.py [--core CORE...] [--model MODEL...] [--json]

Cycles on the Cortex-M0+, instructions elsewhere, beside what the best published peer takes for the same model
on the same core (tests/peers.json). Nothing here ran on silicon. The emulated Pico knows nothing of the cache
before its flash, so misses are counted on another emulated core and told apart. Writes build/bench.json.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))

import arena8  # noqa: E402
import chart  # noqa: E402
import counting  # noqa: E402
import mlperf_tiny  # noqa: E402
from arena8 import boards, engine, render  # noqa: E402
from arena8.errors import ToolError  # noqa: E402
from rich.table import Table  # noqa: E402

BUILD = ROOT / "build" / "bench"
PEERS = json.loads((ROOT / "tests" / "peers.json").read_text())
CORES = json.loads((ROOT / "tests" / "bench" / "cores.json").read_text())
SHARED = Path(os.environ.get("ARENA8_SHARED_MODELS") or ROOT.parent / "shared" / "models") / "models"
FROM_SHARED = ("tflm__person_detect", "tflm__micro_speech_quantized", "tflm__hello_world_int8")


def models() -> list[Path]:
    """MLPerf Tiny's four with random weights, one of our own, and those of the shared ones that are there."""
    shared = [SHARED / f"{name}.tflite" for name in FROM_SHARED]
    own = ROOT / "firmware" / "models" / "digits.tflite"
    return [*mlperf_tiny.write(BUILD), own, *(path for path in shared if path.is_file())]


def cores(names: list[str] | None = None) -> list[dict[str, Any]]:
    """The rows of cores.json whose boards this project has."""
    known = [core for core in CORES if core["board"] in boards.all_boards()]
    unknown = set(names or ()) - {core["core"] for core in known}
    if unknown:
        raise ToolError(
            f"no core {', '.join(sorted(unknown))}; there are {', '.join(c['core'] for c in known)}"
        )
    return [core for core in known if not names or core["core"] in names]


def kind_of(node: dict[str, Any]) -> str:
    """What the chart calls an operator."""
    if node["op"] == "CONV_2D" and node["inputs"][1]["shape"][1:3] == [1, 1]:
        return "CONV_2D 1x1"
    return node["op"]


def measure(core: dict[str, Any], paths: list[Path]) -> list[dict[str, Any]]:
    """One entry a model that the core's board can take; the others are told on standard error."""
    rows = []
    for path, found in zip(paths, counting.counted(core, paths, BUILD), strict=True):
        if found.problem:
            print(f"  {core['core']}: {path.stem} did not run: {found.problem}", file=sys.stderr)
            continue
        about = engine.describe(str(path))
        peer = PEERS[core["peer_counts"]].get(path.stem) if core.get("peer_counts") else None
        row = {
            "model": path.stem,
            "core": core["core"],
            "unit": core["unit"],
            "count": found.count,
            "macs": about["macs"],
            "peer": core["peer"] if peer else None,
            "peer_count": peer,
            "ratio": round(found.count / peer, 3) if peer else None,
            "arena_bytes": found.arena_bytes,
            "model_bytes": path.stat().st_size,
            "milliseconds": round(found.count / core["clock_hz"] * 1000, 2),
            "operators": [
                {"operator": kind_of(node), "count": count}
                for node, count in zip(about["operators"], found.operators, strict=False)
            ],
        }
        if "cache" in core:
            code, data = found.misses
            row["misses"] = {"code": code, "weights": data}
            row["count_with_misses"] = found.count + (code + data) * core["cache"]["miss_cycles"]
        rows.append(row)
    return rows


def show(core: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    unit = core["unit"]
    clock = f"{core['clock_hz'] / 1e6:g} MHz"
    pace = "" if unit == "cycles" else " at an instruction a cycle"
    title = f"{core['core']}: one invoke, emulated, never run on silicon; ms of {core['chip']}, {clock}{pace}"
    table = Table(title=title)
    table.add_column("model", no_wrap=True)
    headings = ["MACs", "arena", unit, "a MAC", "ms", f"of {core.get('peer', 'peer')}"]
    if "cache" in core:
        headings.append("with misses")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        cells = [f"{row[key]:,}" for key in ("macs", "arena_bytes", "count")]
        cells += [f"{row['count'] / row['macs']:.2f}" if row["macs"] else "", f"{row['milliseconds']:.2f}"]
        cells.append(f"{row['ratio']:.2f}" if row["ratio"] else "")
        if "misses" in row:
            cells.append(f"{row['count_with_misses']:,}")
        table.add_row(row["model"], *cells)
    render.console().print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--core", action="append", help="this core only (repeatable)")
    parser.add_argument("--model", action="append", help="models whose name has this in it (repeatable)")
    parser.add_argument("--json", action="store_true", help="print the entries as JSON")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the operators' shares as SVG")
    args = parser.parse_args()
    start = time.monotonic()
    every = []
    try:
        paths = [p for p in models() if not args.model or any(part in p.stem for part in args.model)]
        for core in cores(args.core):
            rows = measure(core, paths)
            every += rows
            if not args.json:
                show(core, rows)
    except ToolError as e:
        print(f"error: {e}", file=sys.stderr)
        return e.exit_code
    if not args.core and not args.model:
        (ROOT / "build" / "bench.json").write_text(json.dumps(every, indent=1) + "\n")
    if args.chart:
        args.chart.write_text(chart.svg(every))
    if args.json:
        print(json.dumps(every, indent=1))
    else:
        seconds = time.monotonic() - start
        print(
            f"arena8 {arena8.__version__}: {len(every)} counts in {seconds:.0f} s; build/bench.json has them."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
