# SPDX-License-Identifier: MIT
# A model of many kilobytes that no operator of can run: the sentence that says so stays short and comes soon.
import struct
import time

import arena8

FULLY_CONNECTED = 9
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


def hybrid():
    """Two nodes with float32 activations and int8 weights, and an operator that there is not between them."""
    w = Writer()
    _, codes, graphs, _, buffers = w.table([3, 0, 0, None, 0], 0)
    w.table([], *w.vector(1, buffers))
    places = w.vector(2, codes)
    for i, code in enumerate((FULLY_CONNECTED, SKIP_GRAM)):
        w.table([code], places[i])
    tensors, nodes = w.table([0, None, None, 0], *w.vector(1, graphs))[0::3]
    places = w.vector(5, tensors)
    for i, dtype in enumerate((0, 9, 0, 0, 0)):  # float32, but one int8
        w.table([None, dtype], places[i])
    places = w.vector(3, nodes)
    for i, (code, *ends) in enumerate(((0, [0, 1], [2]), (1, [2], [3]), (0, [3, 1], [4]))):
        fields = w.table([code, 0, 0], places[i])
        for k, indices in enumerate(ends):
            entries = w.vector(len(indices), fields[1 + k])
            for n, index in enumerate(indices):
                struct.pack_into("<I", w.data, entries[n], index)
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

# Integer weights with float32 activations: all such nodes, and what to ask of the converter.
text = sentence(hybrid())
has(
    text,
    "3 of 3 operators",
    "FULLY_CONNECTED float32 at nodes 0, 2 (integer weights",
    "SKIP_GRAM float32 at node 1 (",
)
has(text, "optimizations", "representative_dataset", "TFLITE_BUILTINS_INT8", "inference_input_type")
print("OK")
