# SPDX-License-Identifier: MIT
# The whole surface of arena8 and every error, in one script that passes unchanged on CPython, on
# MicroPython's unix port, on emulated boards and on real ones. It needs the model "digits" and about
# 100 KB of heap. Prints a line a group and "OK n checks" at the end; the first failure is an exception.
import gc
import sys
from array import array

import arena8

ON_BOARD = sys.implementation.name == "micropython"
checks = 0


def check(condition, *what):
    global checks
    if not condition:
        raise AssertionError(" ".join(str(x) for x in what) or "check failed")
    checks += 1


def equal(got, expected, what=""):
    check(got == expected, what, "expected", expected, "got", got)


def raises(kind, texts, function, *args, **kwargs):
    """Calls function, which must raise kind whose sentence has all the texts; returns the exception."""
    try:
        function(*args, **kwargs)
    except Exception as e:
        text = str(e)
        check(isinstance(e, kind), "expected", kind, "got", repr(e))
        for part in texts:
            check(str(part) in text, "expected", part, "in", text)
        return e
    raise AssertionError("nothing raised, expected {} {}".format(kind, texts))


def model_bytes():
    if ON_BOARD:
        from models import digits

        return digits
    import os

    for folder in os.environ.get("ARENA8_MODELS", "").split(os.pathsep) + ["."]:
        path = os.path.join(folder, "digits.tflite")
        if os.path.exists(path):
            with open(path, "rb") as file:
                return file.read()
    raise OSError("no digits.tflite: set ARENA8_MODELS")


DIGITS = model_bytes()

# Three scanned digits, pixels 0 (white) to 16 = g (black), and what the reference kernels of TFLite Micro
# answer to them.


def image(*rows):
    return bytes([int(pixel, 17) for pixel in "".join(rows)])


ZERO = image(
    "002c7000",
    "00fef600",
    "06a42e10",
    "08800850",
    "07800480",
    "02e00560",
    "009c4e30",
    "001df900",
)
ONE = image(
    "00007g60",
    "0004gg40",
    "02bfgg70",
    "0agdag40",
    "01304g50",
    "00007g70",
    "00009g80",
    "00009g60",
)
TWO = image(
    "04gf2000",
    "0bff7000",
    "09a6e000",
    "0007f000",
    "000da000",
    "001g7220",
    "01cgfgf0",
    "04gggcb0",
)
ANSWERS = (
    (ZERO, [126, -128, -128, -128, -128, -128, -128, -128, -128, -128]),
    (ONE, [-128, 115, -126, -128, -128, -121, -128, -127, -128, -127]),
    (TWO, [-127, -128, 115, -124, -123, -127, -126, -128, -128, -128]),
)


def answers_right(it, what=""):
    """The model still gives the reference's answer to a digit."""
    it.inputs[0].quantize(ONE)
    it.invoke()
    equal(list(it.outputs[0]), ANSWERS[1][1], what)


# ---- Corrupting a model: as much of the flatbuffer format as that takes ------


def u16(b, at):
    return b[at] | b[at + 1] << 8


def u32(b, at):
    return u16(b, at) | u16(b, at + 2) << 16


def field(b, table, number):
    """Position of a table's field, 0 if it is left out."""
    vtable = table - u32(b, table)
    if vtable < 0:
        vtable += 1 << 32  # an offset is signed
    offset = u16(b, vtable + 4 + 2 * number) if 4 + 2 * number < u16(b, vtable) else 0
    return table + offset if offset else 0


def follow(b, at):
    return at + u32(b, at)


def operator_codes(b):
    """(position of the byte of the code, that of the newer 32-bit field or 0) for each operator code."""
    vector = follow(b, field(b, follow(b, 0), 1))
    found = []
    for i in range(u32(b, vector)):
        table = follow(b, vector + 4 + 4 * i)
        found.append((field(b, table, 0), field(b, table, 3)))
    return found


def replace_operator(b, old, new):
    for byte, word in operator_codes(b):
        if byte and b[byte] == old:  # 0 is left out
            b[byte] = new
            if word:
                b[word] = new
            return
    raise ValueError(f"model has no operator {old}")


SOFTMAX, MAX_POOL, SKIP_GRAM, LSH_PROJECTION, CUSTOM = 25, 17, 30, 15, 32


# ---- The groups --------------------------------------------------------------


def module():
    equal([int(part) >= 0 for part in arena8.__version__.split(".")], [True] * 3)
    names = arena8.operators()
    check(isinstance(names, tuple))
    for name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "SOFTMAX", "ADD", "RESHAPE"):
        check(name in names, name)
    equal(len(set(names)), len(names))
    for name in names:
        types = arena8.operators(name)
        check(isinstance(types, tuple))
        check(types and len(set(types)) == len(types), name)
    check("int8" in arena8.operators("CONV_2D"))
    equal(arena8.operators("RESHAPE"), ("any",))
    equal(arena8.operators("NO_SUCH_OPERATOR"), ())
    raises(TypeError, (), arena8.operators, 5)
    raises(TypeError, (), arena8.operators, "ADD", 5)
    found = [entry for entry in arena8.models() if entry[0] == "digits"]
    equal(found, [("digits", len(DIGITS), arena8.Model(DIGITS).crc32)])
    if arena8.static_arena is not None:
        check(ON_BOARD)
        check(len(arena8.static_arena) > 0)
        check(str(len(arena8.static_arena)) in repr(arena8.static_arena))
        check(len(repr(arena8.static_arena)) <= 100)
        raises(TypeError, (), memoryview, arena8.static_arena)  # records lie in it: no way in from Python
        raises(TypeError, (), bytes, memoryview, arena8.static_arena)


def crc32(data):
    try:
        from binascii import crc32 as crc

        return crc(data) & 0xFFFFFFFF
    except ImportError:
        crc = 0xFFFFFFFF
        for byte in data:
            crc ^= byte
            for _ in range(8):
                crc = (crc >> 1) ^ (0xEDB88320 if crc & 1 else 0)
        return crc ^ 0xFFFFFFFF


def model():
    m = arena8.Model("digits")
    equal(m.name, "digits")
    equal(m.nbytes, len(DIGITS))
    equal(m.crc32, crc32(DIGITS))
    equal(m.labels, tuple(str(i) for i in range(10)))
    check(m.address > 0)
    equal(m.in_flash, ON_BOARD)
    if ON_BOARD:
        equal(m.address % 16, 0)
        equal(arena8.Model(DIGITS).address, m.address)  # a view, not a copy
    check(m.arena_size > 64)
    text = repr(m)
    check(len(text) <= 100, text)
    for part in ("digits", m.nbytes, "flash" if ON_BOARD else "RAM"):
        check(str(part) in text, part, "in", text)

    # Other sources: all views of the same bytes.
    copy = bytearray(DIGITS)
    for source in (DIGITS, memoryview(DIGITS), copy, memoryview(copy), m):
        other = arena8.Model(source)
        equal(other.nbytes, m.nbytes)
        equal(other.crc32, m.crc32)
    for source in ("digits", copy, m):
        equal(arena8.arena_size(source), m.arena_size)
    check(not arena8.Model(copy).in_flash)
    check("RAM" in repr(arena8.Model(copy)))
    equal(arena8.Model(copy).name, "")
    equal(arena8.Model(copy).address, arena8.Model(memoryview(copy)).address)
    copy[-1] ^= 1
    check(arena8.Model(copy).crc32 != m.crc32)

    # At an odd address.
    copy = bytearray(len(DIGITS) + 3)
    copy[3:] = DIGITS
    odd = arena8.Model(memoryview(copy)[3:])
    equal(odd.address % 2, 1)
    equal(odd.labels, m.labels)
    answers_right(arena8.Interpreter(odd), "odd address")


def model_errors():
    for source in (5, None, 1.5, [], DIGITS and len):
        raises(TypeError, (), arena8.Model, source)
        raises(TypeError, (), arena8.Interpreter, source)
        raises(TypeError, (), arena8.arena_size, source)
    raises(TypeError, (), arena8.Model)
    for name in ("nothere", "no/such/file.tflite", "TFL3", "\x1c\x00\x00\x00TFL3" + "\x00" * 60):
        for function in (arena8.Model, arena8.Interpreter, arena8.arena_size):
            e = raises(OSError, (), function, name)
            equal(e.args[0], 2)  # ENOENT
    e = raises(OSError, (), arena8.Model, "nothere")
    check("nothere" in str(e.args) and "digits" in str(e.args), "names what is there:", e.args)

    for bad in (b"", b"TFL3", DIGITS[:64], DIGITS[: len(DIGITS) // 4], bytes(1000)):
        raises(ValueError, (), arena8.arena_size, bad)
        raises(ValueError, (), arena8.Interpreter, bad)
    copy = bytearray(DIGITS)
    copy[4] ^= 1
    raises(ValueError, ("TFL3",), arena8.Model, copy)
    copy[4] ^= 1
    copy[0:4] = b"\xff\xff\xff\x7f"  # the root table lies far outside
    raises(ValueError, (), arena8.Model, copy)
    del copy
    gc.collect()

    # Every byte of the tables may be wrong; here some of the offsets.
    copy = bytearray(DIGITS)
    root = follow(copy, 0)
    for number in range(5):
        at = field(copy, root, number)
        if number in (1, 2, 4):  # operator codes, subgraphs, buffers
            for wrong in (b"\xff\xff\xff\xff", b"\xfd\xff\xff\x7f", b"\x00\x00\x00\x80"):
                copy[at : at + 4] = wrong
                raises(ValueError, (), arena8.arena_size, copy)
            copy[at : at + 4] = DIGITS[at : at + 4]
    equal(arena8.arena_size(copy), arena8.arena_size(DIGITS))


def unsupported():
    nodes = [name for _, name, _ in arena8.Interpreter(DIGITS).profile()]
    copy = bytearray(DIGITS)
    replace_operator(copy, SOFTMAX, SKIP_GRAM)
    replace_operator(copy, MAX_POOL, LSH_PROJECTION)
    for function in (arena8.Interpreter, arena8.arena_size):
        raises(
            ValueError,
            (
                "2 of {} operators".format(len(nodes)),
                "SKIP_GRAM int8 at node {}".format(nodes.index("SOFTMAX")),
                "LSH_PROJECTION int8 at node {}".format(nodes.index("MAX_POOL_2D")),
                "arena8 has no such operator",
            ),
            function,
            copy,
        )
    for name in ("SKIP_GRAM", "LSH_PROJECTION"):
        check(name not in arena8.operators(), "choose others for this test")
    equal(arena8.Model(copy).nbytes, len(DIGITS))  # a model that can't run can still be looked at
    raises(ValueError, ("SKIP_GRAM",), lambda: arena8.Model(copy).arena_size)
    replace_operator(copy, LSH_PROJECTION, CUSTOM)
    raises(ValueError, ("CUSTOM", "node {}".format(nodes.index("MAX_POOL_2D"))), arena8.Interpreter, copy)


def arenas():
    m = arena8.Model("digits")
    size = m.arena_size
    it = arena8.Interpreter(m)
    equal(it.arena_used, size)
    answers_right(it)
    text = repr(it)
    check(len(text) <= 100, text)
    for part in ("digits", "1x8x8x1", "int8", size):
        check(str(part) in text, part, "in", text)
    it = None

    # A number of bytes.
    it = arena8.Interpreter(m, arena=size)
    answers_right(it, "exact size")
    it = arena8.Interpreter("digits", size + 5)
    equal(it.arena_used, size)
    answers_right(it, "more than needed")
    it = None
    for few in (size - 1, size - 16, 100, 1, 0, -1):
        raises(MemoryError, (size, few), arena8.Interpreter, m, arena=few)

    # A caller's buffer: exactly enough, at any alignment; too small.
    room = bytearray(size + 64)
    for start in (0, 1, 15):
        in_buffer(m, room, memoryview(room)[start : start + size + 15])
        forget()
    padding = paddings(room, size, m)
    equal([(start + extra) % 16 for start, extra in padding], [padding[0][1]] * len(padding))

    # What can't be an arena.
    for wrong in (b"x" * 10000, "x" * 10000, 1.5, [], m, memoryview(DIGITS)):
        raises(TypeError, ("arena",), arena8.Interpreter, m, arena=wrong)
    raises(MemoryError, (size, 10), arena8.Interpreter, m, arena=bytearray(10))
    raises(MemoryError, (size,), arena8.Interpreter, m, arena=bytearray(0))
    copy = bytearray(DIGITS)
    raises(ValueError, ("arena",), arena8.Interpreter, copy, arena=copy)
    raises(ValueError, ("arena",), arena8.Interpreter, copy, arena=memoryview(copy)[100:])
    equal(crc32(copy), m.crc32)


# MicroPython's collector takes what lies on the stack for references, also what calls that are over left
# there. So what drops an interpreter does it in a function of its own, and forget() writes over the rest.
# Nobody has to collect: a new Interpreter does it before it says that an arena is in use.
def forget(depth=6):
    if depth:
        forget(depth - 1)


def in_buffer(m, room, view):
    it = arena8.Interpreter(m, arena=view)
    answers_right(it, "buffer")
    it.inputs[0][0] = 77
    check(b"\x4d" in room, "tensors lie in the buffer")
    check(len(repr(it)) <= 100)


def paddings(room, size, m):
    """(start, how many bytes more it takes there) of some starts; MemoryError must say so."""
    found = []
    for start in (0, 5, 10, 15):
        forget()
        # Find by trying how many bytes it takes, then look that the sentence for one less is right.
        for extra in range(16):
            view = memoryview(room)[start : start + size + extra]
            try:
                arena8.Interpreter(m, arena=view)
                break
            except MemoryError as e:
                check(str(size + extra) in str(e), size + extra, "in", e)
                text = str(e)
        if extra > 0:
            check(str(size + extra) in text, size + extra, "in", text)
        found.append((start, extra))
    return found


def make_and_drop(*args, **kwargs):
    """In a frame of its own, so that no stale reference stays on this one's stack."""
    answers_right(arena8.Interpreter(*args, **kwargs))


def shared(m, room):
    size = m.arena_size
    it = arena8.Interpreter(m, arena=room)
    raises(RuntimeError, ("in use",), arena8.Interpreter, m, arena=room)
    raises(RuntimeError, ("in use",), arena8.Interpreter, m, arena=memoryview(room)[16 : size + 47])
    raises(RuntimeError, ("in use",), arena8.Interpreter, m, arena=it.inputs[0].data)
    answers_right(it)


def halves(m, room):
    """Two halves of one buffer don't overlap."""
    size = m.arena_size
    one = arena8.Interpreter(m, arena=memoryview(room)[: size + 15])
    two = arena8.Interpreter(m, arena=memoryview(room)[size + 16 :])
    one.inputs[0].quantize(ZERO)
    two.inputs[0].quantize(TWO)
    one.invoke()
    two.invoke()
    equal([list(one.outputs[0]), list(two.outputs[0])], [ANSWERS[0][1], ANSWERS[2][1]])


def in_static(m, static):
    it = arena8.Interpreter(m, arena=static)
    answers_right(it)
    check("digits" in repr(static), static)
    raises(RuntimeError, ("in use", "digits"), arena8.Interpreter, m, arena=static)
    heap = arena8.Interpreter(m)  # falls back to the heap
    check("heap" in repr(heap), heap)
    heap.inputs[0].quantize(TWO)
    answers_right(it)
    heap.invoke()
    equal(list(heap.outputs[0]), ANSWERS[2][1])


def sharing():
    m = arena8.Model("digits")
    room = bytearray(2 * m.arena_size + 64)
    shared(m, room)
    forget()
    halves(m, room)
    forget()
    for _ in range(2):
        make_and_drop(m, arena=room)
        forget()

    static = arena8.static_arena
    if static is None:
        return
    check(len(static) >= m.arena_size, "for this test it has at least", m.arena_size)
    check("free" in repr(static), static)
    in_static(m, static)
    forget()
    for _ in range(2):
        make_and_drop(m, arena=static)
        forget()
    it = arena8.Interpreter(m)
    check("static" in repr(it), "free and large enough:", it)


def moved_buffers():
    m = arena8.Model("digits")
    room = bytearray(m.arena_size + 15)
    it = arena8.Interpreter(m, arena=room)
    answers_right(it)
    t = it.inputs[0]
    if not ON_BOARD:
        raises(BufferError, (), room.extend, bytes(100))  # CPython locks it instead
        return
    room.extend(bytes(100))
    for function in (
        it.invoke,
        it.step,
        it.reset,
        it.profile,
        t.argmax,
        t.dequantize,
        lambda: it.predict(ONE),
        lambda: t[0],
        lambda: t[:],
        lambda: list(t),
        lambda: t.data,
        lambda: memoryview(t),
        lambda: t.quantize(ONE),
        lambda: t.write(ONE),
        lambda: t.top(1),
        lambda: repr(it),
    ):
        raises(RuntimeError, ("moved", m.arena_size + 15), function)
    raises(RuntimeError, ("moved",), t.__setitem__ if hasattr(t, "__setitem__") else set_first, *setting(t))
    t = it = None
    copy = bytearray(DIGITS)
    m = arena8.Model(copy)
    it = arena8.Interpreter(m)
    answers_right(it)
    copy.extend(bytes(40000))
    for function in (
        it.invoke,
        it.step,
        lambda: m.labels,
        lambda: m.crc32,
        lambda: m.arena_size,
        lambda: repr(m),
    ):
        raises(RuntimeError, ("moved", len(DIGITS)), function)
    raises(RuntimeError, ("moved",), arena8.Interpreter, m)


def set_first(t, index, value):
    t[index] = value


def setting(t):
    return (0, 1) if hasattr(t, "__setitem__") else (t, 0, 1)


def tensor():
    it = arena8.Interpreter("digits")
    t = it.inputs[0]
    o = it.outputs[0]
    check(isinstance(it.inputs, tuple) and isinstance(it.outputs, tuple))
    equal((len(it.inputs), len(it.outputs)), (1, 1))
    equal((t.shape, o.shape), ((1, 8, 8, 1), (1, 10)))
    equal((t.dtype, o.dtype), ("int8", "int8"))
    equal((t.scale, t.zero_point), (1 / 16, -128))
    equal((o.scale, o.zero_point), (1 / 256, -128))
    equal((len(t), len(o)), (64, 10))
    check(isinstance(t.name, str) and len(t.name) > 0)
    check(bool(t))
    for x in (t, o):
        text = repr(x)
        check(len(text) <= 100, text)
        for part in (x.name[:8], "x".join(str(n) for n in x.shape), "int8"):
            check(part in text, part, "in", text)

    # Elements.
    t[0] = 5
    t[63] = -128
    t[-2] = 127
    equal((t[0], t[-64], t[63], t[-1], t[62]), (5, 5, -128, -128, 127))
    for index in (64, -65, 1000):
        raises(IndexError, (index, 64), lambda i=index: t[i])
        raises(IndexError, (index, 64), set_first, t, index, 0)
    raises(TypeError, (), lambda: t["0"])
    raises(TypeError, (), lambda: t[1.0])
    for value in (128, -129, 300, 1 << 40, -(1 << 70)):
        raises(ValueError, ("element 3 ", value, "-128..127"), set_first, t, 3, value)
    raises(TypeError, (), set_first, t, 0, 1.0)
    raises(TypeError, (), set_first, t, 0, "1")
    raises(TypeError, (), set_first, t, 0, None)

    # All of them, from whatever holds as many.
    values = [i * 3 - 100 for i in range(64)]
    for source in (
        values,
        tuple(values),
        array("b", values),
        array("h", values),
        array("i", values),
        (v for v in values),
        iter(values),
        range(-100, 92, 3),
    ):
        t[:] = [0] * 64
        t[:] = source
        equal(list(t), values)
    equal([v for v in t], values)
    equal(sum(t), sum(values))
    t[:] = ZERO
    equal(list(t), list(ZERO))
    t[:] = bytearray(ONE)
    equal(bytes(t), ONE)
    other = arena8.Interpreter("digits").inputs[0]
    other[:] = t
    equal(list(other), list(ONE))
    other[:] = memoryview(values_array(values))
    t[:] = t
    equal(list(t), list(ONE))

    for bad in (values[:-1], values + [0], array("b", values[1:]), ZERO[:-1], ZERO + b"\0", (), o):
        n = len(bad)
        raises(ValueError, (64, n) if n != 65 or not isinstance(bad, list) else (64,), set_all, t, bad)
    raises(ValueError, (64,), set_all, t, iter(values + [0]))
    raises(ValueError, (64, 63), set_all, t, iter(values[:-1]))
    t[:] = ONE  # an iterable is taken as it comes
    wrong = list(values)
    wrong[5] = 300
    for bad in (wrong, tuple(wrong), array("h", wrong), bytes([v & 127 for v in values[:5]] + [200] * 59)):
        raises(ValueError, ("element 5 ", bad[5], "-128..127"), set_all, t, bad)
    wrong[5] = 1.5
    for bad in (wrong, array("f", wrong), array("f", values), "x" * 64, 5, None):
        raises(TypeError, (), set_all, t, bad)
    equal(list(t), list(ONE), "nothing is written by an error:")

    # Slices.
    equal(t[:4], array("b", ONE[:4]))
    equal(len(t[60:100]), 4)
    equal(list(t[4:6]), list(ONE[4:6]))
    equal(len(t[5:2]), 0)
    t[2:5] = [-1, -2, -3]
    equal(list(t[1:6]), [ONE[1], -1, -2, -3, ONE[5]])
    raises(ValueError, (3, 2), set_slice, t, 2, 5, b"ab")
    raises(ValueError, ("element 4 ", 128), set_slice, t, 2, 5, [0, 0, 128])
    raises(NotImplementedError, (), lambda: t[::2])

    # Raw bytes.
    t.write(bytes(range(192, 256)))
    equal(list(t), list(range(-64, 0)))
    t.write(array("b", [7] * 64))
    equal(list(t), [7] * 64)
    for n in (0, 63, 65):
        raises(ValueError, (64, n), t.write, bytes(n))
    for bad in ("x" * 64, 64, [0] * 64, None):
        raises(TypeError, (), t.write, bad)
    for name in ("shape", "scale", "nothing"):
        raises(AttributeError, (), setattr, t, name, 1)


def values_array(values):
    return array("b", values)


def set_all(t, x):
    t[:] = x


def set_slice(t, a, b, x):
    t[a:b] = x


def keep_only_data():
    t = arena8.Interpreter("digits", arena=arena8.arena_size("digits")).inputs[0]
    t[:] = ONE
    return t.data, t.data[8:16]


def keep_only_tensor():
    return arena8.Interpreter("digits", arena=arena8.arena_size("digits")).inputs[0]


def views():
    it = arena8.Interpreter("digits")
    t = it.inputs[0]
    t[:] = ONE
    d = t.data
    equal(len(d), 64)
    equal(bytes(d), ONE)
    d[1] = -5
    equal((t[1], d[1]), (-5, -5))
    t[2] = -6
    equal(d[2], -6)
    equal(bytes(memoryview(t)[:4]), bytes(t[:4]))
    equal(len(memoryview(t)), 64)
    equal(memoryview(t)[1], -5)
    if not ON_BOARD:
        equal(t.numpy().shape, (1, 8, 8, 1))
        t.numpy()[0, 0, 3, 0] = 9
        equal(t[3], 9)

    # What is kept survives whatever happens to the rest.
    data, part = keep_only_data()
    kept = keep_only_tensor()
    rubbish = []
    for i in range(20):
        gc.collect()
        rubbish.append(bytearray(500 + i))
    equal(bytes(data), ONE)
    equal(bytes(part), ONE[8:16])
    data[8] = 99
    equal(part[0], 99)
    kept.quantize(TWO)
    equal(kept[2], 16 * TWO[2] - 128 if TWO[2] < 16 else 127)
    rubbish = None
    # A buffer's tensors stay in the buffer.
    room = bytearray(it.arena_used + 15)
    t = arena8.Interpreter("digits", arena=room).inputs[0]
    t[:] = [91] * 64
    gc.collect()
    check(bytes([91] * 64) in bytes(room))
    equal(list(t), [91] * 64)


def quantized(values, scale=1.0, offset=0.0):
    """What t.quantize should store for values whose results are exact in binary, at a scale of 1/16."""
    out = []
    for v in values:
        x = (v * scale + offset) * 16
        q = int(x + 0.5) if x >= 0 else -int(-x + 0.5)
        out.append(max(-128, min(127, q - 128)))
    return out


def quantize():
    it = arena8.Interpreter("digits")
    t = it.inputs[0]
    equal((t.scale, t.zero_point), (1 / 16, -128), "this test counts on")
    steps = [i / 32 for i in range(64)]  # every other one a half, to be rounded away from zero
    for source in (steps, tuple(steps), array("f", steps), array("d", steps), iter(steps)):
        t[:] = [0] * 64
        t.quantize(source)
        equal(list(t), quantized(steps))
    whole = list(range(-32, 32))
    for source in (whole, range(-32, 32), array("b", whole), array("h", whole), array("i", whole)):
        t.quantize(source)
        equal(list(t), quantized(whole))
        t.quantize(source, 0.5)
        equal(list(t), quantized(whole, 0.5))
        t.quantize(source, scale=0.25, offset=9.0)
        equal(list(t), quantized(whole, 0.25, 9.0))
        t.quantize(source, offset=7.5)
        equal(list(t), quantized(whole, 1.0, 7.5))
    for source in (bytes(range(192, 256)), bytearray(range(192, 256)), array("B", range(192, 256))):
        t.quantize(source, 1 / 16)  # bytes count 0 to 255
        equal(list(t), quantized(range(192, 256), 1 / 16))
    t.quantize(array("H", [65535] * 64), 1 / 8192)
    equal(t[0], quantized([65535 / 8192])[0])
    other = arena8.Interpreter("digits").inputs[0]
    other[:] = list(range(64))
    t.quantize(other, 0.125)
    equal(list(t), quantized(range(64), 0.125))

    # Saturation and infinity.
    inf = float("inf")
    t.quantize([inf, -inf, 1e30, -1e30, 16.0, 15.96875] + [0] * 58)
    equal(list(t[:7]), [127, -128, 127, -128, 127, 127, -128])
    t.quantize(array("f", [inf, -inf, 3e38, -3e38] + [1] * 60), scale=1e30)
    equal(list(t[:5]), [127, -128, 127, -128, 127])

    # Errors, with nothing written.
    t[:] = ONE
    nan = float("nan")
    for wrong in ([0.0] * 9 + [nan] + [0.0] * 54, [0.0] * 9 + [nan, nan] + [0.0] * 53):
        kinds = [list, tuple, lambda x: array("f", x)]
        if str(array("d", wrong)[9]) == "nan":  # RP2040's ROM makes it infinity
            kinds.append(lambda x: array("d", x))
        for kind in kinds:
            raises(ValueError, ("element 9 ", "NaN"), t.quantize, kind(wrong))
    raises(ValueError, ("element 0 ", "NaN"), t.quantize, bytes(64), nan)
    raises(ValueError, ("element 0 ", "NaN"), t.quantize, bytes(64), inf)  # 0 * inf
    raises(ValueError, ("NaN",), t.quantize, array("f", [inf] * 64), offset=-inf)
    for n in (0, 63, 65):
        for x in (bytes(n), [0] * n, array("f", [0] * n)):
            raises(ValueError, (64, n), t.quantize, x)
    raises(ValueError, (64, 63), t.quantize, iter([0] * 63))
    raises(ValueError, (64,), t.quantize, iter([0] * 65))
    t[:] = ONE  # an iterable is taken as it comes
    for x in ("x" * 64, 5, None, ["x"] * 64, [None] * 64):
        raises(TypeError, (), t.quantize, x)
    raises(TypeError, (), t.quantize)
    raises(TypeError, (), t.quantize, bytes(64), "x")
    raises(TypeError, (), t.quantize, bytes(64), nothing=1)
    equal(list(t), list(ONE), "nothing is written by an error:")


def dequantize():
    it = arena8.Interpreter("digits")
    t = it.inputs[0]
    values = [-128 + 4 * i for i in range(64)]
    t[:] = values
    real = [(v + 128) / 16 for v in values]
    got = t.dequantize()
    check(isinstance(got, array))
    equal(list(got), real)
    out = array("f", [0] * 64)
    check(t.dequantize(out) is out)
    equal(list(out), real)
    out = array("f", [0] * 70)
    view = memoryview(out)[3:67]
    check(t.dequantize(out=view) is view)
    equal(list(out), [0.0] * 3 + real + [0.0] * 3)
    for n in (0, 63, 65):
        raises(ValueError, (64, n), t.dequantize, array("f", [0] * n))
    for bad in (array("i", [0] * 64), bytearray(256), bytes(256), [0.0] * 64, "x", 5):
        raises(TypeError, (), t.dequantize, bad)
    t.quantize(got)  # there and back
    equal(list(t), values)


def ranking():
    it = arena8.Interpreter("digits")
    o = it.outputs[0]
    o[:] = [3, 7, -128, 7, 127, 0, 127, -5, 2, 7]
    equal(o.argmax(), 4)

    def real(q):
        return (q + 128) / 256

    best = [
        ("4", real(127)),
        ("6", real(127)),
        ("1", real(7)),
        ("3", real(7)),
        ("9", real(7)),
        ("0", real(3)),
    ]
    best += [("8", real(2)), ("5", real(0)), ("7", real(-5)), ("2", real(-128))]
    for k in (1, 3, 5, 10):
        equal(o.top(k), best[:k])
    equal(o.top(100), best)
    equal((o.top(0), o.top(-1)), ([], []))
    raises(TypeError, (), o.top, "x")
    o[:] = [-128] * 10
    equal(o.argmax(), 0)
    t = it.inputs[0]
    t[:] = ONE
    t[40] = 100
    equal(t.argmax(), 40)
    equal(t.top(1), [(40, (100 + 128) / 16)])  # the input has no labels
    o[9] = -127
    equal((o.argmax(), o.top(1)), (9, [("9", 1 / 256)]))


def running():
    it = arena8.Interpreter("digits")
    t, o = it.inputs[0], it.outputs[0]
    for image, answer in ANSWERS:
        t.quantize(image)
        check(it.invoke() is None)
        equal(list(o), answer)
    equal(list(o), ANSWERS[2][1], "outputs stay:")

    # Step by step, with garbage collected at every step.
    profile = it.profile()
    nodes = len(profile)
    check(nodes > 5)
    equal([entry[0] for entry in profile], list(range(nodes)))
    for _, name, us in profile:
        check(name in arena8.operators(), name)
        check(us >= 0)
    data = o.data
    t.quantize(TWO)
    for i in range(nodes):
        gc.collect()
        equal(it.step(), i < nodes - 1, "step {}:".format(i))
    equal(list(data), ANSWERS[2][1])
    # Part of a run, then a whole one; part of a run, reset.
    t.quantize(ZERO)
    check(it.step() is True)
    t.quantize(ONE)
    it.invoke()
    equal(list(o), ANSWERS[1][1])
    t.quantize(ZERO)
    it.step()
    it.step()
    check(it.reset() is None)
    t.quantize(TWO)
    steps = 1
    while it.step():
        steps += 1
    equal(steps, nodes)
    equal(list(o), ANSWERS[2][1])

    # predict
    image, answer = ANSWERS[0]
    real = [(q + 128) / 256 for q in answer]
    got = it.predict(image)
    check(isinstance(got, array))
    equal(list(got), real)
    equal(list(it.predict(list(image))), real)
    out = array("f", [0] * 10)
    check(it.predict(array("f", list(image)), out) is out)
    equal(list(out), real)
    out[0] = -1.0
    check(it.predict(image, out=out) is out)
    equal(list(out), real)
    raises(ValueError, (64, 63), it.predict, ZERO[1:])
    raises(ValueError, (10, 9), it.predict, ZERO, array("f", [0] * 9))
    raises(TypeError, (), it.predict, ZERO, bytearray(10))
    raises(TypeError, (), it.predict)
    raises(TypeError, (), it.predict, "x" * 64)
    raises(TypeError, (), it.invoke, 1)
    answers_right(it)
    for name in ("inputs", "arena_used", "nothing"):
        raises(AttributeError, (), setattr, it, name, 1)
    raises(AttributeError, (), lambda: it.nothing)
    raises((TypeError, AttributeError), (), arena8.Interpreter.invoke, 5)
    raises(TypeError, (), arena8.Interpreter)


def heap():
    """invoke and what feeds it take no heap; an Interpreter takes its arena and 1 KB; nothing leaks."""
    if not ON_BOARD:
        return
    import micropython

    size = arena8.arena_size("digits")
    image = array("f", list(ONE))
    out = array("f", [0] * 10)
    it = arena8.Interpreter("digits")
    t, o = it.inputs[0], it.outputs[0]
    micropython.heap_lock()
    try:
        t.quantize(image)
        t.quantize(ONE)
        it.invoke()
        it.step()
        it.reset()
        o.dequantize(out)
        it.predict(image, out)
        o.argmax()
        t.write(ONE)
        first = it.inputs[0][4]
        t[5] = 1
        for _ in t:
            pass
    finally:
        micropython.heap_unlock()
    equal(first, ONE[4])
    equal(list(out), [(q + 128) / 256 for q in ANSWERS[1][1]])
    t = o = it = None

    gc.collect()
    before = gc.mem_alloc()
    it = arena8.Interpreter("digits", arena=size)
    gc.collect()
    used = gc.mem_alloc() - before
    check(size <= used <= size + 1024, "arena", size, "heap", used)
    it = None

    def errors():
        for source, arena in (
            (DIGITS[:2000], None),
            (DIGITS, 100),
            ("nothere", None),
            (DIGITS, bytearray(100)),
            (5, 5),
        ):
            try:
                arena8.Interpreter(source, arena=arena)
            except Exception:
                pass
        arena8.arena_size(DIGITS)
        make_and_drop(DIGITS)

    errors()
    gc.collect()
    before = gc.mem_alloc()
    errors()
    gc.collect()
    check(gc.mem_alloc() - before < 256, "leak of", gc.mem_alloc() - before)

    # An arena that doesn't fit the heap, with the numbers.
    raises(
        MemoryError, (1 << 30,), arena8.Interpreter, "digits", arena=1 << 30
    ) if sys.maxsize < 1 << 40 else None


def busy():
    """A callback that runs in the middle of an invoke may read, and nothing else."""
    if not ON_BOARD:
        return
    import micropython

    if not hasattr(micropython, "schedule"):
        print("  (no scheduler)")
        return
    it = arena8.Interpreter("digits")
    t = it.inputs[0]
    seen = []

    def callback(_):
        for function in (
            it.invoke,
            it.step,
            it.reset,
            lambda: t.quantize(ZERO),
            lambda: t.write(ZERO),
            it.__del__,
        ):
            try:
                seen.append(function())
            except RuntimeError as e:
                seen.append(str(e))
        seen.append(t[0])
        seen.append(len(memoryview(t)))

    t.quantize(ONE)
    micropython.schedule(callback, 0)
    it.invoke()
    equal(list(it.outputs[0]), ANSWERS[1][1])
    equal(len(seen), 8)
    for text in seen[:5]:
        check("busy" in str(text), seen)
    equal(seen[7], 64)

    # It may also take the arena away: the invoke stops.
    room = bytearray(it.arena_used + 15)
    it = arena8.Interpreter("digits", arena=room)
    it.inputs[0].quantize(ONE)
    micropython.schedule(lambda _: room.extend(bytes(3000)), 0)
    raises(RuntimeError, ("moved",), it.invoke)
    raises(RuntimeError, ("moved",), it.invoke)


def main():
    for group in (
        module,
        model,
        model_errors,
        unsupported,
        arenas,
        sharing,
        moved_buffers,
        tensor,
        views,
        quantize,
        dequantize,
        ranking,
        running,
        heap,
        busy,
    ):
        forget()
        gc.collect()
        before = checks
        group()
        print(group.__name__, checks - before)
    print("OK {} checks".format(checks))


main()
