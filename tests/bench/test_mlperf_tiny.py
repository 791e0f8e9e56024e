# SPDX-License-Identifier: MIT
"""The models with random weights are the architectures they stand for, and get answers worth computing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import arena8
import mlperf_tiny
import workloads
from arena8 import engine
from arena8.errors import ToolError

# Of the models that they stand for.
MACS = {
    "mlperf_kws": 2_656_768,
    "mlperf_vww": 7_489_664,
    "mlperf_resnet8": 12_501_632,
    "mlperf_ad01": 264_192,
    "mlperf_str_ww": 826_368,
    "person_detect": 7_157_888,
}
WITH_ORIGINAL = [name for name in MACS if name in workloads.ORIGINALS]


def nodes(path: Path) -> list[tuple]:
    """What an invoke costs depends on: operators, shapes, and whether weights have a scale a channel."""
    return [
        (
            node["op"],
            [(t["shape"], isinstance(t["scale"], list)) for t in node["inputs"] if t["dtype"] == "int8"],
            [t["shape"] for t in node["outputs"]],
            node["macs"],
        )
        for node in engine.describe(str(path))["operators"]
    ]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return dict(zip(MACS, mlperf_tiny.write(tmp_path_factory.mktemp("mlperf")), strict=True))


@pytest.mark.parametrize("name", MACS)
def test_macs(written, name):
    about = engine.describe(str(written[name]))
    assert about["macs"] == MACS[name] and not about["unsupported"]
    assert written[name].read_bytes() == mlperf_tiny.MODELS[name]()


@pytest.mark.parametrize("name", WITH_ORIGINAL)
def test_same_operators_as_the_original(written, name):
    original = workloads.SHARED / f"{workloads.ORIGINALS[name]}.tflite"
    if not original.is_file():
        pytest.skip(f"NOT RUN: no {original}")
    assert nodes(written[name]) == nodes(original)


@pytest.mark.parametrize("name", MACS)
def test_answers_are_not_saturated(written, name):
    """Random weights whose results were all at a limit would be no work for requantization."""
    it = arena8.Interpreter(str(written[name]))
    seen = set()
    for seed in range(3):
        data = np.random.default_rng(seed).integers(-128, 128, it.inputs[0].shape, np.int8)
        it.inputs[0].write(data)
        it.invoke()
        seen.add(it.outputs[0].numpy().tobytes())
    assert len(seen) == 3


def test_originals_stand_in(tmp_path, monkeypatch, written):
    monkeypatch.setattr(workloads, "SHARED", tmp_path)
    alone = workloads.workloads(tmp_path / "replicas")
    assert [one.name for one in alone] == [*MACS, "digits"]
    assert {one.weights for one in alone[:-1]} == {"random"}
    for name in ("mlperf_kws", "hello_world"):
        (tmp_path / f"{workloads.ORIGINALS[name]}.tflite").write_bytes(written["mlperf_ad01"].read_bytes())
    found = {one.name: one for one in workloads.workloads(tmp_path / "replicas")}
    assert list(found) == [*MACS, "digits", "hello_world"]
    assert {name for name in MACS if found[name].weights == "original"} == {"mlperf_kws"}


def test_answer_of_another_model_is_refused(written):
    one = workloads.Workload("mlperf_ad01", written["mlperf_ad01"])
    with pytest.raises(ToolError, match="3d1a6596"):
        _ = one.outputs
    one.weights = workloads.RANDOM
    it = arena8.Interpreter(str(one.path))
    it.inputs[0].write(one.inputs[0])
    it.invoke()
    assert one.outputs == [it.outputs[0].numpy().tobytes()]
