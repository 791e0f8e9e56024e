# SPDX-License-Identifier: MIT
"""The pace of an emulated Pico's clock, for pico_process.py.

The emulator lets time in which the core waits pass at once. A program that waits for the host with a time
limit would give up before the host has had a chance, so here a wait takes as long as it says. Computing takes
longer than on a Pico, and that is not made up for.

An alarm of the emulated clock looks whether the core waits, at first soon after something has happened, then
rarer. If it does, the batch of instructions ends, and the loop rests until the emulated clock is no longer
ahead of ours, or there is something to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

SLICE_NANOSECONDS = (1_000_000, 50_000_000)  # of a wait, at first and at most, between two looks
LAG_SECONDS = 0.05  # that the emulated clock may catch up


class Pace:
    def __init__(self, simulator: Any) -> None:
        self._simulator = simulator
        self._core = simulator.rp2040.core
        self._clock = simulator.clock
        self._alarm = self._clock.create_alarm(self._look)
        self._slice = SLICE_NANOSECONDS[0]
        self._waits = False
        self._behind = 0.0  # seconds by which the emulated clock's zero lies after that of ours
        self._something = asyncio.Event()

    def attend(self) -> None:
        """There is something to do: rests no longer, and notices soon when the core waits again."""
        self._slice = SLICE_NANOSECONDS[0]
        self._alarm.schedule(self._slice)
        self._something.set()

    async def batch(self) -> None:
        """Runs a batch of instructions, then rests if the core waits."""
        self._simulator._execute_batch()
        self._something.clear()
        ahead = self._seconds_ahead()
        if not self._waits:
            ahead = 0.0
        else:
            self._waits = self._simulator.stopped = False
        if ahead <= 0:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._something.wait(), ahead)

    def _look(self) -> None:
        if self._core.waiting and not self._simulator.stopped:
            self._waits = self._simulator.stopped = True
            self._slice = min(2 * self._slice, SLICE_NANOSECONDS[1])
        else:
            self._slice = SLICE_NANOSECONDS[0]
        self._alarm.schedule(self._slice)

    def _seconds_ahead(self) -> float:
        ahead = self._clock.nanos / 1e9 + self._behind - time.monotonic()
        if ahead < -LAG_SECONDS:
            self._behind -= ahead + LAG_SECONDS
            return -LAG_SECONDS
        return ahead
