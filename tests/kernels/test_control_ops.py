# SPDX-License-Identifier: MIT
"""IF, WHILE, CALL_ONCE and variables against the reference: nested, with several callers, over invokes."""

import differential
import numpy as np
import pytest
from control_models import Program, counter, handle, running_sums
from differential import MODEL, UNSUPPORTED, Case, cases_wanted
from model_builder import ModelBuilder


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

    def long_name(m, x, y):
        handle(m, "v" * 1001)

    def assigns_nothing(m, x, y):
        m.node("ASSIGN_VARIABLE", [m.tensor((1,), "resource", data=b"1234")], [])

    return [
        (model(unknown), UNSUPPORTED, "which variable the node uses is not known", 0),
        (model(size), MODEL, "another size elsewhere", 2),
        (model(dtype), MODEL, "another type elsewhere", 2),
        (model(not_a_handle), UNSUPPORTED, "does not take this element type", 0),
        (model(not_a_resource), MODEL, "does not name a variable", 0),
        (model(long_name), UNSUPPORTED, "name of the variable is too long", 0),
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
