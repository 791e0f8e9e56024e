# SPDX-License-Identifier: MIT
"""Shows the digits model on an emulated Raspberry Pi Pico: scanned digits go in over the serial REPL, answers
come out, and each is compared with this machine's bit for bit.

Needs the firmware (make firmware BOARD=RPI_PICO) and the package arena8. `make demo` runs it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy
from arena8 import inputs, render
from arena8.errors import ToolError
from arena8.local import LocalModel
from arena8.remote import RemoteModel
from arena8.transports.pico_emulator import PicoRepl
from rich.columns import Columns
from rich.text import Text

MODELS = Path(__file__).resolve().parent / "models"
LEVELS = 16  # pixel values go from 0 to this


def picture(image: numpy.ndarray) -> Text:
    """A digit, two characters a pixel."""
    shades = render.shades()
    rows = ["".join(shades[int(p) * (len(shades) - 1) // LEVELS] * 2 for p in row) for row in image]
    return Text("\n".join(rows))


def show(firmware: str | None, count: int) -> int:
    out = render.console()
    images = numpy.load(MODELS / "digits_samples.npy")
    digits = numpy.load(MODELS / "digits_samples_labels.npy")
    chosen = range(0, len(images), max(1, len(images) // count))[:count]
    twin = LocalModel(MODELS / "digits.tflite")

    start = time.monotonic()
    with PicoRepl(firmware) as pico:
        pico.connect()
        system = pico.exec("import sys; print(sys.version.split('; ')[-1])").decode().strip()
        mhz = int(pico.exec("import machine; print(machine.freq())")) / 1e6
        out.print(f"An emulated Raspberry Pi Pico runs {system} ({time.monotonic() - start:.1f} s to boot)")
        model = RemoteModel(pico, "digits")
        if model.crc32 != twin.crc32:
            raise ToolError(
                "the firmware's digits model is not firmware/models/digits.tflite: build it again"
            )
        out.print(
            f"{model.name}: {model.nbytes:,} bytes at 0x{model.address:08x}, "
            f"{'in flash' if model.in_flash else 'not in flash'}; "
            f"arena {model.arena_bytes:,} bytes; heap used {model.heap_bytes:,} bytes"
        )
        right = same = 0
        for i in chosen:
            tensor = model.inputs[0]
            data = inputs.to_bytes(images[i].reshape(-1), tensor, inputs.Options())
            model.send(tensor, data)
            cycles = pico.cycles_of("_a8.invoke")
            answer = model.receive(model.outputs[0])
            twin.send(twin.inputs[0], data)
            twin.invoke()
            identical = answer == twin.receive(twin.outputs[0])
            best = render.top(model.outputs[0].real(answer), model.labels, 3)
            right += best[0]["label"] == str(digits[i])
            same += identical

            lines = Text()
            lines.append(f"{best[0]['label']}", style="bold green")
            lines.append(f"   with {best[0]['value']:.1%} (the writer meant {digits[i]})\n\n")
            for entry in best:
                lines.append(f"{entry['label']}  {render.bar(entry['value'], 20):20}  {entry['value']:.4f}\n")
            lines.append(f"\n{cycles:,} cycles, {cycles / mhz / 1000:.2f} ms at {mhz:g} MHz\n")
            lines.append(
                "the same as this machine's answer to the bit" if identical else "NOT this machine's answer"
            )
            out.print()
            out.print(Columns([picture(images[i]), lines], padding=(0, 4)))
        unaligned = pico.unaligned()
    out.print()
    if unaligned:
        raise ToolError(f"the emulator saw unaligned accesses: {unaligned[0]}")
    if same != len(chosen):
        raise ToolError(f"{len(chosen) - same} of {len(chosen)} answers differ from this machine's")
    out.print(
        f"[bold]Shown:[/] {len(chosen)} scanned digits over the serial REPL of an emulated Pico, "
        f"{right} read right, {same} of {same} answers identical to the host's to the bit."
    )
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--firmware", help="a .uf2; default: the last built for RPI_PICO")
    parser.add_argument("--count", type=int, default=5, help="digits to show (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        return show(arguments.firmware, arguments.count)
    except ToolError as e:
        render.messages().print(f"error: {e}", markup=False)
        return e.exit_code


if __name__ == "__main__":
    sys.exit(main())
