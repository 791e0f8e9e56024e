# SPDX-License-Identifier: MIT
"""Models with control flow and variables, for differential tests and as seeds of the fuzzer."""

import numpy as np
from model_builder import ModelBuilder


def a_scale(rng, low, high):
    return float(np.float32(np.exp(rng.uniform(low, high))))


# ---- Programs of random control flow ------------------------------------------


class Program:
    """Random nests of IF and WHILE. Subgraphs take two bools and two int8 vectors, and most give as many."""

    LEVELS = 4

    def __init__(self, rng):
        self.rng = rng
        self.n = int(rng.integers(1, 40))
        self.m = ModelBuilder()
        self.branches = [[] for _ in range(self.LEVELS)]  # subgraphs that may be run again, by level
        self.bodies = [[] for _ in range(self.LEVELS)]
        self.condition = None
        g = self.m.main
        flags, values = self.inputs(g)
        flags, values = self.block(g, flags, values, 0)
        g.outputs = [*flags, *values]

    def value(self, g):
        rng = self.rng
        scale = a_scale(rng, -3.0, -1.0)
        return g.tensor((self.n,), "int8", scale=scale, zero_point=int(rng.integers(-20, 20)))

    def inputs(self, g):
        flags = [g.tensor((1,), "bool") for _ in range(2)]
        values = [self.value(g) for _ in range(2)]
        g.inputs = [*flags, *values]
        return flags, values

    def number(self, g):
        return next(i for i, s in enumerate(self.m.subgraphs) if s is g)

    def subgraph(self, kind):
        g = self.m.subgraph(kind)
        return g, *self.inputs(g)

    def branch(self, level):
        if self.branches[level] and self.rng.random() < 0.4:
            return self.rng.choice(self.branches[level])
        g, flags, values = self.subgraph("branch")
        flags, values = self.block(g, flags, values, level)
        if self.rng.random() < 0.3:
            flags = flags[::-1]
        g.outputs = [*flags, *values]
        self.branches[level].append(self.number(g))
        return self.number(g)

    def body(self, level):
        """Its first output is the second flag, and the second output is False: at most two rounds."""
        if self.bodies[level] and self.rng.random() < 0.4:
            return self.rng.choice(self.bodies[level])
        g, flags, values = self.subgraph("body")
        second = flags[1]
        flags, values = self.block(g, flags, values, level)
        g.outputs = [second, g.constant(np.array([False])), *values]
        self.bodies[level].append(self.number(g))
        return self.number(g)

    def a_condition(self):
        if self.condition is None or self.rng.random() < 0.3:
            g, flags, values = self.subgraph("condition")
            self.block(g, flags, values, self.LEVELS)
            g.outputs = [flags[0]]
            self.condition = self.number(g)
        return self.condition

    def block(self, g, flags, values, level):
        """Some nodes; returns the flags and values after them."""
        rng = self.rng
        for _ in range(int(rng.integers(0, 4)) + (level == 0)):
            kind = rng.integers(0, 4) if level + 1 < self.LEVELS else rng.integers(0, 2)
            outs = [g.tensor((1,), "bool") for _ in range(2)], [self.value(g) for _ in range(2)]
            if kind < 2:
                k = int(rng.integers(0, 2))
                g.node("ADD", [values[rng.integers(0, 2)], values[k]], [outs[1][k]])
                values = [*values]
                values[k] = outs[1][k]
                continue
            ends = [*flags, *values], [*outs[0], *outs[1]]
            if kind == 2:
                branches = self.branch(level + 1), self.branch(level + 1)
                flag = flags[rng.integers(0, 2)]
                indices = {"then_subgraph_index": branches[0], "else_subgraph_index": branches[1]}
                g.node("IF", [flag, *ends[0]], ends[1], **indices)
            else:
                indices = {
                    "cond_subgraph_index": self.a_condition(),
                    "body_subgraph_index": self.body(level + 1),
                }
                g.node("WHILE", ends[0], ends[1], **indices)
            flags, values = outs
        return flags, values


# ---- Variables ------------------------------------------------------------------


def handle(g, name, container=""):
    """VAR_HANDLE: its output tensor."""
    h = g.tensor((1,), "resource")
    g.node("VAR_HANDLE", [], [h], container=container, shared_name=name)
    return h


def init(m, assignments):
    """A subgraph that assigns constants to variables: {name: (array, scale, zero point)}. Its number."""
    g = m.subgraph("init")
    for name, (values, scale, zero_point) in assignments.items():
        c = g.constant(values, scale=scale, zero_point=zero_point)
        g.node("ASSIGN_VARIABLE", [handle(g, name), c], [])
    return len(m.subgraphs) - 1


def running_sums(rng, n_variables, once, n, dtype="int8"):
    """Variables that take turns: each invoke adds the input to one and gives it to the next."""
    m = ModelBuilder()
    quant = [{"scale": a_scale(rng, -4, -2), "zero_point": int(rng.integers(-128, 128))}]
    quant += (
        [quant[0]] * (n_variables - 1) if rng.random() < 0.5 else [quant[0] for _ in range(n_variables - 1)]
    )
    x = m.tensor((n,), dtype, **quant[0])
    names = [f"v{i}" * (1 + i % 2) for i in range(n_variables)]
    if once:
        values = {
            k: (rng.integers(-128, 128, n).astype(np.int8), q["scale"], q["zero_point"])
            for k, q in zip(names, quant, strict=True)
        }
        m.node("CALL_ONCE", [], [], init_subgraph_index=init(m, values))
    handles = [handle(m, name) for name in names]
    read = []
    for k in range(n_variables):
        # A second handle of the same variable does as well.
        r = m.tensor((n,), dtype, **quant[k])
        m.node("READ_VARIABLE", [handles[k] if rng.random() < 0.5 else handle(m, names[k])], [r])
        read.append(r)
    outputs = []
    for k in range(n_variables):
        y = m.tensor((n,), dtype, **quant[k])
        m.node("ADD", [x, read[k - 1]], [y])
        m.node("ASSIGN_VARIABLE", [handles[k], y], [])
        outputs.append(y)
    return m.build([x], outputs)


# ---- Handles in subgraphs -----------------------------------------------------


def counter(through):
    """Adds x to a variable in a branch or loop body, which gets the handle or makes one of its own."""
    m = ModelBuilder()
    flag, x = m.tensor((1,), "bool"), m.tensor((3,), "int8", scale=1.0)
    h = handle(m, "sum")
    first = m.tensor((3,), "int8", scale=1.0)
    m.node("READ_VARIABLE", [h], [first])

    def part(adds, outputs):
        g = m.subgraph()
        inputs = [g.tensor((1,), "bool"), g.tensor((3,), "int8", scale=1.0)]
        inputs += [g.tensor((1,), "resource")] if through else []
        g.inputs = inputs
        if adds:
            inside = inputs[2] if through else handle(g, "sum")
            old, new = g.tensor((3,), "int8", scale=1.0), g.tensor((3,), "int8", scale=1.0)
            g.node("READ_VARIABLE", [inside], [old])
            g.node("ADD", [inputs[1], old], [new])
            g.node("ASSIGN_VARIABLE", [inside, new], [])
            inputs = [g.constant(np.array([False])), *inputs[1:]]
        g.outputs = inputs[:outputs]
        return len(m.subgraphs) - 1

    inputs = [flag, x, *([h] if through else [])]
    outputs = [m.tensor((1,), "bool"), m.tensor((3,), "int8", scale=1.0)]
    then, other = part(True, 2), part(False, 2)
    m.node("IF", [flag, *inputs], outputs, then_subgraph_index=then, else_subgraph_index=other)
    outputs = [m.tensor((1,), "bool"), m.tensor((3,), "int8", scale=1.0)]
    outputs += [m.tensor((1,), "resource")] if through else []
    condition, body = part(False, 1), part(True, len(outputs))
    m.node("WHILE", inputs, outputs, cond_subgraph_index=condition, body_subgraph_index=body)
    y = m.tensor((3,), "int8", scale=1.0)
    m.node("READ_VARIABLE", [outputs[2] if through else h], [y])
    return m.build([flag, x], [first, y])


def seeds():
    """{name: model}: some of each kind."""
    found = {f"program{k}": Program(np.random.default_rng(k)).m.build() for k in (1, 6, 9)}
    found |= {f"sums{k}": running_sums(np.random.default_rng(k), 3, k == 1, 9) for k in range(2)}
    return found | {f"counter{int(through)}": counter(through) for through in (False, True)}
