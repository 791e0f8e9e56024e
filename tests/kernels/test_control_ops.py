# SPDX-License-Identifier: MIT
"""IF, WHILE, CALL_ONCE and variables against the reference: nested, with several callers, over invokes."""

import differential
import numpy as np
import pytest
from differential import MODEL, UNSUPPORTED, Case, cases_wanted
from model_builder import ModelBuilder


@pytest.fixture(scope="module")
def program():
    return differential.build()


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
        scale = float(differential.a_scale(rng, -3.0, -1.0))
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


def test_random_programs(program):
    rng = np.random.default_rng(1)
    cases, nodes = [], {"IF": 0, "WHILE": 0}
    for i in range(cases_wanted(200)):
        p = Program(rng)
        for s in p.m.subgraphs:
            for op in nodes:
                nodes[op] += sum(node.op == differential.operator_counts.OPERATORS[op] for node in s.nodes)
        invokes = []
        for k in range(6):
            flags = [np.array([k & 1]).astype(bool), np.array([k >> 1 & 1]).astype(bool)]
            invokes.append(flags + [differential.values(rng, (p.n,)) for _ in range(2)])
        cases.append(Case(p.m.build(), invokes, f"program {i}", outputs=4))
    assert min(nodes.values()) > 100
    outputs = differential.check(program, cases)
    assert len({o.tobytes() for o in outputs}) == len(outputs)


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
    quant = [{"scale": float(differential.a_scale(rng, -4, -2)), "zero_point": int(rng.integers(-128, 128))}]
    quant += (
        [quant[0]] * (n_variables - 1) if rng.random() < 0.5 else [quant[0] for _ in range(n_variables - 1)]
    )
    x = m.tensor((n,), dtype, **quant[0])
    names = [f"v{i}" * (1 + i % 2) for i in range(n_variables)]
    if once:
        values = {
            k: (differential.values(rng, (n,)), q["scale"], q["zero_point"])
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


def test_variables(program):
    rng = np.random.default_rng(2)
    cases = []
    for _ in range(cases_wanted(200)):
        n_variables, n, once = int(rng.integers(1, 5)), int(rng.integers(1, 50)), bool(rng.random() < 0.5)
        model = running_sums(rng, n_variables, once, n)
        invokes = [[differential.values(rng, (n,)) // 8] for _ in range(5)]
        cases.append(Case(model, invokes, f"{n_variables} variables, once {once}", outputs=n_variables))
    differential.check(program, cases)


def test_types_of_variables(program):
    """A variable's first content, and that any type goes through unchanged."""
    rng = np.random.default_rng(3)
    cases = []
    for _ in range(cases_wanted(200)):
        dtype = str(rng.choice(["int8", "int16", "int32", "float32", "bool", "int64"]))
        quantized = dtype in ("int8", "int16")
        low, high = (-128, 128) if dtype == "int8" else (-200, 200)
        quant = {"scale": 0.5, "zero_point": int(rng.integers(low, high))} if quantized else {}
        shape = differential.a_shape(rng, rank=int(rng.integers(0, 5)), limit=4)
        m = ModelBuilder()
        x = m.tensor(shape, dtype, **quant)
        h = handle(m, "v", str(rng.choice(["", "c"])))
        y, z = m.tensor(shape, dtype, **quant), m.tensor(shape, dtype, **quant)
        m.node("READ_VARIABLE", [h], [y])
        m.node("ASSIGN_VARIABLE", [h, x], [])
        m.node("READ_VARIABLE", [h], [z])
        invokes = [[rng.integers(0, 2 if dtype == "bool" else 100, shape).astype(dtype)] for _ in range(3)]
        cases.append(Case(m.build([x], [y, z]), invokes, f"{dtype} {shape} {quant}", outputs=2))
    differential.check(program, cases)


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


@pytest.mark.parametrize("through", [False, True])
def test_variables_in_subgraphs(program, through):
    invokes, expected, total = [], b"", np.zeros(3, np.int8)
    for flag in [True, False, True, True, False]:
        x = np.array([1, -2, 5], np.int8)
        invokes.append([np.array([flag]), x])
        expected += total.tobytes()
        total = (total + 2 * flag * x).astype(np.int8)
        expected += total.tobytes()
    # The reference copies no handles: TfLiteTypeSizeOf has no size for them.
    case = Case(counter(through), invokes, f"through {through}", expected, reference=not through, outputs=2)
    differential.check(program, [case])


# ---- What is refused --------------------------------------------------------------


def refused():
    def flow(op, then=None, other=None, first="bool", outputs=1, dtype="int8", size=3, **indices):
        """A node that runs subgraph 1 or 2: one input (but the condition of IF), one output."""
        m = ModelBuilder()
        flag = m.tensor((1,) if first == "bool" else (2,), "bool")
        x, y = m.tensor((3,), "int8", scale=1.0), m.tensor((3,), "int8", scale=1.0)
        for k, part in enumerate((then, other)):
            g = m.subgraph()
            a = g.tensor((size,), dtype, scale=1.0)
            c = g.tensor((1,), "bool") if op == "WHILE" and k == 0 else None
            g.inputs, g.outputs = [a], [a if c is None else g.constant(np.array([True]))]
            if part is not None:
                part(g)
        names = ["then_subgraph_index", "else_subgraph_index"]
        if op == "WHILE":
            names = ["cond_subgraph_index", "body_subgraph_index"]
        indices = dict(zip(names, indices.get("run", (1, 2)), strict=True))
        m.node(op, [flag, x] if op == "IF" else [x], [y] * outputs, **indices)
        return m.build([flag, x], [y])

    def more_inputs(g):
        g.inputs = g.inputs * 2

    def more_outputs(g):
        g.outputs = g.outputs * 2

    def not_bool(g):
        g.outputs = [g.tensor((1,), "int8", scale=1.0)]
        g.inputs = g.outputs

    def two_bools(g):
        g.outputs = [g.constant(np.array([True, True]))]

    yield flow("IF", run=(1, 3)), MODEL, "a subgraph that is not there", 3, 3
    yield flow("IF", run=(1, -1)), MODEL, "a subgraph that is not there", 3, -1
    yield flow("IF", run=(1, 0)), UNSUPPORTED, "run each other in a circle", 16, None
    yield flow("IF", first="two"), MODEL, "not one bool", 1, 2
    yield flow("IF", then=more_inputs), MODEL, "as many inputs as the node gives it", 1, 2
    yield flow("IF", other=more_outputs), MODEL, "as many outputs as the node takes", 1, 2
    yield flow("IF", dtype="uint8"), MODEL, "another type in the subgraph", 9, 3
    yield flow("IF", size=4), MODEL, "another size in the subgraph", 3, 4
    yield flow("WHILE", then=two_bools), MODEL, "not one bool", 1, 2
    yield flow("WHILE", then=more_outputs), MODEL, "as many outputs as the node takes", 1, 2
    yield flow("WHILE", other=more_inputs), MODEL, "as many inputs as the node gives it", 1, 2
    yield flow("WHILE", size=2), MODEL, "another size in the subgraph", 3, 2
    yield flow("WHILE", run=(1, 1)), MODEL, "another type in the subgraph", 9, 6


def test_refused(program):
    differential.check_refused(program, list(refused()))


def once(index, m=None):
    m = m or ModelBuilder()
    x = m.tensor((3,), "int8", scale=1.0)
    m.node("CALL_ONCE", [], [], init_subgraph_index=index)
    y = m.tensor((3,), "int8", scale=1.0)
    m.node("RELU", [x], [y])
    return m, x, y


def chain(levels, last=None):
    """CALL_ONCE through so many levels, in any order of subgraphs; last: the last runs that one."""
    m, x, y = once(levels)
    for k in range(levels, 0, -1):
        # Subgraph levels + 1 - k
        g = m.subgraph()
        below = levels - k
        if below or last is not None:
            g.node("CALL_ONCE", [], [], init_subgraph_index=below or last)
    return m.build([x], [y])


def test_levels(program):
    x = [[np.array([-1, 0, 1], np.int8)]]
    cases = [Case(chain(15), x * 2, "15 levels below", reference=False, expected=bytes([0, 0, 1] * 2))]
    differential.check(program, cases)
    results = differential.run_engine(program, [(chain(16), x), (chain(3, last=2), x), (chain(3, last=3), x)])
    for failure in results:
        assert failure.code == UNSUPPORTED and "in a circle, or too many levels deep" in failure.message


def bad_variables():
    def model(change):
        m = ModelBuilder()
        x, y = m.tensor((3,), "int8", scale=1.0), m.tensor((3,), "int8", scale=1.0)
        change(m, x, y)
        return m.build([x], [y])

    def unknown(m, x, y):
        m.node("READ_VARIABLE", [m.tensor((1,), "resource", data=b"1234")], [y])

    def size(m, x, y):
        h, z = handle(m, "v"), m.tensor((4,), "int8", scale=1.0)
        m.node("READ_VARIABLE", [h], [y])
        m.node("READ_VARIABLE", [h], [z])

    def dtype(m, x, y):
        h, z = handle(m, "v"), m.tensor((3,), "uint8", scale=1.0)
        m.node("READ_VARIABLE", [h], [y])
        m.node("READ_VARIABLE", [h], [z])

    def not_a_handle(m, x, y):
        m.node("READ_VARIABLE", [x], [y])

    def not_a_resource(m, x, y):
        m.node("VAR_HANDLE", [], [y], container="", shared_name="v")

    def assigns_nothing(m, x, y):
        m.node("ASSIGN_VARIABLE", [m.tensor((1,), "resource", data=b"1234")], [])

    return [
        (model(unknown), UNSUPPORTED, "which variable the node uses is not known", 0),
        (model(size), MODEL, "another size elsewhere", 2),
        (model(dtype), MODEL, "another type elsewhere", 2),
        (model(not_a_handle), UNSUPPORTED, "does not take this element type", 0),
        (model(not_a_resource), MODEL, "does not name a variable", 0),
        (model(assigns_nothing), MODEL, "wrong number of inputs", 0),
    ]


def test_bad_variables(program):
    wrong = bad_variables()
    results = differential.run_engine(program, [(model, []) for model, *_ in wrong])
    for (_, code, words, node), failure in zip(wrong, results, strict=True):
        assert not isinstance(failure, bytes) and words in failure.message, (words, failure)
        assert (failure.code, failure.node) == (code, node), failure


def test_many_variables(program):
    """More than the engine keeps track of; as many handles as you like of one."""
    x = [[np.zeros(3, np.int8)]]

    def model(names):
        m, a, b = once(1)
        m.subgraph()
        for name in names:
            handle(m, name)
        return m.build([a], [b])

    good, bad = differential.run_engine(
        program, [(model(["v"] * 3000), x), (model([f"v{k}" for k in range(1025)]), x)]
    )
    assert good == bytes(3)
    assert bad.code == UNSUPPORTED and "too many variables" in bad.message and bad.needed == 1024
