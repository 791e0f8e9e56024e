# SPDX-License-Identifier: MIT
"""Runs models in the engine (sanitized) and in the wheel tflite_micro, to compare their outputs."""

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tflite_micro import runtime

HERE = Path(__file__).resolve().parent
ENGINE = HERE.parents[1] / "micropython_module" / "engine"
CFLAGS = ["-std=c99", "-D_ISOC11_SOURCE", "-O1", "-g", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

OK, MODEL, UNSUPPORTED, MEMORY, DATA = 0, -1, -2, -3, -4
NONE = -(2**31)


@dataclass
class Failure:
    """An error record of the engine."""

    code: int
    message: str
    node: int
    needed: int | None
    given: int | None


def sources():
    lines = (ENGINE / "sources.txt").read_text().splitlines()
    return [ENGINE / line for line in lines if line and not line.startswith("#")]


def build(path):
    """Compiles run_models into the folder path."""
    program = path / "run_models"
    command = ["cc", *CFLAGS, *SANITIZE, f"-I{ENGINE}", HERE / "run_models.c", *sources(), "-o", program]
    subprocess.run(command, check=True)
    return program


def run_engine(program, cases, polls=None):
    """cases: (model bytes, list of invokes, each a list of input arrays). Returns for each case the bytes of
    all outputs of all invokes, or a Failure. Models lie at every alignment in turn. polls: a list that gets
    the number of times that an invoke polls, for each case that runs."""
    stream = bytearray()
    for i, (model, invokes) in enumerate(cases):
        data = b"".join(np.ascontiguousarray(x).tobytes() for invoke in invokes for x in invoke)
        stream += struct.pack("<3I", i % 16, len(model), len(data)) + model + data
    done = subprocess.run([program], input=bytes(stream), capture_output=True)
    results, at = [], 0
    while at < len(done.stdout):
        code, size = struct.unpack_from("<iI", done.stdout, at)
        body = done.stdout[at + 8 : at + 8 + size]
        at += 8 + size
        if code == OK:
            results.append(body[4:])
            if polls is not None:
                polls.append(struct.unpack_from("<I", body)[0])
        else:
            node, needed, given = (None if n == NONE else n for n in struct.unpack_from("<3i", body))
            results.append(Failure(code, body[12:].decode(), node, needed, given))
    assert done.returncode == 0, f"case {len(results)} ended the engine:\n{done.stderr.decode()}"
    assert len(results) == len(cases)
    return results


def run_reference(model, invokes):
    """Bytes of all outputs of all invokes in the wheel."""
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=4 * len(model) + 400_000)
    out = b""
    for invoke in invokes:
        for i, x in enumerate(invoke):
            interpreter.set_input(x, i)
        interpreter.invoke()
        out += interpreter.get_output(0).tobytes()
    return out
