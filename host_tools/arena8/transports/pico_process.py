# SPDX-License-Identifier: MIT
"""The process in which an emulated Pico runs: `python pico_process.py firmware.uf2`.

Prints {"port": N}, serves the Pico's USB serial line to one TCP client on that loopback port, and answers
requests (JSON, one a line) on standard input until it ends. See pico_emulator.py for the other side.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path

try:
    from rp2040py.boards import BOARDS, resolve_firmware
    from rp2040py.device import MicroPythonDevice
    from rp2040py.device.base_device import ResetCause
    from rp2040py.device.load_flash import decode_block
    from rp2040py.memory_map import FLASH_START_ADDRESS
except ImportError:
    sys.exit("the emulated Pico needs the Python package rp2040py: pip install 'rp2040py>=0.3.6,<0.4'")

# The emulator lets time in which the core waits pass at once. A program that waits for the host with a time
# limit would give up before the host has had a chance, so here a wait takes as long as it says.
SLICE_NANOSECONDS = (1_000_000, 50_000_000)  # of a wait, at first and at most, between two looks at the time
LAG_SECONDS = 0.05  # that the emulated clock may catch up; computing takes longer here than on a Pico
IDLE_SECONDS = 0.05
START_SECONDS = 30.0  # until the firmware is on USB
PUMP_NANOSECONDS = 1_000_000  # between attempts to send more when the USB queue is full
BLOCK = 512  # of a UF2 file
SECTOR = 4096  # of flash
# With this in the watchdog's scratch register 4 the boot ROM jumps to the address in 7; one in the ROM itself
# is that of the BOOTSEL mode.
JUMP = 0xB007C0D3
ROM_BYTES = 0x4000
WATCHDOG_CTRL = 0  # offset of the register


class Log:
    """Takes the emulator's log: distinct lines in order, and how often each came."""

    LIMIT = 1000

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def _add(self, level: str, component: str, message: str) -> None:
        line = f"{level} [{component}] {message}"
        if line in self.counts or len(self.counts) < self.LIMIT:
            self.counts[line] = self.counts.get(line, 0) + 1

    def debug(self, component: str, message: str) -> None:
        pass

    def info(self, component: str, message: str) -> None:
        self._add("info", component, message)

    def warning(self, component: str, message: str) -> None:
        self._add("warning", component, message)

    def error(self, component: str, message: str) -> None:
        self._add("error", component, message)

    def lines(self) -> list[str]:
        return [line if n == 1 else f"{line} ({n} times)" for line, n in self.counts.items()]


class Pico:
    def __init__(self, image: str) -> None:
        self.device = MicroPythonDevice(board=resolve_firmware(BOARDS["pico"], "micropython", image))
        self.mcu = self.device.mcu
        self.log = Log()
        self.mcu.logger = self.log
        self.edges: list[tuple[int, int]] = []
        self.writer: asyncio.StreamWriter | None = None
        self.pending = bytearray()
        self.input = asyncio.Event()
        self.early = bytearray()  # said before there was a client
        # The emulator's own loop never rests; this one does. It is looked up when the device starts.
        self.device.simulator.execute = self.execute
        self.clock = self.device.simulator.clock
        self.pump_alarm = self.clock.create_alarm(self.pump)
        self.pace_alarm = self.clock.create_alarm(self.pace)
        self.slice = SLICE_NANOSECONDS[0]
        self.waits = False  # the core does, so the batch has ended early
        self.behind = 0.0  # seconds by which the emulated clock's zero lies after that of ours
        # A USB host with nothing to send is silent. The emulator's sends an empty packet every 10 us, and
        # taking those is most of what the core then does. So reads wait here until there is data.
        self.armed: list[tuple[int, int]] = []
        self.complete_read = self.mcu.usb_ctrl.on_endpoint_read
        self.mcu.usb_ctrl.on_endpoint_read = self.read_armed
        self.controller_reset = self.mcu.usb_ctrl.on_reset
        self.mcu.usb_ctrl.on_reset = self.reset
        self.batches = 0
        self.bootsel = False
        self.mcu.watchdog.on_watchdog_trigger = self.watchdog

    async def execute(self) -> None:
        simulator = self.device.simulator
        simulator.stopped = False
        self.attend()
        try:
            while not simulator.stopped:
                if self.bootsel:
                    await asyncio.sleep(IDLE_SECONDS)
                    continue
                simulator._execute_batch()
                self.batches += 1
                self.input.clear()
                ahead = self.seconds_ahead()
                if self.waits:
                    self.waits = simulator.stopped = False
                else:
                    ahead = 0.0
                if ahead <= 0:
                    await asyncio.sleep(0)
                    continue
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self.input.wait(), ahead)
        except Exception as e:
            simulator.engine_room_error = e
            simulator.stopped = True
            raise

    def attend(self) -> None:
        """From now on waits are noticed soon: there is something to do."""
        self.slice = SLICE_NANOSECONDS[0]
        self.pace_alarm.schedule(self.slice)

    def pace(self) -> None:
        """Ends the batch if the core waits. The longer it does, the rarer this comes."""
        if self.mcu.core.waiting and not self.device.simulator.stopped:
            self.waits = self.device.simulator.stopped = True
            self.slice = min(2 * self.slice, SLICE_NANOSECONDS[1])
        else:
            self.slice = SLICE_NANOSECONDS[0]
        self.pace_alarm.schedule(self.slice)

    def seconds_ahead(self) -> float:
        """By how much the emulated clock is ahead of ours. What it has lost by computing is forgotten."""
        ahead = self.clock.nanos / 1e9 + self.behind - time.monotonic()
        if ahead < -LAG_SECONDS:
            self.behind -= ahead + LAG_SECONDS
            return -LAG_SECONDS
        return ahead

    def read_armed(self, endpoint: int, size: int) -> None:
        if endpoint == 0 or self.device.cdc.tx_fifo.item_count:
            self.complete_read(endpoint, size)
        else:
            self.armed.append((endpoint, size))

    def reset(self) -> None:
        self.armed.clear()
        self.controller_reset()

    def watchdog(self) -> None:
        scratch = self.mcu.watchdog.scratch_data
        if scratch[4] == JUMP and scratch[7] < ROM_BYTES:
            self.enter_bootsel()
        else:
            self.device.hard_reset(cause=ResetCause.WATCHDOG)

    def enter_bootsel(self) -> None:
        """The ROM's USB drive is not emulated: the core rests in reset until load() brings a firmware."""
        self.bootsel = True
        self.pending.clear()
        self.mcu.set_run_pin(low=True)

    def load(self, file: str) -> None:
        """What the boot ROM does with a UF2 file: erases the sectors that it touches, writes, restarts."""
        data = Path(file).read_bytes()
        blocks = [decode_block(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)]
        places = [(block.flash_address - FLASH_START_ADDRESS, block.payload) for block in blocks]
        for sector in {start // SECTOR * SECTOR for start, _ in places}:
            self.mcu.flash[sector : sector + SECTOR] = b"\xff" * SECTOR
        for start, payload in places:
            self.mcu.flash[start : start + len(payload)] = payload
        self.bootsel = False
        # The batch in which the core was stopped went on to its end, into the boot ROM; that is undone first.
        # The ROM has also left the watchdog running, which a reset ends on silicon.
        self.mcu.enter_reset()
        self.mcu.watchdog.write_uint32(WATCHDOG_CTRL, 0)
        self.mcu.set_run_pin(low=False)

    def from_device(self, data: bytes | bytearray) -> None:
        if self.writer is None:
            self.early += data
        else:
            self.writer.write(bytes(data))

    def to_device(self, data: bytes) -> None:
        if self.bootsel:
            return  # there is no serial port then
        self.pending += data
        self.attend()
        self.input.set()
        self.pump()

    def pump(self) -> None:
        fifo = self.device.cdc.tx_fifo
        free = fifo.size - fifo.item_count
        for byte in self.pending[:free]:
            self.device.cdc.send_serial_byte(byte)
        del self.pending[:free]
        armed, self.armed = self.armed, []
        for endpoint, size in armed:
            self.complete_read(endpoint, size)
        if self.pending:
            self.pump_alarm.schedule(PUMP_NANOSECONDS)

    def answer(self, request: dict) -> dict:
        op = request.get("op")
        if op == "cycles":
            return {"cycles": int(self.mcu.core.cycles)}
        if op == "rest":
            waits = self.pending or self.device.cdc.tx_fifo.item_count
            return {
                "rests": bool(self.mcu.core.waiting and not waits),
                "cycles": int(self.mcu.core.cycles),
                "batches": self.batches,
            }
        if op == "watch":
            pin = self.mcu.gpio[request["pin"]]
            pin.add_listener(lambda new, old: self.edges.append((int(new), int(self.mcu.core.cycles))))
            return {}
        if op == "edges":
            edges, self.edges = self.edges, []
            return {"edges": edges}
        if op == "log":
            return {"log": self.log.lines()}
        if op == "bootsel":
            return {"bootsel": self.bootsel}
        if op == "load":
            self.load(request["file"])
            return {}
        return {"error": f"there is no request {op!r}"}


def empty() -> str:
    """A UF2 file of one erased block, for a Pico that has no firmware yet."""
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, FLASH_START_ADDRESS, 256, 0, 1, 0xE48BFF56)
    path = Path(tempfile.mkdtemp(prefix="arena8-")) / "empty.uf2"
    path.write_bytes((head + b"\xff" * 256).ljust(BLOCK - 4, b"\0") + struct.pack("<I", 0x0AB16F30))
    return str(path)


async def serve(image: str | None) -> None:
    """image None: a Pico without firmware, in BOOTSEL mode."""
    if image is None:
        file = empty()
        pico = Pico(file)
        shutil.rmtree(Path(file).parent)
        pico.enter_bootsel()
    else:
        pico = Pico(image)
    loop = asyncio.get_running_loop()
    client: asyncio.Future = loop.create_future()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if client.done():
            writer.close()  # one line, one client
            return
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.set_result((reader, writer))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    reader, pico.writer = await client
    server.close()

    ended = asyncio.Event()

    def requests() -> None:
        # A thread: standard input can't be awaited everywhere. Answers are made on the emulator's loop.
        for line in sys.stdin:
            loop.call_soon_threadsafe(
                lambda line=line: print(json.dumps(pico.answer(json.loads(line))), flush=True)
            )
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=requests, daemon=True).start()

    async def forward() -> None:
        while data := await reader.read(4096):
            pico.to_device(data)
        ended.set()

    pico.device.cdc.on_serial_data = pico.from_device
    starting = asyncio.ensure_future(pico.device.astart(None if pico.bootsel else START_SECONDS))
    try:
        if not pico.bootsel:
            await starting
        # Starting connects the console; the device may have put its own reader there.
        pico.device.cdc.on_serial_data = pico.from_device
        if pico.early:
            pico.writer.write(bytes(pico.early))
        forwarding = asyncio.create_task(forward())
        try:
            while not ended.is_set():
                try:
                    await asyncio.wait_for(ended.wait(), 0.5)
                except asyncio.TimeoutError:
                    if pico.device.simulator.stopped:
                        error = pico.device.simulator.engine_room_error
                        sys.exit(f"the emulator stopped: {error!r}")
        finally:
            forwarding.cancel()
    finally:
        starting.cancel()
        pico.device.stop()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(f"usage: {sys.argv[0]} [firmware.uf2]")
    try:
        asyncio.run(serve(sys.argv[1] if len(sys.argv) > 1 else None))
    except KeyboardInterrupt:
        pass
