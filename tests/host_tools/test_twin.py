# SPDX-License-Identifier: MIT
"""The package as a user meets it: sources, memory, tensors, errors. Expected values are worked out here."""

import array
import ctypes
import gc
import signal
import sys
import threading
import weakref
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "kernels"))

import arena8
from control_models import counter
from model_builder import ModelBuilder

ROOT = Path(__file__).parents[2]


def relu(shape=(2, 3), scale=0.5, zero_point=-3):
    """int8 in, int8 out, the same quantization: out = max(in, zero_point)."""
    m = ModelBuilder()
    x = m.tensor(shape, "int8", scale=scale, zero_point=zero_point, name="x")
    y = m.tensor(shape, "int8", scale=scale, zero_point=zero_point, name="y")
    m.node("RELU", [x], [y])
    return m.build([x], [y])


def add():
    """Two inputs; their sum, and the ReLU of it, as two outputs."""
    m = ModelBuilder()
    a, b, c, d = (m.tensor((1, 4), "int8", scale=0.25, name=name) for name in "abcd")
    m.node("ADD", [a, b], [c])
    m.node("RELU", [c], [d])
    return m.build([a, b], [c, d])


def edges(dtype="float32"):
    """float32 or uint8 in, int8 within, float32 out."""
    m = ModelBuilder()
    quantized = {"scale": 0.5, "zero_point": 128} if dtype == "uint8" else {}
    x = m.tensor((1, 4), dtype, name="x", **quantized)
    q = m.tensor((1, 4), "int8", scale=0.5, name="q")
    y = m.tensor((1, 4), "float32", name="y")
    m.node("QUANTIZE", [x], [q])
    m.node("DEQUANTIZE", [q], [y])
    return m.build([x], [y])


def long_conv(size=160, channels=32):
    """One node that works for a while."""
    m = ModelBuilder()
    shape = (1, size, size, channels)
    x = m.tensor(shape, "int8", scale=0.1, name="x")
    rng = np.random.default_rng(1)
    w = m.constant(rng.integers(-127, 128, (channels, 3, 3, channels)).astype(np.int8), scale=0.01)
    b = m.constant(np.zeros(channels, np.int32), scale=0.001)
    y = m.tensor(shape, "int8", scale=0.5, name="y")
    m.node("CONV_2D", [x, w, b], [y], padding="SAME", stride_w=1, stride_h=1)
    return m.build([x], [y])


def unsupported():
    m = ModelBuilder()
    t = [m.tensor((1, 4), "int8", scale=0.5) for _ in range(5)]
    m.node("RELU", [t[0]], [t[1]])
    m.node("LSH_PROJECTION", [t[1]], [t[2]])
    m.node("CUSTOM", [t[2]], [t[3]], custom_code="Magic")
    m.node("LSH_PROJECTION", [t[3]], [t[4]])
    return m.build([t[0]], [t[4]])


def quantized(x, scale, zero_point, low=-128, high=127):
    """float32, half away from zero, saturated."""
    v = np.asarray(x, np.float32) / np.float32(scale)
    rounded = np.sign(v) * np.floor(np.abs(v) + np.float32(0.5))
    return np.clip(rounded + zero_point, low, high).astype(int)


# ---- Model


def test_model_from_every_kind_of_buffer():
    data = relu()
    kinds = (
        bytes,
        bytearray,
        memoryview,
        lambda d: np.frombuffer(d, np.uint8),
        lambda d: array.array("B", d),
    )
    for source in (kind(data) for kind in kinds):
        m = arena8.Model(source)
        assert (m.nbytes, m.crc32, m.in_flash, m.labels) == (len(data), zlib.crc32(data), False, ())
    m = arena8.Model(data)
    assert ctypes.string_at(m.address, m.nbytes) == data  # a view, in place
    assert m.address == arena8.Model(data).address


def test_model_at_an_odd_address():
    data = relu()
    shifted = bytearray(b"\0" + data)
    m = arena8.Model(memoryview(shifted)[1:])
    assert m.address % 2 != arena8.Model(shifted[1:]).address % 2 or m.address % 16 != 0
    it = arena8.Interpreter(m)
    it.inputs[0][:] = [-128, -4, -3, -2, 0, 127]
    it.invoke()
    assert list(it.outputs[0]) == [-3, -3, -3, -2, 0, 127]


def test_model_by_name_and_path(tmp_path, monkeypatch):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (here / "near.tflite").write_bytes(relu())
    (there / "far.tflite").write_bytes(add())
    (there / "broken.tflite").write_bytes(b"nonsense")
    monkeypatch.chdir(here)
    monkeypatch.setenv("ARENA8_MODELS", "")
    assert arena8.Model("near").name == "near"
    assert arena8.Model("near").nbytes == len(relu())
    assert arena8.Model(str(there / "far.tflite")).name == "far"
    assert arena8.Model(there / "far.tflite").name == "far"
    assert arena8.Model("near.tflite").name == "near"
    with pytest.raises(OSError, match="no model or file 'far'.*near"):
        arena8.Model("far")
    monkeypatch.setenv("ARENA8_MODELS", str(there))
    assert arena8.Model("far").nbytes == len(add())
    monkeypatch.setenv("ARENA8_MODELS", f"/nowhere:{there / 'far.tflite'}")
    assert arena8.Model("far").nbytes == len(add())
    monkeypatch.setenv("ARENA8_MODELS", str(there))
    assert arena8.models() == [
        ("far", len(add()), zlib.crc32(add())),
        ("near", len(relu()), zlib.crc32(relu())),
    ]
    with pytest.raises(OSError):
        arena8.Model(relu().decode("latin1"))  # a str is never model bytes


@pytest.mark.parametrize("source", [None, 3, 1.5, ["x"], object()])
def test_model_of_wrong_type(source):
    with pytest.raises(TypeError, match=type(source).__name__):
        arena8.Model(source)


@pytest.mark.parametrize("data", [b"", b"TFL3", bytes(64), relu()[:100], b"\xff" * 300])
def test_malformed_model(data):
    with pytest.raises(ValueError):
        arena8.Interpreter(data)


def test_every_byte_corrupted_is_an_answer_or_a_value_error():
    data = relu()
    for at in range(len(data)):
        for value in (0x00, 0xFF, data[at] ^ 0x80, data[at] + 1 & 0xFF):
            bad = bytearray(data)
            bad[at] = value
            try:
                it = arena8.Interpreter(bad)
                it.invoke()
            except (ValueError, MemoryError):
                continue


def test_labels(tmp_path):
    archive = tmp_path / "labelled.tflite"
    archive.write_bytes(relu((1, 3)))
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_STORED) as z:
        z.writestr("labels.txt", "cat\ndog\nGänse\n")
    m = arena8.Model(archive)
    assert m.labels == ("cat", "dog", "Gänse")
    it = arena8.Interpreter(m)
    it.inputs[0][:] = [1, 5, 3]
    it.invoke()
    assert it.outputs[0].top(2) == [("dog", 4.0), ("Gänse", 3.0)]


def test_unsupported_operators_all_in_one_message():
    m = arena8.Model(unsupported())
    for call in (lambda: arena8.Interpreter(m), lambda: arena8.arena_size(m), lambda: m.arena_size):
        with pytest.raises(
            ValueError, match=r"LSH_PROJECTION int8 at nodes 1, 3 .*no such operator.*Magic.* at node 2"
        ):
            call()


def test_hybrid_nodes_are_named_with_what_to_ask_of_the_converter():
    m = ModelBuilder()
    x = m.tensor((1, 4), "float32")
    w = m.constant(np.ones((4, 4), np.int8), scale=0.5)
    a, b, c = (m.tensor((1, 4), "float32") for _ in range(3))
    m.node("FULLY_CONNECTED", [x, w, None], [a])
    m.node("LSH_PROJECTION", [a], [b])
    m.node("FULLY_CONNECTED", [b, w, None], [c])
    model = m.build([x], [c])
    with pytest.raises(ValueError) as caught:
        arena8.Interpreter(model)
    text = str(caught.value)
    assert text.startswith(
        "3 of 3 operators can't run: FULLY_CONNECTED float32 at nodes 0, 2 (integer weights, "
    )
    assert "LSH_PROJECTION float32 at node 1 (arena8 has no such operator). For int8" in text
    for part in ("optimizations", "representative_dataset", "TFLITE_BUILTINS_INT8", "input_type", "tf.int8"):
        assert part in text
    from arena8.engine import describe

    reasons = [u["reason"] for u in describe(model)["unsupported"]]
    assert reasons == ["hybrid", "no_such_operator", "hybrid"]


def test_operators_and_version():
    assert arena8.__version__ == header_version()
    names = arena8.operators()
    assert len(set(names)) == len(names)
    assert {"CONV_2D", "SOFTMAX", "QUANTIZE", "WHILE", "SignalWindow"} <= set(names)
    assert arena8.static_arena is None


def header_version():
    header = (ROOT / "micropython_module/engine/arena8.h").read_text()
    return header.split('#define A8_VERSION "')[1].split('"')[0]


# ---- Memory


def test_arena_to_the_byte():
    size = arena8.arena_size(relu())
    assert size == arena8.Model(relu()).arena_size
    assert arena8.Interpreter(relu()).arena_used == size
    assert arena8.Interpreter(relu(), size).arena_used == size
    with pytest.raises(MemoryError, match=f"{size}.*{size - 1}"):
        arena8.Interpreter(relu(), size - 1)
    with pytest.raises(MemoryError, match=f"{size}.*0"):
        arena8.Interpreter(relu(), 0)


def test_arena_size_by_target_and_board():
    targets = ("generic", "armv6m", "armdsp", "rv32", "xtensa")
    sizes = {target: arena8.arena_size(relu(), target=target) for target in targets}
    assert max(sizes.values()) == arena8.arena_size(relu())
    with pytest.raises(ValueError, match="NO_SUCH_BOARD.*generic"):
        arena8.arena_size(relu(), target="NO_SUCH_BOARD")
    boards = list((ROOT / "boards").glob("*/*/facts.json"))
    if boards:
        assert arena8.arena_size(relu(), target="RPI_PICO") == sizes["armv6m"]


def test_callers_buffer():
    size = arena8.arena_size(relu())
    block = bytearray(size + 64)
    base = ctypes.addressof(ctypes.c_char.from_buffer(block))
    start = -base % 16
    with memoryview(block)[start : start + size] as exact:
        it = arena8.Interpreter(relu(), exact)
        it.inputs[0][:] = [1, 2, 3, 4, 5, 6]
        it.invoke()
        assert list(it.outputs[0]) == [1, 2, 3, 4, 5, 6]
        address = it.inputs[0].numpy().ctypes.data
        assert base <= address < base + len(block)  # tensors live in the caller's buffer
        del it
    for shift in (1, 15):
        with memoryview(block)[start + shift : start + shift + size] as unaligned:
            with pytest.raises(MemoryError, match=f"{size + 16 - shift}.*{size}"):
                arena8.Interpreter(relu(), unaligned)
    with memoryview(block)[start + 1 : start + 1 + size + 15] as unaligned:
        arena8.Interpreter(relu(), unaligned).invoke()


def test_a_buffer_is_locked_while_it_is_an_arena():
    block = bytearray(arena8.arena_size(relu()) + 15)
    it = arena8.Interpreter(relu(), block)
    with pytest.raises(BufferError):
        block.extend(b"more")
    tensor = it.inputs[0]
    del it
    with pytest.raises(BufferError):
        block.extend(b"more")
    del tensor
    block.extend(b"more")


def test_arena_never_overlaps_the_model():
    block = bytearray(relu()) + bytearray(10_000)
    with pytest.raises(ValueError, match="model's own bytes"):
        arena8.Interpreter(block, memoryview(block)[len(relu()) - 4 :])
    with pytest.raises(MemoryError, match="-1 given"):
        arena8.Interpreter(relu(), -1)


@pytest.mark.parametrize("arena", ["a name", 1.5, b"constant", [1, 2]])
def test_arena_of_wrong_type(arena):
    with pytest.raises(TypeError):
        arena8.Interpreter(relu(), arena)


def test_no_two_live_interpreters_in_one_buffer():
    size = arena8.arena_size(relu())
    block = bytearray(2 * size + 64)
    it = arena8.Interpreter(relu(), block)
    with pytest.raises(RuntimeError, match="in use"):
        arena8.Interpreter(relu(), block)
    # A second one beside it is fine, one that overlaps is not.
    other = arena8.Interpreter(relu(), memoryview(block)[size + 32 :])
    with pytest.raises(RuntimeError, match="in use"):
        arena8.Interpreter(relu(), memoryview(block)[16:])
    del it
    arena8.Interpreter(relu(), memoryview(block)[: size + 16]).invoke()
    del other
    arena8.Interpreter(relu(), block).invoke()


def test_a_tensor_keeps_the_arena_in_use():
    block = bytearray(arena8.arena_size(relu()) + 15)
    view = arena8.Interpreter(relu(), block).outputs[0].data
    with pytest.raises(RuntimeError, match="in use"):
        arena8.Interpreter(relu(), block)
    del view
    arena8.Interpreter(relu(), block)


def test_an_interpreter_in_a_garbage_cycle_frees_its_buffer():
    block = bytearray(arena8.arena_size(relu()) + 15)
    gc.collect()
    gc.disable()
    try:
        cycle = [arena8.Interpreter(relu(), block)]
        cycle.append(cycle)
        del cycle
        arena8.Interpreter(relu(), block).invoke()
    finally:
        gc.enable()


def test_dropping_frees_without_the_collector():
    gc.disable()
    try:
        it = arena8.Interpreter(relu())
        core = weakref.ref(it._core)
        it.invoke()
        assert core() is not None
        del it
        assert core() is None
    finally:
        gc.enable()


def test_a_failed_interpreter_leaves_nothing():
    block = bytearray(arena8.arena_size(relu()) + 15)
    for _ in range(3):
        with pytest.raises(MemoryError):
            arena8.Interpreter(relu(), memoryview(block)[:32])
        with pytest.raises(ValueError):
            arena8.Interpreter(unsupported(), block)
    block.extend(b"not locked")
    arena8.Interpreter(relu(), block)


# ---- Tensors


def test_tensor_facts():
    it = arena8.Interpreter(relu())
    t = it.inputs[0]
    assert (t.name, t.shape, t.dtype, t.scale, t.zero_point, len(t)) == ("x", (2, 3), "int8", 0.5, -3, 6)
    it = arena8.Interpreter(edges())
    assert (it.inputs[0].dtype, it.inputs[0].scale, it.inputs[0].zero_point) == ("float32", 0.0, 0)


def test_inputs_start_at_zero_point():
    assert list(arena8.Interpreter(relu()).inputs[0]) == [-3] * 6


def test_elements_by_index():
    t = arena8.Interpreter(relu()).inputs[0]
    t[:] = [0, 1, 2, 3, 4, 5]
    assert (t[0], t[5], t[-1], t[-6]) == (0, 5, 5, 0)
    t[-1] = -128
    assert list(t) == [0, 1, 2, 3, 4, -128]
    assert t[1:3] == array.array("b", [1, 2])
    t[1:3] = b"\x07\x08"
    assert list(t) == [0, 7, 8, 3, 4, -128]
    for i in (6, -7, 1 << 40):
        with pytest.raises(IndexError, match="6"):
            t[i]
        with pytest.raises(IndexError, match="6"):
            t[i] = 0
    with pytest.raises(TypeError):
        t["0"]


@pytest.mark.parametrize(
    "x",
    [
        [1, -2, 3, -4, 5, -6],
        (1, -2, 3, -4, 5, -6),
        array.array("b", [1, -2, 3, -4, 5, -6]),
        array.array("h", [1, -2, 3, -4, 5, -6]),
        array.array("i", [1, -2, 3, -4, 5, -6]),
        array.array("q", [1, -2, 3, -4, 5, -6]),
        np.array([[1, -2, 3], [-4, 5, -6]]),
        np.array([[1, -4], [-2, 5], [3, -6]], np.int8).T,
        np.array([1, 9, -2, 9, 3, 9, -4, 9, 5, 9, -6, 9], ">i2")[::2],
    ],
)
def test_assignment_from(x):
    t = arena8.Interpreter(relu()).inputs[0]
    t[:] = x
    assert list(t) == [1, -2, 3, -4, 5, -6]


def test_assignment_from_bytes_and_tensor():
    a, b = arena8.Interpreter(relu()), arena8.Interpreter(relu())
    a.inputs[0][:] = bytes([0, 1, 2, 3, 126, 127])
    b.inputs[0][:] = a.inputs[0]
    assert list(b.inputs[0]) == [0, 1, 2, 3, 126, 127]


@pytest.mark.parametrize("kind", [list, bytes, np.array])
def test_values_out_of_range_write_nothing(kind):
    t = arena8.Interpreter(relu()).inputs[0]
    x = kind([0, 0, 128, 0, 0, 200])
    with pytest.raises(ValueError, match=r"element 2.*128.*-128\.\.127"):
        t[:] = x
    assert list(t) == [-3] * 6


def test_assignment_errors():
    t = arena8.Interpreter(relu()).inputs[0]
    with pytest.raises(ValueError, match="6 elements, got 5"):
        t[:] = bytes(5)
    with pytest.raises(ValueError, match="2 elements, got 3"):
        t[0:2] = [1, 2, 3]
    for floats in ([1.0] * 6, array.array("f", 6 * [1.0]), np.ones(6)):
        with pytest.raises(TypeError):
            t[:] = floats
    with pytest.raises(TypeError):
        t[0] = 1.5
    with pytest.raises(TypeError):
        t[:] = 5
    with pytest.raises((ValueError, OverflowError), match="element 0"):
        t[0] = 1 << 70
    with pytest.raises((TypeError, AttributeError)):
        del t[0]
    assert list(t) == [-3] * 6


def test_write_raw():
    t = arena8.Interpreter(relu()).inputs[0]
    t.write(bytes([255, 254, 0, 1, 2, 128]))
    assert list(t) == [-1, -2, 0, 1, 2, -128]
    with pytest.raises(ValueError, match="6 bytes, got 7"):
        t.write(bytes(7))
    with pytest.raises(TypeError):
        t.write([1, 2, 3, 4, 5, 6])
    f = arena8.Interpreter(edges()).inputs[0]
    f.write(array.array("f", [1, 2, 3, 4]))
    assert list(f) == [1, 2, 3, 4]


def test_data_is_a_typed_view_that_stays():
    it = arena8.Interpreter(relu())
    data = it.inputs[0].data
    assert (data.format, data.ndim, data.shape, data.readonly) == ("b", 1, (6,), False)
    data[0] = -100
    assert it.inputs[0][0] == -100
    del it
    gc.collect()
    junk = [bytearray(1000) for _ in range(100)]
    assert data[0] == -100 and list(data[1:]) == [-3] * 5
    del junk
    f = memoryview(arena8.Interpreter(edges()).inputs[0])
    assert (f.format, f.itemsize, f.nbytes) == ("f", 4, 16)


def test_numpy():
    it = arena8.Interpreter(relu())
    a = it.inputs[0].numpy()
    assert a.shape == (2, 3) and a.dtype == np.int8
    a[1, 2] = 42
    assert it.inputs[0][5] == 42  # no copy
    flat = np.asarray(it.inputs[0])
    assert flat.shape == (6,) and np.shares_memory(flat, a)
    np.copyto(a, [[1, 2, 3], [4, 5, 6]])
    it.invoke()
    assert it.outputs[0].numpy().tolist() == [[1, 2, 3], [4, 5, 6]]
    assert np.array(it.outputs[0], np.float64).sum() == 21


VALUES = [-1e9, -64.25, -62.76, -1.25, -0.75, -0.25, -0.0, 0.24, 0.25, 0.75, 1.0, 65.2, 1e9, np.inf, -np.inf]


@pytest.mark.parametrize("typecode", ["f", "d"])
def test_quantize_rounds_half_away_and_saturates(typecode):
    t = arena8.Interpreter(relu((1, len(VALUES)))).inputs[0]
    for x in (array.array(typecode, VALUES), np.array(VALUES, typecode), list(VALUES), tuple(VALUES)):
        t[:] = [0] * len(VALUES)
        t.quantize(x)
        assert list(t) == quantized(VALUES, 0.5, -3).tolist()


@pytest.mark.parametrize("typecode", ["b", "B", "h", "H", "i", "I", "q", "e"])
def test_quantize_from_integers_with_scale_and_offset(typecode):
    x = np.arange(0, 120, 5).astype(typecode)
    t = arena8.Interpreter(relu((1, len(x)))).inputs[0]
    t.quantize(x, 1 / 3, -7.5)
    real = x.astype(np.float32) * np.float32(1 / 3) + np.float32(-7.5)
    assert list(t) == quantized(real, 0.5, -3).tolist()
    t.quantize(x.tolist(), scale=1 / 3, offset=-7.5)
    assert list(t) == quantized(real, 0.5, -3).tolist()


def test_quantize_bytes_are_unsigned():
    t = arena8.Interpreter(relu()).inputs[0]
    t.quantize(bytes([0, 1, 2, 100, 200, 255]), 0.25)
    assert list(t) == quantized(np.array([0, 1, 2, 100, 200, 255]) * 0.25, 0.5, -3).tolist()


def test_quantize_errors_write_nothing():
    t = arena8.Interpreter(relu()).inputs[0]
    for x in ([0, 1, 2, 3, float("nan"), 5], np.array([0, 1, 2, 3, np.nan, 5], "f")):
        with pytest.raises(ValueError, match="element 4.*NaN"):
            t.quantize(x)
    with pytest.raises(ValueError, match="element 0.*NaN"):
        t.quantize(bytes(6), float("inf"))
    with pytest.raises(ValueError, match="6 elements, got 7"):
        t.quantize(bytes(7))
    with pytest.raises(ValueError, match="6 elements, got 0"):
        t.quantize([])
    for x in ("abcdef", 5, None, [None] * 6, np.array(["a"] * 6), np.ones(6, complex)):
        with pytest.raises(TypeError):
            t.quantize(x)
    assert list(t) == [-3] * 6


def test_dequantize():
    t = arena8.Interpreter(relu()).inputs[0]
    t[:] = [-128, -4, -3, -2, 0, 127]
    expected = [(q + 3) * 0.5 for q in [-128, -4, -3, -2, 0, 127]]
    assert t.dequantize() == array.array("f", expected)
    for out in (array.array("f", bytes(24)), np.zeros(6, np.float32), np.zeros((2, 3), np.float32)):
        assert t.dequantize(out) is out
        assert np.ravel(out).tolist() == expected
    with pytest.raises(ValueError, match="out has 6 elements, got 5"):
        t.dequantize(array.array("f", bytes(20)))
    for out in (array.array("d", bytes(48)), bytearray(24), b"", [0.0] * 6):
        with pytest.raises(TypeError):
            t.dequantize(out)
    with pytest.raises(TypeError, match="writable"):
        t.dequantize(memoryview(bytes(24)).cast("f"))


def test_argmax_and_top():
    t = arena8.Interpreter(relu()).inputs[0]
    t[:] = [1, 9, -3, 9, 2, 9]
    assert t.argmax() == 1
    assert t.top(4) == [(1, 6.0), (3, 6.0), (5, 6.0), (4, 2.5)]
    assert len(t.top(100)) == 6 and t.top(0) == []
    f = arena8.Interpreter(edges()).inputs[0]
    f[:] = [-1.5, 0.25, 7, 7]
    assert f.argmax() == 2 and f.top(1) == [(2, 7.0)]
    f[:] = np.array([np.nan, 1, np.nan, 2])  # written as it is; NaN is not the largest
    assert f.argmax() == 3 and [i for i, _ in f.top(4)] == [3, 1, 0, 2]


def test_uint8_and_float_edges():
    it = arena8.Interpreter(edges())
    it.inputs[0][:] = [-0.25, 0.26, 1.0, 1000.0]
    it.invoke()
    assert list(it.outputs[0]) == [-0.5, 0.5, 1.0, 63.5]
    assert it.predict([1, 2, 3, 4]) == array.array("f", [1, 2, 3, 4])
    it = arena8.Interpreter(edges("uint8"))
    it.inputs[0][:] = bytes([128, 129, 255, 0])
    it.invoke()
    assert list(it.outputs[0]) == [0, 0.5, 63.5, -64]


# ---- Interpreter


def test_predict():
    it = arena8.Interpreter(relu())
    x = [-5.0, -0.3, 0.0, 0.2, 1.0, 99.0]
    expected = [max(0.0, (q + 3) * 0.5) for q in quantized(x, 0.5, -3)]
    result = it.predict(x)
    assert isinstance(result, array.array) and result.tolist() == expected
    out = np.zeros(6, np.float32)
    assert it.predict(x, out) is out and out.tolist() == expected
    it = arena8.Interpreter(add())
    assert it.predict(([1, 2, 3, -4], [1, 1, 1, 1])) == [
        array.array("f", [2, 3, 4, -3]),
        array.array("f", [2, 3, 4, 0]),
    ]
    with pytest.raises(TypeError, match="2 inputs"):
        it.predict(np.zeros(4))
    with pytest.raises(ValueError, match="2 inputs, got 3"):
        it.predict([[0] * 4] * 3)


def test_steps_and_profile():
    it = arena8.Interpreter(add())
    for _ in range(2):
        it.inputs[0][:] = [1, 2, 3, -4]  # anew each time: running may overwrite inputs
        it.inputs[1][:] = [1, 1, 1, 1]
        assert it.step() is True
        assert it.step() is False
        assert list(it.outputs[1]) == [2, 3, 4, 0]
    assert it.step() is True
    it.reset()
    assert [it.step(), it.step()] == [True, False]
    it.invoke()
    assert [(i, op) for i, op, _ in it.profile()] == [(0, "ADD"), (1, "RELU")]
    it = arena8.Interpreter(long_conv(64))
    it.invoke()
    ((_, _, microseconds),) = it.profile()
    assert 100 < microseconds < 60_000_000


def test_subgraphs_and_variables():
    """A branch and a loop that add to a variable; a trace yields each node of the model itself once."""
    from arena8.engine import trace

    it = arena8.Interpreter(counter(through=True))
    names = [op for _, op, _ in it.profile()]
    assert names == ["VAR_HANDLE", "READ_VARIABLE", "IF", "WHILE", "READ_VARIABLE"]

    def invoke(flag, how):
        it.inputs[0][0], it.inputs[1][:] = flag, [1, 2, -3]
        how()
        return [list(t) for t in it.outputs]

    assert invoke(1, it.invoke) == [[0, 0, 0], [2, 4, -6]]
    assert invoke(0, it.invoke) == [[2, 4, -6], [2, 4, -6]]
    steps = []
    assert invoke(1, lambda: steps.extend(trace(it))) == [[2, 4, -6], [4, 8, -12]]
    assert [(i, op) for i, op, _ in steps] == list(enumerate(names))
    assert [[len(x) for x in results.values()] for _, _, results in steps] == [
        [0],
        [3],
        [1, 3],
        [1, 3, 0],
        [3],
    ]
    assert list(steps[4][2].values()) == [bytes([4, 8, 256 - 12])]
    it.reset()
    assert invoke(1, it.invoke) == [[0, 0, 0], [2, 4, -6]]


class Alarm(Exception):
    pass


def interrupted(it, handler, after=0.02):
    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        it.invoke()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_signal_stops_invoke():
    it = arena8.Interpreter(long_conv())
    it.inputs[0].data[:] = memoryview(bytes([1, 2, 3, 4] * (len(it.inputs[0]) // 4))).cast("b")
    it.invoke()
    full = bytes(it.outputs[0])
    end = full[-1000:]
    marker = bytes(byte ^ 0x55 for byte in end)
    it.inputs[0].data[:] = memoryview(bytes([1, 2, 3, 4] * (len(it.inputs[0]) // 4))).cast("b")
    it.outputs[0].data[-1000:] = memoryview(marker).cast("b")

    def ring(number, frame):
        raise Alarm

    with pytest.raises(Alarm):
        interrupted(it, ring)
    assert bytes(it.outputs[0].data[-1000:]) == marker  # it stopped before the last rows
    it.reset()
    it.inputs[0].data[:] = memoryview(bytes([1, 2, 3, 4] * (len(it.inputs[0]) // 4))).cast("b")
    it.invoke()
    assert bytes(it.outputs[0]) == full


def test_a_handler_that_only_looks_stops_nothing():
    it = arena8.Interpreter(long_conv())
    seen = []
    interrupted(it, lambda number, frame: seen.append(it.outputs[0].shape))
    assert seen == [it.outputs[0].shape]


@pytest.mark.parametrize("call", ["invoke", "step", "reset", "write", "quantize", "assign", "predict"])
def test_an_interpreter_is_busy_while_it_runs(call):
    it = arena8.Interpreter(long_conv())
    t = it.inputs[0]
    calls = {
        "invoke": it.invoke,
        "step": it.step,
        "reset": it.reset,
        "write": lambda: t.write(bytes(len(t))),
        "quantize": lambda: t.quantize(bytes(len(t))),
        "assign": lambda: t.__setitem__(0, 1),
        "predict": lambda: it.predict(bytes(len(t))),
    }
    with pytest.raises(RuntimeError, match="busy"):
        interrupted(it, lambda number, frame: calls[call]())
    it.invoke()


def test_threads():
    """Interpreters in two threads don't disturb each other; one interpreter serves one thread at a time."""
    model = arena8.Model(long_conv(48))
    its = [arena8.Interpreter(model) for _ in range(2)]
    random = np.random.default_rng(1)
    inputs = [random.integers(-128, 128, len(it.inputs[0])).astype("b") for it in its]

    def run(i):
        its[i].inputs[0][:] = inputs[i]
        its[i].invoke()
        return bytes(its[i].outputs[0])

    expected = [run(0), run(1)]
    wrong = []

    def work(i):
        wrong.extend(n for n in range(10) if run(i) != expected[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_constant_output_is_read_only():
    m = ModelBuilder()
    x = m.tensor((1, 2), "int8", scale=1.0, name="x")
    y = m.tensor((1, 2), "int8", scale=1.0, name="y")
    c = m.constant(np.array([3, 4], np.int8), scale=1.0, name="c")
    m.node("RELU", [x], [y])
    it = arena8.Interpreter(m.build([x], [y, c]))
    it.invoke()
    assert list(it.outputs[1]) == [3, 4] and it.outputs[1].data.readonly
    with pytest.raises(TypeError):
        it.outputs[1].data[0] = 1
    for write in (lambda t: t.write(b"ab"), lambda t: t.__setitem__(0, 1), lambda t: t.quantize([1, 2])):
        with pytest.raises(TypeError, match="constant"):
            write(it.outputs[1])


def test_reprs_fit():
    m = ModelBuilder()
    x = m.tensor((1, 9, 9, 9, 9), "int8", scale=0.1, name="n" * 300)
    y = m.tensor((1, 9, 9, 9, 9), "int8", scale=0.1, name="m" * 300)
    m.node("RELU", [x], [y])
    it = arena8.Interpreter(m.build([x], [y]))
    for thing in (arena8.Model(relu()), it, it.inputs[0]):
        assert len(repr(thing)) <= 100
    assert f"{len(relu())} bytes in RAM at" in repr(arena8.Model(relu()))
    assert "2x3 int8 -> 2x3 int8" in repr(arena8.Model(relu()))
    assert "2x3 int8" in repr(arena8.Interpreter(relu()))
    assert "x 2x3 int8 6 bytes in RAM, scale 0.5, zero_point -3" in repr(arena8.Interpreter(relu()).inputs[0])
    assert str(arena8.arena_size(relu())) in repr(arena8.Interpreter(relu()))


def test_the_modules_need_no_numpy():
    import subprocess

    code = "import sys, arena8, arena8.engine; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# ---- What only a host asks


def test_describe():
    from arena8.engine import describe

    facts = describe(add())
    assert [t["name"] for t in facts["inputs"]] == ["a", "b"]
    assert [(node["index"], node["op"]) for node in facts["operators"]] == [(0, "ADD"), (1, "RELU")]
    assert facts["arena_bytes"] == arena8.arena_size(add()) == max(facts["arena_bytes_by_target"].values())
    assert (facts["macs"], facts["params"], facts["unsupported"], facts["error"]) == (0, 0, [], None)
    facts = describe(long_conv(16, 4))
    assert facts["macs"] == 16 * 16 * 4 * 3 * 3 * 4
    assert facts["params"] == 4 * 3 * 3 * 4 + 4


def test_describe_a_model_that_cannot_run():
    import json

    from arena8.engine import describe

    facts = describe(unsupported())
    assert facts["arena_bytes"] is None and "LSH_PROJECTION" in facts["error"]
    assert [(u["node"], u["op"], u["dtype"], u["reason"]) for u in facts["unsupported"]] == [
        (1, "LSH_PROJECTION", "int8", "no_such_operator"),
        (2, "Magic", "int8", "no_such_operator"),
        (3, "LSH_PROJECTION", "int8", "no_such_operator"),
    ]
    assert [node["op"] for node in facts["operators"]] == [
        "RELU",
        "LSH_PROJECTION",
        "Magic",
        "LSH_PROJECTION",
    ]
    json.dumps(facts)


# ---- The script that passes on every board


def test_surface_script():
    import os
    import subprocess

    env = os.environ | {"ARENA8_MODELS": str(ROOT / "firmware" / "models")}
    script = ROOT / "tests" / "micropython" / "surface.py"
    result = subprocess.run([sys.executable, script], capture_output=True, text=True, env=env)
    assert result.returncode == 0, result.stdout + result.stderr
    last = result.stdout.strip().splitlines()[-1].split()
    assert last[0] == "OK" and int(last[1]) > 50 and last[2] == "checks", result.stdout
