# SPDX-License-Identifier: MIT
"""Compiles the engine for the host with sanitizers, once for every state of its sources.

python tests/engine/engine_build.py run_model      # prints the path of the program
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ENGINE = ROOT / "micropython_module" / "engine"
CACHE = Path(os.environ.get("ARENA8_CACHE") or ROOT / ".cache") / "engine-tests"
CC = os.environ.get("CC", "cc")
STANDARD = ["-std=c99", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
FLAGS = [*STANDARD, "-O1", "-g", *SANITIZE]


def sources() -> list[Path]:
    """The engine's sources, as sources.txt lists them."""
    lines = (ENGINE / "sources.txt").read_text().split("\n")
    return [ENGINE / line for line in lines if line and not line.startswith("#")]


def shared_models() -> Path | None:
    """The folder with models and goldens of others, if it is there."""
    folder = Path(os.environ.get("ARENA8_SHARED_MODELS") or ROOT.parent / "shared" / "models")
    return folder if (folder / "manifest.json").is_file() else None


def run(command: list) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def _includes(path: Path, seen: dict[Path, bytes]) -> None:
    """Collects the file and, again and again, what it includes of the engine."""
    if path in seen or not path.is_file():
        return
    seen[path] = path.read_bytes()
    for name in re.findall(rb'^\s*#\s*include\s+"([^"]+)"', seen[path], re.M):
        for folder in (path.parent, ENGINE):
            _includes((folder / name.decode()).resolve(), seen)


def _state(compiler: str, flags: list[str], *files: Path) -> str:
    """A name for what a compiler makes of these files with these flags, wherever the project lies."""
    seen: dict[Path, bytes] = {}
    for path in files:
        _includes(path.resolve(), seen)
    digest = hashlib.sha256(repr([compiler, flags]).encode())
    for path in sorted(seen):
        digest.update(str(path.relative_to(ROOT)).encode() + seen[path])
    return digest.hexdigest()[:16]


def compile_all(compiler: str, flags: list[str], folder: Path) -> list[Path]:
    """The engine's object files. Those that are in the folder already are not compiled again."""
    folder.mkdir(parents=True, exist_ok=True)

    def compile_one(source: Path) -> Path:
        name = str(source.relative_to(ENGINE)).replace("/", "_")
        path = folder / f"{name}-{_state(compiler, flags, source)}.o"
        if not path.exists():
            with tempfile.TemporaryDirectory(dir=folder) as temp:
                run([compiler, *flags, f"-I{ENGINE}", "-c", source, "-o", Path(temp) / "o"])
                os.replace(Path(temp) / "o", path)
        return path

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(compile_one, sources()))


@cache
def library(flags: tuple = tuple(FLAGS)) -> Path:
    """libengine.a for these flags, in a folder of the cache that is named by what went into it."""
    objects = compile_all(CC, list(flags), CACHE / "objects")
    folder = CACHE / hashlib.sha256(repr([o.name for o in objects]).encode()).hexdigest()[:16]
    archive = folder / "libengine.a"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as temp:
            run(["ar", "rcs", Path(temp) / "libengine.a", *objects])
            os.replace(Path(temp) / "libengine.a", archive)
    return archive


@cache
def program(name: str, flags: tuple = tuple(FLAGS)) -> Path:
    """A C program of this folder or, as ../fuzz/fuzz_model, beside it, linked with the engine."""
    source = (HERE / f"{name}.c").resolve()
    archive = library(flags)
    path = archive.parent / f"{source.stem}-{_state(CC, list(flags), source)}"
    if not path.exists():
        includes = [f"-I{ENGINE}", f"-I{HERE}"]
        with tempfile.TemporaryDirectory(dir=path.parent) as temp:
            run([CC, *flags, *includes, source, archive, "-o", Path(temp) / source.stem])
            os.replace(Path(temp) / source.stem, path)
    return path


if __name__ == "__main__":
    print(*map(program, sys.argv[1:]), sep="\n")
