# SPDX-License-Identifier: MIT
"""The process in which an emulated Pico runs: `python pico_process.py firmware.uf2`.

Prints {"port": N}, serves the Pico's USB serial line to one TCP client on that loopback port, and answers
requests (JSON, one a line) on standard input until it ends. See pico_emulator.py for the other side.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading

try:
    from rp2040py.boards import BOARDS, resolve_firmware
    from rp2040py.device import MicroPythonDevice
except ImportError:
    sys.exit("the emulated Pico needs the Python package rp2040py")

# A Pico that waits at a prompt has nothing to compute; without these its emulation would keep a core busy.
PROMPTS = (b">>> ", b"\x04>", b"CTRL-B to exit\r\n>")
IDLE_SECONDS = 0.05
PUMP_NANOSECONDS = 1_000_000  # between attempts to send more when the USB queue is full


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
        self.tail = b""
        self.pending = bytearray()
        self.input = asyncio.Event()
        self.early = bytearray()  # said before there was a client
        # The emulator's own loop never rests; this one does. It is looked up when the device starts.
        self.device.simulator.execute = self.execute
        self.pump_alarm = self.device.simulator.clock.create_alarm(self.pump)
        # A USB host with nothing to send is silent. The emulator's sends an empty packet every 10 us, and
        # taking those is most of what the core then does. So reads wait here until there is data.
        self.armed: list[tuple[int, int]] = []
        self.complete_read = self.mcu.usb_ctrl.on_endpoint_read
        self.mcu.usb_ctrl.on_endpoint_read = self.read_armed
        self.controller_reset = self.mcu.usb_ctrl.on_reset
        self.mcu.usb_ctrl.on_reset = self.reset

    async def execute(self) -> None:
        simulator = self.device.simulator
        simulator.stopped = False
        try:
            while not simulator.stopped:
                simulator._execute_batch()
                self.input.clear()
                if self.tail.endswith(PROMPTS) and self.mcu.core.waiting and not self.pending:
                    try:
                        await asyncio.wait_for(self.input.wait(), IDLE_SECONDS)
                    except asyncio.TimeoutError:
                        pass
                else:
                    await asyncio.sleep(0)
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

    def from_device(self, data: bytes | bytearray) -> None:
        data = bytes(data)
        self.tail = (self.tail + data)[-32:]
        if self.writer is None:
            self.early += data
        else:
            self.writer.write(data)

    def to_device(self, data: bytes) -> None:
        self.tail = b""
        self.pending += data
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
        if op == "watch":
            pin = self.mcu.gpio[request["pin"]]
            pin.add_listener(lambda new, old: self.edges.append((int(new), int(self.mcu.core.cycles))))
            return {}
        if op == "edges":
            edges, self.edges = self.edges, []
            return {"edges": edges}
        if op == "log":
            return {"log": self.log.lines()}
        return {"error": f"there is no request {op!r}"}


async def serve(image: str) -> None:
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
    async with pico.device:
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


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} firmware.uf2")
    try:
        asyncio.run(serve(sys.argv[1]))
    except KeyboardInterrupt:
        pass
