# SPDX-License-Identifier: MIT
"""Flash bytes of the module on Cortex-M0+, by part, and arena bytes of models beside TFLite Micro's.

    python tests/sizes.py [--json]

The first come from arm-none-eabi-size over the objects of the newest RPI_PICO firmware (text with constants);
the second from the host, for the target of RPI_PICO. TFLite Micro's are of a 32-bit core where known
(tests/peers.json), else of 64 bits as the manifest of the shared models says.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import arena8
from arena8 import boards, render
from arena8.errors import ToolError
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("ARENA8_SHARED_MODELS") or ROOT.parent / "shared" / "models")
PEERS = json.loads((ROOT / "tests" / "peers.json").read_text())["cmsis_arena_bytes"]
PARTS = (
    ("kernels/", "kernels"),
    ("ops/", "operators"),
    ("engine/", "engine core"),
    ("", "MicroPython module"),
)


def module_sizes(folder: Path) -> dict[str, int]:
    """Flash bytes (text, constants, initial data) by part of the module."""
    objects = sorted(folder.glob("obj/**/micropython_module/**/*.[cS].*o*")) or sorted(
        folder.glob("obj/**/micropython_module/**/*.o")
    )
    if not objects:
        raise ToolError(f"no object files of the module below {folder}: build the firmware with `make sizes`")
    out = subprocess.run(
        ["arm-none-eabi-size", *map(str, objects)], check=True, capture_output=True, text=True
    ).stdout
    sizes = dict.fromkeys((part for _, part in reversed(PARTS)), 0)
    for line in out.splitlines()[1:]:
        text, data, _, _, _, name = line.split(None, 5)
        inner = name.split("micropython_module/")[-1]
        part = next(part for sign, part in PARTS if sign in inner)
        sizes[part] += int(text) + int(data)
    return sizes


def arenas(target: str) -> list[dict]:
    """Every model of the project and of the shared folder that this engine runs."""
    rows = []
    for path in sorted((ROOT / "firmware" / "models").glob("*.tflite")):
        rows.append({"model": path.stem, "arena8": arena8.arena_size(str(path), target=target)})
    manifest = SHARED / "manifest.json"
    if not manifest.is_file():
        print("  the shared models are not here: only the project's own are shown", file=sys.stderr)
        return rows
    for model in json.loads(manifest.read_text())["models"]:
        try:
            size = arena8.arena_size(str(SHARED / model["file"]), target=target)
        except ValueError:
            continue
        row = {"model": model["id"], "arena8": size, "tflm_64bit": model["arena_tflm"]}
        if model["id"] in PEERS:
            row["tflm_cmsis_32bit"] = PEERS[model["id"]]
        rows.append(row)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--json", action="store_true", help="print both tables as JSON")
    args = parser.parse_args()
    board = boards.board("RPI_PICO")
    try:
        sizes = module_sizes(board.firmware().parent)
        rows = arenas(board.target)
    except ToolError as e:
        print(f"error: {e}", file=sys.stderr)
        return e.exit_code
    if args.json:
        print(json.dumps({"flash": sizes, "arena": rows}, indent=1))
        return 0
    table = Table(title="Flash bytes on Cortex-M0+, all operators")
    table.add_column("part")
    table.add_column("bytes", justify="right")
    for part, size in sizes.items():
        table.add_row(part, f"{size:,}")
    table.add_row("together", f"{sum(sizes.values()):,}", style="bold")
    table2 = Table(title="Arena bytes, everything included")
    table2.add_column("model", no_wrap=True)
    for heading in ("arena8", "TFLM (64-bit)", "+ CMSIS-NN (32-bit)"):
        table2.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table2.add_row(
            row["model"],
            *(
                f"{row[key]:,}" if row.get(key) else ""
                for key in ("arena8", "tflm_64bit", "tflm_cmsis_32bit")
            ),
        )
    out = render.console()
    out.print(table)
    out.print(table2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
