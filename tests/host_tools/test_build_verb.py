# SPDX-License-Identifier: MIT
"""arena8 build around a build that is a script: what it is told, what it says, where the file goes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

VERB = "build"
DIGITS = Path(__file__).resolve().parents[2] / "firmware" / "models" / "digits.tflite"
FACTS = {
    "arena_bytes": 6064,
    "models": [],
    "flash": {"used": 400000, "free": 124288, "micropython": 330000, "module": 50000, "models": 20000},
    "ram": {"used": 16464, "free": 245680},
}
SCRIPT = """
import json, pathlib, sys
folder = pathlib.Path(__file__).parent / "made"
folder.mkdir(exist_ok=True)
(folder / "firmware.uf2").write_bytes(b"U" * 1000)
(folder / "arguments").write_text(json.dumps(sys.argv[1:]))
print("[ 0.1 s] compiled", file=sys.stderr)
if (folder / "fail").is_file():
    print((folder / "fail").read_text(), file=sys.stderr)
    sys.exit(1)
print(json.dumps({**%s, "folder": str(folder)}))
"""


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A source tree whose build is the script."""
    for name in ("boards", "micropython_module", "firmware"):
        (tmp_path / name).mkdir()
    (tmp_path / "firmware" / "build.py").write_text(SCRIPT % FACTS)
    (tmp_path / "firmware" / "made").mkdir()
    monkeypatch.setenv("ARENA8_REPO", str(tmp_path))
    return tmp_path / "firmware" / "made"


def test_the_build_is_told(run, tree, tmp_path):
    out_file = tmp_path / "new" / "my.uf2"
    code, out, err = run("--board", "RPI_PICO", "-m", DIGITS, "--operators", "auto", "--out", out_file)
    assert code == 0 and "[ 0.1 s] compiled" in err
    told = json.loads((tree / "arguments").read_text())
    assert told == ["RPI_PICO", "--json", "--arena", "auto", "--model", str(DIGITS), "--operators", "auto"]
    assert out_file.read_bytes() == b"U" * 1000
    shown = " ".join(out.split())
    for piece in ("MicroPython 330,000", "module 50,000", "models 20,000", "more models 124,288",
                  "ROMFS 131,072", "filesystem 1,441,792", "arena 6,064", "stack 245,680"):  # fmt: skip
        assert piece in shown


def test_json(run, tree):
    code, out, _ = run("--board", "RPI_PICO", "--json")
    report = json.loads(out)
    assert code == 0 and report["file"] == str(tree / "firmware.uf2")
    assert sum(report["report"]["flash"]["parts"].values()) == 524288
    assert sum(report["report"]["ram"]["parts"].values()) == 262144


def test_the_builds_error_is_ours(run, tree):
    (tree / "fail").write_text(
        "error: RPI_PICO: the firmware takes 600000 bytes: 75712 too many\nsecond line"
    )
    code, out, err = run("--board", "RPI_PICO", "-m", DIGITS)
    assert (code, out) == (1, "") and "75712 too many second line" in err and "Traceback" not in err
    (tree / "fail").write_text("something odd")
    code, _, err = run("--board", "RPI_PICO")
    assert code == 1 and "ended with code 1: something odd" in err


def test_without_the_source_tree(run, tree, tmp_path, monkeypatch):
    monkeypatch.setenv("ARENA8_REPO", str(tmp_path / "nowhere"))
    code, _, err = run("--board", "RPI_PICO")
    assert code == 1 and "needs arena8's source tree" in err and "ARENA8_REPO" in err


@pytest.mark.parametrize(
    "arguments, code, says",
    [
        ([], 2, "--board says what to build for"),
        (["--board", "NO_SUCH"], 2, "no board NO_SUCH"),
        (["--board", "RPI_PICO", "-m", "missing.tflite"], 1, "no file missing.tflite"),
    ],
)
def test_wrong_usage(run, tree, arguments, code, says):
    got, out, err = run(*arguments)
    assert (got, out) == (code, "") and says in err
    assert not (tree / "arguments").exists()


def test_out_that_cannot_be(run, tree, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = run("--board", "RPI_PICO", "--out", tmp_path / "file" / "x.uf2")
    assert code == 1 and "--out" in err


def test_a_model_that_is_none(run, tree, tmp_path):
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(DIGITS.read_bytes()[:1000])
    code, out, err = run("--board", "RPI_PICO", "-m", broken)
    assert (code, out) == (1, "") and "broken.tflite is damaged or cut short" in err
    assert not (tree / "arguments").exists()


def test_an_arena_that_is_too_large_for_the_ram():
    """Known before anything is fetched or compiled."""
    command = [sys.executable, "firmware/build.py", "RPI_PICO", "--arena", "250000"]
    done = subprocess.run(command, cwd=DIGITS.parents[2], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "arena of 250000 bytes" in done.stderr and "its 262144 bytes of RAM" in done.stderr


def test_the_advice_of_a_build_that_does_not_fit():
    sys.path.insert(0, str(DIGITS.parents[1]))
    import build

    folder, facts = build.boards()["RPI_PICO"]
    builder = build.Builder("RPI_PICO", folder, facts, "key", "int8")
    builder.models = [DIGITS]
    says = builder.does_not_fit(529656)
    assert "takes 529656 bytes" in says and "5368 too many" in says and "--operators auto" in says
    assert "arena8 deploy" in says
    builder.operators = "auto"
    assert "--operators auto" not in builder.does_not_fit(529656)
    builder.models = []
    assert builder.does_not_fit(529656).endswith("too many")
