# SPDX-License-Identifier: MIT
"""Compiles the engine for the host with sanitizers, once for every state of its sources.

python tests/engine/engine_build.py run_model      # prints the path of the program

Any number of test runs may share the cache: one of them makes what is missing, while the others wait for it.
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
sys.path.append(str(ROOT / "firmware"))

from fetch import locked  # noqa: E402

ENGINE = ROOT / "micropython_module" / "engine"
CACHE = Path(os.environ.get("ARENA8_CACHE") or ROOT / ".cache") / "engine-tests"
CC = os.environ.get("CC", "cc")
# What the engine is compiled with, and, since tests ask for other targets' sizes, those of all.
STANDARD = ["-std=c99", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-DA8_ALL_TARGETS=1"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
# What a function leaves unset holds a pattern, not the zeros that a fresh stack happens to have.
FLAGS = [*STANDARD, "-O1", "-g", "-ftrivial-auto-var-init=pattern", *SANITIZE]


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


@cache
def _version(compiler: str) -> str:
    return subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout


def _state(compiler: str, flags: list[str], *files: Path) -> str:
    """A name for what a compiler makes of these files with these flags, wherever the project lies."""
    seen: dict[Path, bytes] = {}
    for path in files:
        _includes(path.resolve(), seen)
    digest = hashlib.sha256(repr([compiler, _version(compiler), flags]).encode())
    for path in sorted(seen):
        digest.update(str(path.relative_to(ROOT)).encode() + seen[path])
    return digest.hexdigest()[:16]


def _make(path: Path, compiler: str, flags: list[str], source: Path, *more) -> None:
    """Compiles a source, unless the file is there already. Its name ends with the state of the source, which
    an editor may have changed in the meantime."""
    if path.exists():
        return
    with tempfile.TemporaryDirectory(dir=path.parent) as temp:
        run([compiler, *flags, f"-I{ENGINE}", source, *more, "-o", Path(temp) / "made"])
        if _state(compiler, flags, source) not in path.name:
            raise RuntimeError(f"{source} was changed while it was compiled")
        os.replace(Path(temp) / "made", path)


def _flags_for(source: Path, flags: list[str]) -> list[str]:
    """Operators' switches concern only what puts their names together: what else is made without them."""
    seen: dict[Path, bytes] = {}
    _includes(source.resolve(), seen)
    switched = any(b"A8_OP_##" in text for text in seen.values())
    return [flag for flag in flags if switched or not flag.startswith("-DA8_OP_")]


def _objects(compiler: str, flags: list[str], folder: Path) -> dict[Path, Path]:
    """{the engine's source: object file}"""
    names = {source: str(source.relative_to(ENGINE)).replace("/", "_") for source in sources()}
    return {
        source: folder / f"{name}-{_state(compiler, _flags_for(source, flags), source)}.o"
        for source, name in names.items()
    }


def compile_all(compiler: str, flags: list[str], folder: Path = CACHE / "objects") -> list[Path]:
    """The engine's object files. Those that are in the folder already are not compiled again."""
    folder.mkdir(parents=True, exist_ok=True)
    objects = _objects(compiler, flags, folder)

    def compile_one(source: Path) -> None:
        _make(objects[source], compiler, _flags_for(source, flags), source, "-c")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(compile_one, objects))
    return list(objects.values())


@cache
def library(flags: tuple = tuple(FLAGS)) -> Path:
    """libengine.a for these flags, in a folder of the cache that is named by what went into it."""
    names = [path.name for path in _objects(CC, list(flags), CACHE).values()]
    folder = CACHE / hashlib.sha256(repr(names).encode()).hexdigest()[:16]
    archive = folder / "libengine.a"
    with locked(folder / "lock"):
        if not archive.exists():
            objects = compile_all(CC, list(flags))
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
    with locked(archive.parent / f"{source.stem}.lock"):
        _make(path, CC, list(flags), source, f"-I{HERE}", archive)
    return path


if __name__ == "__main__":
    print(*map(program, sys.argv[1:]), sep="\n")
