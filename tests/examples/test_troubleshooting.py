# SPDX-License-Identifier: MIT
"""docs/troubleshooting.md quotes messages; each has to be one that the sources say."""

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
