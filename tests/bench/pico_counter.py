#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The emulated Pico's process (see pico_process.py of the host tools) with one request more:

    {"op": "count", "library": FILE, "entries": [INVOKE, STEP], "weights": ADDRESS}
    {"op": "counted"}

From the first on all that the core reads goes through flash_cache.c, and calls of INVOKE are measured; the
second ends that and answers {"calls": [[entry, cycles, misses of code, misses of weights], ...]}. Entry is 1
for what a call of INVOKE took from one arrival at STEP to the next, then 0 for the whole of it. Interrupts
are part of it, as a user feels them.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes

from arena8.transports import pico_process

READS = ("read_uint8", "read_uint16", "read_uint32")
WORD = ctypes.c_uint32
ELSEWHERE = ctypes.CFUNCTYPE(WORD, WORD, WORD)
ARRIVED = ctypes.CFUNCTYPE(None, WORD)


class CountingPico(pico_process.Pico):
    def answer(self, request: dict) -> dict:
        if request.get("op") == "count":
            self.begin(request["library"], request["entries"], request["weights"])
            return {}
        if request.get("op") == "counted":
            for name in READS:
                delattr(self.mcu, name)
            return {"calls": self.calls}
        return super().answer(request)

    def begin(self, library: str, entries: list[int], weights: int) -> None:
        mcu, own = self.mcu, type(self.mcu)
        self.entries, self.calls, self.marks = entries, [], []
        slow = {1: own.read_uint8, 2: own.read_uint16, 4: own.read_uint32}
        # The library keeps pointers to all of these.
        self.elsewhere = ELSEWHERE(lambda address, n: slow[n](mcu, address))
        self.arrived = ARRIVED(self.arrive)
        self.memory = [(ctypes.c_uint8 * len(m)).from_buffer(m) for m in (mcu.flash, mcu.sram)]
        self.cache = cache = ctypes.PyDLL(library)
        cache.cache_misses.restype = ctypes.c_uint64
        flash, sram = (ctypes.c_void_p(ctypes.addressof(m)) for m in self.memory)
        cache.cache_open(flash, WORD(len(mcu.flash)), sram, WORD(weights), self.elsewhere, self.arrived)
        cache.cache_watch(WORD(entries[0]), WORD(entries[0]))
        for name, bits in zip(READS, (8, 16, 32), strict=True):
            function = getattr(cache, f"cache_read{bits}")
            function.argtypes, function.restype = [WORD], WORD
            setattr(mcu, name, function)

    def now(self) -> list[int]:
        return [int(self.mcu.core.cycles), self.cache.cache_misses(0), self.cache.cache_misses(1)]

    def arrive(self, address: int) -> None:
        """Before an instruction at an entry is fetched, or the one to which INVOKE returns."""
        invoke, step = self.entries
        self.marks.append(self.now())
        if address == invoke:
            self.back = self.mcu.core.lr & ~1
            self.cache.cache_watch(WORD(self.back), WORD(step))
        elif address == self.back:
            marks, self.marks = self.marks, []
            spans = [(1, a, b) for a, b in zip(marks[1:-1], marks[2:], strict=True)]
            for entry, a, b in [*spans, (0, marks[0], marks[-1])]:
                self.calls.append([entry, *(y - x for x, y in zip(a, b, strict=True))])
            self.cache.cache_watch(WORD(invoke), WORD(invoke))


if __name__ == "__main__":
    pico_process.Pico = CountingPico
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(pico_process.main())
