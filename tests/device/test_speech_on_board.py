# SPDX-License-Identifier: MIT
"""From samples to a keyword on a board: TFLite Micro's audio front end, then its micro_speech model."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import arena8
import numpy as np
import pytest
from arena8.transports.qemu import QemuRepl
from machines import SHARED

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "host_tools"))

from voice import clip, no, yes

FRONT_END = SHARED / "models" / "tflm__audio_preprocessor_int8.tflite"
KEYWORDS = SHARED / "models" / "tflm__micro_speech_quantized.tflite"
LABELS = ["silence", "unknown", "yes", "no"]
MEMORY = 0x21000000  # of the QEMU machine, beside what its firmware uses

# What a program on a board does with a second of int16 samples: a window of 30 ms every 20 ms.
LISTEN = """
import arena8
from binascii import crc32
def listen(front_end, keywords, samples):
    front = arena8.Interpreter(front_end, arena=bytearray(8192))
    features = bytearray(49 * 40)
    for i in range(49):
        front.inputs[0].write(memoryview(samples)[2 * 320 * i : 2 * (320 * i + 480)])
        front.invoke()
        features[40 * i : 40 * i + 40] = bytes(front.outputs[0])
    words = arena8.Interpreter(keywords)
    words.inputs[0].write(features)
    words.invoke()
    print(crc32(features), words.outputs[0].argmax(), words.outputs[0].top(1)[0][1] * 256)
"""


def with_the_twin(samples):
    """What this machine hears: checksum of the features, the answer, its score."""
    front = arena8.Interpreter(FRONT_END)
    features = b""
    for i in range(49):
        front.inputs[0].numpy()[...] = samples[320 * i : 320 * i + 480]
        front.invoke()
        features += front.outputs[0].numpy().tobytes()
    words = arena8.Interpreter(KEYWORDS)
    words.inputs[0].write(features)
    words.invoke()
    return zlib.crc32(features), words.outputs[0].argmax(), words.outputs[0].top(1)[0][1] * 256


@pytest.mark.boards("UNIX", "MPS2_AN385")
@pytest.mark.parametrize("say", [yes, no])
def test_keyword(machine, say, tmp_path):
    if not FRONT_END.is_file():
        pytest.skip(f"NOT RUN: no shared models at {SHARED} (ARENA8_SHARED_MODELS)")
    rng = np.random.default_rng(60)
    samples = clip(rng, say(rng, 110))
    sound = tmp_path / "sound"
    sound.write_bytes(samples.tobytes())
    parts = [FRONT_END, KEYWORDS, sound]
    if machine.name == "UNIX":
        repl = machine.fresh()
        given = [f"open({str(path)!r}, 'rb').read()" for path in parts]
    else:
        at, given, loads = MEMORY, [], []
        for path in parts:
            loads += ["-device", f"loader,file={path},addr={at:#x},force-raw=on"]
            given.append(f"uctypes.bytearray_at({at}, {path.stat().st_size})")
            at += 1 << 20
        firmware = str(machine.folder / machine.facts.emulator["firmware"])
        repl = QemuRepl(machine.name, firmware, 300, tuple(loads))
        repl.connect()
        repl.exec("import uctypes")
    try:
        repl.exec(LISTEN)
        crc, answer, score = repl.exec(f"listen({', '.join(given)})").split()
    finally:
        if machine.name != "UNIX":
            repl.close()
    expected = with_the_twin(samples)
    assert (int(crc), int(answer), float(score)) == expected
    assert LABELS[int(answer)] == say.__name__
    assert float(score) > 0.8 * 256
