# SPDX-License-Identifier: MIT
"""The package as it travels: checkout to sdist to wheel to a fresh environment, where it answers."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "firmware" / "models"
GIVEN = ["host_tools", "micropython_module", "boards", "LICENSE"]
BUILT = shutil.ignore_patterns(
    "_csrc", "_boards", "build", "dist", "*.egg-info", "*.so", "*.o", "__pycache__"
)

# The engine is compiled again and again here, always alike.
COMPILER = {"CC": "ccache cc", "CCACHE_NOHASHDIR": "1"} if shutil.which("ccache") else {}


def run(*args, env=os.environ, **kwargs):
    result = subprocess.run(args, capture_output=True, text=True, env={**COMPILER, **env}, **kwargs)
    assert result.returncode == 0, f"{args}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
    return result.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """What a fresh clone has: nothing built."""
    top = tmp_path_factory.mktemp("checkout")
    for name in GIVEN:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, top / name, ignore=BUILT)
        elif (ROOT / name).is_file():
            shutil.copy(ROOT / name, top / name)
    return top


@pytest.fixture(scope="module")
def sdist(checkout, tmp_path_factory):
    out = tmp_path_factory.mktemp("sdist")
    code = "import sys, setuptools.build_meta as backend; backend.build_sdist(sys.argv[1])"
    run(sys.executable, "-c", code, out, cwd=checkout / "host_tools")
    (file,) = out.iterdir()
    return file


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """Built where there is no checkout around."""
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", out, sdist)
    (file,) = out.iterdir()
    return file


def environment(folder):
    """A fresh environment that borrows this one's packages, after its own."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(site) / "zz_borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    python = environment(tmp_path_factory.mktemp("fresh") / "env")
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "-I", "--no-deps", wheel)
    return python


def test_sdist_holds_the_engine(sdist):
    with tarfile.open(sdist) as tar:
        names = {name.split("/", 1)[1] for name in tar.getnames() if "/" in name}
    engine = ROOT / "micropython_module" / "engine"
    for line in (engine / "sources.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            assert f"arena8/_csrc/{line}" in names
    assert {"arena8/_csrc/arena8.h", "arena8/_csrc/ops.def", "arena8/_csrc/LICENSE", "setup.py"} <= names
    for facts in (ROOT / "boards").glob("**/facts.json"):
        assert f"arena8/_boards/{facts.relative_to(ROOT / 'boards')}" in names
    assert not [name for name in names if name.endswith((".so", ".o", ".pyc"))]


def test_wheel_holds_what_runs(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    version = (ROOT / "micropython_module/engine/arena8.h").read_text().split('A8_VERSION "')[1].split('"')[0]
    assert wheel.name.startswith(f"arena8-{version}-cp3")
    assert {"arena8/__init__.py", "arena8/py.typed"} <= set(names)
    assert [name for name in names if name.startswith("arena8/_engine") and name.endswith(".so")]
    assert not [name for name in names if "_csrc/" in name and "dist-info" not in name]
    assert not [name for name in names if name.endswith((".c", ".h"))]
    assert [name for name in names if name.endswith("LICENSE")]
    for module in (ROOT / "host_tools" / "arena8").rglob("*.py"):
        inside = str(module.relative_to(ROOT / "host_tools"))
        if not inside.startswith(("arena8/_csrc", "arena8/_boards")):
            assert inside in names
    for facts in (ROOT / "boards").glob("**/facts.json"):
        assert f"arena8/_boards/{facts.relative_to(ROOT / 'boards')}" in names


DIGITS = """
import sys, arena8, numpy
assert arena8.__file__.startswith(sys.prefix), arena8.__file__
samples = numpy.load(sys.argv[1] + "/digits_samples.npy")
labels = numpy.load(sys.argv[1] + "/digits_samples_labels.npy")
it = arena8.Interpreter("digits")
right = 0
for pixels, label in zip(samples, labels):
    it.inputs[0].quantize(pixels)
    it.invoke()
    right += it.outputs[0].argmax() == label
print(right, len(labels))
"""


@pytest.mark.skipif(not (MODELS / "digits.tflite").is_file(), reason="the digits model is not in this tree")
def test_installed_wheel_reads_digits(installed, tmp_path):
    env = os.environ | {"ARENA8_MODELS": str(MODELS)}
    right, total = map(int, run(installed, "-c", DIGITS, MODELS, env=env, cwd=tmp_path).split())
    assert total > 0 and right >= 0.9 * total


def test_installed_wheel_knows_its_boards(installed, tmp_path):
    code = "import arena8.boards; print(*sorted(arena8.boards.all_boards()))"
    known = set(run(installed, "-c", code, cwd=tmp_path).split())
    assert known == {facts.parent.name for facts in (ROOT / "boards").glob("**/facts.json")}


def test_installed_command(installed, tmp_path):
    """The command and python -m arena8 are the same program."""
    if not (ROOT / "host_tools" / "arena8" / "cli.py").is_file():
        pytest.skip("the command is not in this tree")
    by_name = run(installed.parent / "arena8", "--help", cwd=tmp_path)
    assert "inspect" in by_name and "infer" in by_name
    assert "inspect" in run(installed, "-m", "arena8", "--help", cwd=tmp_path)
    report = tmp_path / "report.html"
    run(installed, "-m", "arena8", "inspect", MODELS / "digits.tflite", "--html", report, cwd=tmp_path)
    assert "<svg" in report.read_text(encoding="utf-8")


def test_install_from_the_tree(checkout, tmp_path):
    """The form that users are told: pip install ./host_tools."""
    python = environment(tmp_path / "env")
    command = (sys.executable, "-m", "pip", "--python", python, "install", "-q", "-I", "--no-deps")
    run(*command, "--no-build-isolation", checkout / "host_tools")
    code = "import sys, arena8; assert arena8.__file__.startswith(sys.prefix); print(*arena8.operators())"
    assert "CONV_2D" in run(python, "-c", code, cwd=tmp_path)


def test_a_changed_header_is_built_in(checkout, tmp_path):
    """An earlier build's leftovers lie in the tree; the version stands in a header only."""
    tree = tmp_path / "tree"
    shutil.copytree(checkout, tree)
    header = tree / "micropython_module" / "engine" / "arena8.h"
    header.write_text(re.sub(r'(A8_VERSION ")[^"]*', r"\g<1>9.8.7", header.read_text()))
    python = environment(tmp_path / "env")
    command = (sys.executable, "-m", "pip", "--python", python, "install", "-q", "-I", "--no-deps")
    run(*command, "--no-build-isolation", tree / "host_tools")
    assert run(python, "-c", "import arena8; print(arena8.__version__)", cwd=tmp_path).strip() == "9.8.7"


def test_build_without_sources_says_so(checkout, tmp_path):
    shutil.copytree(checkout / "host_tools", tmp_path / "alone", ignore=BUILT)
    result = subprocess.run(
        [sys.executable, "setup.py", "--version"], cwd=tmp_path / "alone", capture_output=True, text=True
    )
    assert result.returncode != 0
    assert "engine's sources are neither in" in result.stderr
