# SPDX-License-Identifier: MIT
"""arena8 boards: the boards that are known, and what runs on those that are connected."""

from __future__ import annotations

import json
from typing import Any

import rich_click as click
from rich.markup import escape

from .. import boards, options, render, running, transports
from ..errors import ToolError
from ..flashers import bootsel, esp
from ..render import Column


def known() -> list[dict[str, Any]]:
    found = []
    for board in boards.all_boards().values():
        facts = board.facts
        regions = {name: region["bytes"] for name, region in facts.get("flash_map", {}).items()}
        found.append(
            {
                "board": board.name,
                "name": facts.get("name", board.name),
                "chip": facts.get("chip"),
                "core": facts.get("core"),
                "clock_hz": board.clock_hz,
                "flash_bytes": facts.get("flash", {}).get("bytes"),
                "ram_bytes": facts.get("ram", {}).get("bytes"),
                "firmware_bytes": regions.get("firmware"),
                "romfs_bytes": regions.get("romfs"),
                "emulator": board.emulator.get("kind"),
            }
        )
    return found


def connected(ask: bool, baud: int, timeout: float | None) -> list[dict[str, Any]]:
    """Every port of a known USB identity and every BOOTSEL drive. A board that can't be asked says why."""
    found = []
    for port in [*running.usb_ports(), *esp.ports()]:
        ids = (port.vid, port.pid)
        names = [board.name for board in boards.all_boards().values() if board.usb_id == ids]
        entry: dict[str, Any] = {
            "port": port.device,
            "mode": "running",
            "usb": f"{port.vid:04x}:{port.pid:04x}",
            "serial_number": port.serial_number,
            "board": names[0] if len(names) == 1 else None,
            "running": None,
            "error": None,
        }
        if ask:
            try:
                entry["running"] = what_runs(port.device, baud, timeout).as_dict()
                entry["board"] = entry["running"]["build"] or entry["board"]
            except ToolError as e:
                entry["error"] = str(e)
                if ids in boards.ESP_NATIVE | boards.ESP_BRIDGES:
                    entry["error"] += ". If it is an ESP32 board, `arena8 flash` puts MicroPython on it"
        found.append(entry)
    for drive in bootsel.drives():
        fitting = [b for b in boards.all_boards().values() if b.usb_id and bootsel.fits(drive, b)]
        names = [b.name for b in bootsel.likely(fitting)]
        found.append(
            {
                "port": str(drive.folder),
                "mode": "bootsel",
                "usb": None,
                "serial_number": None,
                "board": names[0] if len(names) == 1 else None,
                "model": drive.model,
                "board_id": drive.board_id,
                "running": None,
                "error": None,
            }
        )
    return found


def what_runs(device: str, baud: int, timeout: float | None) -> running.Running:
    tell = lambda text: render.messages().print(text, markup=False)  # noqa: E731
    with transports.connect(device, timeout or 5.0, baud, tell) as repl:
        try:
            return running.ask(repl)
        finally:
            repl.leave(restart=repl.interrupted)


def run(ask: bool, baud: int, timeout: float | None, as_json: bool) -> int:
    report = {"known": known(), "connected": connected(ask, baud, timeout)}
    if as_json:
        print(json.dumps(report))
        return 0
    out = render.console()
    columns = [Column("board"), Column("", worth=5), Column("MHz", "right", worth=4),
               Column("flash", "right", worth=2), Column("RAM", "right", worth=1),
               Column("ROMFS", "right", worth=3), Column("emulated by", worth=4)]  # fmt: skip
    rows: list[tuple[list[str], str]] = []
    for board in report["known"]:
        cells = [
            board["board"],
            escape(f"{board['name']}, {board['core']}" if board["core"] != "host" else board["name"]),
            f"{board['clock_hz'] / 1e6:g}" if board["clock_hz"] else "",
            *(_kib(board[key]) for key in ("flash_bytes", "ram_bytes", "romfs_bytes")),
            board["emulator"] or "",
        ]
        rows.append((cells, ""))
    render.table(out, columns, rows)
    out.print()
    if not report["connected"]:
        out.print("None is connected: no serial port of their USB identities, no BOOTSEL drive.")
        hints = {hint for b in boards.all_boards().values() if b.usb_id and (hint := bootsel.unmounted(b))}
        for hint in sorted(hints):
            out.print(hint, markup=False)
        return 0
    for entry in report["connected"]:
        out.print(f"[bold]{escape(entry['port'])}[/]  {escape(_state(entry))}")
    return 0


def _kib(size: int | None) -> str:
    return f"{size // 1024:,} KiB" if size else ""


def _state(entry: dict[str, Any]) -> str:
    words = [entry["board"] or "a board"]
    if entry["serial_number"]:
        words.append(f"serial number {entry['serial_number']}")
    if entry["mode"] == "bootsel":
        words.append(f"in BOOTSEL mode ({entry['model']}): `arena8 flash` writes to it")
    elif entry["error"]:
        words.append(entry["error"])
    elif entry["running"]:
        there = entry["running"]
        words.append(f"{there['system']} {there['version']}")
        if there["arena8"] is None:
            words.append("without arena8: `arena8 flash` puts it there")
        else:
            names = [model["name"] for model in there["models"]]
            words.append(f"arena8 {there['arena8']} with {there['operators']} operators")
            words.append(f"models: {', '.join(names) or 'none'}")
            if there["romfs"]:
                words.append(f"in ROMFS: {', '.join(there['romfs'])}")
    return ", ".join(words)


@click.command("boards")
@click.option("--no-ask", is_flag=True, help="Only look at USB: interrupt no program to ask what runs.")
@options.baud
@options.as_json("Both lists")
@options.timeout
def command(no_ask, baud, as_json, timeout) -> int:
    """The boards that arena8 knows, and what runs on those that are connected.

    Asking interrupts a program that is running; it is started again. Boards in BOOTSEL mode are found by
    their drive.
    """
    return run(not no_ask, baud, timeout, as_json)
