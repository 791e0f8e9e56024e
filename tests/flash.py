# SPDX-License-Identifier: MIT
"""Flash bytes of the engine on Cortex-M0+, without building a firmware.

    python tests/flash.py [--functions] [--rows WORDS]

Compiles the engine as a firmware does (`-Os`, kernels `-O2`) for a few choices of operators and links it to
what calls it: the MicroPython module, or a program that only loads and invokes. The linker leaves out what
nobody needs; the libraries of C and of the compiler are not counted.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "firmware")]

import operators  # noqa: E402
from operators_doc import KWS  # noqa: E402

MODULE = ROOT / "micropython_module"
ENGINE = MODULE / "engine"
GCC = (
    "arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb -std=c99 -ffp-contract=off"
    " -ffunction-sections -fdata-sections"
)
LINK = "-nostdlib -Wl,--gc-sections,--unresolved-symbols=ignore-all,-e,start"
# What a program calls that runs a model and shows errors by their sentences.
PROGRAM = {"a8_model_open", "a8_load", "a8_invoke", "a8_input", "a8_output", "a8_target_native"}


def run(command: str, *more) -> str:
    return subprocess.run(
        [*command.split(), *map(str, more)], check=True, capture_output=True, text=True
    ).stdout


def compiled(folder: Path, name: str, *flags: str) -> Path:
    out = folder / f"{name.replace('/', '.')}.o"
    level = "-O2" if name.startswith("kernels/") else "-Os"
    run(GCC, level, *flags, "-c", ENGINE / name, "-o", out)
    return out


def module_calls() -> set[str]:
    """The engine's functions that the MicroPython module calls."""
    text = "".join(path.read_text() for path in MODULE.glob("*.c"))
    headers = "".join(path.read_text() for path in ENGINE.glob("*.h"))
    return set(re.findall(r"\b(a8_\w+)\(", text)) & set(re.findall(r"\b(a8_\w+)\(", headers))


class Engine:
    """Objects of the engine, and programs linked from them."""

    def __init__(self, folder: Path):
        self.folder = folder
        names = re.findall(r"^\S+\.[cS]$", (ENGINE / "sources.txt").read_text(), re.M)
        with ThreadPoolExecutor(max(1, (os.cpu_count() or 2) // 2)) as pool:
            self.objects = list(pool.map(lambda name: compiled(folder, name), names))

    def program(self, calls: set[str], rows: list[operators.Row]) -> Path:
        """The engine with these rows, linked to something that calls these functions."""
        defines = (f"-D{name}={value}" for name, value in operators.defines(rows).items())
        compiled(self.folder, "registry.c", *defines)
        main = self.folder / "main.c"
        lines = [f"void {name}(void);" for name in sorted(calls)]
        main.write_text(
            "\n".join([*lines, "void start(void) {", *(f"    {c}();" for c in sorted(calls)), "}", ""])
        )
        out = self.folder / "program.elf"
        run(GCC, *LINK.split(), f"-Wl,-Map={out}.map", main, *self.objects, "-o", out)
        return out


def bytes_of(program: Path) -> int:
    """Code and constants, but for the calls that stand for the caller."""
    text = sum(
        map(
            int, re.findall(r"^\.(?:text|rodata|data)\S* +(\d+)", run("arm-none-eabi-size -A", program), re.M)
        )
    )
    start = re.search(r"^\S+ (\S+) T start$", run("arm-none-eabi-nm -S", program), re.M)
    return text - int(start[1], 16)


def functions(program: Path) -> list[tuple[str, int, str]]:
    """(object, bytes, section) of all that was linked."""
    text = Path(f"{program}.map").read_text().split("Linker script and memory map")[1]
    found = re.findall(r"^ \.(\S+)\s+0x\w+\s+0x(\w+) (\S+)\.o$", text, re.M)
    kept = ("text.", "rodata")
    return [(Path(path).name, int(size, 16), name) for name, size, path in found if name.startswith(kept)]


def report(program: Path) -> str:
    by_file = {}
    for name, size, section in functions(program):
        by_file.setdefault(name, []).append((size, section.removeprefix("text.")))
    lines = []
    for name, parts in sorted(by_file.items(), key=lambda item: -sum(size for size, _ in item[1])):
        lines.append(f"{sum(size for size, _ in parts):7,}  {name}")
        lines += [f"{size:16,}  {what}" for size, what in sorted(parts, reverse=True) if size]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--functions", action="store_true", help="show all functions of the smallest program")
    parser.add_argument("--rows", default=KWS, help="its operators, as OPERATORS of make firmware has them")
    args = parser.parse_args()
    few = operators.choose(args.rows)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder))
        calls = module_calls()
        for what, functions_called, rows in (
            ("the engine without operators", calls, []),
            ("with all operators", calls, operators.choose("all")),
            ("with all operators of int8 models", calls, operators.choose("int8")),
            ("with only those of a keyword-spotting network", calls, few),
            ("these in a program that loads and invokes", PROGRAM, few),
        ):
            program = engine.program(functions_called, rows)
            print(f"{bytes_of(program):8,}  {what}")
        if args.functions:
            print(report(program))
    return 0


if __name__ == "__main__":
    sys.exit(main())
