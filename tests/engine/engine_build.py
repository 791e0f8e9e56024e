# SPDX-License-Identifier: MIT
"""Compiles the engine for the host with sanitizers, once for every state of its sources.

python tests/engine/engine_build.py run_model      # prints the path of the program
"""

from __future__ import annotations

import hashlib
import os
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


def _state(flags: list[str], files: list[Path]) -> str:
    digest = hashlib.sha256(repr([CC, flags]).encode())
    for path in files:
        digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def compile_all(compiler: str, flags: list[str], folder: Path) -> list[Path]:
    """The engine's object files, in the folder."""
    objects = [folder / (str(s.relative_to(ENGINE)).replace("/", "_") + ".o") for s in sources()]
    with ThreadPoolExecutor(2) as pool:
        jobs = zip(sources(), objects, strict=True)
        list(pool.map(lambda job: run([compiler, *flags, f"-I{ENGINE}", "-c", job[0], "-o", job[1]]), jobs))
    return objects


@cache
def library(flags: tuple = tuple(FLAGS)) -> Path:
    """libengine.a for these flags, in a folder of the cache that is named by what went into it."""
    headers = [p for p in sorted(ENGINE.rglob("*")) if p.suffix in (".h", ".def")]
    folder = CACHE / _state(list(flags), sources() + headers)
    archive = folder / "libengine.a"
    if archive.exists():
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temp:
        objects = compile_all(CC, list(flags), Path(temp))
        run(["ar", "rcs", Path(temp) / "libengine.a", *objects])
        os.replace(Path(temp) / "libengine.a", archive)
    return archive


@cache
def program(name: str, flags: tuple = tuple(FLAGS)) -> Path:
    """A C program of this folder or, as ../fuzz/fuzz_model, beside it, linked with the engine."""
    source = (HERE / f"{name}.c").resolve()
    archive = library(flags)
    path = archive.parent / f"{source.stem}-{_state(list(flags), [source, HERE / 'check.h'])}"
    if not path.exists():
        includes = [f"-I{ENGINE}", f"-I{HERE}"]
        with tempfile.TemporaryDirectory(dir=path.parent) as temp:
            run([CC, *flags, *includes, source, archive, "-o", Path(temp) / source.stem])
            os.replace(Path(temp) / source.stem, path)
    return path


if __name__ == "__main__":
    print(*map(program, sys.argv[1:]), sep="\n")
