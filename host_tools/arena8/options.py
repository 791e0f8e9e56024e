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
