# SPDX-License-Identifier: MIT
"""The view of a model: against the schema's own reader, and over models that are wrong in one place."""

import io
import json
import re
import subprocess
import zipfile
import zlib

import engine_build
import numpy as np
import pytest
from model_builder import ModelBuilder, _Writer
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

ERR_MODEL, ERR_UNSUPPORTED = -1, -2
# Bytes of an element, by TensorType.
SIZES = {0: 4, 1: 2, 2: 4, 3: 1, 4: 8, 6: 1, 7: 2, 8: 8, 9: 1, 10: 8, 11: 16, 12: 8, 15: 4, 16: 2}


@pytest.fixture(scope="module")
def view(program, tmp_path_factory):
    path = tmp_path_factory.mktemp("view") / "model.tflite"

    def call(model, *options):
        path.write_bytes(model)
        done = subprocess.run([program("view_model"), path, *options], capture_output=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout or "null")

    return call


def values(vector):
    return [] if vector is None else [v.item() for v in np.atleast_1d(vector)]


def expected_tensor(model, tensor):
    """What the schema's own object API says of a tensor, in the words of view_model."""
    data = model.buffers[tensor.buffer].data
    shape = values(tensor.shape)
    q = tensor.quantization
    scales = values(q.scale) if q else []
    zero_points = values(q.zeroPoint) if scales else []
    size = SIZES.get(tensor.type, 0)
    count = int(np.prod(shape, dtype=np.int64))
    nbytes = (count + 1) // 2 if tensor.type == schema.TensorType.INT4 else count * size
    return {
        "name": (tensor.name or b"").decode(),
        "type": tensor.type,
        "count": count,
        "bytes": nbytes,
        "variable": int(tensor.isVariable),
        "shape": shape,
        "crc": zlib.crc32(bytes(data)[:nbytes]) if data is not None and len(data) else None,
        "scales": [float(np.float32(s)) for s in scales],
        "zero_points": zero_points or [0] * len(scales),
    }


def test_shared_models_as_the_schema_reads_them(view, shared_models):
    files = sorted((shared_models / "models").glob("*.tflite"))
    assert len(files) >= 200
    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    types = {v: k for k, v in vars(schema.TensorType).items() if isinstance(v, int)}
    for path in files:
        seen = view(path.read_bytes())
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
        assert len(seen["subgraphs"]) == len(model.subgraphs)
        assert seen["nothing_behind"] == [0, 0, -1, -1]
        for graph, truth in zip(seen["subgraphs"], model.subgraphs, strict=True):
            assert graph["inputs"] == values(truth.inputs)
            assert graph["outputs"] == values(truth.outputs)
            assert len(graph["tensors"]) == len(truth.tensors)
            for got, tensor in zip(graph["tensors"], truth.tensors, strict=True):
                expected = expected_tensor(model, tensor)
                got["scales"] = [float(np.float32(s)) for s in got["scales"]]
                assert {k: got[k] for k in expected} == expected, path.name
                assert got["dtype"].upper() == types[tensor.type]
            for got, node in zip(graph["nodes"], truth.operators or [], strict=True):
                code = model.operatorCodes[node.opcodeIndex]
                op = max(code.builtinCode, code.deprecatedBuiltinCode)
                custom = (code.customCode or b"").decode()
                assert (got["op"], got["name"], got["custom"]) == (op, names[op], custom), path.name
                assert got["version"] == code.version
                assert got["inputs"] == values(node.inputs)
                assert got["outputs"] == values(node.outputs)
                assert got["options"] == (node.builtinOptions is not None)


def small_model(**kwargs):
    """RELU from tensor 0 to tensor 1; kwargs change tensor 0 or, with constant=…, add tensor 2."""
    m = ModelBuilder()
    constant = kwargs.pop("constant", None)
    x = m.tensor(**{"shape": (2, 3), "dtype": "int8", "scale": 0.5, "name": "x"} | kwargs)
    y = m.tensor((2, 3), "int8", scale=0.5, name="y")
    if constant is not None:
        m.tensor(**constant)
    m.node("RELU", [x], [y])
    return m.build(inputs=[x], outputs=[y])


WRONG_TENSORS = {
    "rank": ({"shape": (1,) * 7}, ERR_UNSUPPORTED, "too many dimensions", 6, 7),
    "negative": ({"shape": (2, -1)}, ERR_MODEL, "dimension of the tensor is negative", 0, -1),
    "elements": ({"shape": (65536, 32768)}, ERR_MODEL, "2^31 - 1 elements or bytes", None, None),
    "elements_wrap": ({"shape": (65536, 65536, 65536)}, ERR_MODEL, "2^31 - 1 elements or bytes", None, None),
    "bytes": (
        {"shape": (65536, 16384), "dtype": "int32"},
        ERR_MODEL,
        "2^31 - 1 elements or bytes",
        None,
        None,
    ),
    "type": ({"dtype": 30}, ERR_UNSUPPORTED, "element type is not known", 17, 30),
    "scale_0": ({"scale": 0.0}, ERR_MODEL, "not a positive number", None, None),
    "scale_minus": ({"scale": -1.0}, ERR_MODEL, "not a positive number", None, None),
    "scale_nan": ({"scale": float("nan")}, ERR_MODEL, "not a positive number", None, None),
    "scale_inf": ({"scale": float("inf")}, ERR_MODEL, "not a positive number", None, None),
    "zero_point": ({"zero_point": 128}, ERR_MODEL, "zero point is not a value", None, 128),
    "zero_point_64": ({"zero_point": 2**32}, ERR_MODEL, "zero point is not a value", None, 0),
    "zero_point_u8": ({"dtype": "uint8", "zero_point": -1}, ERR_MODEL, "zero point is not a value", None, -1),
    "zero_points": (
        {"zero_point": (0, 0)},
        ERR_MODEL,
        "scales and channels of the tensor are not as many",
        1,
        2,
    ),
    "one_zero_point": (
        {"scale": (1, 1, 1), "axis": 1, "zero_point": 4},
        ERR_MODEL,
        "scales and channels of the tensor are not as many",
        3,
        1,
    ),
    "channels": (
        {"scale": (1, 1), "axis": 1},
        ERR_MODEL,
        "scales and channels of the tensor are not as many",
        3,
        2,
    ),
    "dimension": ({"scale": (1, 1), "axis": 2}, ERR_MODEL, "not one of its dimensions", 2, 2),
    "dimension_minus": ({"scale": (1, 1), "axis": -1}, ERR_MODEL, "not one of its dimensions", 2, -1),
    "buffer": ({"buffer": 9}, ERR_MODEL, "buffer lies outside", None, 9),
    "short": ({"data": b"12345"}, ERR_MODEL, "constant data is too short", 6, 5),
    "short_int4": ({"dtype": "int4", "data": b"12"}, ERR_MODEL, "constant data is too short", 3, 2),
}


@pytest.mark.parametrize("name", WRONG_TENSORS)
def test_wrong_tensor(name, view):
    change, code, message, needed, given = WRONG_TENSORS[name]
    assert "error" not in view(small_model())["subgraphs"][0]["tensors"][0]
    tensors = view(small_model(**change))["subgraphs"][0]["tensors"]
    error = tensors[0]["error"]
    none = -(2**31)
    assert error["code"] == code and message in error["message"], error
    assert error["tensor"] == 0
    assert error["needed"] == (none if needed is None else needed)
    assert error["given"] == (none if given is None else given)
    assert "error" not in tensors[1]


def test_tensors_that_are_right(view):
    cases = {
        "scalar": ({"shape": ()}, {"count": 1, "bytes": 1, "shape": []}),
        "no shape": ({"shape": None}, {"count": 1, "bytes": 1}),
        "empty": ({"shape": (0, 5)}, {"count": 0, "bytes": 0}),
        "int4": ({"shape": (3, 3), "dtype": "int4", "data": bytes(5)}, {"count": 9, "bytes": 5}),
        "more bytes than needed": ({"data": bytes(7)}, {"bytes": 6, "crc": zlib.crc32(bytes(6))}),
        "extremes": ({"scale": 1e-45, "zero_point": -128}, {"zero_points": [-128]}),
        "zero points left out": (
            {"scale": (1, 2, 3), "axis": 1, "zero_point": ()},
            {"scales": [1, 2, 3], "zero_points": [0, 0, 0], "dimension": 1},
        ),
        "one zero point 0 for all": ({"scale": (1, 2), "axis": 0, "zero_point": 0}, {"zero_points": [0, 0]}),
        "bias with the filter's dimension": (
            {"shape": (3,), "dtype": "int32", "scale": (1, 2, 3), "axis": 3},
            {"dimension": 0, "scales": [1, 2, 3]},
        ),
        "string": ({"shape": (4,), "dtype": "string", "scale": None}, {"bytes": 0, "dtype": "string"}),
    }
    for name, (change, expected) in cases.items():
        tensor = view(small_model(**change))["subgraphs"][0]["tensors"][0]
        assert {k: tensor.get(k) for k in expected} == expected, (name, tensor)


def test_wrong_files(view):
    model = small_model()
    for n in range(8):
        error = view(model[:n])["error"]
        assert error["code"] == ERR_MODEL and (error["needed"], error["given"]) == (8, n)
    assert "TFL3" in view(model[:4] + b"TFL2" + model[8:])["error"]["message"]
    view(model, "--spoil", "8")
    assert view(b"\xff\xff\xff\x7fTFL3" + bytes(100))["error"]["code"] == ERR_MODEL
    w = _Writer()
    root = w.table((0, "u", 4), (1, "o", w.offsets([])), (2, "o", w.offsets([])), (4, "o", w.offsets([])))
    error = view(w.finish(root))["error"]
    assert "schema version" in error["message"] and (error["needed"], error["given"]) == (3, 4)
    w = _Writer()
    root = w.table((0, "u", 3), (1, "o", w.offsets([])), (2, "o", w.offsets([])), (4, "o", w.offsets([])))
    assert "no subgraph" in view(w.finish(root))["error"]["message"]


def test_trailing_bytes_are_fine(view):
    model = small_model()
    assert view(model + b"anything") == view(model)


def test_buffer_outside_of_the_flatbuffer(view):
    """Buffer.offset and .size: data that lies anywhere in the file."""

    def build(first, count):
        w = _Writer()
        shape = w.vector([4], np.int32)
        tensors = w.offsets([w.table((0, "o", shape), (1, "b", 9), (2, "u", 1), (3, "o", w.string("t")))])
        graph = w.table((0, "o", tensors))
        buffers = w.offsets([w.table(), w.table((1, "q", first), (2, "q", count))])
        return w.finish(
            w.table((0, "u", 3), (1, "o", w.offsets([])), (2, "o", w.offsets([graph])), (4, "o", buffers))
        )

    size = len(build(0, 0))

    def tensor(first, count):
        return view(build(first, count) + b"DATA")["subgraphs"][0]["tensors"][0]

    assert tensor(size, 4)["crc"] == zlib.crc32(b"DATA")
    assert tensor(0, 0)["crc"] is None
    assert tensor(1, 4)["crc"] is None  # the schema's placeholder
    for first, count in ((size + 1, 4), (size, 5), (2**32 + size, 4), (size, 2**32 + 4), (-4, 4)):
        assert "outside" in tensor(first, count)["error"]["message"]


def test_sparse_and_custom_quantization(view):
    for slot, message in ((6, "sparse"), (4, "kind of quantization")):
        w = _Writer()
        extra = w.table() if slot == 6 else w.table((4, "b", 1))
        tensors = w.offsets([w.table((1, "b", 9), (slot, "o", extra))])
        graph = w.table((0, "o", tensors))
        buffers = w.offsets([w.table()])
        model = w.finish(
            w.table((0, "u", 3), (1, "o", w.offsets([])), (2, "o", w.offsets([graph])), (4, "o", buffers))
        )
        error = view(model)["subgraphs"][0]["tensors"][0]["error"]
        assert error["code"] == ERR_UNSUPPORTED and message in error["message"]


def test_operators_that_cannot_run(view):
    m = ModelBuilder()
    x8 = m.tensor((4,), "int8", scale=1.0)
    f = m.tensor((4,), "float64")
    m.node("SKIP_GRAM", [x8], [m.tensor((4,), "int8", scale=1.0)])
    m.node("RELU", [x8], [m.tensor((4,), "int8", scale=1.0)])
    m.node("RELU", [f], [m.tensor((4,), "float64")])
    m.node("X", [None, f], [m.tensor((4,), "int8")], custom_code='Detect"it')
    g = m.subgraph("second")
    y = g.tensor((4,), "int16", scale=1.0)
    g.node("RESHAPE", [y], [g.tensor((2, 2), "int16", scale=1.0)])
    g.node(199, [y], [g.tensor((4,), "int16", scale=1.0)])
    seen = view(m.build(inputs=[x8, f], outputs=[x8]))
    assert seen["unsupported"] == [
        {"subgraph": 0, "node": 0, "op": 30, "dtype": "int8", "reason": 0, "custom": ""},
        {"subgraph": 0, "node": 2, "op": 19, "dtype": "float64", "reason": 2, "custom": ""},
        {"subgraph": 0, "node": 3, "op": 32, "dtype": "float64", "reason": 0, "custom": 'Detect"it'},
        {"subgraph": 1, "node": 1, "op": 199, "dtype": "int16", "reason": 0, "custom": ""},
    ]
    assert seen["subgraphs"][1]["nodes"][1]["name"] == "STABLEHLO_SORT"


def test_operators_that_the_build_leaves_out(program, tmp_path):
    """A switch in ops.def takes a row out of the build; the message can tell, and nothing links its code."""
    m = ModelBuilder()
    x = m.tensor((4,), "int8", scale=1.0)
    f = m.tensor((4,), "float32")
    y = m.tensor((4,), "int8", scale=1.0)
    m.node("RELU", [x], [y])
    m.node("QUANTIZE", [f], [m.tensor((4,), "int8", scale=1.0)])
    m.node("QUANTIZE", [x], [m.tensor((4,), "int8", scale=1.0)])
    path = tmp_path / "model.tflite"
    path.write_bytes(m.build(inputs=[x, f], outputs=[y]))

    def unsupported(*switches):
        flags = (*engine_build.FLAGS, *(f"-D{switch}" for switch in switches))
        done = subprocess.run([program("view_model", flags), path], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        seen = json.loads(done.stdout)
        return [(u["node"], u["reason"]) for u in seen["unsupported"]], seen["operators"], flags

    definitions = (engine_build.ENGINE / "ops.def").read_text()
    rows = re.findall(r"^A8_OP\((\w+), (\w+), (\w+), (\w+)\)$", definitions, re.M)
    off = [row for row in rows if row[0] == "RELU" or row[:2] == ("QUANTIZE", "FLOAT32")]
    every = unsupported("A8_OP_RELU_INT8=1")
    assert every[0] == []
    left_out, listed, flags = unsupported(*(f"A8_OP_{row[0]}_{row[1]}=0" for row in off))
    not_in_this_build, dtype_not_in_this_build = 1, 3
    assert left_out == [(0, not_in_this_build), (1, dtype_not_in_this_build)]
    assert "RELU" in every[1] and [op for op in every[1] if op != "RELU"] == listed
    members = subprocess.run(
        ["nm", engine_build.library(flags)], capture_output=True, text=True, check=True
    ).stdout
    registry = members[members.index("registry.c-") :].split("\n\n")[0]
    needed = set(re.findall(r" U (a8_\w+)$", registry, re.M))
    functions = {function for row in rows for function in row[2:]}
    kept = {function for row in rows if row not in off for function in row[2:]}
    assert functions & needed == kept != functions


# --- Labels ---------------------------------------------------------------------------------------


def metadata(files):
    """A metadata flatbuffer whose first output has the associated files [(name, type)]."""
    w = _Writer()
    tables = [w.table((0, "o", w.string(name)), (2, "b", kind)) for name, kind in files]
    output = w.table((6, "o", w.offsets(tables)))
    graph = w.table((3, "o", w.offsets([output])))
    root = w.table((3, "o", w.offsets([graph])))
    w.b.Finish(root, file_identifier=b"M001")
    return bytes(w.b.Output())


def with_labels(members, files=None, appended=True, method=zipfile.ZIP_STORED, comment=b""):
    m = ModelBuilder()
    x = m.tensor((4,), "int8", scale=1.0)
    if files is not None:
        m.add_metadata("min_runtime_version", b"1.5.0")
        m.add_metadata("TFLITE_METADATA", metadata(files))
    model = m.build(inputs=[x], outputs=[x])
    out = io.BytesIO(model if appended else b"")
    with zipfile.ZipFile(out, "a" if appended else "w", method) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
        archive.comment = comment
    return out.getvalue() if appended else model + out.getvalue()


@pytest.mark.parametrize("appended", [True, False], ids=["offsets of the file", "offsets of the archive"])
@pytest.mark.parametrize("comment", [b"", b"c" * 1000], ids=["", "comment"])
def test_labels(view, appended, comment):
    members = {"other.txt": "no\n", "deep/classes.txt": "zéro\none \r\n\nthree", "labels.txt": "usual\n"}
    where = {"appended": appended, "comment": comment}
    expected = ["zéro", "one ", "", "three"]
    assert view(with_labels(members, [("x", 1), ("deep/classes.txt", 2)], **where))["labels"] == expected
    assert view(with_labels(members, [("deep/classes.txt", 3)], **where))["labels"] == expected
    # Not of a type that names labels, or not there: labels.txt.
    assert view(with_labels(members, [("deep/classes.txt", 1)], **where))["labels"] == ["usual"]
    assert view(with_labels(members, [("gone.txt", 2)], **where))["labels"] == ["usual"]
    seen = view(with_labels(members, **where))
    assert seen["labels"] == ["usual"] and seen["label_after_last"] is None
    assert view(with_labels({"nothing": "x"}, **where))["labels"] == []
    assert view(with_labels({"labels.txt": ""}, **where))["labels"] == []


def test_no_labels(view):
    assert view(small_model())["labels"] == []
    assert view(with_labels({"labels.txt": "a\nb\n" * 50}, method=zipfile.ZIP_DEFLATED))["labels"] == []


def test_broken_archives(view):
    model = with_labels({"labels.txt": "a\nb\nc"}, [("labels.txt", 2)])
    assert view(model)["labels"] == ["a", "b", "c"]
    assert model.index(b"PK") < len(model) - 100
    view(model, "--spoil", str(model.index(b"PK")))
