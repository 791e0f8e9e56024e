# SPDX-License-Identifier: MIT
"""How many differential cases each operator has passed for each element type, for the table in the docs.

Every process that tests writes a file of its own; counts() adds them up.
"""

import json
import os
import struct
from collections import Counter
from pathlib import Path

from model_builder import CUSTOM, DTYPES, OPERATORS

FOLDER = Path(__file__).resolve().parents[2] / "build" / "operator_counts"
_NAMES = {code: name for name, code in OPERATORS.items()}
_DTYPES = {code: name for name, code in DTYPES.items()}

_passed = Counter()


class _Table:
    """A table of a flatbuffer."""

    def __init__(self, data, at):
        self.data, self.at = data, at
        self.vtable = at - struct.unpack_from("<i", data, at)[0]

    def scalar(self, field, kind, otherwise=0):
        size = struct.unpack_from("<H", self.data, self.vtable)[0]
        entry = 4 + 2 * field
        offset = struct.unpack_from("<H", self.data, self.vtable + entry)[0] if entry < size else 0
        return struct.unpack_from(kind, self.data, self.at + offset)[0] if offset else otherwise

    def target(self, field):
        """Where the field's offset leads; None if the field is left out."""
        size = struct.unpack_from("<H", self.data, self.vtable)[0]
        entry = 4 + 2 * field
        offset = struct.unpack_from("<H", self.data, self.vtable + entry)[0] if entry < size else 0
        return self.at + offset + struct.unpack_from("<I", self.data, self.at + offset)[0] if offset else None

    def tables(self, field):
        at = self.target(field)
        n = struct.unpack_from("<I", self.data, at)[0]
        places = [at + 4 + 4 * i for i in range(n)]
        return [_Table(self.data, p + struct.unpack_from("<I", self.data, p)[0]) for p in places]

    def ints(self, field):
        at = self.target(field)
        n = struct.unpack_from("<I", self.data, at)[0]
        return struct.unpack_from(f"<{n}i", self.data, at + 4)

    def text(self, field):
        at = self.target(field)
        n = struct.unpack_from("<I", self.data, at)[0]
        return bytes(self.data[at + 4 : at + 4 + n]).decode()


def first_operator(model):
    """("ADD", "int8"): the model's first operator and the element type that its row is chosen by."""
    root = _Table(model, struct.unpack_from("<I", model)[0])
    graph = root.tables(2)[0]
    node = graph.tables(3)[0]
    opcode = root.tables(1)[node.scalar(0, "<I")]
    code = opcode.scalar(3, "<i")
    tensors = graph.tables(0)
    dtypes = [_DTYPES[tensors[i].scalar(1, "<b")] for i in node.ints(1) if i >= 0]
    name = opcode.text(1) if code == CUSTOM else _NAMES[code]
    if name == "TRANSPOSE_CONV":
        dtypes = dtypes[2:]  # the first is a shape
    return name, "int4" if "int4" in dtypes[:2] else dtypes[0] if dtypes else "float32"


def passed(models):
    """Notes that the cases of these models have passed."""
    _passed.update(" ".join(first_operator(model)) for model in models)
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{os.getpid()}.json"
    path.write_text(json.dumps(_passed, indent=1, sort_keys=True))


def counts():
    """{(operator, element type): cases} of all processes since the folder was last removed."""
    total = Counter()
    for path in FOLDER.glob("*.json"):
        total.update(json.loads(path.read_text()))
    return {tuple(key.split()): n for key, n in total.items()}
