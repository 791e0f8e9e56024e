#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts what the last full `make bench` counted (build/bench.json) into the docs: docs/bench.svg, and the
tables of docs/kernels.md, each between <!-- bench: CORE --> and <!-- end -->. `make bench-docs` counts and
runs this.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))

import chart  # noqa: E402

ALL = "all cores"
MARKED = re.compile(r"(<!-- bench: ([^>]+?) -->\n).*?(<!-- end -->)", re.S)


def name_of(row: dict[str, Any]) -> str:
    return row["model"].removeprefix("mlperf_") + (", random weights" if row["weights"] == "random" else "")


def markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def of_core(rows: list[dict[str, Any]]) -> str:
    """A row a model."""
    peer = next((row["peer"] for row in rows if row["peer"]), None)
    heads = ["model", "MACs", "arena bytes", rows[0]["unit"], "a MAC"]
    heads += [peer, "ratio"] if peer else []
    cached = any("misses" in row for row in rows)
    heads += (
        ["misses, code / weights", f"{rows[0]['unit']} with them", f"{peer} with its", "ratio"]
        if cached
        else []
    )
    cells = []
    for row in rows:
        pace = row["count"] / row["macs"] if row["macs"] else 0
        one = [name_of(row), *(f"{row[key]:,}" for key in ("macs", "arena_bytes", "count")), f"{pace:.2f}"]
        if peer:
            one += [f"{row['peer_count']:,}", f"{row['ratio']:.2f}"] if row["peer"] else ["", ""]
        if cached:
            one += [" / ".join(f"{n:,}" for n in row["misses"].values()), f"{row['count_with_misses']:,}"]
            known = "ratio_with_misses" in row
            one += (
                [f"{row['peer_count_with_misses']:,}", f"{row['ratio_with_misses']:.2f}"]
                if known
                else ["", ""]
            )
        cells.append(one)
    return markdown(heads, cells)


def of_all(rows: list[dict[str, Any]]) -> str:
    """A row a core, a column a model: the ratio to the peer, without a peer what a MAC takes."""
    names = [name for name in dict.fromkeys(row["model"] for row in rows) if name != "digits"]
    cells = []
    for core in dict.fromkeys(row["core"] for row in rows):
        mine = {row["model"]: row for row in rows if row["core"] == core}
        peer = next((row["peer"] for row in mine.values() if row["peer"]), None)
        unit = next(iter(mine.values()))["unit"]
        what = f"{unit}, of {peer}" if peer else f"{unit} a MAC"
        cells.append([core, what])
        for name in names:
            row = mine.get(name)
            number = row and (row["ratio"] if peer else row["count"] / row["macs"])
            cells[-1].append(f"{number:.2f}" if number else "")
    return markdown(["core", "", *(name.removeprefix("mlperf_") for name in names)], cells)


def filled(text: str, rows: list[dict[str, Any]]) -> str:
    """The text with the tables of the cores that were counted in it."""

    def table(match: re.Match) -> str:
        mine = [row for row in rows if match[2] in (ALL, row["core"])]
        if not mine:
            return match[0]
        return f"{match[1]}{(of_all if match[2] == ALL else of_core)(mine)}{match[3]}"

    return MARKED.sub(table, text)


def main() -> int:
    counts = ROOT / "build" / "bench.json"
    if not counts.is_file():
        print(f"error: {counts} is not there; `make bench` writes it", file=sys.stderr)
        return 1
    rows = json.loads(counts.read_text())
    page = ROOT / "docs" / "kernels.md"
    page.write_text(filled(page.read_text(), rows))
    (ROOT / "docs" / "bench.svg").write_text(chart.svg(rows))
    print(f"docs/bench.svg and docs/kernels.md have {len(rows)} counts.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
