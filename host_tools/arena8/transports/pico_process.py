# SPDX-License-Identifier: MIT
"""The process in which an emulated Pico runs: `pico_process.py [--bootsel] [--flash FILE] [firmware.uf2]`.

Prints {"port": N}, serves the Pico's USB serial line to one TCP client on that loopback port, and answers
requests (JSON, one a line) on standard input until it ends. See pico_emulator.py for the other side.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import sys
import threading

try:
    if __package__:
        from . import pico_flash
        from .pico_pace import Pace
    else:  # run as a file
        import pico_flash
        from pico_pace import Pace
    from rp2040py.boards import BOARDS, resolve_firmware
    from rp2040py.device import MicroPythonDevice
    from rp2040py.device.base_device import ResetCause
except ImportError:
    sys.exit("the emulated Pico needs the Python package rp2040py: pip install 'rp2040py>=0.3.6,<0.4'")

BOOTSEL_SECONDS = 0.05  # between two looks whether a Pico in BOOTSEL mode has a firmware now
START_SECONDS = 30.0  # until the firmware is on USB
PUMP_NANOSECONDS = 1_000_000  # between attempts to send more when the USB queue is full
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
        self.early = bytearray()  # said before there was a client
        # The emulator's own loop never rests; this one does. It is looked up when the device starts.
        self.device.simulator.execute = self.execute
        self.pace = Pace(self.device.simulator)
        self.flash = pico_flash.Flash(self.mcu.flash)
        self.pump_alarm = self.device.simulator.clock.create_alarm(self.pump)
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
        self.pace.attend()
        try:
            while not simulator.stopped:
                if self.bootsel:
                    await asyncio.sleep(BOOTSEL_SECONDS)
                    continue
                await self.pace.batch()
                self.batches += 1
        except Exception as e:
            simulator.engine_room_error = e
            simulator.stopped = True
            raise

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
        """A UF2 file arrives on the drive of BOOTSEL mode."""
        self.flash.write(file)
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
        self.pace.attend()
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
        if op == "save":
            try:
                self.flash.save()
            except OSError as e:
                return {"error": f"write {e.filename}: {e.strerror}"}
            return {}
        return {"error": f"there is no request {op!r}"}


def powered(image: str | None, flash: str | None, bootsel: bool) -> Pico:
    """A Pico with what the file flash holds, and the firmware of image over that. Without anything to boot,
    or on demand, it is in BOOTSEL mode."""
    if flash is None and image is not None:
        pico = Pico(image)
    else:
        with pico_flash.blank() as nothing:
            pico = Pico(nothing)
        if flash is not None:
            pico.flash.keep_in(flash)
        if image is not None:
            pico.flash.write(image)
    if bootsel or pico.flash.is_blank:
        pico.enter_bootsel()
    return pico


async def serve(pico: Pico) -> None:
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
        pico.flash.save()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("firmware", nargs="?")
    parser.add_argument("--flash", help="where the flash is kept")
    parser.add_argument("--bootsel", action="store_true")
    options = parser.parse_args()
    await serve(powered(options.firmware, options.flash, options.bootsel))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
