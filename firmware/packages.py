#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Install what a purpose needs from the system's packages, if it is missing.

    python3 firmware/packages.py base RPI_PICO

A purpose is a name in versions.json, or a board, which stands for its port unless it is named there. Nothing
missing: one line, no network. Else the packages and the megabytes are listed, then apt installs them, with
sudo if not root. NO_INSTALL=1, or where there is no apt: what is missing is named and the exit code is 2.

This file runs on a bare Python 3.10: standard library only.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
VERSIONS = Path(__file__).resolve().with_name("versions.json")


def has_command(*names):
    return any(shutil.which(name) for name in names)


def can_include(compiler, header, language="c"):
    if not shutil.which(compiler):
        return False
    done = subprocess.run(
        [compiler, "-x", language, "-E", "-o", os.devnull, "-"],
        input=f"#include <{header}>\n".encode(),
        capture_output=True,
    )
    return done.returncode == 0


def has_file(compiler, name):
    """Whether a compiler finds a file of this name among its own."""
    if not shutil.which(compiler):
        return False
    done = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True)
    return os.path.isabs(done.stdout.strip())


def has_venv():
    return (
        subprocess.run([sys.executable, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0
    )


# What each package is wanted for, asked of the system itself: a tool that came another way counts too.
PROBES = {
    "python3-venv": has_venv,
    "python3-dev": lambda: Path(sysconfig.get_paths()["include"], "Python.h").is_file(),
    "gcc": lambda: has_command("gcc"),
    "libc6-dev": lambda: can_include("gcc", "stdio.h"),
    "make": lambda: has_command("make"),
    "cmake": lambda: has_command("cmake"),
    "ninja-build": lambda: has_command("ninja"),
    "gcc-arm-none-eabi": lambda: has_command("arm-none-eabi-gcc"),
    "libnewlib-arm-none-eabi": lambda: can_include("arm-none-eabi-gcc", "stdio.h"),
    "libstdc++-arm-none-eabi-dev": lambda: can_include("arm-none-eabi-g++", "cstdlib", "c++"),
    "chromium": lambda: has_command("chromium", "chromium-browser", "google-chrome"),
    "chromium-driver": lambda: has_command("chromedriver"),
    "gcc-xtensa-lx106": lambda: has_command("xtensa-lx106-elf-gcc"),
    "picolibc-xtensa-lx106-elf": lambda: can_include("xtensa-lx106-elf-gcc", "setjmp.h"),
    "clang-22": lambda: has_command("clang-22"),
    "llvm-22": lambda: has_command("llc-22"),
    "qemu-user": lambda: has_command("qemu-xtensa"),
    "qemu-system-arm": lambda: has_command("qemu-system-arm"),
    "gcc-riscv64-unknown-elf": lambda: has_command("riscv64-unknown-elf-gcc"),
    "picolibc-riscv64-unknown-elf": lambda: has_file("riscv64-unknown-elf-gcc", "picolibc.specs"),
    "qemu-system-misc": lambda: has_command("qemu-system-riscv32"),
}


def known_purposes():
    """{purpose: package names}, boards among them."""
    wanted = json.loads(VERSIONS.read_text(encoding="utf-8"))["packages"]
    boards = {
        path.parent.name: wanted[path.parent.parent.name] for path in REPO.glob("boards/*/*/facts.json")
    }
    return boards | wanted


def missing_packages(purposes):
    """Package names, each once, in the order of the purposes."""
    wanted = known_purposes()
    names = dict.fromkeys(name for purpose in purposes for name in wanted[purpose])
    return [name for name in names if not PROBES[name]()]


def download_size(names):
    """(packages, bytes) that apt would download, or None if its lists do not know these packages."""
    done = subprocess.run(
        ["apt-get", "install", "--print-uris", "--no-install-recommends", "-y", *names],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return None
    sizes = [int(m.group(1)) for m in re.finditer(r"^'[^']*' \S+ (\d+)", done.stdout, re.M)]
    return len(sizes), sum(sizes)


def say(text):
    print(text, flush=True)


def main(argv):
    wanted = known_purposes()
    unknown = [purpose for purpose in argv if purpose not in wanted]
    if unknown or not argv:
        print(f"usage: packages.py PURPOSE... with PURPOSE one of {', '.join(wanted)}", file=sys.stderr)
        return 2
    missing = missing_packages(argv)
    if not missing:
        say(f"packages: nothing missing for {', '.join(argv)}")
        return 0
    listed = " ".join(missing)
    if os.environ.get("NO_INSTALL", "0") not in ("", "0"):
        print(f"missing, and NO_INSTALL is set: {listed} (Debian package names)", file=sys.stderr)
        return 2
    if not shutil.which("apt-get"):
        print(
            f"missing, and this system has no apt to install them with: {listed} (Debian package names)",
            file=sys.stderr,
        )
        return 2
    root = []
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            print(f"missing, and installing needs root or sudo: apt-get install {listed}", file=sys.stderr)
            return 2
        root = ["sudo", "DEBIAN_FRONTEND=noninteractive"]
    return install(missing, root)


def install(missing, root):
    cache = Path(os.environ.get("ARENA8_CACHE") or REPO / ".cache")
    cache.mkdir(parents=True, exist_ok=True)
    log = cache / "packages.log"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}

    def apt(*args):
        with open(log, "a") as out:
            out.write(f"$ apt-get {' '.join(args)}\n")
            out.flush()
            return subprocess.run(
                [*root, "apt-get", *args], stdout=out, stderr=out, env=environment
            ).returncode

    log.write_text("")
    start = time.monotonic()
    size = download_size(missing)
    updated = size is None
    if updated:
        say("packages: reading the package lists")
        apt("update")
        size = download_size(missing)
    if size is None:
        print(f"error: apt does not know {' '.join(missing)}; log: {log}", file=sys.stderr)
        return 1
    say(f"packages: installing {' '.join(missing)}")
    say(f"packages: {size[0]} with what they need, {size[1] / 1e6:.0f} MB to download; log: {log}")
    arguments = ("install", "-y", "--no-install-recommends", *missing)
    code = apt(*arguments)
    if code and not updated:
        # Lists older than the mirror name files that are gone.
        apt("update")
        code = apt(*arguments)
    if code:
        last = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("E:")]
        print(
            f"error: apt could not install them ({last[-1] if last else f'exit code {code}'}); log: {log}",
            file=sys.stderr,
        )
        return 1
    still = [name for name in missing if not PROBES[name]()]
    if still:
        print(
            f"error: apt installed {' '.join(still)}, and yet what they bring is not found; log: {log}",
            file=sys.stderr,
        )
        return 1
    say(f"packages: installed in {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
