# SPDX-License-Identifier: MIT
"""arena8 deploy --method esptool: the ROMFS of an ESP32 board, written by its bootloader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import transports
from ..errors import BoardError, BoardHung, UsageError
from ..flashers import esp
from ..flashers.esp_romfs import EspRomfs
from ..flashing import tell
from . import flash_esp

if TYPE_CHECKING:
    from .deploy import NewModel, Plan, Request


def run(
    request: Request, models: list[NewModel], saved: bytes | None
) -> tuple[str, str | None, EspRomfs, Plan, int, dict[str, dict[str, int]]]:
    """(port, board, partition, plan, bytes written, what the board says of the models)."""
    from . import deploy

    port = transports.choose_port(request.port)
    if (port or "").partition(":")[0] in ("unix", "qemu", "pico-emulator"):
        raise UsageError(f"{port} has no ESP chip: --method esptool is for boards that have one")
    device = transports.device(port) if port else flash_esp.the_port()
    if device is None:
        raise BoardError("no serial port is here behind which an ESP chip may be; --port names one")
    notes: list[str] = []
    board = None
    try:
        with transports.connect(device, request.timeout, request.baud, tell) as repl:
            repl.soft_reset()
            board = deploy.look(repl, models)
            notes = deploy.frozen_names(repl, models)
    except BoardHung as e:
        tell(f"{e}. So what its firmware can run is not checked before, but afterwards")
    known = {each.device for each in esp.ports()}
    tell(f"{device}: connecting to the chip's bootloader")
    with esp.Chip(device, tell) as chip:
        partition = EspRomfs(chip)
        try:
            plan, written = deploy.change(device, partition, models, request, saved)
        finally:
            chip.restart()
    plan.notes += notes
    places: dict[str, Any] = {}
    if not request.dry_run:
        with flash_esp.answering(
            device, known, request.timeout, request.baud, "the ROMFS was written and verified"
        ) as repl:
            repl.soft_reset()
            places = deploy.check(repl, models)
            repl.leave(restart=request.reset)
    return device, board, partition, plan, written, places
