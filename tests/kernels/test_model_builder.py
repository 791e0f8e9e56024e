# SPDX-License-Identifier: MIT
"""The model builder's files, as the wheel tflite_micro reads them."""

import differential
import numpy as np
import pytest
from model_builder import BUFFER_ALIGN, OPTIONS, ModelBuilder, pack_int4
from tflite_micro import runtime


def test_operator_with_weights():
    m = ModelBuilder()
    rng = np.random.default_rng(1)
    weights = rng.integers(-9, 10, (3, 1, 1, 2)).astype(np.int8)
    bias = np.array([100, 0, -100], np.int32)
    x = m.tensor((1, 4, 5, 2), "int8", scale=1.0, zero_point=3)
    w = m.constant(weights, scale=[1.0, 2.0, 4.0], axis=0)
    b = m.constant(bias, scale=[1.0, 2.0, 4.0], axis=0)
    y = m.tensor((1, 4, 5, 3), "int8", scale=4.0, zero_point=-1)
    m.node("CONV_2D", [x, w, b], [y], padding="VALID", stride_w=1, stride_h=1, activation="RELU")
    v = rng.integers(-10, 10, (1, 4, 5, 2)).astype(np.int8)
    sums = (v.astype(int) - 3) @ weights.reshape(3, 2).T.astype(int) + bias
    exact = sums * [0.25, 0.5, 1.0]
    wanted = np.clip(np.floor(exact + 0.5) - 1, -1, 127)
    out = np.frombuffer(differential.run_reference(m.build([x], [y]), [[v]]), np.int8)
    wrong = np.abs(out - wanted.reshape(-1))
    assert wrong.max() <= 1 and (wrong == 0).mean() > 0.8  # halves round away from zero


def test_int4():
    assert pack_int4([1, -2, 7]) == bytes([0xE1, 0x07])
    m = ModelBuilder()
    weights = np.random.default_rng(2).integers(-7, 8, (5, 6))
    x = m.tensor((1, 6), "int8", scale=1.0)
    y = m.tensor((1, 5), "int8", scale=1.0)
    m.node("FULLY_CONNECTED", [x, m.constant(weights, "int4", scale=1.0), None], [y])
    v = np.array([[1, -1, 2, 0, 1, -2]], np.int8)
    out = differential.run_reference(m.build([x], [y]), [[v]])
    assert np.frombuffer(out, np.int8).tolist() == (v.astype(int) @ weights.T).reshape(-1).tolist()


def test_subgraphs():
    m = ModelBuilder()
    c, x = m.tensor((1,), "bool"), m.tensor((4,), "int8", scale=1.0)
    y = m.tensor((4,), "int8", scale=1.0)
    m.node("IF", [c, x], [y], then_subgraph_index=1, else_subgraph_index=2)
    for op, n in (("RELU", 1), ("ADD", 2)):
        g = m.subgraph(op)
        a, r = g.tensor((4,), scale=1.0), g.tensor((4,), scale=1.0)
        g.node(op, [a] * n, [r])
        g.inputs, g.outputs = [a], [r]
    model = m.build([c, x], [y])
    v = np.array([-3, 0, 3, 4], np.int8)
    assert differential.run_reference(model, [[np.array([True]), v]]) == np.maximum(v, 0).tobytes()
    assert differential.run_reference(model, [[np.array([False]), v]]) == (v + v).tobytes()


def test_buffers_are_aligned():
    m = ModelBuilder()
    data = [bytes([k]) * (17 + k) for k in range(1, 6)]
    for d in data:
        m.buffer(d)
    m.add_metadata("note", b"n" * 33)
    model = m.build([], [])
    assert model[4:8] == b"TFL3"
    for d in [*data, b"n" * 33]:
        assert model.index(d) % BUFFER_ALIGN == 0


def test_custom_operator(capfd):
    m = ModelBuilder()
    x, y = (m.tensor((4,), "int8", scale=1.0) for _ in range(2))
    m.node("?", [x], [y], custom_code="Nonesuch", custom_options=b"123")
    model = m.build([x], [y])
    assert b"Nonesuch" in model
    with pytest.raises(RuntimeError):
        runtime.Interpreter.from_bytes(model, arena_size=10_000)
    assert "CUSTOM" in capfd.readouterr().err


def test_options():
    m = ModelBuilder()
    x, y = (m.tensor((4,), "int8", scale=1.0) for _ in range(2))
    with pytest.raises(TypeError, match="beta"):
        m.node("SOFTMAX", [x], [y], gamma=1)
    with pytest.raises(TypeError, match="no options"):
        m.node("RELU", [x], [y], gamma=1)
    assert len({name for name, _ in OPTIONS["DEPTHWISE_CONV_2D"][1]}) == 7
