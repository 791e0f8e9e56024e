# SPDX-License-Identifier: MIT
"""Reads a .tflite file back into a ModelBuilder, so that it can be changed and written again."""

from __future__ import annotations

import struct

import numpy as np
from model_builder import CUSTOM, OPTIONS, ModelBuilder, _Node, _Tensor
from operator_counts import _Table

# Options that tests write by the numbers of their fields are here.
_KINDS = {union: fields for union, fields in OPTIONS.values()}
_KINDS |= {70: [("axis", "i")], 87: [("seq_dim", "i"), ("batch_dim", "i")]}
_SCALARS = {"b": "<b", "p": "<b", "a": "<b", "d": "<b", "i": "<i", "u": "<I", "q": "<q", "f": "<f"}


def _vector(table: _Table, field: int, dtype):
    at = table.target(field)
    if at is None:
        return None
    n = struct.unpack_from("<I", table.data, at)[0]
    return np.frombuffer(table.data, dtype, n, at + 4)


def _table(table: _Table, field: int):
    at = table.target(field)
    return None if at is None else _Table(table.data, at)


def _bytes(table: _Table, field: int):
    found = _vector(table, field, np.uint8)
    return None if found is None else found.tobytes()


def _options(table: _Table | None, union: int) -> list:
    fields = []
    for number, (_, kind) in enumerate(_KINDS.get(union, [])):
        if table is None or table.scalar_or_none(number, "<b") is None:
            continue
        if kind in "IF":
            fields.append((number, kind, _vector(table, number, "<i4" if kind == "I" else "<f4").tolist()))
        elif kind == "s":
            fields.append((number, kind, table.text(number)))
        elif kind != "-":
            fields.append((number, "b" if kind in "pad" else kind, table.scalar(number, _SCALARS[kind])))
    return fields


class _Fields(_Table):
    def scalar_or_none(self, field, kind):
        return self.scalar(field, kind, None)


def lift(model: bytes) -> ModelBuilder:
    root = _Table(model, struct.unpack_from("<I", model)[0])
    m = ModelBuilder()
    m.buffers = [_bytes(b, 0) for b in root.tables(4)]
    opcodes = root.tables(1)
    for i, graph in enumerate(root.tables(2)):
        g = m.main if i == 0 else m.subgraph(f"g{i}")
        g.inputs, g.outputs = list(graph.ints(1)), list(graph.ints(2))
        for t in graph.tables(0):
            q = _table(t, 4)
            scale, zero_point = (None, None) if q is None else (_vector(q, 2, "<f4"), _vector(q, 3, "<i8"))
            shape = _vector(t, 0, "<i4")
            g.tensors.append(
                _Tensor(
                    None if shape is None else tuple(shape.tolist()),
                    t.scalar(1, "<b"),
                    t.scalar(2, "<I"),
                    f"t{len(g.tensors)}",
                    None if scale is None else scale.tolist(),
                    None if zero_point is None else zero_point.tolist(),
                    None if q is None else q.scalar(6, "<i", None),
                    t.scalar(5, "<b") != 0,
                )
            )
        for n in [] if graph.target(3) is None else graph.tables(3):
            opcode = opcodes[n.scalar(0, "<I")]
            op = opcode.scalar(3, "<i") or opcode.scalar(0, "<b")
            union = n.scalar(3, "<B")
            table = n.target(4)
            intermediates = n.target(8)
            g.nodes.append(
                _Node(
                    op,
                    opcode.text(1) if op == CUSTOM else None,
                    opcode.scalar(2, "<i", 1),
                    [] if n.target(1) is None else list(n.ints(1)),
                    [] if n.target(2) is None else list(n.ints(2)),
                    union,
                    _options(None if table is None else _Fields(model, table), union),
                    _bytes(n, 5),
                    None if intermediates is None else list(n.ints(8)),
                )
            )
    return m
