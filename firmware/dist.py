#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a distribution in build/dist: the wheel of the host tools, generic firmware of the RP2 boards.

    python firmware/dist.py

A generic firmware has the board's default operators, a ROMFS and no models: they come later, by
`arena8 deploy`. The manifest has the SHA-256 of every file, which `arena8 flash` compares before it writes.
The wheel holds the engine compiled for this machine's kind of Python and system.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import build

DIST = build.REPO / "build" / "dist"


class DistError(Exception):
    """A sentence for the user; the command ends with exit code 1."""


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def entry(path):
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)}


def wheel(out):
    """The wheel of the host tools, built with what this Python has."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", out]
    done = subprocess.run(
        [*map(str, command), str(build.REPO / "host_tools")], capture_output=True, text=True
    )
    if done.returncode:
        raise DistError(f"the wheel could not be built: {done.stderr.strip().rpartition(chr(10))[2]}")
    (path,) = out.glob("arena8-*.whl")
    return entry(path)


def firmware(board, out):
    """The generic firmware of a board, as the manifest lists it."""
    command = [sys.executable, str(build.REPO / "firmware" / "build.py"), board, "--arena", "0", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise DistError(f"the firmware of {board} could not be built")
    facts = json.loads(done.stdout)
    main = next(iter(facts["files"]))
    path = out / f"arena8-{facts['arena8']}-{board}{Path(main).suffix}"
    shutil.copyfile(Path(facts["folder"]) / main, path)
    kept = ("board", "port", "target", "micropython", "arena8", "operators", "models", "flash", "ram")
    return {**entry(path), **{key: facts[key] for key in kept}}


def make(boards, out):
    """Everything into a fresh folder, which takes the place of `out` at the end."""
    fresh = out.with_name(f".{out.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        manifest = {
            "arena8": build.module_version(),
            "wheels": [wheel(fresh)],
            "firmware": [firmware(board, fresh) for board in boards],
        }
        (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
        shutil.rmtree(out, ignore_errors=True)
        os.replace(fresh, out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return manifest


def main():
    boards = build.boards().items()
    known = [name for name, (_, facts) in boards if facts["port"] == "rp2" and "needs" not in facts]
    parser = argparse.ArgumentParser(description="Make a distribution: wheel, generic firmware, checksums.")
    parser.add_argument(
        "--board",
        action="append",
        choices=known,
        help="default: every RP2 board without a radio",
    )
    parser.add_argument("--out", type=Path, default=DIST, help="default: build/dist")
    args = parser.parse_args()
    try:
        manifest = make(args.board or known, args.out.resolve())
    except DistError as error:
        build.say(f"error: {error}")
        return 1
    for item in [*manifest["wheels"], *manifest["firmware"]]:
        build.say(
            f"{os.path.relpath(args.out / item['file'])}: {item['bytes']} bytes, {item['sha256'][:16]}..."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
