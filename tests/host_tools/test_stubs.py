# SPDX-License-Identifier: MIT
"""arena8.pyi, which editors read for code on a board, names what the package has; help() says something."""

from __future__ import annotations

import ast
import pydoc
from pathlib import Path

import arena8

STUBS = Path(__file__).resolve().parents[2] / "micropython_module" / "arena8.pyi"
TREE = ast.parse(STUBS.read_text())


def names(body) -> set[str]:
    found = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            found.add(node.target.id)
    return found


def test_module():
    # The package may have what a board has not, behind these.
    assert names(TREE.body) == {*arena8.__all__, "__version__"}


def test_classes():
    for node in TREE.body:
        if isinstance(node, ast.ClassDef):
            theirs = {n for n in dir(getattr(arena8, node.name)) if not n.startswith("_")}
            ours = {n for n in names(node.body) if not n.startswith("_")}
            assert ours == theirs - {"numpy"}, node.name  # boards have no numpy


def test_help():
    text = pydoc.render_doc(arena8, renderer=pydoc.plaintext)
    for word in ("Interpreter", "invoke", "quantize", "arena_size", "Runs the model."):
        assert word in text, word
