# SPDX-License-Identifier: MIT
"""The pinned versions, and what happens when the mirror has moved on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from firmware_paths import REPO


@pytest.fixture(scope="module")
def fetch(builder):
    return builder.fetch


def test_every_source_is_pinned_and_recognised(fetch):
    pins = fetch.versions()
    assert set(pins["sources"]) == set(fetch.PROOF)
    for name, spec in pins["sources"].items():
        assert spec["accepted"], name
        for entry in spec["accepted"]:
            assert re.fullmatch(r"[0-9a-f]{64}", entry["sha256"]), name
        sums = [entry["sha256"] for entry in spec["accepted"]]
        assert len(set(sums)) == len(sums), name


def test_every_port_has_packages_and_needs(fetch):
    pins = fetch.versions()
    for path in REPO.glob("boards/*/*/facts.json"):
        port = json.loads(path.read_text())["port"]
        assert port == path.parent.parent.name
        assert port in pins["packages"]
        assert port in fetch.NEEDS


def test_unknown_version_names_it_and_the_line_to_add(fetch, tmp_path, monkeypatch):
    """The line that the error gives, put where the error says, makes the new version accepted."""
    pins = fetch.versions()
    new = ("9.9.9-1", "ab" * 32, "mbedtls_9.9.9.orig.tar.bz2")
    view = fetch.AptView.__new__(fetch.AptView)
    view.pins, view.work = pins, tmp_path
    monkeypatch.setattr(view, "offered", lambda name: [new])
    with pytest.raises(fetch.FetchError) as caught:
        view.download("mbedtls")
    text = str(caught.value)
    assert "\n" not in text
    assert "mbedtls 9.9.9-1" in text and "firmware/versions.json" in text
    line = json.loads(text[text.rindex("{") :])
    pins["sources"]["mbedtls"]["accepted"].append(line)
    # Accepted now: it goes on to fetch that version, which this test lets end there.
    asked = []

    class Stop(Exception):
        pass

    def run(*args, cwd=None):
        asked.append(args)
        raise Stop

    monkeypatch.setattr(view, "_run", run)
    with pytest.raises(Stop):
        view.download("mbedtls")
    assert "mbedtls=9.9.9-1" in asked[0]


def test_a_download_that_is_not_what_the_index_says_is_refused(fetch, tmp_path, monkeypatch):
    pins = fetch.versions()
    entry = pins["sources"]["mbedtls"]["accepted"][0]
    view = fetch.AptView.__new__(fetch.AptView)
    view.pins, view.work = pins, tmp_path
    (tmp_path / "download").mkdir()
    (tmp_path / "download/m.orig.tar.bz2").write_bytes(b"not it")
    monkeypatch.setattr(view, "offered", lambda name: [(entry["version"], entry["sha256"], "m.orig.tar.bz2")])
    monkeypatch.setattr(view, "_run", lambda *args, cwd=None: "")
    with pytest.raises(fetch.FetchError, match="has sha256 [0-9a-f]{64}, but"):
        view.download("mbedtls")


def test_second_run_needs_no_network(fetch, trees, tmp_path, monkeypatch):
    """With everything in the cache, not even apt is called."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fetch.trees("rp2") == trees


def test_an_own_checkout_is_taken_and_nothing_fetched(fetch, trees, tmp_path, monkeypatch):
    own = tmp_path / "micropython"
    (own / "py").mkdir(parents=True)
    (own / "py/mpconfig.h").write_text((trees.micropython / "py/mpconfig.h").read_text())
    monkeypatch.setenv("MICROPYTHON_DIR", str(own))
    monkeypatch.setenv("ARENA8_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = fetch.trees("unix")
    assert found.micropython == own and found.own_checkout
    with pytest.raises(fetch.FetchError, match="lib/mbedtls is empty: run `make -C .*ports/rp2 submodules`"):
        fetch.trees("rp2")
    monkeypatch.setenv("MICROPYTHON_DIR", str(tmp_path))
    with pytest.raises(fetch.FetchError, match=r"there is no py/mpconfig\.h"):
        fetch.trees("unix")


def test_an_own_sdk_is_taken(fetch, trees, tmp_path, monkeypatch):
    monkeypatch.setenv("PICO_SDK_PATH", str(tmp_path))
    with pytest.raises(fetch.FetchError, match=r"there is no pico_sdk_init\.cmake"):
        fetch.trees("rp2")
    (tmp_path / "pico_sdk_init.cmake").write_text("")
    assert fetch.trees("rp2").pico_sdk == tmp_path


def packages(*purposes: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(REPO / "firmware/packages.py"), *purposes]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})


def test_packages_are_named_and_not_installed_when_asked_not_to(tmp_path):
    done = packages("RPI_PICO", "MICROBIT", PATH=str(tmp_path), NO_INSTALL="1")
    assert done.returncode == 2
    assert "gcc-arm-none-eabi" in done.stderr and "qemu-system-arm" in done.stderr
    assert done.stderr.count("\n") == 1


def test_packages_without_apt_are_named(tmp_path):
    done = packages("unix", PATH=str(tmp_path), NO_INSTALL="")
    assert done.returncode == 2
    assert "no apt" in done.stderr and "make" in done.stderr


def test_nothing_missing_calls_no_apt(tmp_path):
    spy = tmp_path / "apt-get"
    spy.write_text(f"#!/bin/sh\necho called > {tmp_path}/called\nexit 1\n")
    spy.chmod(0o755)
    done = packages("unix", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "called").exists()
    assert done.stdout.count("\n") == 1


def test_unknown_purpose_is_a_usage_error():
    assert packages("no-such-board").returncode == 2
