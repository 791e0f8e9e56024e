# SPDX-License-Identifier: MIT
"""A verb's time with a board: the way in, the model there that the user means, and a clean way out."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import formats, remote, render, transports
from .errors import RemoteError, ToolError
from .remote import RemoteModel
from .transports.repl import Repl


@contextmanager
def on_board(
    port: str | None, timeout: float | None = None, baud: int = 115200, restart: bool = True
) -> Iterator[Repl]:
    """A board in the raw REPL, with nothing of anybody else's in its memory.

    Says when it interrupts a program, and with restart has that start again at the end. Ctrl-C reaches the
    board, whose REPL stays usable.
    """
    err = render.messages()
    repl = transports.connect(port, timeout, baud, lambda text: err.print(text, markup=False))
    try:
        try:
            repl.soft_reset()  # nobody else's objects hold memory or the static arena
            yield repl
        except KeyboardInterrupt:
            if repl.can_interrupt:
                repl.interrupt()
            raise
        finally:
            _leave(repl, repl.interrupted and restart)
    finally:
        repl.close()


def _leave(repl: Repl, restart: bool) -> None:
    try:
        repl.leave(restart)
    except ToolError:
        return  # what went wrong before is the error to show
    if restart:
        render.messages().print(f"{repl.name}: its program starts again", markup=False)


def model_file(model: str) -> Path | None:
    """The .tflite on this machine that MODEL means, if there is one."""
    if formats.is_path(model):
        check(Path(model))
        return Path(model)
    from .model import find

    return find(model)


def check(file: Path) -> None:
    """ToolError unless the file is a model, whatever operators it has."""
    from . import engine

    try:
        engine.describe(file)
    except (OSError, ValueError) as e:
        raise ToolError(formats.refusal(file, e)) from e


def open_on(repl: Repl, model: str) -> RemoteModel:
    """The model on the board that MODEL means; a file's checksum must be that of the board's model."""
    there = {name: (size, crc & 0xFFFFFFFF) for name, size, crc in remote.models(repl)}
    if not formats.is_path(model):
        opened = _open(repl, model, there)
        file = model_file(model)
        if file is not None and (crc := zlib.crc32(file.read_bytes())) != opened.crc32:
            render.messages().print(
                f"{repl.name}: its {model} (CRC-32 {opened.crc32:08x}) is not {file} (CRC-32 {crc:08x})",
                markup=False,
            )
        return opened
    content = Path(model).read_bytes()
    crc = zlib.crc32(content)
    name = Path(model).stem
    same = [n for n, (_, c) in there.items() if c == crc]
    if same and name not in same and _crc32(repl, name) == crc:
        return _open(repl, name, there)  # the same model deployed under this name
    if same:
        return _open(repl, name if name in same else same[0], there)
    if name in there:
        # A deployed model hides behind a frozen one of its name.
        deployed = f"/rom/{name}.tflite"
        if _crc32(repl, deployed) == crc:
            return _open(repl, deployed, there)
        size, found = there[name]
    else:
        opened = _open(repl, name, there)  # one that models() doesn't list, as in a ROMFS
        if opened.crc32 == crc:
            return opened
        size, found = opened.nbytes, opened.crc32
    raise ToolError(
        f"{model} and the {name} on {repl.name} are different models: the file has {len(content)} bytes, "
        f"CRC-32 {crc:08x}; the board's has {size} bytes, CRC-32 {found:08x}. "
        f"arena8 deploy puts this one on the board; the name {name} runs the board's"
    )


def _crc32(repl: Repl, name: str) -> int | None:
    try:
        return int(repl.exec(f"import arena8\nprint(arena8.Model({name!r}).crc32)").split()[-1]) & 0xFFFFFFFF
    except RemoteError:
        return None


def _open(repl: Repl, name: str, there: Iterable[str]) -> RemoteModel:
    try:
        return RemoteModel(repl, name)
    except RemoteError as e:
        if e.kind == "MemoryError":
            raise ToolError(f"{repl.name} has no RAM for {name}: {e.message or 'out of memory'}") from e
        if e.kind == "ValueError":
            raise ToolError(f"{repl.name} can't run its {name}: {e.message}") from e
        if e.kind != "OSError":
            raise remote.older(repl, e) from e
        how = f". `arena8 deploy {name}.tflite` puts it there" if repl.kind == "board" else ""
        raise ToolError(
            f"{repl.name} has no model {name}; its models are {', '.join(sorted(there)) or 'none'}{how}"
        ) from e
