# SPDX-License-Identifier: MIT
"""The smallest models of every operator, element type and kind of operands, from the differential tests.

python tests/fuzz/seed_models.py      # collects them again, after operators were added

The tests run with a handful of cases and without the reference (those that look at its answers fail), and
what they give to the engine is kept in seeds.tar.xz.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KERNELS = ROOT / "tests" / "kernels"
ARCHIVE = Path(__file__).resolve().parent / "seeds.tar.xz"
sys.path[:0] = [str(ROOT / "tests" / "engine"), str(KERNELS)]

import control_models  # noqa: E402
import numpy as np  # noqa: E402
import operator_counts  # noqa: E402
from model_builder import ModelBuilder  # noqa: E402

# So many cases a test, and models of each operator and element type.
CASES, MODELS = 12, 3
LARGEST = 20_000


def kind(model: bytes) -> tuple:
    """What makes seeds worth having both: operator, type, which operands are constant, ranks, options."""
    table = operator_counts._Table
    root = table(model, int.from_bytes(model[:4], "little"))
    graph = root.tables(2)[0]
    nodes = graph.tables(3)
    tensors = graph.tables(0)
    operands = []
    for i in nodes[0].ints(1):
        if i >= 0:
            shape = tensors[i].target(0)
            rank = 0 if shape is None else int.from_bytes(model[shape : shape + 4], "little")
            operands.append((rank, tensors[i].scalar(2, "<I") != 0, tensors[i].scalar(1, "<b")))
        else:
            operands.append(None)
    return (*operator_counts.first_operator(model), len(nodes), *operands)


class Collector:
    """A plugin of pytest: stands in for what differential.py does with cases."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.found: dict[tuple, tuple[bytes, bytes]] = {}

    def add(self, model: bytes, inputs: bytes):
        if len(model) + len(inputs) > LARGEST:
            return
        what = kind(model)
        if what not in self.found or len(model) < len(self.found[what][0]):
            self.found[what] = model, inputs

    def install(self):
        import differential

        run_engine = differential.run_engine

        def collect(program, cases, polls=None):
            results = run_engine(program, cases, polls)
            for (model, invokes), result in zip(cases, results, strict=True):
                if invokes and isinstance(result, bytes):
                    self.add(model, b"".join(np.ascontiguousarray(x).tobytes() for x in invokes[0]))
            return results

        differential.run_engine = collect
        differential.cases_wanted = lambda n: min(n, CASES)

        def unchecked(program, cases):
            for case in cases:
                case.reference = False
                case.expected = case.expected or b""
            results = differential.run_engine(program, [(c.model, c.invokes) for c in cases])
            return [
                np.frombuffer(r if isinstance(r, bytes) else b"", c.dtype)
                for c, r in zip(cases, results, strict=True)
            ]

        differential.check = unchecked

    def write(self):
        by_row = defaultdict(list)
        for what, seed in self.found.items():
            by_row[what[:2]].append(seed)
        for (operator, dtype), found in by_row.items():
            for i, (model, inputs) in enumerate(sorted(found, key=lambda s: (len(s[0]), s[0]))[:MODELS]):
                (self.folder / f"{operator}-{dtype}-{i}").write_bytes(model)
                (self.folder / f"{operator}-{dtype}-{i}.inputs").write_bytes(inputs)


def collect(folder: Path) -> None:
    """Runs the tests in this process."""
    import pytest

    collector = Collector(folder)
    collector.install()
    pytest.main(
        ["-q", "-x", "--no-header", "-p", "no:cacheprovider", "--maxfail=10000", "--tb=no", str(KERNELS)]
    )
    collector.write()


def write_archive(folder: Path) -> int:
    """Packs the models. Returns how many there are."""
    paths = sorted(folder.iterdir())
    with tarfile.open(ARCHIVE, "w:xz", preset=9) as archive:
        for path in paths:
            member = tarfile.TarInfo(path.name)
            member.size = path.stat().st_size
            archive.addfile(member, io.BytesIO(path.read_bytes()))
    return len(paths) // 2


def extra() -> dict[str, bytes]:
    """Models that the tests don't make, or only larger ones."""
    m = ModelBuilder()
    x, y = m.tensor((2, 3, 2), "int16", scale=0.5), m.tensor((2, 2), "int16", scale=0.25)
    m.node("MEAN", [x, m.constant(np.array([1], np.int32))], [y])
    found = {"MEAN-int16": m.build([x], [y])}
    # A loop whose first value is the handle of a variable.
    m = ModelBuilder()
    h, x, flag = control_models.handle(m, "v"), m.tensor((3,), "int8", scale=1.0), m.tensor((1,), "bool")
    m.node("ASSIGN_VARIABLE", [h, x], [])
    for ends in (True, False):
        g = m.subgraph()
        g.inputs = [g.tensor((1,), "resource"), g.tensor((3,), "int8", scale=1.0), g.tensor((1,), "bool")]
        z = g.tensor((3,), "int8", scale=1.0)
        g.node("READ_VARIABLE", [g.inputs[0]], [z])
        no = g.constant(np.array([False]))
        g.outputs = [g.inputs[2]] if ends else [g.inputs[0], z, no]
    outputs = [m.tensor((1,), "resource"), m.tensor((3,), "int8", scale=1.0), m.tensor((1,), "bool")]
    m.node("WHILE", [h, x, flag], outputs, cond_subgraph_index=1, body_subgraph_index=2)
    return found | {"WHILE-resource": m.build([x, flag], outputs[1:])}


def seeds() -> dict[str, tuple[bytes, bytes]]:
    """{name: (model, inputs)}. Names begin with the first operator and its element type."""
    with tarfile.open(ARCHIVE) as archive:
        files = {m.name: archive.extractfile(m).read() for m in archive}
    found = {name: (files[name], files[f"{name}.inputs"]) for name in files if not name.endswith(".inputs")}
    control = {f"control-{name}": model for name, model in control_models.seeds().items()}
    return found | {name: (model, b"") for name, model in (control | extra()).items()}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        # Another process: what stands in for the reference must not stay.
        command = [sys.executable, __file__, "--collect", folder]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        if done.returncode != 0:
            sys.exit(done.stdout[-4000:] + done.stderr[-4000:])
        print(f"{write_archive(Path(folder))} models in {ARCHIVE.name}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--collect"]:
        collect(Path(sys.argv[2]))
    else:
        main()
