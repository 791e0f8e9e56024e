# SPDX-License-Identifier: MIT
"""What the benchmark runs: models, the inputs that they get, the answers that they must give.

MLPerf Tiny's five architectures and person_detect, each with random weights unless its original lies in the
folder of shared models; what else peers publish for, from that folder; and one model of our own. Inputs are
the bytes with which the peers' figures (tests/peers.json) were counted. Answers are those of the wheel
tflite_micro, and where the figures came with a checksum of theirs, that.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import mlperf_tiny
import numpy as np
from arena8 import engine
from arena8.errors import ToolError
from tflite_micro import runtime

ROOT = Path(__file__).resolve().parents[2]
PEERS = json.loads((ROOT / "tests" / "peers.json").read_text())
SHARED = Path(os.environ.get("ARENA8_SHARED_MODELS") or ROOT.parent / "shared" / "models") / "models"
# Files of the shared models by name here; those that have a replica stand in for it.
ORIGINALS = {
    "mlperf_kws": "mlperf__kws_ref_model",
    "mlperf_ad01": "mlperf__ad01_int8",
    "person_detect": "tflm__person_detect",
    "micro_speech": "tflm__micro_speech_quantized",
    "hello_world": "tflm__hello_world_int8",
}
RANDOM = "random"
BYTES = {"int8": 1, "uint8": 1, "int16": 2, "int32": 4, "float32": 4}


def lcg() -> Iterator[int]:
    """The bytes of all inputs of an invoke, in order."""
    state = 1
    while True:
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        yield state >> 24


@dataclass
class Workload:
    name: str
    path: Path
    weights: str = "original"  # or RANDOM

    @cached_property
    def about(self) -> dict:
        return engine.describe(str(self.path))

    @cached_property
    def model(self) -> bytes:
        return self.path.read_bytes()

    @cached_property
    def inputs(self) -> list[bytes]:
        values, found = lcg(), []
        for tensor in self.about["inputs"]:
            n = BYTES[tensor["dtype"]]
            for size in tensor["shape"]:
                n *= size
            found.append(bytes(next(values) for _ in range(n)))
        return found

    @cached_property
    def outputs(self) -> list[bytes]:
        """The reference's."""
        wheel = runtime.Interpreter.from_bytes(self.model, arena_size=4 * len(self.model) + 400_000)
        for i, data in enumerate(self.inputs):
            about = wheel.get_input_details(i)
            wheel.set_input(np.frombuffer(data, about["dtype"]).reshape(about["shape"]), i)
        wheel.invoke()
        found = [wheel.get_output(i).tobytes() for i in range(len(self.about["outputs"]))]
        expected = PEERS["output_crc32"].get(self.name) if self.weights == "original" else None
        got = zlib.crc32(b"".join(found))
        if expected and got != int(expected, 16):
            raise ToolError(
                f"{self.path}: the reference's answer has CRC {got:08x}, its figures have {expected}"
            )
        return found


def random_ones(folder: Path) -> list[Workload]:
    """Those that need nothing but this project; with them budgets are kept."""
    own = ROOT / "firmware" / "models" / "digits.tflite"
    return [
        *(Workload(path.stem, path, RANDOM) for path in mlperf_tiny.write(folder)),
        Workload(own.stem, own),
    ]


def workloads(folder: Path) -> list[Workload]:
    """The replicas are written to a folder."""
    found = []
    originals = {name: SHARED / f"{stem}.tflite" for name, stem in ORIGINALS.items()}
    for one in random_ones(folder):
        original = originals.pop(one.name, None)
        found.append(Workload(one.name, original) if original and original.is_file() else one)
    found += [Workload(name, path) for name, path in originals.items() if path.is_file()]
    return found
