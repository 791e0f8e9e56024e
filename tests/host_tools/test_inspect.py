# SPDX-License-Identifier: MIT
"""arena8 inspect: what it says of models that run, of models that don't, and of files that are none."""

from __future__ import annotations

import itertools
import json
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from arena8 import boards, engine, estimate, report
from arena8._native import ffi, lib

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / "tests" / "kernels"), str(REPO / "tests" / "bench")]
import mlperf_tiny  # noqa: E402
from model_builder import ModelBuilder  # noqa: E402

VERB = "inspect"
MODELS = REPO / "firmware" / "models"
DIGITS = MODELS / "digits.tflite"
SHARED = Path(os.environ.get("ARENA8_SHARED_MODELS") or REPO.parent / "shared" / "models") / "models"
CYCLES = json.loads((REPO / "tests" / "budgets" / "counts.json").read_text())["Cortex-M0+"]
HALF = dict(scale=0.5, zero_point=3)


def models() -> list[Path]:
    """Our own, and of the shared ones those with branches, subgraphs, scratch and variables."""
    names = ("mlperf__kws_ref_model", "net_resnet_mini_i8_s11", "net_multi_io_i8_s11", "lstm_fused_i8_s11",
             "net_attention_i8_s11", "seanet__transpose_conv0", "hm_svdf_state8_i8_s11")  # fmt: skip
    shared = [SHARED / f"{name}.tflite" for name in names]
    return [*sorted(MODELS.glob("*.tflite")), *(file for file in shared if file.is_file())]


def float_model() -> ModelBuilder:
    m = ModelBuilder()
    x, y = m.tensor((1, 16), "float32"), m.tensor((1, 4), "float32")
    m.node("FULLY_CONNECTED", [x, m.constant(np.ones((4, 16), np.float32)), None], [y])
    m.main.inputs, m.main.outputs = [x], [y]
    return m


def hybrid_model() -> ModelBuilder:
    m = ModelBuilder()
    x, h, y = (m.tensor((1, size), "float32") for size in (16, 16, 4))
    for before, behind, size in ((x, h, 16), (h, y, 4)):
        weights = m.constant(np.ones((size, 16), np.int8), scale=0.02)
        m.node("FULLY_CONNECTED", [before, weights, None], [behind])
    m.main.inputs, m.main.outputs = [x], [y]
    return m


def int8_model(constant: int = 0, width: int = 4) -> ModelBuilder:
    """One ADD of `width` elements; and bytes of weights that nothing uses."""
    m = ModelBuilder()
    x, y = m.tensor((1, width), **HALF), m.tensor((1, width), **HALF)
    m.node("ADD", [x, x], [y])
    if constant:
        m.constant(np.arange(constant, dtype=np.uint8).view(np.int8), scale=0.1)
    m.main.inputs, m.main.outputs = [x], [y]
    return m


def written(folder: Path, model: ModelBuilder | bytes, name: str = "model.tflite") -> Path:
    path = folder / name
    path.write_bytes(model if isinstance(model, bytes) else model.build())
    return path


# The plan


@pytest.mark.parametrize("model", models(), ids=lambda path: path.stem)
def test_plan_has_no_two_tensors_in_one_place(model):
    plan = engine.plan(str(model))
    assert plan["records"] + plan["tensors"] == engine.describe(str(model))["arena_bytes"]
    assert plan["places"]
    for place in plan["places"]:
        assert place["offset"] % 16 == 0 and place["offset"] + place["bytes"] <= plan["tensors"]
        assert 0 <= place["first"] <= place["last"] <= plan["ends"][place["subgraph"]]
    for a, b in itertools.combinations(plan["places"], 2):
        if a["subgraph"] == b["subgraph"] and a["first"] <= b["last"] and b["first"] <= a["last"]:
            apart = a["offset"] + a["bytes"] <= b["offset"] or b["offset"] + b["bytes"] <= a["offset"]
            assert apart, (a, b)


@pytest.mark.parametrize("model", models(), ids=lambda path: path.stem)
def test_plan_is_where_the_interpreter_has_its_tensors(model):
    """Inputs, outputs and what nodes put out lie in a loaded interpreter where the plan says. Kernels of this
    machine are the portable ones."""
    places = {p["tensor"]: p for p in engine.plan(str(model), "generic")["places"] if p["subgraph"] == 0}
    interpreter = engine.Interpreter(str(model))
    handle, io = interpreter._core.handle, ffi.new("a8_io_t *")
    seen = 0
    for count, get in ((lib.a8_inputs, lib.a8_input), (lib.a8_outputs, lib.a8_output)):
        for i in range(count(handle)):
            get(handle, i, io)
            assert (io.offset, io.bytes) == (places[io.tensor]["offset"], places[io.tensor]["bytes"])
            seen += 1
    for node in range(lib.a8_nodes(handle)):
        for i in itertools.takewhile(
            lambda i, node=node: lib.a8_node_result(handle, node, i, io), itertools.count()
        ):
            place = places[io.tensor]
            assert io.offset == place["offset"] and place["first"] == node + 1, i
            seen += 1
    assert seen >= 3


def test_plan_shows_scratch(tmp_path):
    m = ModelBuilder()
    x, w, y = (m.tensor((1, 16, 16), **HALF) for _ in range(3))
    m.node("BATCH_MATMUL", [x, w], [y], adj_x=True)
    path = written(tmp_path, m.build(inputs=[x, w], outputs=[y]))
    scratch = [place for place in engine.plan(str(path))["places"] if place["kind"] == "scratch"]
    assert [(place["first"], place["last"]) for place in scratch] == [(1, 1)]


def test_plan_shows_variables():
    kinds = {place["kind"] for model in models() for place in engine.plan(str(model))["places"]}
    assert {"input", "tensor", "output"} <= kinds
    if SHARED.is_dir():
        assert "variable" in kinds


# Estimates


@pytest.mark.parametrize("name", list(CYCLES))
def test_estimate_is_near_the_counted_cycles(name, tmp_path):
    """A dense layer passes over zeros, of which a ReLU in front makes many; an estimate knows of none."""
    file = MODELS / f"{name}.tflite"
    if name in mlperf_tiny.MODELS:
        file = tmp_path / file.name
        file.write_bytes(mlperf_tiny.MODELS[name]())
    pico = boards.board("RPI_PICO")
    milliseconds, missing = estimate.milliseconds(engine.describe(str(file))["operators"], pico)
    assert missing == []
    assert 0.75 * CYCLES[name] < milliseconds * pico.clock_hz / 1000 < 1.35 * CYCLES[name]


def test_no_estimate_without_counts():
    about = report.examine(str(DIGITS))
    by_name = {board["board"]: board for board in about["boards"]}
    assert by_name["UNIX"]["milliseconds"] is None
    assert by_name["RPI_PICO"]["milliseconds"] > 1
    assert "emulated core; no cache misses" in about["estimate"]


# Boards


def test_table_of_boards(run):
    code, out, _ = run(DIGITS)
    assert code == 0
    for name in boards.all_boards():
        assert name in out
    assert "emulated core; no cache misses" in out


def test_float_model_says_which_build_and_which_converter_lines(run, tmp_path):
    code, out, _ = run(written(tmp_path, float_model()), "--board", "RPI_PICO")
    text = " ".join(out.split())
    assert code == 1
    assert "float32 model" in text
    assert "FULLY_CONNECTED float32" in text and "OPERATORS='int8 float32'" in text
    assert "converter.inference_input_type = tf.int8" in text


def test_hybrid_model_names_its_nodes_and_the_converter_lines(run, tmp_path):
    path = written(tmp_path, hybrid_model())
    code, out, _ = run(path)
    assert code == 1
    assert "Can't run" in out and "(nodes 0, 1)" in out and "dynamic-range" in out
    about = json.loads(run(path, "--json")[1])
    lines = "\n".join(about["converter"]["lines"])
    compile(lines, "converter", "exec")
    assert "each float32 1x16" in lines and "TFLITE_BUILTINS_INT8" in lines
    assert all(line.strip() in out for line in about["converter"]["lines"])
    assert about["kind"] == "hybrid" and about["plan"] is None and not any(b["fits"] for b in about["boards"])


def test_every_obstacle_at_once(run, tmp_path):
    m = ModelBuilder()
    x = m.tensor((1, 4), **HALF)
    y, z, w = (m.tensor((1, 4), **HALF) for _ in range(3))
    m.node("UNIQUE", [x], [y])
    m.node("CUSTOM", [y], [z], custom_code="FlexErf")
    m.node("WHERE", [z], [w])
    code, out, _ = run(written(tmp_path, m.build(inputs=[x], outputs=[w])))
    assert code == 1
    for word in ("UNIQUE int8 (node 0)", "FlexErf int8 (node 1)", "WHERE int8 (node 2)", "SELECT_TF_OPS"):
        assert word in out


def test_an_obstacle_that_only_load_finds(run, tmp_path):
    m = ModelBuilder()
    x, y = m.tensor((1, 4), **HALF), m.tensor((1, 5), **HALF)
    m.node("RESHAPE", [x], [y])
    code, out, _ = run(written(tmp_path, m.build(inputs=[x], outputs=[y])))
    assert code == 1 and "RESHAPE" in out and "Can't run" in out


def test_too_large_for_flash_and_romfs(run, tmp_path):
    code, out, _ = run(written(tmp_path, int8_model(constant=600_000)), "--board", "RPI_PICO")
    text = " ".join(out.split())
    assert code == 1
    assert "✗" in text and "free in its firmware" in text and "free in its ROMFS" in text


def test_too_large_for_ram(run, tmp_path):
    path = written(tmp_path, int8_model(width=150_000))
    code, out, _ = run(path, "--board", "RPI_PICO")
    assert code == 1 and "of RAM free" in out
    assert run(path)[0] == 0  # it runs elsewhere
    board = json.loads(run(path, "--json", "--board", "RPI_PICO")[1])["boards"][0]
    assert board["arena_bytes"] > board["ram_free"] > 100_000 and not board["fits"]


def test_facts_of_a_board_decide(monkeypatch):
    """Nothing about a board is written anywhere but in its facts and in what was measured of its firmware."""
    pico = boards.board("RPI_PICO")
    facts = {**pico.facts, "operators": "ADD CONV_2D.INT8"}
    small = boards.Board("RPI_PICO", pico.folder, facts)
    judged = report.examine(str(DIGITS), [small])["boards"][0]
    assert not judged["fits"] and "DEPTHWISE_CONV_2D int8" in judged["reasons"][0]
    everything = boards.Board("RPI_PICO", pico.folder, {**facts, "operators": "all"})
    assert report.examine(str(DIGITS), [everything])["boards"][0]["fits"]


def test_unknown_board_is_wrong_usage(run):
    code, _, err = run(DIGITS, "--board", "NO_SUCH")
    assert code == 2 and "NO_SUCH" in err and "RPI_PICO" in err


# What is no model


def archive(path: Path, *names: str) -> bytes:
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return path.read_bytes()


def test_files_that_are_no_tflite(run, tmp_path):
    digits = DIGITS.read_bytes()
    for name, data, says in (
        ("a.pt", archive(tmp_path / "z1", "archive/data.pkl"), "PyTorch"),
        ("b.keras", archive(tmp_path / "z2", "config.json", "model.weights.h5"), "Keras"),
        ("c.h5", b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
        ("d.onnx", b"\x08\x08\x12\x07pytorch\x1a" + bytes(100), "ONNX"),
        ("e.zip", archive(tmp_path / "z3", "model.tflite"), "model.tflite in it"),
        ("f.tflite", b"", "empty"),
        ("g.tflite", bytes(1000), "zero"),
        ("h.tflite", b"<!DOCTYPE html><html>Not found", "web page"),
        ("i.tflite", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"),
        ("j.tflite", b"UF2\n" + bytes(508), "firmware"),
        ("k.pb", b"\x0a\x10" + bytes(200), "SavedModel"),
        ("l.tflite", bytes(range(256)), "TFL3"),
        ("m.tflite", digits[:40], "beginning of a .tflite"),
        ("n.py", b"import tensorflow as tf\n", "text"),
    ):
        path = written(tmp_path, data, name)
        code, out, err = run(path)
        assert code == 1 and out == "", name
        assert str(path) in err and says in err and "Traceback" not in err, (name, err)
        assert err.count("error:") == 1


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_half_a_model(run, tmp_path, keep):
    data = DIGITS.read_bytes()
    code, out, err = run(written(tmp_path, data[: int(len(data) * keep)], "half.tflite"), "--json")
    assert (code, out) == (1, "") and "half.tflite" in err and "Traceback" not in err


def test_a_folder(run, tmp_path):
    assert "is a folder" in run(tmp_path)[2]
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    code, _, err = run(tmp_path)
    assert code == 1 and "from_saved_model" in err


# JSON


def test_json_has_everything_and_nothing_else_goes_to_stdout(run, tmp_path):
    code, out, err = run(DIGITS, "--json", "--html", tmp_path / "r.html", "--svg", tmp_path / "svg")
    about = json.loads(out)
    assert code == 0 and "wrote" in err
    for key in ("operators", "plan", "boards", "obstacles", "estimate", "kind", "arena_bytes_by_target"):
        assert key in about, key
    assert sorted(path.name for path in (tmp_path / "svg").iterdir()) == ["cost.svg", "graph.svg", "plan.svg"]
    assert all(node["cycles"]["Cortex-M0+"] > 0 for node in about["operators"])


def test_a_page_that_cannot_be_written(run, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = run(DIGITS, "--html", tmp_path / "file" / "report.html")
    assert code == 1 and "can't write" in err
