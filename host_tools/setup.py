# SPDX-License-Identifier: MIT
"""Builds the engine for CPython.

The engine's sources and the boards' facts live outside of this folder. In a
checkout they are copied in first, so that an sdist carries them; from an sdist
the copies are what there is. ARENA8_WITH_FIRMWARE names a folder with a manifest
and firmware that go along (firmware/dist.py sets it); without it none does.
"""

import os
import re
import shutil
from pathlib import Path

from setuptools import Extension, setup

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
CSRC = HERE / "arena8" / "_csrc"
BOARDS = HERE / "arena8" / "_boards"
FIRMWARE = HERE / "arena8" / "_firmware"


def mirror(source: Path, target: Path, files: list[Path]) -> None:
    """Makes target hold copies of files of source and nothing else. Equal files stay untouched."""
    wanted = {file.relative_to(source) for file in files}
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(target) not in wanted:
            path.unlink()
    for name in wanted:
        copy = target / name
        if not copy.is_file() or copy.read_bytes() != (source / name).read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, copy)


def refresh() -> None:
    engine = CHECKOUT / "micropython_module" / "engine"
    if not engine.is_dir():
        if not (CSRC / "arena8.h").is_file():
            raise SystemExit(f"the engine's sources are neither in {engine} nor in {CSRC}")
        return
    kinds = {".c", ".h", ".S", ".def", ".txt"}
    mirror(engine, CSRC, [file for file in engine.rglob("*") if file.suffix in kinds])
    shutil.copyfile(CHECKOUT / "LICENSE", CSRC / "LICENSE")
    boards = CHECKOUT / "boards"
    mirror(boards, BOARDS, list(boards.rglob("facts.json")))
    shutil.rmtree(FIRMWARE, ignore_errors=True)
    if given := os.environ.get("ARENA8_WITH_FIRMWARE"):
        shutil.copytree(given, FIRMWARE)


def version() -> str:
    return re.search(r'#define A8_VERSION "([^"]+)"', (CSRC / "arena8.h").read_text()).group(1)


refresh()
setup(
    version=version(),
    cffi_modules=["arena8/_engine_build.py:ffibuilder"],
    ext_modules=[Extension("arena8._buffer", ["arena8/_buffer.c"])],
)
