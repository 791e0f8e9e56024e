#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fill the cache folder with the sources that a firmware is built from.

The sources are Debian packages, read through a private apt view: the system's own mirror, another
suite, and none of the system's configuration changed. Which files are accepted stands in versions.json.
A second run finds everything unpacked and touches no network. MICROPYTHON_DIR and PICO_SDK_PATH name
trees of the user's own; nothing is fetched for these.

This file runs on a bare Python: standard library only.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
VERSIONS = Path(__file__).resolve().with_name("versions.json")

# What each port needs beside MicroPython itself, and where MicroPython looks for it.
NEEDS = {
    "rp2": ("mbedtls", "tinyusb-source", "pico-sdk-source"),
    "unix": (),
    "qemu": (),
    "xtensa": (),
    "esp32": (),
}
LINKS = {"mbedtls": "lib/mbedtls", "tinyusb-source": "lib/tinyusb"}
# A file that tells a real tree from an empty submodule folder.
PROOF = {
    "micropython": "py/mpconfig.h",
    "mbedtls": "include/mbedtls/ssl.h",
    "tinyusb-source": "src/tusb.c",
    "pico-sdk-source": "pico_sdk_init.cmake",
}


class FetchError(Exception):
    """A sentence for the user; the command ends with exit code 1."""


@dataclass(frozen=True)
class Trees:
    micropython: Path
    pico_sdk: Path | None
    micropython_lib: Path
    own_checkout: bool
    sources: list  # [{name, version, sha256 if it was fetched}]


def versions():
    return json.loads(VERSIONS.read_text(encoding="utf-8"))


def cache_dir():
    return Path(os.environ.get("ARENA8_CACHE") or REPO / ".cache").resolve()


def say(text):
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def locked(path):
    """One process at a time; the others wait, and say so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another build that holds {path}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class AptView:
    """Debian's index of another suite, in a folder of its own that is thrown away afterwards."""

    def __init__(self, pins, work, log):
        for tool in ("apt-get", "apt-cache", "dpkg-deb"):
            if not shutil.which(tool):
                raise FetchError(
                    f"{tool} is not on this system, so MicroPython's sources cannot be fetched: set "
                    "MICROPYTHON_DIR to a MicroPython checkout (for rp2 PICO_SDK_PATH to a pico-sdk too)"
                )
        if not Path(pins["keyring"]).exists():
            raise FetchError(
                f"{pins['keyring']} is missing, so Debian's packages cannot be verified: install "
                "debian-archive-keyring, or set MICROPYTHON_DIR to a MicroPython checkout"
            )
        self.pins = pins
        self.work = work
        self.log = log
        for folder in ("state", "lists/partial", "cache/archives/partial", "download"):
            (work / folder).mkdir(parents=True)
        deb = f"[signed-by={pins['keyring']}] {self._mirror()} {pins['suite']} main"
        (work / "sources.list").write_text(f"deb {deb}\ndeb-src {deb}\n")
        self.options = []
        for key, value in {
            "Dir::Etc::sourcelist": work / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State": work / "state",
            "Dir::State::lists": work / "lists",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": work / "cache",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "APT::Sandbox::User": "root",
        }.items():
            self.options += ["-o", f"{key}={value}"]
        self._run("apt-get", "update")

    def _mirror(self):
        """The address from which the system itself takes its packages."""
        out = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"],
            capture_output=True,
            text=True,
        ).stdout
        for line in out.splitlines():
            uri, _, release = line.partition(" ")
            if uri and not re.search(r"-(security|updates|backports|proposed)", release):
                return uri
        raise FetchError(
            "apt has no package source configured, so there is no mirror to fetch MicroPython's sources from"
        )

    def _run(self, tool, *args, cwd=None):
        done = subprocess.run(
            [tool, *self.options, *args],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
        )
        with open(self.log, "a") as log:
            log.write(f"$ {tool} {' '.join(args)}\n{done.stdout}")
        if done.returncode:
            last = [
                line for line in done.stdout.splitlines() if line.startswith("E:")
            ] or done.stdout.splitlines()
            raise FetchError(
                f"{tool} {' '.join(args)} failed ({last[-1] if last else 'no message'}); log: {self.log}"
            )
        return done.stdout

    def offered(self, name):
        """(version, sha256, file name) of everything the mirror has under this name."""
        source = self.pins["sources"][name]["kind"] == "source"
        text = self._run("apt-cache", "showsrc" if source else "show", name)
        found = []
        for record in re.split(r"\n\s*\n", text):
            fields = dict(re.findall(r"^([\w-]+): *(.*(?:\n .*)*)", record, re.M))
            if fields.get("Package") != name:
                continue
            if source:
                for line in fields.get("Checksums-Sha256", "").splitlines():
                    parts = line.split()
                    if len(parts) == 3 and re.search(r"\.orig\.tar\.\w+$", parts[2]):
                        found.append((fields["Version"], parts[0], parts[2]))
            else:
                found.append((fields["Version"], fields["SHA256"], os.path.basename(fields["Filename"])))
        return found

    def download(self, name):
        """Fetch the first accepted file that the mirror offers, and check its sum."""
        spec = self.pins["sources"][name]
        accepted = {entry["sha256"] for entry in spec["accepted"]}
        offered = self.offered(name)
        if not offered:
            raise FetchError(f"the mirror has no {name} in {self.pins['suite']}")
        chosen = next((o for o in offered if o[1] in accepted), None)
        if chosen is None:
            version, sha256, _ = offered[0]
            raise FetchError(unknown_version(name, version, sha256, [e["version"] for e in spec["accepted"]]))
        version, sha256, file_name = chosen
        where = self.work / "download"
        if spec["kind"] == "source":
            self._run(
                "apt-get",
                "--download-only",
                "--tar-only",
                "--only-source",
                "source",
                f"{name}={version}",
                cwd=where,
            )
            path = where / file_name
        else:
            self._run("apt-get", "download", f"{name}={version}", cwd=where)
            path = next(where.glob(f"{name}_*.deb"), where / file_name)
        actual = hashlib.sha256(path.read_bytes()).hexdigest()
        if actual != sha256:
            raise FetchError(f"{path.name} has sha256 {actual}, but {VERSIONS.name} accepts {sha256}")
        return path


def unknown_version(name, version, sha256, accepted):
    line = json.dumps({"version": version, "sha256": sha256})
    return (
        f"Debian now has {name} {version}, and {VERSIONS.relative_to(REPO)} accepts {', '.join(accepted)}: "
        f'if the new one is good, add this line to "{name}" there: {line}'
    )


def unpack(name, archive, spec, target):
    """Unpack beside the target and move into place at the end, so that a target is always whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpack-") as work:
        if spec["kind"] == "source":
            with tarfile.open(archive) as tar:
                if hasattr(tarfile, "data_filter"):
                    tar.extraction_filter = tarfile.tar_filter
                tar.extractall(work)
            (tree,) = Path(work).iterdir()
        else:
            subprocess.run(["dpkg-deb", "-x", str(archive), work], check=True)
            tree = Path(work) / spec["tree"]
        if not (tree / PROOF[name]).is_file():
            raise FetchError(
                f"{archive.name} has no {PROOF[name]}: it is not the {name} that this build expects"
            )
        os.replace(tree, target)


def tree_name(name, entry):
    # Only characters that no build system gives a meaning.
    version = re.sub(r"[^\w.]", "-", entry["version"])
    return f"{name}-{version}-{entry['sha256'][:8]}"


def present(sources_dir, name, spec):
    for entry in spec["accepted"]:
        target = sources_dir / tree_name(name, entry)
        if (target / PROOF[name]).is_file():
            return target
    return None


def fetch(names, pins=None, cache=None):
    """Return {name: folder}, downloading what the cache does not have."""
    pins = pins or versions()
    cache = cache or cache_dir()
    sources_dir = cache / "sources"
    found = {name: present(sources_dir, name, pins["sources"][name]) for name in names}
    if all(found.values()):
        return found
    with locked(cache / "fetch.lock"):
        missing = [n for n in names if not present(sources_dir, n, pins["sources"][n])]
        if missing:
            start = time.monotonic()
            say(f"fetching {', '.join(missing)} from Debian {pins['suite']}")
            log = cache / "fetch.log"
            log.write_text("")
            with tempfile.TemporaryDirectory(dir=cache, prefix=".apt-") as work:
                view = AptView(pins, Path(work), log)
                for name in missing:
                    archive = view.download(name)
                    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
                    spec = pins["sources"][name]
                    entry = next(e for e in spec["accepted"] if e["sha256"] == sha256)
                    unpack(name, archive, spec, sources_dir / tree_name(name, entry))
            say(f"sources ready in {time.monotonic() - start:.0f} s: {sources_dir}")
    return {name: present(sources_dir, name, pins["sources"][name]) for name in names}


def link(place, target):
    """Make `place` a relative link to `target`, whatever empty folder or older link was there."""
    wanted = os.path.relpath(target, place.parent)
    if place.is_symlink() and os.readlink(place) == wanted:
        return
    fresh = place.with_name(f".{place.name}.{os.getpid()}")
    os.symlink(wanted, fresh)
    if place.is_dir() and not place.is_symlink():
        place.rmdir()
    os.replace(fresh, place)


def micropython_version(tree):
    """1.25.0, or 1.27.0-preview, as a source tree says of itself."""
    text = (tree / "py/mpconfig.h").read_text(encoding="utf-8")
    numbers = [
        re.search(rf"#define MICROPY_VERSION_{part}\s+(\d+)", text).group(1)
        for part in ("MAJOR", "MINOR", "MICRO")
    ]
    preview = re.search(r"#define MICROPY_VERSION_PRERELEASE\s+1", text)
    return ".".join(numbers) + ("-preview" if preview else "")


def own_only(port, board, radio):
    """FetchError unless MICROPYTHON_DIR names a checkout, for what no package registry carries."""
    if not radio or os.environ.get("MICROPYTHON_DIR"):
        return
    raise FetchError(
        f"{board} needs sources that are in no package registry ({', '.join(radio)}): set MICROPYTHON_DIR "
        f"to a git checkout of MicroPython where `make -C ports/{port} BOARD={board} submodules` has been run"
    )


def trees(port, board="", radio=()):
    """Where MicroPython and what `port` needs lie, fetched if need be. radio: folders of MicroPython's lib/
    that this board needs and only a git checkout has."""
    own_only(port, board, radio)
    pins = versions()
    cache = cache_dir()
    own = os.environ.get("MICROPYTHON_DIR")
    own_sdk = os.environ.get("PICO_SDK_PATH")
    needs = list(NEEDS[port])
    sdk = None
    if own_sdk and "pico-sdk-source" in needs:
        needs.remove("pico-sdk-source")
        sdk = Path(own_sdk).resolve()
        if not (sdk / PROOF["pico-sdk-source"]).is_file():
            raise FetchError(f"PICO_SDK_PATH is {sdk}, where there is no {PROOF['pico-sdk-source']}")
    if own:
        micropython = Path(own).resolve()
        if not (micropython / PROOF["micropython"]).is_file():
            raise FetchError(f"MICROPYTHON_DIR is {micropython}, where there is no {PROOF['micropython']}")
        for name in [n for n in needs if n in LINKS]:
            if not (micropython / LINKS[name] / PROOF[name]).is_file():
                raise FetchError(
                    f"MICROPYTHON_DIR is {micropython}, where {LINKS[name]} is empty: "
                    f"run `make -C {micropython}/ports/{port} submodules`"
                )
            needs.remove(name)
        for folder in radio:
            if not any((micropython / folder).glob("*")):
                raise FetchError(
                    f"MICROPYTHON_DIR is {micropython}, where {folder} is empty: "
                    f"run `make -C {micropython}/ports/{port} BOARD={board} submodules`"
                )
        bundled = micropython / "lib/pico-sdk"
        if "pico-sdk-source" in needs and (bundled / PROOF["pico-sdk-source"]).is_file():
            needs.remove("pico-sdk-source")
            sdk = bundled
        found = fetch(needs, pins, cache)
    else:
        found = fetch(["micropython", *needs], pins, cache)
        micropython = found["micropython"]
        with locked(cache / "fetch.lock"):
            for name in needs:
                if name in LINKS:
                    link(micropython / LINKS[name], found[name])
    # The build asks for micropython-lib by a README.md; without the real one an empty folder does.
    lib = micropython / "lib/micropython-lib"
    if not (lib / "README.md").is_file():
        lib = cache / "sources/no-micropython-lib"
        lib.mkdir(parents=True, exist_ok=True)
        if not (lib / "README.md").is_file():
            (lib / "README.md").write_text(
                "This folder stands for micropython-lib, which this build does without.\n"
            )
    sdk = sdk or found.get("pico-sdk-source")
    return Trees(micropython, sdk, lib, bool(own), sources_of(pins, found, micropython))


def sources_of(pins, found, micropython):
    """What a firmware is made from: the files that were fetched, with their sums, and the user's checkout."""
    listed = (
        []
        if "micropython" in found
        else [{"name": "micropython", "version": micropython_version(micropython)}]
    )
    for name, folder in found.items():
        entries = pins["sources"][name]["accepted"]
        entry = next(e for e in entries if tree_name(name, e) == folder.name)
        listed.append({"name": name, "version": entry["version"], "sha256": entry["sha256"]})
    return listed


def main():
    parser = argparse.ArgumentParser(description="Fetch the sources that firmware is built from.")
    parser.add_argument("port", nargs="*", choices=[[], *NEEDS], help="ports to fetch for (default: all)")
    args = parser.parse_args()
    try:
        for port in args.port or NEEDS:
            found = trees(port)
            print(
                f"{port}: MicroPython {found.micropython}"
                + (f", pico-sdk {found.pico_sdk}" if found.pico_sdk else "")
            )
    except FetchError as error:
        say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
