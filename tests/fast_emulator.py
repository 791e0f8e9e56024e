# SPDX-License-Identifier: MIT
"""Compiles the Pico's emulator for this Python alone: `fast_emulator.py FOLDER`, then PYTHONPATH=FOLDER.

rp2040py's wheels are built for the stable ABI of all Pythons, under which every access to memory by the core
looks its method up by name. They carry their C sources. The same sources compiled for the ABI of one version
run three to four times as fast and count the same cycles. Where that fails the installed one serves: this
program then says why, and does not fail.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# -O2 takes twice as long to compile and saves nothing.
FLAGS = ["-shared", "-fPIC", "-O1", "-w", "-DNDEBUG", "-fwrapv"]
PROBE = "import rp2040py.native._simulator as m, sys; sys.exit('abi3' in m.__file__)"


# Before there are threads: sysconfig is not for several at once.
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
INCLUDE = sysconfig.get_paths()["include"]


def compiled(source: Path) -> str:
    """What the compiler complains of."""
    command = [os.environ.get("CC") or "cc", *FLAGS, f"-I{INCLUDE}"]
    target = source.with_suffix(SUFFIX)
    done = subprocess.run([*command, str(source), "-o", str(target)], capture_output=True, text=True)
    return done.stderr


def make(folder: Path, package: Path) -> str:
    """What is wrong."""
    copy = folder / package.name
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    sources = sorted((copy / "native").glob("*.c"))
    if not sources:
        return "it has no C sources"
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = "".join(pool.map(compiled, sources))
    if complaints:
        return complaints
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True)
    return done.stderr or f"code {done.returncode}" if done.returncode else ""


def main() -> None:
    folder = Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    spec = importlib.util.find_spec("rp2040py")
    package = Path(spec.origin).parent if spec else None
    if package is None or not list((package / "native").glob("*.abi3.so")):
        print("rp2040py is not installed for the stable ABI: nothing to do")
        return
    with tempfile.TemporaryDirectory(prefix="arena8-", dir=folder.parent) as place:
        try:
            wrong = make(Path(place), package)
        except OSError as e:
            wrong = str(e)
        if wrong:
            print(f"rp2040py stays as it is installed: {wrong}")
        else:
            os.rename(place, folder)
            os.mkdir(place)  # which is removed now


if __name__ == "__main__":
    main()
