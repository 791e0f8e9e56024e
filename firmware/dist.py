#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a distribution in build/dist: the wheel of the host tools, generic firmware, manifest, SBOM.

    python firmware/dist.py                         the wheel and the RP2 boards without a radio
    python firmware/dist.py --board ESP32_GENERIC --no-wheel
    python firmware/dist.py --join PART... --out build/dist

A generic firmware has the board's default operators, a ROMFS and no models: they come later, by
`arena8 deploy`. The manifest has the SHA-256 of every file, which `arena8 flash` compares before it writes.
The wheel holds the engine compiled for this machine's kind of Python and system, and the firmware, so that
`arena8 flash` finds it. Parts that were made on different machines are joined; what they say of each other's
files has to agree.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import build
import fetch
import sbom

DIST = build.REPO / "build" / "dist"
MANIFEST, SBOM = "manifest.json", "sbom.json"


class DistError(Exception):
    """A sentence for the user; the command ends with exit code 1."""


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def entry(path):
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)}


def wheel(out, firmware):
    """The wheel of the host tools with the firmware that lies in `out`, built with what this Python has."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", out]
    with tempfile.TemporaryDirectory() as folder:
        for item in firmware:
            shutil.copyfile(out / item["file"], Path(folder) / item["file"])
        about = {"arena8": build.module_version(), "firmware": firmware}
        Path(folder, MANIFEST).write_text(json.dumps(about, indent=2) + "\n")
        done = subprocess.run(
            [*map(str, command), str(build.REPO / "host_tools")],
            capture_output=True,
            text=True,
            env={**os.environ, "ARENA8_WITH_FIRMWARE": folder},
        )
    if done.returncode:
        raise DistError(f"the wheel could not be built: {done.stderr.strip().rpartition(chr(10))[2]}")
    (path,) = out.glob("arena8-*.whl")
    return entry(path)


def built(board):
    """Build the generic firmware of a board: its firmware.json, with the folder it lies in."""
    command = [sys.executable, str(build.REPO / "firmware" / "build.py"), board, "--arena", "0", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise DistError(f"the firmware of {board} could not be built")
    return json.loads(done.stdout)


def firmware(facts, out):
    """A copy of a built firmware, as the manifest lists it."""
    main = next(iter(facts["files"]))
    path = out / f"arena8-{facts['arena8']}-{facts['board']}{Path(main).suffix}"
    shutil.copyfile(Path(facts["folder"]) / main, path)
    kept = (
        "board",
        "port",
        "target",
        "micropython",
        "arena8",
        "operators",
        "sources",
        "models",
        "flash",
        "ram",
    )
    return {**entry(path), **{key: facts[key] for key in kept if key in facts}}


def finish(fresh, out, manifest):
    """Write what describes the files, then let the folder take the place of `out`."""
    listed = [(item, item) for item in manifest["firmware"]]
    document = sbom.document(manifest["arena8"], listed, fetch.versions())
    (fresh / SBOM).write_text(json.dumps(document, indent=2) + "\n")
    manifest["sbom"] = entry(fresh / SBOM)
    (fresh / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    os.replace(fresh, out)
    return manifest


def fresh_folder(out):
    fresh = out.with_name(f".{out.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    return fresh


def make(boards, out, with_wheel=True):
    """Everything into a fresh folder, which takes the place of `out` at the end."""
    fresh = fresh_folder(out)
    try:
        images = [firmware(built(board), fresh) for board in boards]
        manifest = {
            "arena8": build.module_version(),
            "wheels": [wheel(fresh, images)] if with_wheel else [],
            "firmware": images,
        }
        return finish(fresh, out, manifest)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def join(parts, out):
    """Distributions made on several machines, as one."""
    fresh = fresh_folder(out)
    try:
        joined = {"arena8": None, "wheels": [], "firmware": []}
        for part in parts:
            try:
                manifest = json.loads((part / MANIFEST).read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise DistError(f"{part} is no distribution: {error}") from error
            if joined["arena8"] not in (None, manifest["arena8"]):
                raise DistError(f"{part} and another part are of different versions of arena8")
            joined["arena8"] = manifest["arena8"]
            for kind in ("wheels", "firmware"):
                for item in manifest[kind]:
                    path = part / item["file"]
                    if not path.is_file() or sha256(path) != item["sha256"]:
                        raise DistError(f"{path} is not the file that {part / MANIFEST} lists")
                    if (fresh / path.name).exists():
                        raise DistError(f"{path.name} is in two parts, one of them {part}")
                    shutil.copyfile(path, fresh / path.name)
                    joined[kind].append(item)
        return finish(fresh, out, joined)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def main():
    boards = {name: facts for name, (_, facts) in build.boards().items() if facts["port"] in ("rp2", "esp32")}
    usual = [name for name, facts in boards.items() if facts["port"] == "rp2" and "needs" not in facts]
    parser = argparse.ArgumentParser(description="Make a distribution: wheel, generic firmware, manifest.")
    parser.add_argument(
        "--board", action="append", choices=boards, metavar="BOARD", help=f"default: {' '.join(usual)}"
    )
    parser.add_argument("--no-wheel", action="store_true", help="firmware alone")
    parser.add_argument("--join", nargs="+", type=Path, metavar="PART", help="distributions to put together")
    parser.add_argument("--out", type=Path, default=DIST, help="default: build/dist")
    args = parser.parse_args()
    try:
        if args.join:
            manifest = join(args.join, args.out.resolve())
        else:
            manifest = make(args.board or usual, args.out.resolve(), not args.no_wheel)
    except DistError as error:
        build.say(f"error: {error}")
        return 1
    for item in [*manifest["wheels"], *manifest["firmware"], manifest["sbom"]]:
        build.say(
            f"{os.path.relpath(args.out / item['file'])}: {item['bytes']} bytes, {item['sha256'][:16]}..."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
