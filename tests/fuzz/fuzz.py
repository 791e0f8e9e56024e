# SPDX-License-Identifier: MIT
"""Feeds malformed models to the engine, under ASan and UBSan.

    python tests/fuzz/fuzz.py [--seconds 600] [--seed 1] [--jobs 2] [MODEL...]

Half of the jobs change bytes: of some models with control flow, those of firmware/models and, when they are
there, the shared ones; fewer mutants are made of those that the engine does not run. A job ends at the first
mutant that breaks a rule, and says how to run it again. The other half change models of every operator
where it means something (structured.py).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests" / "engine"), str(ROOT / "tests" / "kernels")]

import control_models  # noqa: E402
import engine_build  # noqa: E402


def built() -> list[Path]:
    """Models with control flow and variables, written to the cache."""
    folder = engine_build.CACHE / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, model in control_models.seeds().items():
        paths.append(folder / f"{name}.tflite")
        if not paths[-1].exists() or paths[-1].read_bytes() != model:
            paths[-1].write_bytes(model)
    return paths


def seeds(largest: int = 100_000) -> list[Path]:
    """Models to mutate, no larger than so many bytes: in larger ones most mutations hit weights."""
    found = sorted((ROOT / "firmware" / "models").glob("*.tflite"))
    shared = engine_build.shared_models()
    if shared is not None:
        found += sorted((shared / "models").glob("*.tflite"))
    return built() + [p for p in found if p.stat().st_size <= largest]


def command(seed: int, mutants: int, seconds: int, models: list[Path]) -> list:
    return [engine_build.program("../fuzz/fuzz_model"), str(seed), str(mutants), str(seconds), *models]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()) & 0xFFFFFF)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("models", nargs="*", type=Path)
    args = parser.parse_args()
    models = args.models or seeds()
    last = args.seed + args.jobs - 1
    print(f"{len(models)} models, seeds {args.seed} to {last}, {args.seconds} s", flush=True)
    jobs = []
    for i in range(args.jobs):
        if i % 2 == 0:
            program = command(args.seed + i, 0, args.seconds, models)
        else:
            options = ["--seconds", str(args.seconds), "--seed", str(args.seed + i)]
            program = [sys.executable, HERE / "structured.py", *options]
        jobs.append(subprocess.Popen(program, stderr=subprocess.PIPE, text=True))
    failed = False
    for job in jobs:
        _, errors = job.communicate()
        if job.returncode != 0:
            failed = True
            print(errors, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
