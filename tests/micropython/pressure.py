# SPDX-License-Identifier: MIT
# arena8 when memory is short: every call either works or raises MemoryError, and afterwards all is well. Also
# with garbage collected at every few allocations. Prints "OK n checks".
import gc
import sys
from array import array

import arena8

ON_BOARD = sys.implementation.name == "micropython"
PIXELS = bytes([i % 17 for i in range(64)])
checks = 0


def check(condition, *what):
    global checks
    if not condition:
        raise AssertionError(" ".join(str(x) for x in what))
    checks += 1


def answer(it):
    it.inputs[0].quantize(PIXELS)
    it.invoke()
    return list(it.outputs[0])


def build():
    return answer(arena8.Interpreter("digits", arena=SIZE))


# All that allocates; made before memory is short.
CALLS = (
    lambda it: repr(it) + repr(it.inputs[0]),
    lambda it: repr(arena8.Model("digits")),
    lambda it: (it.inputs[0].name, it.inputs[0].shape, it.inputs[0].dtype, it.inputs[0].scale),
    lambda it: (it.outputs[0].dequantize(), it.outputs[0].top(5), it.outputs[0].argmax()),
    lambda it: (it.inputs[0].data, it.inputs[0][:], list(it.inputs[0])),
    lambda it: it.profile(),
    lambda it: it.predict(PIXELS),
    lambda it: arena8.Model("digits").labels,
    lambda it: arena8.operators(),
    lambda it: arena8.models(),
    lambda it: arena8.arena_size("digits"),
    lambda it: arena8.Interpreter("digits"),
    lambda it: it.inputs[0].quantize(bytes(3)),
    lambda it: it.inputs[0][64],
    lambda it: arena8.Model("nothere"),
    lambda it: arena8.Model(b"TFL3 and no more than that"),
    lambda it: arena8.Interpreter("digits", arena=bytearray(5)),
)


def use(it):
    for call in CALLS:
        try:
            call(it)
        except (MemoryError, ValueError, IndexError, OSError):
            pass


def fill(spare):
    """Takes the heap but for about spare bytes, in a list that is returned."""
    taken = []
    for size in (20000, 4000, 500, 64):
        try:
            while True:
                taken.append(bytearray(size))
        except MemoryError:
            pass
    while taken and spare > 0:
        spare -= len(taken.pop())
    return taken


SIZE = arena8.arena_size("digits")
expected = build()
check(min(expected) < max(expected))

# Little heap left: from none to what a second interpreter takes.
it = arena8.Interpreter("digits", arena=SIZE)
if ON_BOARD:
    for spare in (0, 1000, 12000):
        gc.collect()
        taken = None
        taken = fill(spare)
        use(it)
        taken = None
        gc.collect()
        check(answer(it) == expected, "spare", spare)
print("little heap", checks)

# Garbage collected at every few allocations.
if ON_BOARD:
    gc.threshold(500)
use(it)
kept = it.inputs[0].data
check(answer(it) == expected)
check(build() == expected)
out = array("f", [0] * 10)
for _ in range(3):
    it.predict(PIXELS, out)
    it.outputs[0].top(3)
check(answer(it) == expected)
kept[0] = 5
check(it.inputs[0][0] == 5)
if ON_BOARD:
    gc.threshold(-1)
print("OK", checks, "checks")
