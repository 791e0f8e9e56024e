# SPDX-License-Identifier: MIT
"""docs/troubleshooting.md quotes messages; each has to be one that the sources say."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "troubleshooting.md"
SOURCES = [
    path
    for folder in ("micropython_module", "host_tools/arena8", "firmware")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".c", ".h", ".py") and "_csrc" not in path.parts
]
# Messages with values, in a form that readers know: what the source has instead.
WITH_VALUES = {"tensor is int8, got floats: use quantize()": "tensor is %s, got floats: use quantize()"}

# Errors that the page need not explain, because all there is to know is in the sentence.
PLAIN = (
    "no file",
    "is not valid JSON",
    "can't read",
    "can't write",
    "can't make the folder",
    "can't start",
    "--out %s: %s",
    "bytes, %s were read",
    "%s: %s after %s of %s bytes",
    "%s has %s bytes, got %s",
    "the image has %s bytes, the ROMFS of",
    "was used by others while it marked a measurement",
    "the emulated Pico can't:",
    "MicroPython's QEMU port hears Ctrl-C at its prompt only",
    "Plug it in, with BOOTSEL held if it does not run MicroPython",
    "runs arena8 %s, and",
    "is a folder: give the firmware.bin in it",
    "flash the whole firmware.bin first",
    "%s is for %s, and %s has %s",
    "bytes of flash, and %s has",
    "%s: on this board %s",
    "runs no MicroPython",
    "is no serial port",
    "behind which an ESP chip may be",
    "changed a command on its way",
)


def quoted():
    return re.findall(r"\*\*`([^`]+)`\*\*", PAGE.read_text(encoding="utf-8"))


def said() -> str:
    """All sources in one line, with pieces of a string literal that follow each other joined."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    return re.sub(r'"\s*\n\s*f?"', "", text)


@pytest.fixture(scope="module")
def sources():
    return said()


@pytest.mark.parametrize("message", quoted())
def test_the_sources_say_it(sources, message):
    assert WITH_VALUES.get(message, message) in sources


def test_something_is_quoted():
    assert len(quoted()) > 25


def sentences():
    """(file, fixed pieces joined by %s) of each error that the host tools raise, but for wrong usage, which
    names its option, and errors that go into other sentences."""
    for path in sorted((ROOT / "host_tools" / "arena8").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("ToolError", "BoardError", "BoardHung", "BoardGone", "WrongFile"):
                yield path.name, text_of(node.args[0])


def text_of(node) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "%s" for v in node.values)
    if isinstance(node, ast.BinOp):
        return text_of(node.left) + text_of(node.right)
    if isinstance(node, ast.IfExp):
        return f"{text_of(node.body)} | {text_of(node.orelse)}"
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "format":
        return re.sub(r"\{\w+\}", "%s", node.func.value.value)
    return "%s"


def test_each_error_of_the_tools_has_an_entry():
    entries = quoted()
    missing = [
        f"{file}: {text}"
        for file, text in sentences()
        if not any(entry in text for entry in entries)
        and not any(said in text for said in PLAIN)
        and not set(text) <= set("%s:., |")
    ]
    assert not missing, "docs/troubleshooting.md has no entry for\n" + "\n".join(missing)
    unused = [said for said in PLAIN if not any(said in text for _, text in sentences())]
    assert not unused, f"no error says {unused} any more"
