# SPDX-License-Identifier: MIT
"""Counts the cycles of one invoke of every model in the newest RPI_PICO firmware, on the emulated Pico.

    python tests/bench.py [--json]

The module runs inside MicroPython as a user runs it; the call from Python is part of the count. The emulator
models neither the flash cache nor a second core. Writes build/bench.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import arena8
from arena8 import boards, engine, render
from arena8.errors import ToolError
from arena8.remote import RemoteModel
from arena8.transports.pico_emulator import PicoRepl
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
PEERS = json.loads((ROOT / "tests" / "peers.json").read_text())


def measure(board: boards.Board) -> list[dict]:
    """One entry a model of the firmware, in the order in which they are frozen."""
    firmware = board.firmware()
    about = json.loads((firmware.parent / "firmware.json").read_text())
    rows = []
    with PicoRepl(str(firmware)) as pico:
        pico.connect()
        for model in about["models"]:
            print(f"  {model['name']} ...", end="\r", file=sys.stderr)
            remote = RemoteModel(pico, model["name"])
            cycles = pico.cycles_of("_a8.invoke")
            macs = engine.describe(model["path"])["macs"]
            peer = PEERS["cmsis_m0plus_cycles"].get(model["name"])
            rows.append(
                {
                    "model": model["name"],
                    "core": "Cortex-M0+",
                    "unit": "cycles",
                    "count": cycles,
                    "macs": macs,
                    "peer": "TFLM + CMSIS-NN" if peer else None,
                    "peer_count": peer,
                    "ratio": round(cycles / peer, 3) if peer else None,
                    "arena_bytes": remote.arena_bytes,
                    "model_bytes": remote.nbytes,
                    "milliseconds": round(cycles / board.clock_hz * 1000, 2),
                }
            )
            pico.exec("_a8 = _a8m = None")
    return rows


def show(rows: list[dict], board: boards.Board) -> None:
    megahertz = f"{board.clock_hz / 1e6:g} MHz"
    table = Table(title=f"One invoke on {board.name}, emulated, {megahertz}; never run on silicon")
    table.add_column("model", no_wrap=True)
    for heading in ("flash", "arena", "MACs", "cycles", "a MAC", "ms", "of TFLM + CMSIS-NN"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row["model"],
            *(f"{row[key]:,}" for key in ("model_bytes", "arena_bytes", "macs", "count")),
            f"{row['count'] / row['macs']:.1f}" if row["macs"] else "",
            f"{row['milliseconds']:.2f}",
            f"{row['ratio']:.2f}" if row["ratio"] else "",
        )
    render.console().print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--json", action="store_true", help="print the entries as JSON")
    args = parser.parse_args()
    board = boards.board("RPI_PICO")
    try:
        rows = measure(board)
    except ToolError as e:
        print(f"error: {e}", file=sys.stderr)
        return e.exit_code
    out = ROOT / "build" / "bench.json"
    out.write_text(json.dumps(rows, indent=1) + "\n")
    if args.json:
        print(json.dumps(rows, indent=1))
    else:
        show(rows, board)
        print(f"arena8 {arena8.__version__}: {len(rows)} models; build/bench.json has the figures.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
