# SPDX-License-Identifier: MIT
"""Writes docs/operators.md: every operator by element type, what was tested, and what it costs in flash.

    python tests/operators_doc.py            # needs a RPI_PICO firmware's objects and a finished test run
    python tests/operators_doc.py --check    # only says whether the page lists what ops.def has

Rows come from ops.def, the number of cases from the tests in tests/kernels (operator_counts.py), flash bytes
from the objects of the RPI_PICO firmware: for each row, the sections that its two functions reach and the
rest of the engine does not, which is what the linker adds for it. The compiler's own library is not counted.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import SymbolTableSection

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "firmware"), str(ROOT / "tests" / "kernels")]

import operator_counts  # noqa: E402
import operators  # noqa: E402

PAGE = ROOT / "docs" / "operators.md"
COLUMNS = ("int8", "int16", "int4", "float32", "uint8", "int32", "int64", "bool")
KWS = "AVERAGE_POOL_2D.INT8 CONV_2D.INT8 DEPTHWISE_CONV_2D.INT8 FULLY_CONNECTED.INT8 RESHAPE SOFTMAX.INT8"


class Objects:
    """The sections of many object files and which of them each one needs."""

    def __init__(self, paths):
        self.size = {}  # (path, section number): bytes that end up in flash
        self.needs = {}  # (path, section number): what it refers to, the same or names of symbols
        self.symbols = {}  # global name: (path, section number)
        self.of_path = {}
        for path in paths:
            with open(path, "rb") as file:
                self.read(str(path), ELFFile(file))

    def read(self, path, elf):
        sections = list(elf.iter_sections())
        for i, section in enumerate(sections):
            if section["sh_flags"] & 2 and section["sh_type"] != "SHT_NOBITS":  # SHF_ALLOC
                align = max(section["sh_addralign"], 4)
                self.size[path, i] = (section["sh_size"] + align - 1) // align * align
                self.of_path.setdefault(path, []).append((path, i))
        for section in sections:
            if isinstance(section, SymbolTableSection):
                for symbol in section.iter_symbols():
                    index = symbol["st_shndx"]
                    if symbol["st_info"]["bind"] == "STB_GLOBAL" and isinstance(index, int):
                        self.symbols[symbol.name] = (path, index)
        for section in sections:
            if isinstance(section, RelocationSection):
                table = sections[section["sh_link"]]
                needs = self.needs.setdefault((path, section["sh_info"]), set())
                for relocation in section.iter_relocations():
                    symbol = table.get_symbol(relocation["r_info_sym"])
                    index = symbol["st_shndx"]
                    needs.add((path, index) if isinstance(index, int) else symbol.name)

    def reach(self, roots, but=()):
        """All sections that these need, one way or another. but: sections and names not to follow."""
        seen, left = set(), list(roots)
        while left:
            item = left.pop()
            if item in but:
                continue
            item = self.symbols.get(item) if isinstance(item, str) else item
            if item is None or item in seen or item in but or item not in self.size:
                continue
            seen.add(item)
            left.extend(self.needs.get(item, ()))
        return seen

    def bytes(self, sections):
        return sum(self.size[s] for s in sections)


class Flash:
    """Flash bytes of rows on Cortex-M0+."""

    def __init__(self, folder):
        paths = sorted(folder.glob("obj/**/micropython_module/**/*.c.*o*"))
        if not paths:
            raise SystemExit(f"no objects of the module below {folder}: run `make test-firmware`")
        self.objects = Objects(paths)
        self.rows = operators.rows()
        functions = {name for row in self.rows for name in (row.prepare, row.eval)}
        binding = [s for path, parts in self.objects.of_path.items() if "/engine/" not in path for s in parts]
        self.core = self.objects.reach(binding, but=functions)
        self.binding = self.objects.bytes(binding)

    def of(self, rows):
        """What these rows add to the engine without any."""
        names = [name for row in rows for name in (row.prepare, row.eval)]
        return self.objects.bytes(self.objects.reach(names, but=self.core))

    def summary(self):
        core = self.objects.bytes(self.core) - self.binding
        sets = {
            "the MicroPython module": self.binding,
            "the engine without operators": core,
            "all operators of int8 models": self.of(operators.choose("int8")),
            "those and int16, int4, float32, audio": self.of(operators.choose("all")),
            "only those of a keyword-spotting network": self.of(operators.choose(KWS)),
        }
        return sets


def cell(counts, families, operator, dtype):
    """What the table says of an operator and an element type."""
    cases = counts.get((operator, dtype), 0)
    if dtype.upper() in families or "ANY" in families and cases:
        return f"{cases:,}" if cases else "yes"
    return ""


def page(flash, counts):
    rows = operators.rows()
    by_name = {}
    for row in rows:
        by_name.setdefault(row.name, []).append(row)
    lines = [
        "# Operators",
        "",
        "Written by `make operators`. A number is how many random models of one operator and element type",
        "(that of the first input; int4: of the weights) went through the engine, under sanitizers, and had",
        "the answer of TFLite Micro's reference kernels to the bit; float32, and operators that TFLite Micro",
        "lacks, as the test says. *any* marks operators that only move elements, whatever their type.",
        "Programs with variables, IF and WHILE are counted under their first operator.",
        "",
        "| operator | " + " | ".join(COLUMNS) + " | others |",
        "|---|" + "---:|" * (len(COLUMNS) + 1),
    ]
    for name, found in sorted(by_name.items(), key=lambda item: (item[1][0].custom, item[0])):
        families = {row.family for row in found}
        cells = [cell(counts, families, name, dtype) for dtype in COLUMNS]
        others = []
        for (operator, dtype), cases in sorted(counts.items()):
            if operator == name and dtype not in COLUMNS:
                others.append(f"{dtype} {cases:,}")
        label = f"{name} *any*" if "ANY" in families else name
        lines.append(f"| {label} | " + " | ".join(cells) + f" | {', '.join(others)} |")
    lines += [
        "",
        "## Flash",
        "",
        "Bytes on Cortex-M0+ (`-Os`, kernels `-O2`), section by section. Linked they are fewer, as equal",
        "strings become one: `make sizes` has those.",
        "",
        "| | bytes |",
        "|---|---:|",
        *(f"| {what} | {size:,} |" for what, size in flash.summary().items()),
        "",
        "What each row adds to the engine when it is the only one. Together they take less: they share code.",
        "",
        "| row | bytes | group |",
        "|---|---:|---|",
        *(f"| {row.name}.{row.family} | {flash.of([row]):,} | {row.group} |" for row in rows),
        "",
        "`OPERATORS` of `make firmware` takes `all`, `auto` (what the models given need), groups, operators",
        'and rows: `OPERATORS=auto`, `OPERATORS="int8 audio"`, `OPERATORS="CONV_2D FULLY_CONNECTED.INT16"`.',
        "Without it, boards with little flash get `int8`.",
        "",
    ]
    return "\n".join(lines)


def listed(text):
    """The rows that a page lists."""
    return re.findall(r"^\| (\w+\.[A-Z0-9]+) \| [\d,]+ \|", text, re.M)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="only compare the page's rows with ops.def")
    args = parser.parse_args()
    if args.check:
        wanted = [f"{row.name}.{row.family}" for row in operators.rows()]
        if not PAGE.is_file() or listed(PAGE.read_text()) != wanted:
            print("docs/operators.md does not list what ops.def has: run `make operators`", file=sys.stderr)
            return 1
        return 0
    from arena8 import boards

    counts = operator_counts.counts()
    if not counts:
        print("no cases are counted: run `make test-quick` first", file=sys.stderr)
        return 1
    PAGE.write_text(page(Flash(boards.board("RPI_PICO").firmware().parent), counts))
    print(f"  {PAGE.relative_to(ROOT)}: {len(operators.rows())} rows, {sum(counts.values()):,} cases")
    return 0


if __name__ == "__main__":
    sys.exit(main())
