# SPDX-License-Identifier: MIT
"""arena8 deploy: models into the ROMFS of a board, where they are found by name and read in place."""

from __future__ import annotations

import json
import tempfile
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rich_click as click
from rich.markup import escape

from .. import boards, config, formats, options, remote, render, romfs, session, transports
from ..errors import RemoteError, ToolError, UsageError
from ..flashers.esp_romfs import EspRomfs
from ..remote import literal
from ..render import Column
from ..request import OnBoard
from ..rom_partition import Partition
from ..transports.bulk import Bulk
from ..transports.repl import Repl
from . import deploy_esp

AnyPartition = Partition | EspRomfs
SUFFIX = ".tflite"
REPL, ESPTOOL = "repl", "esptool"  # ways into the flash

# What the board says of itself and of some operators. operators(name) lists the types of one; older firmware
# can't.
ABOUT = """
import arena8, gc, sys
gc.collect()
print(repr((getattr(sys.implementation, '_build', None), gc.mem_free(),
    len(arena8.static_arena) if arena8.static_arena is not None else 0)))
"""
OPERATORS = """
import arena8
_a8_ops = [n for n in arena8.operators() if n in {names!r}]
try:
    print(repr({{n: arena8.operators(n) for n in _a8_ops}}))
except TypeError:
    print(repr({{n: None for n in _a8_ops}}))
"""
LOOK = """
import arena8
_a8m = arena8.Model({path!r})
print(repr((_a8m.nbytes, _a8m.crc32, _a8m.address, _a8m.in_flash, arena8.arena_size(_a8m))))
"""


@dataclass(frozen=True, kw_only=True)
class Request(OnBoard):
    models: tuple[str, ...]
    remove: tuple[str, ...]
    restore: str | None
    fresh: bool
    dry_run: bool
    method: str


@dataclass
class NewModel:
    """A model of this machine on its way to a board."""

    name: str
    content: bytes
    rows: list[tuple[str, str]]  # (operator, family) that run it
    arenas: dict[str, int]  # bytes by target

    @property
    def path(self) -> str:
        return self.name + SUFFIX


@dataclass
class Plan:
    """What the partition holds and what it is to hold."""

    before: dict[str, bytes]
    after: dict[str, bytes]
    image: bytes
    notes: list[str] = field(default_factory=list)

    def change(self, path: str) -> str:
        if path not in self.before:
            return "new"
        if path not in self.after:
            return "removed"
        return "kept" if self.before[path] == self.after[path] else "replaced"

    @property
    def is_change(self) -> bool:
        return self.before != self.after


def read_models(given: tuple[str, ...]) -> list[NewModel]:
    """The models that the arguments mean, each opened and checked by the engine here."""
    from .. import engine
    from ..model import read
    from ..view import operator_rows

    found: list[NewModel] = []
    for source in given:
        try:
            name, content = read(source)
            model = engine.Model(content)
            about = engine.describe(model)
        except (OSError, ValueError) as e:
            raise ToolError(formats.refusal(source, e)) from e
        if about["arena_bytes"] is None:
            reasons = [u["text"] for u in about["unsupported"]] or [about["error"] or "no reason was given"]
            more = (
                f" (and {len(reasons) - 1} more reasons; arena8 inspect shows them)"
                if len(reasons) > 1
                else ""
            )
            raise ToolError(f"{source} can't run: {reasons[0]}{more}")
        if name in [model.name for model in found]:
            raise UsageError(f"two of the models are called {name}; a board finds models by name")
        found.append(NewModel(name, content, operator_rows(model), about["arena_bytes_by_target"]))
    return found


def run(request: Request) -> int:
    chosen = bool(request.models or request.remove)
    if request.restore and (chosen or request.fresh):
        raise UsageError("--restore replaces everything: it goes with neither MODEL, --remove nor --fresh")
    port = transports.choose_port(request.port)
    if port == transports.HOST:
        raise UsageError("host is this machine, which reads models from files; deploy goes to a board")
    # Errors that need no board come before one is bothered.
    models = read_models(request.models)
    saved = read_saved(request.restore) if request.restore else None
    started = time.monotonic()
    if request.method == ESPTOOL:
        name, board, partition, plan, written, places = deploy_esp.run(request, models, saved)
    else:
        # The board has just started: nobody reads the flash that goes.
        with session.on_board(port, request.timeout, request.baud, request.reset) as repl:
            name, board = repl.name, look(repl, models)
            partition = Partition(repl, Bulk(repl))
            plan, written = change(name, partition, models, request, saved)
            plan.notes += frozen_names(repl, models)
            if written:
                repl.soft_reset()
            places = check(repl, models) if not request.dry_run else {}
    report = {
        "port": name,
        "board": board,
        "romfs_bytes": partition.size,
        "used_bytes": len(plan.image) if plan.after else 0,
        "files": [
            {
                "path": path,
                "bytes": len(data),
                "crc32": zlib.crc32(data),
                "change": plan.change(path),
                "address": places.get(path, {}).get("address"),
                "arena_bytes": places.get(path, {}).get("arena_bytes"),
            }
            for path, data in {
                **plan.after,
                **{p: plan.before[p] for p in plan.before if p not in plan.after},
            }.items()
        ],
        "written_bytes": written,
        "seconds": round(time.monotonic() - started, 3),
        "dry_run": request.dry_run,
        "notes": plan.notes,
    }
    for note in plan.notes:
        render.messages().print(note, markup=False)
    if request.as_json:
        print(json.dumps(report))
    else:
        show(report)
    return 0


def look(repl: Repl, models: list[NewModel]) -> str | None:
    """The board's name; ToolError if it can't run one of the models."""
    remote.models(repl)  # says what to do about a firmware without arena8
    names = tuple(sorted({op for model in models for op, _ in model.rows}))
    try:
        board, free, static = literal(repl, repl.exec(ABOUT))
        known = literal(repl, repl.exec(OPERATORS.format(names=names))) if names else {}
    except RemoteError as e:
        raise remote.older(repl, e) from e
    target = boards.all_boards()[board].target if board in boards.all_boards() else None
    for model in models:
        missing = [row_name(op, family) for op, family in model.rows if not has_row(known, op, family)]
        if missing:
            raise ToolError(
                f"the firmware of {repl.name} lacks {', '.join(missing)}, which {model.name} needs; "
                "a firmware with these operators runs it"
            )
        need = model.arenas.get(target) or max(model.arenas.values())
        if need > max(free, static):
            raise ToolError(
                f"{model.name} needs an arena of {need:,} bytes; {repl.name} has {free:,} bytes of free heap"
                + (f" and a static arena of {static:,}" if static else "")
            )
    return board


def change(
    name: str, partition: AnyPartition, models: list[NewModel], request: Request, saved: bytes | None
) -> tuple[Plan, int]:
    """Makes the partition of the board called name hold what is asked for. The plan, and the bytes
    written."""
    old, damage = read_back(partition)
    if damage and saved is None and not request.fresh:
        raise ToolError(
            f"the ROMFS of {name} is damaged: {damage}. --fresh writes a new one, without its files"
        )
    if request.fresh:
        old = None
    plan = make_plan(name, partition, old, models, request, saved)
    written = 0
    if not request.dry_run and (plan.is_change or damage or request.fresh and partition.used):
        written = write(name, partition, plan, old)
    return plan, written


def has_row(known: dict[str, tuple[str, ...] | None], operator: str, family: str) -> bool:
    if operator not in known:
        return False
    families = known[operator]
    return families is None or family.lower() in families


def row_name(operator: str, family: str) -> str:
    return operator if family == "ANY" else f"{operator} of {family.lower()}"


def read_back(partition: AnyPartition) -> tuple[bytes | None, str | None]:
    """The image in the partition, and what is wrong with it if something is."""
    try:
        with render.progress("reading the ROMFS") as moved:
            image = partition.image(moved)
        if image is not None:
            romfs.parse(image)
        return image, None
    except romfs.RomfsError as e:
        return None, str(e)


def make_plan(
    name: str,
    partition: AnyPartition,
    old: bytes | None,
    models: list[NewModel],
    request: Request,
    saved: bytes | None,
) -> Plan:
    before = romfs.parse(old) if old else {}
    after = romfs.parse(saved) if saved else dict(before)
    for taken in request.remove:
        path = taken if taken in after else taken + SUFFIX
        if path not in after:
            raise ToolError(
                f"the ROMFS of {name} has no {taken} to remove; it has {', '.join(before) or 'no files'}"
            )
        del after[path]
    for model in models:
        after[model.path] = model.content
    try:
        image = saved if saved and partition.start == romfs.START else romfs.build(after, partition.start)
    except romfs.RomfsError as e:
        raise ToolError(f"these files make no ROMFS: {e}") from e
    if len(image) > partition.size:
        listed = ", ".join(f"{path} {len(data):,}" for path, data in after.items())
        raise ToolError(
            f"{len(image):,} bytes don't fit into the ROMFS of {name}, which has {partition.size:,}: "
            f"{listed}. --remove NAME makes room"
        )
    return Plan(before, after, image)


def frozen_names(repl: Repl, models: list[NewModel]) -> list[str]:
    """What to know about models whose names the firmware has too."""
    frozen = {name: crc & 0xFFFFFFFF for name, _, crc in remote.models(repl)}
    notes = []
    for model in models:
        if model.name in frozen:
            same = "the same model" if frozen[model.name] == zlib.crc32(model.content) else "another model"
            notes.append(
                f"the firmware of {repl.name} has {same} frozen as {model.name}, which that name means; "
                f"the deployed one is /rom/{model.path}"
            )
    return notes


def write(name: str, partition: AnyPartition, plan: Plan, old: bytes | None) -> int:
    """Writes the plan's image. Files that are nowhere else are kept on this machine until it is done."""
    others = [path for path in plan.before if plan.before[path] == plan.after.get(path)]
    backup = save(old) if old and others else None
    try:
        if not plan.after:
            partition.erase()
            written = 0
        else:
            with render.progress("writing the ROMFS") as moved:
                written = partition.write(plan.image, moved)
    except BaseException:
        if backup:
            render.messages().print(
                f"the ROMFS of {name} is incomplete and won't be mounted. What was in it is in "
                f"{backup}; arena8 deploy --restore {backup} writes it back",
                markup=False,
            )
        raise
    if backup:
        backup.unlink(missing_ok=True)
    return written


def save(image: bytes) -> Path:
    """A file of ours that holds the image."""
    folder = config.cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"romfs-{zlib.crc32(image):08x}.img"
        file.write_bytes(image)
    except OSError:
        try:
            file = Path(tempfile.mkdtemp(prefix="arena8-")) / "romfs.img"
            file.write_bytes(image)
        except OSError as e:
            raise ToolError(
                f"nothing was changed: neither {folder} nor {tempfile.gettempdir()} takes a copy of what is "
                f"in the ROMFS, {len(image):,} bytes: {e.strerror}"
            ) from e
    return file


def read_saved(file: str) -> bytes:
    try:
        image = Path(file).read_bytes()
        romfs.parse(image)
    except OSError as e:
        raise ToolError(f"can't read {file}: {e.strerror}") from e
    except romfs.RomfsError as e:
        raise ToolError(f"{file}: {e}") from e
    return image[: romfs.size_of(image[:12])]


def check(repl: Repl, models: list[NewModel]) -> dict[str, dict[str, int]]:
    """What the board, started anew, says of the models in its ROMFS."""
    found = {}
    for model in models:
        try:
            nbytes, crc, address, in_flash, arena = literal(
                repl, repl.exec(LOOK.format(path=f"/rom/{model.path}"))
            )
        except RemoteError as e:
            raise ToolError(f"{model.name} is in the ROMFS, but {repl.name} refuses it: {e}") from e
        if (nbytes, crc & 0xFFFFFFFF) != (len(model.content), zlib.crc32(model.content)):
            raise ToolError(
                f"/rom/{model.path} on {repl.name} has {nbytes} bytes and CRC-32 {crc & 0xFFFFFFFF:08x}, "
                f"the file {len(model.content)} and {zlib.crc32(model.content):08x}"
            )
        found[model.path] = {"address": address, "in_flash": in_flash, "arena_bytes": arena}
    return found


def show(report: dict[str, Any]) -> None:
    out = render.console()
    if report["files"]:
        columns = [Column("file"), Column("bytes", "right"), Column("CRC-32", "right", worth=2),
                   Column("arena", "right", worth=1), Column("")]  # fmt: skip
        styles = {"new": "green", "replaced": "green", "removed": "red"}
        rows: list[tuple[list[str], str]] = []
        for entry in report["files"]:
            cells = [
                escape(entry["path"]),
                f"{entry['bytes']:,}",
                f"{entry['crc32']:08x}",
                f"{entry['arena_bytes']:,}" if entry["arena_bytes"] else "",
                "" if entry["change"] == "kept" else entry["change"],
            ]
            rows.append((cells, styles.get(entry["change"], "")))
        render.table(out, columns, rows)
    used, size = report["used_bytes"], report["romfs_bytes"]
    line = f"ROMFS of {report['port']}: {used:,} of {size:,} bytes used, {size - used:,} free"
    if report["dry_run"]:
        line += "; nothing was written (--dry-run)"
    elif report["written_bytes"]:
        line += f"; {report['written_bytes']:,} written and verified in {report['seconds']:.1f} s"
    out.print(line, style="dim", markup=False)


@click.command("deploy")
@click.argument("models", metavar="MODEL...", nargs=-1, shell_complete=options.files)
@options.line
@click.option("--list", "listing", is_flag=True, help="Show what is in the ROMFS.")
@click.option("--remove", metavar="NAME", multiple=True, help="Take this model (or file) out of it.")
@click.option("--fresh", is_flag=True, help="Don't keep the files that are in it.")
@click.option(
    "--restore",
    **options.FILE,
    help="Write back an image that an interrupted deploy saved.",
)
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.option(
    "--method",
    type=click.Choice([REPL, ESPTOOL]),
    default=REPL,
    help="How the flash is written: by MicroPython (default), or by the bootloader of an ESP32 board.",
)
@options.on_board("The files")
def command(listing, **asked) -> int:
    """Puts MODELs into a board's ROMFS: no new firmware, no copy in RAM.

    A MODEL is a .tflite file. On the board it goes by the file's name without .tflite, and takes the place
    of one that has the same name; other files stay. Operators, element types, RAM and flash are checked
    before anything is erased.
    """
    request = Request(**asked)
    changes = bool(request.models or request.remove or request.restore or request.fresh)
    if listing and changes:
        raise UsageError("--list goes alone")
    if not listing and not changes:
        raise UsageError("nothing to deploy: give MODEL, or --list, --remove NAME, --fresh, --restore FILE")
    return run(request)
