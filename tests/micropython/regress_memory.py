# SPDX-License-Identifier: MIT
# What memory an interpreter takes, at the edges.
import binascii

import arena8
from models import iris

# RELU int8 1x2600, whose input is larger than the model iris.
MODEL = binascii.a2b_base64(
    b"CAAAAFRGTDOa////FAAAABgAAAAoAAAALAAAAAMAAAABAAAALAAAAA8AAABidWlsdCBieSBhIHRlc3QAAQAAADwAAAABAAAAGAAA"
    b"AAQABAAEAAAADAAOAA0AAAAIAAQADAAAABMAAAABAAAAABMOABgAFAAQAAwACAAEAA4AAAAUAAAALAAAABgAAAAcAAAAVAAAAAQA"
    b"AABtYWluAAAAAAEAAAABAAAAAQAAAAAAAAABAAAAEAAAAAAACgAQAAwACAAEAAoAAAAMAAAAEAAAAAAAAAABAAAAAQAAAAEAAAAA"
    b"AAAAAgAAAGQAAAAEAAAAsv///xQAAAAwAAAAAAAAAAAAAAksAAAApP///wgAAAAQAAAAAQAAAAAAAAAAAAAAAQAAAM3MzD0BAAAA"
    b"eQAAAAIAAAABAAAAKAoAAAAADgAYABQAEwAMAAgABAAOAAAAIAAAAEAAAAAAAAAAAAAACTwAAAAMAAwAAAAAAAgABAAMAAAACAAA"
    b"ABQAAAABAAAAAAAAAAAAAAAAAAAAAQAAAM3MzD0BAAAAeAAAAAIAAAABAAAAKAoAAA=="
)


def raises(kind, part, *args):
    try:
        arena8.Interpreter(*args)
    except Exception as e:
        assert isinstance(e, kind) and part in str(e), repr(e)
        return
    raise AssertionError("nothing raised")


# A model that lies in the static arena, in what an old view leads to, isn't run in that arena.
it = arena8.Interpreter(MODEL, arena8.static_arena)
view = it.inputs[0].data
it.__del__()
assert arena8.static_arena and view[0] == 0
for i in range(len(iris)):
    view[i] = iris[i] if iris[i] < 128 else iris[i] - 256
flower = (5.1, 3.5, 1.4, 0.2)
expected = list(arena8.Interpreter(iris, arena8.arena_size(iris)).predict(flower))
inside = arena8.Model(view[: len(iris)])
assert bytes(view[: len(iris)]) == bytes(iris)
it = arena8.Interpreter(inside)
assert "of heap" in repr(it), it
assert list(it.predict(flower)) == expected
assert bytes(view[: len(iris)]) == bytes(iris)
raises(ValueError, "arena lies in the model's own bytes", inside, arena8.static_arena)

# Sizes that no machine has are told as they were given.
if arena8.Model(iris).address > 1 << 32:  # 64 bits
    raises(MemoryError, "no heap for an arena of 8589934592 bytes", iris, 1 << 33)
    raises(MemoryError, ", -8589934592 given", iris, -(1 << 33))
raises(MemoryError, ", -1 given", iris, -1)
raises(MemoryError, ", 0 given", iris, 0)
print("OK")
