# SPDX-License-Identifier: MIT
"""Groups of operators that a firmware carries or leaves out: the words that a build chooses by.

This file needs nothing of the package, which may not be built yet when a firmware is.
"""

from __future__ import annotations

from collections.abc import Iterable

GROUPS = {
    "int8": "int8 models whole: their index, bool and resource tensors, float32 and uint8 at their ends",
    "int16": "int16 activations with int8 weights",
    "int4": "int8 activations with int4 weights",
    "float32": "float32 models",
    "audio": "the audio front end",
}


def group(name: str, family: str, custom: bool = False) -> str:
    """The group of a row of ops.def. name: as models have it, or as ops.def has it."""
    if family == "FLOAT16" or family == "FLOAT32" and name not in ("QUANTIZE", "CAST"):
        return "float32"
    if custom or family in ("UINT32", "UINT64"):
        return "audio"
    return {"INT16": "int16", "INT4": "int4"}.get(family, "int8")


def lacking(choice: str, rows: Iterable[tuple[str, str, bool]]) -> list[tuple[str, str, bool]]:
    """Those of (operator as models have it, family, custom) that a choice of groups, operators and rows
    leaves out. `auto` leaves all out: it means other models' operators."""
    words = set(choice.replace(",", " ").split())
    if "all" in words:
        return []
    return [row for row in rows if not words & {group(*row), row[0], f"{row[0]}.{row[1]}"}]
