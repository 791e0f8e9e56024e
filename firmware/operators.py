# SPDX-License-Identifier: MIT
"""Which rows of ops.def a firmware carries.

A choice is `all`, `auto` (what the frozen models need), or names: groups (int8, int16, int4, float32, audio),
operators (CONV_2D: all of its rows; SignalWindow) or single rows (CONV_2D.INT16). What isn't chosen gets its
switch set to 0 in the generated header, and the linker leaves its code out.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import by_path

REPO = Path(__file__).resolve().parent.parent
OPS_DEF = REPO / "micropython_module" / "engine" / "ops.def"

groups = by_path.package("operator_groups")
GROUPS = groups.GROUPS


class OperatorsError(ValueError):
    """A choice that can't be had."""


@dataclass(frozen=True)
class Row:
    """A line of ops.def."""

    operator: str
    family: str
    name: str  # as models have it
    prepare: str
    eval: str
    custom: bool

    def __str__(self):
        return f"{self.operator}.{self.family}"

    @property
    def switch(self):
        return f"A8_OP_{self.operator}_{self.family}"

    @property
    def group(self):
        return groups.group(self.operator, self.family, self.custom)


def rows(path=OPS_DEF):
    """All rows, in the order of ops.def."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        parts = re.match(r'A8_(OP|CUSTOM)\((\w+), (?:"(\w+)", )?(\w+), (\w+), (\w+)\)$', line)
        if parts:
            kind, operator, name, family, prepare, eval_ = parts.groups()
            found.append(Row(operator, family, name or operator, prepare, eval_, kind == "CUSTOM"))
    return found


def choose(choice, needed=None):
    """The chosen rows, in the order of ops.def. needed: [(operator as models have it, family)], for auto."""
    every = rows()
    words = choice.replace(",", " ").split()
    if not words:
        raise OperatorsError(f"no operators are chosen: give all, auto, {', '.join(GROUPS)} or names")
    chosen = set()
    for word in words:
        if word == "all":
            chosen.update(every)
        elif word == "auto":
            if not needed:
                raise OperatorsError("auto means the operators of the frozen models, and there are none")
            wanted = set(needed)
            chosen.update(row for row in every if (row.name, row.family) in wanted)
        else:
            fitting = [
                row
                for row in every
                if word in (row.group, row.name, row.operator, str(row), f"{row.name}.{row.family}")
            ]
            if not fitting and word not in GROUPS:
                raise OperatorsError(
                    f"{word} is no operator of arena8, nor one of all, auto, {', '.join(GROUPS)}"
                )
            chosen.update(fitting)
    return [row for row in every if row in chosen]


def defines(chosen):
    """The switches of what isn't chosen, for the generated header."""
    kept = set(chosen)
    return {row.switch: 0 for row in rows() if row not in kept}
