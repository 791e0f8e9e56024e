# SPDX-License-Identifier: MIT
"""Options that several verbs have, written once."""

from __future__ import annotations

import rich_click as click

from . import config

BAUD = 115200


def _baud(ctx: click.Context, parameter: click.Parameter, value: int | None) -> int:
    return value or config.default("baud") or BAUD


def _timeout(ctx: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    return value or config.default("timeout")


port = click.option(
    "-p",
    "--port",
    metavar="PORT",
    help="A device (/dev/ttyACM0, COM3, a0, u0, c0, id:SERIAL, rfc2217://...), or host, unix, pico-emulator, "
    "qemu:BOARD, or auto: the one board connected. "
    "Default: ARENA8_PORT, ESPTOOL_PORT, ESPPORT, arena8.toml, auto.",
)
baud = click.option(
    "-b",
    "--baud",
    type=click.IntRange(min=1),
    callback=_baud,
    help=f"Of a UART. Default: ARENA8_BAUD, ESPTOOL_BAUD, ESPBAUD, arena8.toml, {BAUD}.",
)
timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    callback=_timeout,
    help="Seconds of silence after which a board hangs. Default: 10, emulators 60.",
)
no_reset = click.option("--no-reset", is_flag=True, help="Leave a program that was interrupted stopped.")
raw = click.option("--raw", is_flag=True, help="Integers are stored as they are, not quantized.")
scale = click.option(
    "--scale", type=float, default=1.0, show_default=True, help="Multiplies each number of the input ..."
)
offset = click.option(
    "--offset",
    type=float,
    default=0.0,
    show_default=True,
    help="... and is added to it, before it is quantized.",
)
resize = click.option("--resize", is_flag=True, help="Scale an image to the size that the model takes.")


def as_json(what: str):
    return click.option("--json", "as_json", is_flag=True, help=f"{what} as JSON on standard output.")


def watching(command):
    """The options of infer --watch."""
    for option in reversed(_WATCHING):
        command = option(command)
    return command


_WATCHING = (
    click.option(
        "--watch",
        "source",
        metavar="SOURCE",
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
