# SPDX-License-Identifier: MIT
"""Feeds models that are wrong in one place, or extreme, to the engine: mutants of every operator's seeds.

    python tests/fuzz/structured.py [--seconds 600] [--seed 1] [--only ADD]

What ends the engine is kept in build/fuzz.
"""

from __future__ import annotations

import argparse
import pickle
import re
import struct
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "engine"), str(ROOT / "tests" / "kernels")]

import engine_build  # noqa: E402
from lift import lift  # noqa: E402
from mutate import mutant  # noqa: E402
from seed_models import seeds  # noqa: E402

BATCH = 400


@dataclass
class Answer:
    """What became of a model."""

    code: int  # of load
    ended: int  # invokes that ended well
    rows: list[int]  # of ops.def, of its nodes, if any did


def packed(seed: int, model: bytes, inputs: bytes) -> bytes:
    """As the program reads it."""
    return struct.pack("<3I", seed, len(model), len(inputs)) + model + inputs


def run(models: list[tuple[int, bytes, bytes]]) -> tuple[list[Answer], str]:
    """models: (seed, model, inputs) each. Returns the answers of those that came to an end, and
    what the program said if it came to an end itself."""
    stream = b"".join(packed(*model) for model in models)
    program = engine_build.program("../fuzz/fuzz_stream")
    done = subprocess.run([program], input=stream, capture_output=True)
    numbers = struct.unpack(f"<{len(done.stdout) // 4}i", done.stdout)
    answers, at = [], 0
    while at < len(numbers):
        end = numbers.index(-1, at + 2)
        answers.append(Answer(numbers[at], numbers[at + 1], list(numbers[at + 2 : end])))
        at = end + 1
    return answers, "" if done.returncode == 0 else done.stderr.decode(errors="replace")


class Fuzzer:
    """Makes mutants, runs them in batches, keeps count."""

    def __init__(self, seed: int, only: str = ""):
        self.rng = Random(seed)
        found = {name: seed for name, seed in seeds().items() if name.startswith(only)}
        self.models = {name: (pickle.dumps(lift(model)), inputs) for name, (model, inputs) in found.items()}
        self.codes: Counter = Counter()
        self.tried: Counter = Counter()  # mutants, by operator and element type
        self.ended: Counter = Counter()  # of them, those with an invoke that ended well
        self.findings: list[tuple[str, Path, str]] = []

    def batch(self, names: list[str]):
        waiting = []
        for name in names:
            lifted, inputs = self.models[name]
            data = mutant(self.rng, pickle.loads(lifted))
            if data is not None:
                byte_mutations = self.rng.random() < 0.15
                seed = self.rng.getrandbits(30) << 1 | byte_mutations
                waiting.append((name, seed, data, inputs))
        while waiting:
            answers, errors = run([w[1:] for w in waiting])
            for (name, *_), answer in zip(waiting, answers, strict=False):
                self.codes[answer.code] += 1
                operator = "-".join(name.split("-")[:2])
                self.tried[operator] += 1
                self.ended[operator] += answer.ended > 0
            if errors:
                assert len(answers) < len(waiting), errors
                name, *mutation = waiting[len(answers)]
                folder = ROOT / "build" / "fuzz"
                folder.mkdir(parents=True, exist_ok=True)
                path = folder / f"{name}-{mutation[0]}.bin"
                path.write_bytes(packed(*mutation))
                self.findings.append((name, path, errors))
                waiting = waiting[len(answers) + 1 :]
            else:
                assert len(answers) == len(waiting)
                waiting = []

    def all_once(self, mutants: int):
        """So many mutants of each seed."""
        names = sorted(self.models) * mutants
        for i in range(0, len(names), BATCH):
            self.batch(names[i : i + BATCH])

    def some(self, seconds: float):
        """Of each operator as many mutants, however many seeds it has."""
        end = time.time() + seconds
        operators: dict[str, list[str]] = {}
        for name in self.models:
            operators.setdefault(name.split("-")[0], []).append(name)
        chosen = list(operators.values())
        while time.time() < end:
            self.batch([self.rng.choice(names) for names in self.rng.choices(chosen, k=BATCH)])


def first_lines(errors: str) -> str:
    errors = re.sub(r"0x[0-9a-f]+|==\d+==", "", errors)
    lines = [x for x in errors.split("\n") if "runtime error" in x or "ERROR: " in x or "not true" in x]
    places = [x.strip() for x in errors.split("\n") if "/engine/" in x and "#" in x][:3]
    return "\n    ".join([*lines[:1], *places])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()) & 0xFFFFFF)
    parser.add_argument("--only", default="", help="seeds whose names begin so")
    args = parser.parse_args()
    fuzzer = Fuzzer(args.seed, args.only)
    print(f"{len(fuzzer.models)} models, seed {args.seed}, {args.seconds} s", flush=True)
    fuzzer.some(args.seconds)
    print(
        f"{sum(fuzzer.tried.values())} mutants; codes {dict(fuzzer.codes)}; {len(fuzzer.findings)} findings"
    )
    seen = set()
    for name, path, errors in fuzzer.findings:
        what = first_lines(errors)
        if what not in seen:
            print(f"{name}\n    {path}\n    {what}", flush=True)
        seen.add(what)
    least = sorted((n / fuzzer.tried[operator], operator) for operator, n in fuzzer.ended.items())[:5]
    print(
        "mutants that run, least: " + ", ".join(f"{operator} {100 * part:.0f} %" for part, operator in least)
    )
    return 1 if fuzzer.findings else 0


if __name__ == "__main__":
    sys.exit(main())
