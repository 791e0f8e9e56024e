# SPDX-License-Identifier: MIT
"""Options that several verbs have, written once."""

from __future__ import annotations

import rich_click as click

port = click.option(
    "-p",
    "--port",
    metavar="PORT",
    help="A device, or host, unix, pico-emulator, qemu:BOARD. "
    "Default: ARENA8_PORT, ESPTOOL_PORT, the one board connected.",
)
baud = click.option(
    "-b", "--baud", type=click.IntRange(min=1), default=115200, show_default=True, help="Of a UART."
)
timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Seconds of silence after which a board hangs. Default: 10, emulators 60.",
)
no_reset = click.option("--no-reset", is_flag=True, help="Leave a program that was interrupted stopped.")


def as_json(what: str):
    return click.option("--json", "as_json", is_flag=True, help=f"{what} as JSON on standard output.")
