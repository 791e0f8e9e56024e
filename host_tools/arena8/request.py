# SPDX-License-Identifier: MIT
"""What the command line asks of verbs that work on a board; options.py makes it of the options."""

from __future__ import annotations

from dataclasses import dataclass

from . import inputs


@dataclass(frozen=True, kw_only=True)
class OnBoard:
    port: str | None
    baud: int
    timeout: float | None  # seconds of silence; None: what suits the kind of port
    as_json: bool
    reset: bool  # a program that was interrupted starts again


@dataclass(frozen=True, kw_only=True)
class OnModel(OnBoard):
    model: str  # a name on the board, or a .tflite
    given: tuple[str, ...]  # an input each
    options: inputs.Options
    verify: bool = False  # by this machine's answers
