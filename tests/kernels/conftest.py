# SPDX-License-Identifier: MIT
import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "micropython_module" / "engine"
CFLAGS = "-std=c99 -ffp-contract=off -O1 -g -Wall -Wextra -Werror".split()
SANITIZE = "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer".split()


class ModelError(Exception):
    """The engine's error record, as run_model prints it."""

    def __init__(self, record):
        super().__init__(json.dumps(record))
        self.record = record


class RunModel:
    """The engine under ASan and UBSan, one process a model."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder

    def outputs(self, model, inputs, misalign=0):
        """Output bytes of as many invokes as inputs holds. Raises ModelError; anything worse fails the test."""
        paths = [self.folder / name for name in ("model.tflite", "input.bin", "output.bin")]
        paths[0].write_bytes(model)
        paths[1].write_bytes(inputs)
        command = [self.program, *paths, "--misalign", str(misalign)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if done.returncode == 1 and not done.stderr:
            raise ModelError(json.loads(done.stdout))
        assert done.returncode == 0, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
        return paths[2].read_bytes()


@pytest.fixture(scope="session")
def run_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run_model")
    lines = (ENGINE / "sources.txt").read_text().splitlines()
    sources = [ENGINE / line for line in lines if line and not line.startswith("#")]
    program = folder / "run_model"
    main = ROOT / "tests" / "engine" / "run_model.c"
    subprocess.run(["cc", *CFLAGS, *SANITIZE, f"-I{ENGINE}", main, *sources, "-o", program], check=True)
    return RunModel(program, folder)
