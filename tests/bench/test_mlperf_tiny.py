# SPDX-License-Identifier: MIT
"""The models with random weights are the architectures they stand for; the chart draws what it is given."""

from __future__ import annotations

import os
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import arena8
import chart
import counting
import mlperf_tiny
from arena8 import engine

REPO = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("ARENA8_SHARED_MODELS") or REPO.parent / "shared" / "models") / "models"
MACS = {"kws": 2_656_768, "vww": 7_489_664, "resnet8": 12_501_632, "ad01": 264_192}
ORIGINALS = {"kws": "mlperf__kws_ref_model", "ad01": "mlperf__ad01_int8"}


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


@pytest.mark.parametrize("name", ORIGINALS)
def test_same_operators_as_the_original(written, name):
    original = SHARED / f"{ORIGINALS[name]}.tflite"
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


def test_models_in_a_uf2():
    block = bytearray(512)
    block[20:28] = (0).to_bytes(4, "little") + (1).to_bytes(4, "little")
    image = bytes(range(256)) + b"end"
    uf2 = counting.with_models(bytes(block), 0x10100000, image, 7)
    assert len(uf2) == 3 * 512 and uf2[24:28] == (3).to_bytes(4, "little")
    for number, part in ((1, image[:256]), (2, b"end")):
        at = uf2[512 * number :]
        words = [int.from_bytes(at[4 * i : 4 * i + 4], "little") for i in range(8)]
        assert words[:2] == [0x0A324655, 0x9E5D5157] and words[3] == 0x10100000 + 256 * (number - 1)
        assert words[4:] == [256, number, 3, 7]
        assert at[32 : 32 + len(part)] == part and at[508:512] == (0x0AB16F30).to_bytes(4, "little")


def test_places_do_not_overlap(written):
    paths = list(written.values())
    image, places = counting.placed(paths, 0x1000)
    for path, (address, size) in zip(paths, places, strict=True):
        assert address % 16 == 0 and image[address - 0x1000 :][:size] == path.read_bytes()


def test_chart():
    node = [{"operator": "CONV_2D 1x1", "count": 30}, {"operator": "SOFTMAX", "count": 10}]
    row = {"model": "m", "core": "c", "peer": "p", "ratio": 0.5, "count": 50, "operators": node}
    drawn = ET.fromstring(chart.svg([row, {**row, "ratio": None, "model": "unseen"}]))
    bars = [e for e in drawn.findall("{*}rect") if e.find("{*}title") is not None]
    widths = [float(bar.get("width")) for bar in bars]
    assert widths == [pytest.approx(0.3 * chart.UNIT), pytest.approx(0.2 * chart.UNIT)]
    assert "unseen" not in ET.tostring(drawn, "unicode")
