# SPDX-License-Identifier: MIT
"""Makes the pictures of the documentation: docs/pictures/session.svg, report.png and watch.svg.

    python tests/pictures.py [session] [report] [watch]

session.svg is what commands print on an emulated Pico, which starts without a firmware; report.png is
`arena8 inspect --html` of the digits model in headless Chromium; watch.svg what `arena8 infer --watch` shows
of examples/words.wav after 3.5 s, on this machine. The first wants the firmware that `make dist` puts into
the wheel, or that of a build (ARENA8_FIRMWARE).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
MODELS = ROOT / "firmware" / "models"
COLUMNS = 92
BEFORE = ("arena8 flash", "arena8 deploy digits.tflite")  # whose times are those of the emulator
COMMANDS = (
    "arena8 infer digits.tflite -i seven.csv --verify",
    "arena8 bench digits.tflite",
)
ARENA8 = [sys.executable, "-m", "arena8"]


def session() -> Path:
    """Runs the commands on one emulated Pico and draws their standard output as a terminal shows it."""
    out = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("digits.tflite", "seven.csv"):
            shutil.copy(MODELS / name, folder)
        environment = {**os.environ, "XDG_CACHE_HOME": folder, "ARENA8_MODELS": ""}
        emulator = subprocess.Popen(
            [*ARENA8, "emulate", "RPI_PICO", "--bootsel", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True,
        )  # fmt: skip
        try:
            environment["ARENA8_PORT"] = json.loads(emulator.stdout.readline())["device"]
            environment |= {"FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "ARENA8_TIMEOUT": "300"}
            for command in (*BEFORE, *COMMANDS):
                print(command, flush=True)
                done = subprocess.run(
                    [*ARENA8, *command.split()[1:]], env=environment, cwd=folder, check=True,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
                )  # fmt: skip
                if command in COMMANDS:
                    out.print(Text(f"$ {command}", style="bold"))
                    out.print(Text.from_ansi(done.stdout))
        finally:
            emulator.send_signal(signal.SIGINT)
            emulator.wait(30)
    return draw(out, "session", "arena8 on an emulated Raspberry Pi Pico")


def draw(terminal: Console, name: str, title: str) -> Path:
    drawn = terminal.export_svg(title=title, unique_id=name)
    # Fonts from the network are nothing for a picture in a repository.
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.S)
    drawn = drawn.replace("Fira Code, monospace", "ui-monospace, Menlo, DejaVu Sans Mono, monospace")
    file = PICTURES / f"{name}.svg"
    file.write_text(re.sub(r"[ \t]+$", "", drawn, flags=re.M), encoding="utf-8")
    return file


def report() -> Path:
    """The report with its dearest operator chosen, as a browser shows it."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    file = PICTURES / "report.png"
    with tempfile.TemporaryDirectory() as folder:
        for flag in ("headless", "no-sandbox", "disable-gpu", "hide-scrollbars", "window-size=1360,1000",
                     f"user-data-dir={folder}/profile"):  # fmt: skip
            options.add_argument(f"--{flag}")
        page = Path(folder) / "report.html"
        command = [*ARENA8, "inspect", str(MODELS / "digits.tflite"), "--html", str(page)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        chrome = webdriver.Chrome(
            options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))
        )
        try:
            chrome.get(page.as_uri())
            chrome.find_element("css selector", 'svg.graph [data-node="0:5"]').click()
            chrome.save_screenshot(str(file))
        finally:
            chrome.quit()
    return file


def watched() -> Path:
    """The display in the midst of a sound, after "no" has been said."""
    from arena8 import inputs, sources, watch
    from arena8.local import LocalModel

    columns, rows, answers, smooth = 72, 24, 26, 3
    file = MODELS / "yes_no.tflite"
    model = LocalModel(file)
    options = sources.Options(str(ROOT / "examples" / "words.wav"), realtime=True)
    source = sources.Source(options, model.inputs, file, inputs.Options())
    view = watch.Display(model, lambda: [f"{model.name} on host", *source.about], smooth)
    runner = watch.Watch(SimpleNamespace(smooth=smooth, timeout=None), model, None)
    for sample in itertools.islice(source, answers):
        runner.one(sample, view)
    out = Console(
        record=True, width=columns, height=rows, file=open(os.devnull, "w"), force_terminal=True,
        highlight=False, color_system="truecolor",
    )  # fmt: skip
    out.print(view.screen)
    return draw(out, "watch", f"arena8 infer yes_no --watch words.wav --realtime --smooth {smooth}")


def main() -> None:
    made = {"session": session, "report": report, "watch": watched}
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("pictures", nargs="*", choices=[*made, []], help="default: all")
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in parser.parse_args().pictures or made:
        file = made[name]()
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
