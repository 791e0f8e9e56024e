# SPDX-License-Identifier: MIT
"""arena8 build: a firmware with models in it, in one file to flash, and what it takes of the board."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import rich_click as click

from .. import boards, config, options, render, running, session, transports
from ..boards import Board
from ..errors import BoardError, ToolError, UsageError, cause
from ..render import Column

ASK_SECONDS = 5.0  # of silence of the board that is asked what it is


def source_tree() -> Path:
    """The checkout that has firmware/build.py."""
    top = boards.checkout()
    if top is None or not (top / "firmware" / "build.py").is_file():
        given = os.environ.get("ARENA8_REPO")
        given = f" ({given} is none)" if given else ""
        raise ToolError(
            "building a firmware needs arena8's source tree (MicroPython is fetched and compiled there): run "
            f"this in the tree, or name it in ARENA8_REPO{given}. Without it `arena8 flash` puts a ready "
            "firmware on a board, and `arena8 deploy` the models"
        )
    return top


def connected_board() -> str:
    """The name that the one connected board says it has."""
    ports = running.usb_ports()
    if len(ports) != 1:
        known = ", ".join(boards.all_boards())
        raise UsageError(f"--board says what to build for: {known} (by itself it is the one board connected)")
    try:
        with transports.connect(ports[0].device, ASK_SECONDS) as repl:
            there = running.ask(repl)
            repl.leave(restart=repl.interrupted)
    except BoardError as e:
        raise BoardError(f"the board can't say what it is, so give --board: {e}") from e
    if there.board not in boards.all_boards():
        raise UsageError(
            f"{ports[0].device} says that it is {there.board or 'nothing'}: --board says what to build for"
        )
    return there.board


def command_of(
    top: Path, board: Board, models: tuple[str, ...], operators: str | None, arena: str
) -> list[str]:
    command = [sys.executable, str(top / "firmware" / "build.py"), board.name, "--json", "--arena", arena]
    if models:
        command += ["--model", *(str(Path(model).resolve()) for model in models)]
    return command + (["--operators", operators] if operators else [])


def compile_it(command: list[str], top: Path) -> dict[str, Any]:
    """Runs the build; its steps are shown as they come, and its error becomes ours."""
    error = last = ""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=top)
    err = render.messages()
    try:
        for line in process.stderr:
            if line.startswith("error: ") or error:
                error += line
            else:
                last = line.rstrip()
                err.print(last, markup=False)
        out = process.stdout.read()
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if code:
        raise ToolError(error.removeprefix("error: ").strip() or f"the build ended with code {code}: {last}")
    return json.loads(out)


def report(facts: dict[str, Any], board: Board) -> dict[str, Any]:
    """What the firmware takes of the board's flash and RAM."""
    sizes: dict[str, Any] = {"flash": None, "ram": None}
    regions = {name: r["bytes"] for name, r in board.facts.get("flash_map", {}).items()}
    if "flash" in facts:
        flash = facts["flash"]
        parts = {key: flash[key] for key in ("micropython", "module", "models") if key in flash}
        sizes["flash"] = {
            "bytes": board.facts["flash"]["bytes"],
            "parts": {**parts, "free": flash["free"]},
            "romfs": regions.get("romfs", 0),
            "filesystem": regions.get("filesystem", 0),
        }
        ram, arena = facts["ram"], facts["arena_bytes"]
        sizes["ram"] = {
            "bytes": board.facts["ram"]["bytes"],
            "parts": {
                "MicroPython and module": ram["used"] - arena,
                "static arena": arena,
                "free": ram["free"],
            },
        }
    return sizes


def show(sizes: dict[str, Any]) -> None:
    names = {"micropython": "MicroPython", "module": "arena8's module", "free": "free for more models"}
    columns = [Column(""), Column("bytes", "right"), Column("", "right", worth=1), Column("", worth=2)]
    rows: list[tuple[list[str], str]] = []

    def add(title: str, parts: dict[str, int], total: int) -> None:
        rows.append(([f"[bold]{title}[/]", f"{total:,}", "", ""], ""))
        for name, size in parts.items():
            rows.append(([f"  {name}", f"{size:,}", f"{size / total:.1%}", render.bar(size / total)], ""))

    flash, ram = sizes["flash"], sizes["ram"]
    if flash:
        parts = {names.get(name, name): size for name, size in flash["parts"].items()}
        after = {"ROMFS": flash["romfs"], "filesystem": flash["filesystem"]}
        add("flash", {**parts, **{name: size for name, size in after.items() if size}}, flash["bytes"])
    if ram:
        parts = {("free for heap and stack" if n == "free" else n): size for n, size in ram["parts"].items()}
        add("RAM", parts, ram["bytes"])
    if flash or ram:
        render.table(render.console(), columns, rows)


def run(
    board: str | None,
    models: tuple[str, ...],
    operators: str | None,
    arena: str,
    out: str | None,
    as_json: bool,
) -> int:
    board = board or config.default("board")
    known = boards.board(board) if board else None
    for model in models:
        session.check(Path(model))
    top = source_tree()
    known = known or boards.board(connected_board())
    facts = compile_it(command_of(top, known, models, operators, arena), top)
    file = Path(facts["folder"]) / known.file
    if out:
        file = copied(file, Path(out))
    sizes = report(facts, known)
    if as_json:
        print(json.dumps({**facts, "file": str(file), "report": sizes}))
        return 0
    show(sizes)
    render.console().print(f"{file}  {file.stat().st_size:,} bytes to flash", markup=False)
    return 0


def copied(file: Path, out: Path) -> Path:
    """The firmware under the name that --out asks for; with it its description, if that has a folder."""
    try:
        if out.is_dir():
            out = out / file.name
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, out)
    except OSError as e:
        with contextlib.suppress(OSError):
            if out.is_file() and out.stat().st_size < file.stat().st_size:
                out.unlink()  # half of a firmware
        raise ToolError(f"--out {out}: {cause(e)}") from e
    return out


@click.command("build")
@click.option(
    "--board",
    **options.BOARD,
    help="Default: what the one connected board says it is.",
)
@click.option(
    "-m",
    "--model",
    "models",
    metavar="FILE",
    multiple=True,
    shell_complete=options.files,
    help="A .tflite to freeze; repeatable.",
)
@click.option(
    "--operators",
    metavar="NAMES",
    help="all, auto (what the models need), int8, int16, int4, float32, audio, or names as CONV_2D, with "
    "commas between. Default: the board's.",
)
@options.arena
@click.option(
    "--out",
    **options.FILE,
    help="Where the firmware goes, besides build/firmware.",
)
@options.as_json("What was built, its file and its sizes")
def command(board, models, operators, arena, out, as_json) -> int:
    """Builds a firmware with models frozen in it. Needs the source tree and a compiler.

    For a model that comes later, or changes often, `arena8 deploy` needs neither.
    """
    return run(board, models, operators, arena, out, as_json)
