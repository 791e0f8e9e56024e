# SPDX-License-Identifier: MIT
"""tests/fast_emulator.py, on a package as small as can be in the shape of rp2040py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fast_emulator

MODULE = """
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_simulator", NULL, -1, NULL};
PyMODINIT_FUNC PyInit__simulator(void) { return PyModule_Create(&module); }
"""


@pytest.fixture
def package(tmp_path):
    native = tmp_path / "site-packages" / "rp2040py" / "native"
    native.mkdir(parents=True)
    for folder in (native.parent, native):
        (folder / "__init__.py").touch()
    (native / "_simulator.abi3.so").write_text("what the wheel brings")
    (native / "_simulator.c").write_text(MODULE)
    return native.parent


@pytest.fixture
def main(package, tmp_path, monkeypatch):
    """What the program printed, and the folder that it was to make."""
    folder = tmp_path / "fast"
    monkeypatch.setattr(fast_emulator.importlib.util, "find_spec", lambda name: Spec)
    monkeypatch.setattr(fast_emulator.sys, "argv", ["fast_emulator.py", str(folder)])

    class Spec:
        origin = str(package / "__init__.py")

    return folder


def test_it_is_compiled(main, capsys):
    fast_emulator.main()
    assert capsys.readouterr().out == ""
    names = [path.name for path in (main / "rp2040py" / "native").glob("*.so")]
    assert len(names) == 1 and "abi3" not in names[0]
    assert sorted(path.name for path in main.parent.iterdir()) == ["fast", "site-packages"]


def test_what_does_not_compile_or_load(main, package, capsys):
    source = package / "native" / "_simulator.c"
    source.write_text("no C")
    fast_emulator.main()
    assert "stays as it is installed" in capsys.readouterr().out and not main.exists()
    source.write_text("int PyInit_another;")
    fast_emulator.main()
    assert "ImportError" in capsys.readouterr().out and not main.exists()


def test_one_that_needs_it_not(main, package, capsys):
    (package / "native" / "_simulator.abi3.so").unlink()
    fast_emulator.main()
    assert "nothing to do" in capsys.readouterr().out and not main.exists()
