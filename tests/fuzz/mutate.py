# SPDX-License-Identifier: MIT
"""Changes a model where it means something: options, shapes, types, operands, quantization, constants."""

from __future__ import annotations

import struct
from random import Random

from model_builder import ModelBuilder, Subgraph

_INTS = [
    *range(-9, 17), 31, 32, 33, 63, 64, 100, 127, 128, 255, 256, 1000, 4095, 32767, 32768, 46341, 65535,
    2**16, 2**20, 2**24, 2**28, 2**29, 2**30 - 1, 2**30, 2**30 + 1, 0x55555556, 2**31 - 2, 2**31 - 1,
    -(2**31), -(2**31) + 1,
    -128, -129, -32768, -32769, -(2**30), -(2**16),
]  # fmt: skip
_FLOATS = [
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-45, 1e-40, 1.1754944e-38, 1e-30, 1e-20, 1e-10, 1e-5, 1e5, 1e10, 1e20,
    3.4e38, float("inf"), float("-inf"), float("nan"), 2.0**-31, 2.0**31, 2.0**-16, 1 / 32768, 1 / 256, 0.1,
]  # fmt: skip
_SIZES = {0: 4, 1: 2, 2: 4, 3: 1, 4: 8, 6: 1, 7: 2, 9: 1, 12: 8, 15: 4, 16: 2, 10: 8}
_DTYPES = [0, 1, 2, 3, 4, 6, 7, 9, 12, 13, 15, 17]


def an_int(rng: Random) -> int:
    kind = rng.random()
    if kind < 0.55:
        return rng.randint(-2, 9)
    return rng.choice(_INTS) if kind < 0.95 else rng.randint(-(2**31), 2**31 - 1)


def a_float(rng: Random) -> float:
    return rng.choice(_FLOATS) if rng.random() < 0.7 else 2.0 ** rng.uniform(-40, 40)


def count(shape) -> int:
    n = 1
    for d in shape or ():
        n *= d
    return n


def content(m: ModelBuilder, t) -> bytes:
    return m.buffers[t.buffer] or b"" if 0 < t.buffer < len(m.buffers) else b""


# ---- Kinds of changes. They return False where there is nothing to change. --------------------


def option(rng: Random, m: ModelBuilder, g: Subgraph):
    nodes = [n for n in g.nodes if n.fields]
    if not nodes:
        return False
    node = rng.choice(nodes)
    i = rng.randrange(len(node.fields))
    number, kind, value = node.fields[i]
    if rng.random() < 0.1:
        node.fields.pop(i)
        return True
    if kind == "b":
        value = rng.choice([0, 1, 2, 3, 4, 5, 6, 9, 17, 127, -1, -128, 85])
    elif kind in "iuq":
        value = an_int(rng) & 0xFFFFFFFF if kind == "u" else an_int(rng)
    elif kind == "f":
        value = a_float(rng)
    elif kind in "IF":
        make = an_int if kind == "I" else a_float
        value = [make(rng) if rng.random() < 0.3 else v for v in value]
        value += [make(rng)] * rng.choice([0, 0, 0, 1, 9])
        if rng.random() < 0.2:
            value = []
    elif kind == "s":
        value = rng.choice(["", "v0", "sum", "x" * 100])
    node.fields[i] = (number, kind, value)
    return True


def custom_options(rng: Random, m: ModelBuilder, g: Subgraph):
    nodes = [n for n in g.nodes if n.custom_options]
    if not nodes:
        return False
    node = rng.choice(nodes)
    data = bytearray(node.custom_options)
    for _ in range(rng.randint(1, 3)):
        data[rng.randrange(len(data))] = rng.choice([0, 1, 2, 3, 4, 5, 8, 127, 128, 255, rng.randrange(256)])
    node.custom_options = bytes(data)
    return True


def a_shape(rng: Random, shape):
    shape = list(shape or ())
    kind = rng.randrange(8)
    if kind == 0 or not shape:
        shape.insert(rng.randint(0, len(shape)), rng.choice([1, 1, 2, 3, 0, an_int(rng)]))
    elif kind == 1:
        shape.pop(rng.randrange(len(shape)))
    elif kind == 2:
        rng.shuffle(shape)
    elif kind == 3:
        return [1] * rng.randint(0, 9)
    elif kind == 4:
        return []
    else:
        i = rng.randrange(len(shape))
        shape[i] = max(
            -(2**31), min(2**31 - 1, rng.choice([shape[i] + 1, shape[i] - 1, shape[i] * 2, an_int(rng)]))
        )
    return shape


def fit(rng: Random, m: ModelBuilder, t):
    """Gives a constant as many bytes as its shape and type want, mostly."""
    size = _SIZES.get(t.dtype, 1)
    if not content(m, t) or rng.random() < 0.15:
        return
    n = count(t.shape) * size
    if 0 < n <= 4096:
        old = content(m, t)
        m.buffers.append((old * (n // len(old) + 1))[:n])
        t.buffer = len(m.buffers) - 1


def shape(rng: Random, m: ModelBuilder, g: Subgraph):
    t = rng.choice(g.tensors)
    t.shape = None if rng.random() < 0.03 else tuple(a_shape(rng, t.shape))
    fit(rng, m, t)
    return True


def same_shape(rng: Random, m: ModelBuilder, g: Subgraph):
    """Two tensors get the same new shape, so that checks of equality pass."""
    node = rng.choice(g.nodes or [None])
    if node is None:
        return False
    used = [i for i in [*node.inputs, *node.outputs] if 0 <= i < len(g.tensors)]
    if not used:
        return False
    old = g.tensors[rng.choice(used)].shape
    new = tuple(a_shape(rng, old))
    for i in set(used):
        if g.tensors[i].shape == old:
            g.tensors[i].shape = new
            fit(rng, m, g.tensors[i])
    return True


def same_dim(rng: Random, m: ModelBuilder, g: Subgraph):
    """All dims of one value become another one."""
    dims = [d for t in g.tensors for d in t.shape or ()]
    if not dims:
        return False
    old, new = rng.choice(dims), rng.choice([0, 1, 2, 3, 5, 17, 64, 257, 1000, 65536, an_int(rng)])
    for t in g.tensors:
        if t.shape and old in t.shape:
            t.shape = tuple(new if d == old else d for d in t.shape)
            fit(rng, m, t)
    return True


def dtype(rng: Random, m: ModelBuilder, g: Subgraph):
    t = rng.choice(g.tensors)
    old, new = t.dtype, rng.choice(_DTYPES if rng.random() < 0.9 else range(-1, 20))
    for other in g.tensors if rng.random() < 0.4 else [t]:
        if other.dtype == old:
            other.dtype = new
            fit(rng, m, other)
    return True


def operands(rng: Random, m: ModelBuilder, g: Subgraph):
    if not g.nodes:
        return False
    node = rng.choice(g.nodes)
    operands = node.inputs if rng.random() < 0.75 or not node.outputs else node.outputs
    any_tensor = rng.randrange(len(g.tensors))
    kind = rng.randrange(6)
    if kind == 0 or not operands:
        operands.insert(rng.randint(0, len(operands)), rng.choice([-1, any_tensor]))
    elif kind == 1:
        operands.pop(rng.randrange(len(operands)))
    elif kind == 2:
        operands[rng.randrange(len(operands))] = -1
    elif kind == 3:
        rng.shuffle(operands)
    elif kind == 4:
        operands[rng.randrange(len(operands))] = any_tensor
    else:
        operands.extend([rng.choice([any_tensor, -1])] * rng.choice([1, 2, 5, 260]))
    return True


def quantization(rng: Random, m: ModelBuilder, g: Subgraph):
    t = rng.choice(g.tensors)
    kind = rng.randrange(7)
    if kind == 0:
        t.scale = None if t.scale else [a_float(rng)]
        t.zero_point = [0]
    elif t.scale is None:
        return False
    elif kind < 3:
        t.scale[rng.randrange(len(t.scale))] = a_float(rng)
    elif kind == 3:
        t.scale = t.scale[:1] * rng.choice([1, 2, 3, len(t.scale)])
        t.zero_point = [0] * len(t.scale)
    elif kind == 4:
        t.zero_point = [
            rng.choice([-128, 127, 0, 255, 32767, -32768, -129, 128, 2**31, -(2**31), 2**40])
        ] * len(t.scale)
    elif kind == 5:
        t.axis = an_int(rng)
    else:
        t.scale = [a_float(rng) for _ in t.scale]
    return True


def scales(rng: Random, m: ModelBuilder, g: Subgraph):
    """Extreme, but valid: every scale times a power of two."""
    for t in g.tensors:
        if t.scale and rng.random() < 0.6:
            factor = 2.0 ** rng.choice([-30, -20, -8, 8, 20, 30, rng.randint(-60, 60)])
            t.scale = [s * factor for s in t.scale]
            if t.zero_point and rng.random() < 0.5:
                low, high = (-128, 127) if t.dtype == 9 else (0, 255) if t.dtype == 3 else (0, 0)
                t.zero_point = [rng.choice([low, high])] * len(t.scale)
    return True


def constant(rng: Random, m: ModelBuilder, g: Subgraph):
    """Values of a constant: axes, paddings, indices, permutations, shapes, weights."""
    found = [t for t in g.tensors if content(m, t)]
    if not found:
        return False
    t = rng.choice(found)
    data = bytearray(m.buffers[t.buffer])
    size = _SIZES.get(t.dtype, 1)
    all_of_them = rng.random() < 0.15
    for i in range(len(data) // size):
        if all_of_them or rng.random() < 0.3 or len(data) <= size:
            if t.dtype == 0:
                struct.pack_into("<f", data, 4 * i, a_float(rng))
            else:
                value = (
                    an_int(rng) if rng.random() < 0.95 else rng.choice([2**63 - 1, -(2**63), 2**32, -(2**32)])
                )
                data[i * size : (i + 1) * size] = (value % 2**64).to_bytes(8, "little")[:size]
    m.buffers.append(bytes(data))
    t.buffer = len(m.buffers) - 1
    return True


def constness(rng: Random, m: ModelBuilder, g: Subgraph):
    i = rng.randrange(len(g.tensors))
    t = g.tensors[i]
    if t.buffer:
        t.buffer = 0
        g.inputs.append(i)
    else:
        n = count(t.shape) * _SIZES.get(t.dtype, 1)
        if not 0 < n <= 4096:
            return False
        kind = rng.randrange(3)
        m.buffers.append(
            bytes(n) if kind == 0 else rng.randbytes(n) if kind == 1 else b"\1\0\0\0\0\0\0\0" * (n // 8 + 1)
        )
        m.buffers[-1] = m.buffers[-1][:n]
        t.buffer = len(m.buffers) - 1
        g.inputs = [k for k in g.inputs if k != i]
    return True


def buffers(rng: Random, m: ModelBuilder, g: Subgraph):
    t = rng.choice(g.tensors)
    if rng.random() < 0.5 and content(m, t):
        data = m.buffers[t.buffer]
        m.buffers[t.buffer] = data[: rng.randrange(len(data))] if rng.random() < 0.7 else data + b"\x55" * 9
    else:
        t.buffer = rng.choice([*range(len(m.buffers)), len(m.buffers), 2**31, 2**32 - 1])
    return True


def variable(rng: Random, m: ModelBuilder, g: Subgraph):
    i = rng.randrange(len(g.tensors))
    t = g.tensors[i]
    t.is_variable = not t.is_variable
    if rng.random() < 0.5:
        t.buffer = 0
        g.inputs = [k for k in g.inputs if k != i]
    return True


def ports(rng: Random, m: ModelBuilder, g: Subgraph):
    side = g.inputs if rng.random() < 0.5 else g.outputs
    kind = rng.randrange(4)
    any_tensor = rng.randrange(-1, len(g.tensors) + 1)
    if kind == 0 or not side:
        side.insert(rng.randint(0, len(side)), any_tensor)
    elif kind == 1:
        side.pop(rng.randrange(len(side)))
    elif kind == 2:
        side[rng.randrange(len(side))] = any_tensor
    else:
        rng.shuffle(side)
    return True


def operator(rng: Random, m: ModelBuilder, g: Subgraph):
    """Another operator, with the same tensors and options."""
    if not g.nodes:
        return False
    node = rng.choice(g.nodes)
    if node.custom_code and rng.random() < 0.5:
        node.custom_code = rng.choice(
            ["SignalDelay", "SignalFramer", "SignalStacker", "SignalOverlapAdd", "SignalPCAN"]
        )
    else:
        node.op = rng.randrange(160)
    return True


def again(rng: Random, m: ModelBuilder, g: Subgraph):
    """A second node like one that is there, on what that gives."""
    if not g.nodes:
        return False
    from copy import deepcopy

    node = deepcopy(rng.choice(g.nodes))
    new = []
    for i in node.outputs:
        if not 0 <= i < len(g.tensors):
            return False
        g.tensors.append(deepcopy(g.tensors[i]))
        new.append(len(g.tensors) - 1)
        if rng.random() < 0.7 and node.inputs:
            node.inputs[rng.randrange(len(node.inputs))] = i
    node.outputs = new
    g.nodes.append(node)
    g.outputs = [*g.outputs, *new]
    return True


def order(rng: Random, m: ModelBuilder, g: Subgraph):
    if len(g.nodes) < 2:
        return False
    if rng.random() < 0.5:
        g.nodes.pop(rng.randrange(len(g.nodes)))
    else:
        rng.shuffle(g.nodes)
    return True


CHANGES = {
    option: 6, custom_options: 3,
    shape: 5, same_shape: 5, same_dim: 4, dtype: 3, operands: 4, quantization: 4,
    scales: 3, constant: 6, constness: 4, buffers: 1, variable: 2, ports: 1, operator: 2, again: 1, order: 1,
}  # fmt: skip


def mutant(rng: Random, m: ModelBuilder) -> bytes | None:
    """Changes m. Returns the bytes; None if they can't be written."""
    left = 1 if rng.random() < 0.5 else rng.randint(2, 4)
    kinds, weights = list(CHANGES), list(CHANGES.values())
    for _ in range(20):
        g = m.main if rng.random() < 0.6 else rng.choice(m.subgraphs)
        if left == 0:
            break
        if g.tensors and rng.choices(kinds, weights)[0](rng, m, g):
            left -= 1
    try:
        return m.build()
    except (ValueError, OverflowError, TypeError, struct.error):
        return None
