# SPDX-License-Identifier: MIT
"""Options that several verbs have, written once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import reduce, wraps
from typing import Any

import rich_click as click
from click.shell_completion import CompletionItem

from . import config
from .errors import UsageError

BAUD = 115200


def _baud(ctx: click.Context, parameter: click.Parameter, value: int | None) -> int:
    return value or config.default("baud") or BAUD


def _timeout(ctx: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    return value or config.default("timeout")


def _arena(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    if value != "auto" and not (value.isascii() and value.isdecimal()):
        raise UsageError(f"--arena {value} is neither auto nor a number of bytes")
    return value


def files(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """What a shell offers for a model or a file: the shell's own names of files."""
    return [CompletionItem(begun, type="file")]


def board_names(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    from . import boards

    return [name for name in boards.all_boards() if name.lower().startswith(begun.lower())]


def ports(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    from serial.tools import list_ports

    from . import boards, transports

    emulators = ["unix", "pico-emulator", *(f"qemu:{name}" for name in boards.emulated("qemu"))]
    devices = [port.device for port in list_ports.comports()]
    known = [transports.AUTO, transports.HOST, *emulators, *devices]
    return [name for name in known if name.startswith(begun)]


# Of an argument or option that takes one: what help calls it, what a shell offers.
FILE = {"metavar": "FILE", "shell_complete": files}
FOLDER = {"metavar": "FOLDER", "shell_complete": files}
BOARD = {"metavar": "BOARD", "shell_complete": board_names}

port = click.option(
    "-p",
    "--port",
    metavar="PORT",
    shell_complete=ports,
    help="A device (/dev/ttyACM0, COM3, a0, u0, c0, id:SERIAL, rfc2217://...), or host, unix, pico-emulator, "
    "qemu:BOARD, or auto: the one board connected. "
    "Default: ARENA8_PORT, ESPTOOL_PORT, ESPPORT, arena8.toml, auto.",
)
baud = click.option(
    "-b",
    "--baud",
    type=click.IntRange(min=1, max=config.MOST["baud"]),
    metavar="N",
    callback=_baud,
    help=f"Of a UART. Default: ARENA8_BAUD, ESPTOOL_BAUD, ESPBAUD, arena8.toml, {BAUD}.",
)
timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, max=config.MOST["timeout"], min_open=True),
    metavar="S",
    callback=_timeout,
    help="Seconds of silence after which a board hangs. Default: 10, emulators 60.",
)
arena = click.option(
    "--arena",
    metavar="BYTES",
    default="auto",
    show_default=True,
    callback=_arena,
    help="Static arena; 0: from the heap.",
)
no_reset = click.option("--no-reset", is_flag=True, help="Leave a program that was interrupted stopped.")
# How an input is read: the fields of inputs.Options.
reading = {
    "raw": click.option("--raw", is_flag=True, help="Integers are stored as they are, not quantized."),
    "scale": click.option(
        "--scale",
        type=float,
        default=1.0,
        show_default=True,
        help="Multiplies each number of the input ...",
    ),
    "offset": click.option(
        "--offset",
        type=float,
        default=0.0,
        show_default=True,
        help="... and is added to it, before it is quantized.",
    ),
    "resize": click.option("--resize", is_flag=True, help="Scale an image to the size that the model takes."),
}

Function = Callable[..., int]
Decorator = Callable[[Function], Function]


def _stack(*decorators: Decorator) -> Decorator:
    """One for several, the first uppermost."""
    return lambda function: reduce(lambda f, decorator: decorator(f), reversed(decorators), function)


def as_json(what: str) -> Decorator:
    return click.option("--json", "as_json", is_flag=True, help=f"{what} as JSON on standard output.")


# What names the board. It stands before a verb's own options; what on_board() or on_model() adds, after them.
line = _stack(port, baud)


def on_board(answer: str) -> Decorator:
    """The rest about a board. With those of line the verb gets the fields of request.OnBoard."""

    def asks(function: Function) -> Function:
        @wraps(function)
        def command(*, no_reset: bool, **asked: Any) -> int:
            return function(reset=not no_reset, **asked)

        return command

    return _stack(as_json(answer), timeout, no_reset, asks)


def model(input_help: str) -> Decorator:
    """MODEL, its inputs, and what names the board."""
    return _stack(
        click.argument("model", metavar="MODEL", shell_complete=files),
        click.option(
            "-i", "--input", "given", metavar="X", multiple=True, shell_complete=files, help=input_help
        ),
        line,
    )


def on_model(answer: str) -> Decorator:
    """The rest about inputs and a board. With those of model() a verb gets the fields of request.OnModel."""

    def asks(function: Function) -> Function:
        @wraps(function)
        def command(**asked: Any) -> int:
            from . import inputs

            how = inputs.Options(**{name: asked.pop(name) for name in reading})
            return function(options=how, **asked)

        return command

    return _stack(*reading.values(), on_board(answer), asks)


def watching(function: Function) -> Function:
    """The options of infer --watch: the verb gets them as watch, a sources.Options or None, and smooth."""

    @wraps(function)
    def command(source: str | None, smooth: int, **asked: Any) -> int:
        from . import sources

        given = {
            field.name: asked.pop(field.name) for field in fields(sources.Options) if field.name in asked
        }
        return function(watch=sources.wanted(source, smooth, **given), smooth=smooth, **asked)

    return _WATCHING(command)


_WATCHING = _stack(
    click.option(
        "--watch",
        "source",
        metavar="SOURCE",
        shell_complete=files,
        help="Keep the model loaded and run every input that comes: a folder's new files, a file whenever it "
        "changes, a .wav, or - for standard input (lines, .npy arrays, a .wav).",
    ),
    click.option(
        "--latest", is_flag=True, help="Of several files that are new, only the last: frames of a camera."
    ),
    click.option(
        "--smooth",
        type=click.IntRange(min=1),
        default=1,
        metavar="N",
        help="Watch: show the mean of the last N answers.",
    ),
    click.option(
        "--hop",
        type=click.IntRange(min=1),
        metavar="N",
        help="Samples of a .wav from one input to the next. Default: as many as the input takes, with a "
        "front end a tenth of that.",
    ),
    click.option("--realtime", is_flag=True, help="A .wav no faster than it was recorded."),
    click.option(
        "--front-end",
        metavar="MODEL",
        shell_complete=files,
        help="A .tflite that makes features of the samples of a .wav, on this machine. Default: the one that "
        "the model's file names.",
    ),
    click.option(
        "--frame-hop",
        type=click.IntRange(min=1),
        metavar="N",
        help="Samples from one row of features to the next.",
    ),
)
