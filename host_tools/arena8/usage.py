# SPDX-License-Identifier: MIT
"""Examples that end the help of each verb: commands as they are typed, and what they do."""

from __future__ import annotations

import shutil

from rich.text import Text

START = """
arena8 inspect model.tflite                    will it run, and on which boards?
arena8 flash                                   MicroPython with arena8 onto the board, once
arena8 deploy model.tflite                     the model beside it
arena8 infer model.tflite -i data.npy          the answer, over USB
"""

EXAMPLES = {
    "inspect": """
arena8 inspect model.tflite
arena8 inspect model.tflite --html report.html     a page to click through: graph, memory, costs
arena8 inspect model.tflite --board RPI_PICO       for scripts: exit code 1 unless it fits
""",
    "flash": """
arena8 flash                                   the board that is connected
arena8 flash --board RPI_PICO_W firmware.uf2   a Pico W in BOOTSEL mode, a firmware of your own
arena8 flash --backup files                    copies the board's files first
arena8 flash -p pico-emulator                  no board? this one is emulated
""",
    "deploy": """
arena8 deploy wake_word.tflite                 on the board: arena8.Interpreter("wake_word")
arena8 deploy --list                           what is there, and how much room is left
arena8 deploy --remove wake_word
""",
    "infer": """
arena8 infer digits.tflite -i seven.csv            the board's model must be this file
arena8 infer digits -i picture.png --scale 0.0625  the board's model of that name
arena8 infer digits.tflite -i seven.csv --verify   and this machine's answer has to be the same
arena8 infer digits.tflite -i seven.csv -p host    on this machine alone
arena8 infer digits --watch incoming/              each file that appears in a folder
arena8 infer yes_no --watch words.wav --realtime   the words in a sound, as they are said
""",
    "bench": """
arena8 bench digits.tflite                     milliseconds by operator, by the board's clock
arena8 bench digits -p pico-emulator           and the cycles of an emulated Pico
""",
    "boards": """
arena8 boards
arena8 boards --no-ask                         only looks at USB, interrupts nothing
""",
    "build": """
arena8 build --board RPI_PICO -m digits.tflite --out digits.uf2
arena8 build --board RPI_PICO -m digits.tflite --operators auto     the smallest
""",
    "freeze": """
arena8 freeze digits.tflite --out generated
arena8 freeze words.tflite --out generated --labels words.txt --sample-rate 16000
""",
    "verify": """
arena8 verify digits.tflite                    100 random inputs
arena8 verify digits.tflite -i samples.npy     an array of many samples
""",
    "emulate": """
arena8 emulate RPI_PICO --bootsel              a Pico as from the shop, to flash
arena8 emulate MPS2_AN505                      a Cortex-M33 in QEMU
""",
}


def epilog(examples: str) -> Text:
    """As help prints it: line by line, what it does in a softer tone; below the command where the terminal
    has no room beside it."""
    shown = Text()
    lines = examples.strip("\n").splitlines()
    beside = max(map(len, lines)) + 3 <= shutil.get_terminal_size().columns
    start = ""
    for line in lines:
        command, _, meaning = line.partition("  ")
        shown.append(f"{start} {command}", style="cyan")
        start = "\n"
        if meaning:
            shown.append(line[len(command) :] if beside else f"\n   {meaning.strip()}", style="dim")
    return shown
