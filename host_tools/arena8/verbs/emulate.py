# SPDX-License-Identifier: MIT
"""arena8 emulate: an emulated board behind a pty, for any program that opens serial ports."""

from __future__ import annotations

import json
import os
import select
import signal
import threading
import time
from collections.abc import Callable

import rich_click as click

from .. import boards, emulated, options, render, transports
from ..errors import BoardGone, ToolError, UsageError
from ..transports.repl import Repl

PIECE = 1024
LOOK = 0.2  # seconds between two looks at the BOOTSEL drive
PICO = "pico-emulator"


def port_of(board: str, firmware: str | None) -> str:
    """What --port calls the emulator of a board."""
    if board in transports.EMULATORS or board.startswith("qemu:"):
        port = board
    else:
        emulator = boards.board(board).emulator
        kinds = {"process": "unix", "rp2040py": "pico-emulator", "qemu": f"qemu:{board}"}
        if emulator.get("kind") not in kinds:
            known = [name for name, b in boards.all_boards().items() if b.emulator]
            raise UsageError(f"no emulator for {board}; there are those of {', '.join(sorted(known))}")
        port = kinds[emulator["kind"]]
    return f"{port}:{firmware}" if firmware else port


class Bridge:
    """Carries bytes between an emulated board and the pty's other end, the device.

    While nobody has the device open, what the board says is lost, as it is on a USB port. An emulated Pico
    also has a BOOTSEL drive, which comes and goes as a Pico's does.
    """

    def __init__(
        self, port: str, timeout: float | None, bootsel: bool = False, flash: str | None = None
    ) -> None:
        try:
            import pty
            import tty
        except ImportError as e:
            raise ToolError("emulate needs a pty, which this system has not") from e
        self.port = port
        self.timeout = timeout
        self.flash = flash
        self.repl = self._start(bootsel, tell)
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.device = os.ttyname(slave)
        os.close(slave)  # so that poll tells whether a client is there
        is_pico = port.partition(":")[0] == PICO
        self.served = emulated.Served(self.device, port, self.repl.board, is_pico)
        self.looked = 0.0
        self.look_at_drive()
        self.ended = threading.Event()
        self.error: Exception | None = None
        self.thread = threading.Thread(target=self._from_board, daemon=True)
        self.thread.start()

    def _start(self, bootsel: bool = False, say: Callable[[str], None] = lambda text: None) -> Repl:
        if bootsel or self.flash:
            from ..transports.pico_emulator import PicoRepl

            firmware = self.port.partition(":")[2] or None
            repl = PicoRepl(firmware, self.timeout or 60.0, in_bootsel_mode=bootsel, flash=self.flash)
            if repl.is_in_bootsel_mode():
                return repl
        else:
            repl = transports.open_repl(self.port, self.timeout)
        say(f"{self.port} boots")
        try:
            repl.boot()
        except BaseException:
            repl.close()
            raise
        return repl

    def has_client(self) -> bool:
        poll = select.poll()
        poll.register(self.master, select.POLLIN)
        return not any(event & select.POLLHUP for _, event in poll.poll(0))

    def serve(self) -> None:
        """Until the board ends, or an exception such as KeyboardInterrupt."""
        while not self.ended.is_set():
            self.look_at_drive()
            if not self.has_client():
                time.sleep(0.05)
                continue
            if not select.select([self.master], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(self.master, PIECE)
            except OSError:  # the client has just gone
                continue
            self._to_board(data)
        if self.error:
            raise self.error

    def look_at_drive(self) -> None:
        """Shows the BOOTSEL drive when the board wants a firmware, and takes what is put there."""
        drive = self.served
        if drive.place is None or time.monotonic() < self.looked + LOOK:
            return
        self.looked = time.monotonic()
        if not drive.is_shown:
            if self.repl.is_in_bootsel_mode():
                drive.show()
                tell(f"in BOOTSEL mode: its drive is {drive.place}")
            return
        before = drive.complaint
        if image := drive.firmware():
            self.repl.load(str(image.path))
            drive.hide()
            tell(f"{image.path.name} written, {image.size:,} bytes of flash; it starts")
        elif drive.complaint and drive.complaint != before:
            tell(f"ignored: {drive.complaint}")

    def _to_board(self, data: bytes) -> None:
        if self.repl.kind == "unix port" and b"\x03" in data and self.repl.takes_signals():
            # Its Ctrl-C is a signal. It overtakes what comes before it, as on a real line.
            self.repl.wire.interrupt()
            data = data.replace(b"\x03", b"")
        try:
            if data:
                self.repl.wire.write(data)
        except BoardGone:
            pass  # the other thread sees it too, and knows what to do

    def _from_board(self) -> None:
        try:
            while not self.ended.is_set():
                try:
                    data = self.repl.wire.poll(0.2)
                except BoardGone:
                    # A soft reset, which is one in the raw REPL, ends the process of the unix port.
                    if self.repl.kind != "unix port" or self.repl.wire.process.poll() != 0:
                        raise
                    self.repl.close()
                    self.repl = self._start()
                    self.repl.wire.write(b"\x01")
                    continue
                if data:
                    self._to_client(data)
        except Exception as e:
            if not self.ended.is_set():
                self.error = e
        finally:
            self.ended.set()

    def _to_client(self, data: bytes) -> None:
        while data and not self.ended.is_set() and self.has_client():
            if select.select([], [self.master], [], 0.2)[1]:
                try:
                    data = data[os.write(self.master, data[:PIECE]) :]
                except OSError:
                    return

    def close(self) -> None:
        self.ended.set()
        self.thread.join(5)
        try:
            self.repl.close()
        finally:
            os.close(self.master)
            self.served.close()


def tell(text: str) -> None:
    render.messages().print(text, markup=False)


def run(
    board: str,
    firmware: str | None,
    flash: str | None,
    bootsel: bool,
    as_json: bool,
    timeout: float | None,
) -> int:
    port = port_of(board, firmware)
    if bootsel and port != PICO:
        what = f"--firmware {firmware}" if firmware else board
        raise UsageError(f"--bootsel is for an RPI_PICO without firmware; it does not go with {what}")
    if flash and port.partition(":")[0] != PICO:
        raise UsageError(
            f"--flash keeps the flash of an RPI_PICO; {board} has none that outlives its program"
        )
    err = render.messages()
    bridge = Bridge(port, timeout, bootsel, flash)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if as_json:
            about = {
                "device": bridge.device,
                "port": port,
                "firmware": bridge.repl.firmware,
                "flash": flash,
                "drive": str(bridge.served.place) if bridge.served.place else None,
            }
            print(json.dumps(about), flush=True)
        else:
            print(bridge.device, flush=True)
        has_firmware = bridge.served.place is None or not bridge.served.is_shown
        what = f"with {bridge.repl.firmware or flash}" if has_firmware else "without firmware"
        to_flash = f"arena8 flash -p {bridge.device}, " if bridge.served.place else ""
        err.print(
            f"{bridge.repl.kind} {what} at {bridge.device}: {to_flash}arena8 infer -p {bridge.device} ..., "
            f"mpremote connect {bridge.device}; Ctrl-C ends",
            markup=False,
        )
        bridge.serve()
    except KeyboardInterrupt:
        err.print("ended")
    finally:
        bridge.close()
    return 0


@click.command("emulate")
@click.argument("board", **options.BOARD)
@click.option("--firmware", **options.FILE, help="Default: what was built last for BOARD.")
@click.option(
    "--flash",
    **options.FILE,
    help="Keeps an RPI_PICO's flash in FILE from one run to the next; made if there is none.",
)
@click.option(
    "--bootsel", is_flag=True, help="A Pico without firmware, as plugged in with BOOTSEL held: `flash` it."
)
@options.as_json("The device")
@options.timeout
def command(board, firmware, flash, bootsel, as_json, timeout) -> int:
    """Runs an emulated BOARD behind a serial device that other programs open, until Ctrl-C.

    BOARD is RPI_PICO, a QEMU machine such as MPS2_AN385, or UNIX. The device's name goes to standard output.
    The emulated Pico keeps its flash until then, with --flash from then on: `flash` and `deploy` work as with
    a Pico.
    """
    return run(board, firmware, flash, bootsel, as_json, timeout)
