# SPDX-License-Identifier: MIT
# A model of many kilobytes that no operator of can run: the sentence that says so stays short and comes soon.
import struct
import time

import arena8

SKIP_GRAM = 30
CUSTOM = 32


class Writer:
    """Writes a flatbuffer from the front: parents first, whose offsets are patched when a child is placed."""

    def __init__(self):
        self.data = bytearray(struct.pack("<I4s", 0, b"TFL3"))

    def here(self, *places):
        for place in places:
            struct.pack_into("<I", self.data, place, len(self.data) - place)

    def table(self, fields, *places):
        """Fields are integers, None for one that is left out. Returns where each field lies."""
        size = 4 + 4 * len(fields)
        offsets = [0 if field is None else 4 + 4 * i for i, field in enumerate(fields)]
        vtable = struct.pack("<{}H".format(2 + len(fields)), 4 + 2 * len(fields), size, *offsets)
        vtable += bytes(-len(vtable) % 4)
        self.data += vtable
        self.here(*places)
        start = len(self.data)
        self.data += struct.pack("<i", len(vtable))
        for field in fields:
            self.data += struct.pack("<I", field or 0)
        return [start + 4 + 4 * i for i in range(len(fields))]

    def vector(self, n, *places):
        self.here(*places)
        self.data += struct.pack("<I", n)
        start = len(self.data)
        self.data += bytes(4 * n)
        return [start + 4 * i for i in range(n)]

    def string(self, text, *places):
        self.here(*places)
        self.data += struct.pack("<I", len(text)) + text + bytes(4 - len(text) % 4)


def model(names, n_nodes):
    """A model of n_nodes nodes without tensors: SKIP_GRAM without names, else custom operators in turn."""
    w = Writer()
    _, codes, graphs, _, buffers = w.table([3, 0, 0, None, 0], 0)
    w.vector(0, buffers)
    places = w.vector(max(len(names), 1), codes)
    if names:
        for i, name in enumerate(names):
            w.string(name, w.table([CUSTOM, 0], places[i])[1])
    else:
        w.table([SKIP_GRAM], places[0])
    nodes = w.table([None, None, None, 0], *w.vector(1, graphs))[3]
    nodes = w.vector(n_nodes, nodes)
    kinds = max(len(names), 1)
    for i in range(kinds):
        w.table([i], *nodes[i::kinds])
    return w.data


def sentence(data):
    start = time.ticks_ms()
    try:
        arena8.Interpreter(data)
    except ValueError as e:
        took = time.ticks_diff(time.ticks_ms(), start)
        text = str(e)
        assert len(text) < 10000, len(text)
        assert took < 2000, took
        return text
    raise AssertionError("nothing raised")


def has(text, *parts):
    for part in parts:
        assert part in text, (part, text)


text = sentence(model([], 3))
has(text, "3 of 3 operators", "SKIP_GRAM float32 at nodes 0, 1, 2 (arena8 has no such operator)")

text = sentence(model([], 30000))
has(
    text,
    "30000 of 30000 operators",
    "SKIP_GRAM float32 at nodes 0, 1, 2, ",
    ", 15 and 29984 more (arena8 has no",
)

names = ["Name{}".format(i).encode() for i in range(20)]
text = sentence(model(names, 40))
for i in range(20):
    has(text, "CUSTOM 'Name{}' float32 at nodes {}, {} (".format(i, i, i + 20))
assert "other operators" not in text

text = sentence(model(["Name{}".format(i).encode() for i in range(2000)], 2000))
has(text, "2000 of 2000 operators", "'Name19' float32 at node 19 ", "; and other operators at 1980 nodes")

# Names that are equal as far as they are shown.
text = sentence(model([b"x" * 20000 + bytes([i]) for i in range(3)], 20000))
has(text, "CUSTOM '" + "x" * 40 + "...' float32 at nodes 0, 1, 2, ")
print("OK")
