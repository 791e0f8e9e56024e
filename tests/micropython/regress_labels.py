# SPDX-License-Identifier: MIT
# Reading the labels of a model takes time in proportion to their text, however many there are. They may be
# any bytes.
import struct
import time

import arena8
from models import iris


def archive(name, data):
    """A zip archive with one stored member."""
    sizes = struct.pack("<II", len(data), len(data))
    local = struct.pack("<IHHHHHI", 0x04034B50, 20, 0, 0, 0, 0, 0) + sizes
    local += struct.pack("<HH", len(name), 0) + name + data
    entry = struct.pack("<IHHHHHHI", 0x02014B50, 20, 20, 0, 0, 0, 0, 0) + sizes
    entry += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    return local + entry + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(entry), len(local), 0)


def labelled(text):
    return arena8.Model(bytes(iris) + archive(b"labels.txt", text))


m = labelled(b"ann\r\n\xff\n\n\xc3\xa9\nlast")
assert m.labels == ("ann", "?", "", "\u00e9", "last"), m.labels

m = labelled(b"a\n" * 60000)
start = time.ticks_ms()
labels = m.labels
took = time.ticks_diff(time.ticks_ms(), start)
assert len(labels) == 60000 and labels[0] == labels[-1] == "a"
assert took < 2000, took
print("OK")
