# SPDX-License-Identifier: MIT
"""A distribution: what the manifest and the SBOM say, and that it serves without a compiler."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from firmware_paths import REPO

BOARDS = ["RPI_PICO", "RPI_PICO2"]


@pytest.fixture(scope="module")
def dist_module(builder):
    import dist

    return dist


@pytest.fixture(scope="module")
def made(dist_module, built, tmp_path_factory):
    """A distribution whose firmware is what the tests have built, instead of built again without models."""
    patch = pytest.MonkeyPatch()
    patch.setattr(dist_module, "built", lambda board: {**built(board)[1], "folder": str(built(board)[0])})
    out = tmp_path_factory.mktemp("dist") / "dist"
    dist_module.make(BOARDS, out)
    patch.undo()
    return out


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text())


def test_the_manifest_lists_every_file(made):
    manifest = manifest_of(made)
    assert set(manifest) == {"arena8", "wheels", "firmware", "sbom"}
    items = [*manifest["wheels"], *manifest["firmware"], manifest["sbom"]]
    assert {item["file"] for item in items} | {"manifest.json"} == {path.name for path in made.iterdir()}
    for item in items:
        data = (made / item["file"]).read_bytes()
        assert item["bytes"] == len(data) and item["sha256"] == hashlib.sha256(data).hexdigest()
    assert [item["board"] for item in manifest["firmware"]] == BOARDS
    for item in manifest["firmware"]:
        assert item["file"] == f"arena8-{manifest['arena8']}-{item['board']}.uf2"
        assert re.fullmatch(r"\d+\.\d+\.\d+", item["micropython"]) and item["operators"]
        assert {"arena8", "port", "target", "models", "flash", "ram"} <= set(item)


def test_the_sbom_names_sources_with_the_sums_they_were_fetched_by(made, builder):
    sbom = json.loads((made / "sbom.json").read_text())
    assert sbom["bomFormat"] == "CycloneDX" and sbom["specVersion"] == "1.5" and sbom["version"] == 1
    uuid = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(uuid, sbom["serialNumber"])
    parts = {item["bom-ref"]: item for item in sbom["components"]}
    assert len(parts) == len(sbom["components"])
    pins = builder.fetch.versions()["sources"]
    for item in parts.values():
        if item["name"] in pins:
            assert item["hashes"][0]["content"] in {
                entry["sha256"] for entry in pins[item["name"]]["accepted"]
            }
            assert item["purl"] == f"pkg:deb/debian/{item['name']}@{item['version']}"
    for item in manifest_of(made)["firmware"]:
        (own,) = [part for part in parts.values() if part["name"] == f"arena8-{item['board']}"]
        assert own["type"] == "firmware" and own["hashes"][0]["content"] == item["sha256"]
        (inside,) = [row["dependsOn"] for row in sbom["dependencies"] if row["ref"] == own["bom-ref"]]
        names = {parts[ref]["name"] for ref in inside}
        assert {"arena8", "micropython", "pico-sdk-source", "tinyusb-source", "mbedtls"} <= names
        assert {model["name"] for model in item["models"]} <= names


def test_the_wheel_installs_and_flashes_without_a_compiler(made, tmp_path):
    """The wheel in a folder of its own, with nothing on the path; the Pico is the emulated one. The firmware
    is the one in the wheel."""
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    environment = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    environment |= {"PATH": str(empty), "PYTHONPATH": str(site), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    (wheel,) = made.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", site, wheel]
    subprocess.run(pip, check=True, capture_output=True, env=environment, cwd=tmp_path)
    command = [sys.executable, "-m", "arena8", "flash", "-p", "pico-emulator", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    (item,) = [item for item in manifest_of(made)["firmware"] if item["board"] == "RPI_PICO"]
    assert answer["sha256"] == item["sha256"] and answer["firmware"].startswith(str(site))
    assert answer["running"]["arena8"] == item["arena8"] and answer["running"]["build"] == "RPI_PICO"


def test_parts_are_joined_and_have_to_be_whole(dist_module, made, tmp_path):
    """Each board from a machine of its own, as continuous integration makes them."""
    parts = []
    for number, board in enumerate(BOARDS):
        part = tmp_path / board
        shutil.copytree(made, part)
        manifest = manifest_of(part)
        manifest["firmware"] = [item for item in manifest["firmware"] if item["board"] == board]
        manifest["wheels"] = manifest["wheels"] if number == 0 else []
        (part / "manifest.json").write_text(json.dumps(manifest))
        parts.append(part)
    out = tmp_path / "out"
    joined = dist_module.join(parts, out)
    assert joined == manifest_of(out) == manifest_of(made)
    assert (out / "sbom.json").read_bytes() == (made / "sbom.json").read_bytes()

    with pytest.raises(dist_module.DistError, match="in two parts"):
        dist_module.join([parts[0], parts[0]], out)
    file = parts[1] / manifest_of(parts[1])["firmware"][0]["file"]
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(dist_module.DistError, match=f"{file.name} is not the file"):
        dist_module.join(parts, out)
    (parts[1] / "manifest.json").unlink()
    with pytest.raises(dist_module.DistError, match="is no distribution"):
        dist_module.join(parts, out)
    assert manifest_of(out) == manifest_of(made)  # what was there before is untouched


def test_boards_that_need_a_users_sources_say_so():
    for board, word in (("RPI_PICO2_W", "lib/cyw43-driver"), ("ESP32_GENERIC_C3", "IDF_PATH")):
        environment = {k: v for k, v in os.environ.items() if k not in ("MICROPYTHON_DIR", "IDF_PATH")}
        command = [sys.executable, REPO / "firmware/build.py", board, "--arena", "0"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert done.returncode == 1 and done.stderr.startswith("error: ") and word in done.stderr
        assert "MICROPYTHON_DIR" in done.stderr and done.stderr.count("\n") == 1
