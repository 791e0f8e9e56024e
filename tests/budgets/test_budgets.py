# SPDX-License-Identifier: MIT
"""What the project costs, against the files in this folder: a change that costs more, or less, updates them.

    make budgets        rewrites the files from what is measured now

arena.json   arena bytes of each model, exactly
flash.json   flash bytes of the module's parts on Cortex-M0+, within 1 %
counts.json  cycles or instructions of one invoke by core, as `make bench` counts them, within 1 %
stack.json   bytes of stack of the engine's deepest functions on Cortex-M0+, each function by itself
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from arena8 import boards

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "bench")]
import bench  # noqa: E402
import counting  # noqa: E402
import sizes  # noqa: E402
import workloads  # noqa: E402

TOLERANCE = 0.01
UPDATE = "make budgets"
DEEP = 100  # bytes of a frame from which on it is listed
CORES = {core["core"]: core for core in bench.cores()}
# The emulated Pico takes a second for four million cycles: `make bench` has all.
SHORT = ("mlperf_kws", "mlperf_ad01", "digits")


def build():
    try:
        return boards.board("RPI_PICO").firmware().parent
    except boards.BoardError as e:
        pytest.skip(str(e))


def arena():
    return {row["model"]: row["arena8"] for row in sizes.arenas("armv6m")}


def flash():
    return sizes.module_sizes(build())


def counts(core):
    """{what: {model: count}} of a core's row, for the models that everybody has."""
    found = {}
    for row in (core, core.get("again")):
        if row:
            things = workloads.random_ones(bench.BUILD)
            if counting.is_slow(row):
                things = [one for one in things if one.name in SHORT]
            measured = counting.counted(row, things, bench.BUILD)
            assert not [one.problem for one in measured if one.problem]
            names = [one.name for one in things]
            part = core["core"] if row is core else f"{core['core']}, {row['board']}"
            found[part] = dict(zip(names, (one.count for one in measured), strict=True))
            if measured[0].misses:
                # Those of a small model depend on where the linker put the code that shares the cache with it.
                found[f"{part}, misses of weights"] = {
                    one.name: counted.misses[1]
                    for one, counted in zip(things, measured, strict=True)
                    if len(one.model) > 2 * counting.CACHE_BYTES
                }
    return found


def is_built(core):
    wanted = [core["board"], *([core["again"]["board"]] if "again" in core else [])]
    try:
        return all(boards.board(name).firmware() for name in wanted)
    except boards.BoardError:
        return False


def stack(folder):
    engine = ROOT / "micropython_module" / "engine"
    listed = [line for line in (engine / "sources.txt").read_text().split() if line.endswith(".c")]
    frames = {}
    for name in listed:
        speed = "-O2" if name.startswith("kernels/") else "-Os"
        out = Path(folder) / (name.replace("/", "_") + ".o")
        subprocess.run(
            ["arm-none-eabi-gcc", "-std=c99", "-ffp-contract=off", "-mcpu=cortex-m0plus", "-mthumb", speed]
            + ["-fstack-usage", f"-I{engine}", "-c", str(engine / name), "-o", str(out)],
            check=True,
        )
        for line in out.with_suffix(".su").read_text().splitlines():
            place, size, kind = line.split("\t")
            assert "dynamic" not in kind.split(","), f"{place}: stack without a bound"
            if int(size) >= DEEP:
                function = re.sub(r"\..*", "", place.rsplit(":", 1)[-1])
                frames[f"{name} {function}"] = int(size)
    return dict(sorted(frames.items()))


def budget(name):
    return json.loads((HERE / f"{name}.json").read_text())


def compare(name, measured, tolerance, part=None):
    """Every measured figure is in the file (or a part of it) and within the tolerance of it."""
    allowed = budget(name).get(part, {}) if part else budget(name)
    wrong = [
        f"{key}: {value}, the budget says {allowed.get(key)}"
        for key, value in measured.items()
        if key not in allowed or abs(value - allowed[key]) > tolerance * allowed[key]
    ]
    file = f"tests/budgets/{name}.json" + (f" ({part})" if part else "")
    assert not wrong, f"{file} no longer holds ({UPDATE}):\n" + "\n".join(wrong)


def test_arena():
    compare("arena", arena(), 0)


def test_flash():
    compare("flash", flash(), TOLERANCE)


@pytest.mark.parametrize("name", CORES)
def test_counts(name):
    if not is_built(CORES[name]):
        pytest.skip(f"no firmware for {CORES[name]['board']} has been built")
    for part, measured in counts(CORES[name]).items():
        compare("counts", measured, TOLERANCE, part)


def test_stack(tmp_path):
    measured = stack(tmp_path)
    compare("stack", measured, 0)
    assert set(budget("stack")) == set(measured)


def update():
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        found = {"arena": arena(), "flash": flash(), "counts": budget("counts"), "stack": stack(folder)}
    for core in CORES.values():
        if is_built(core):
            found["counts"].update(counts(core))
    for name, figures in found.items():
        (HERE / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
        print(f"  tests/budgets/{name}.json: {len(figures)} figures")


def main():
    parser = argparse.ArgumentParser(
        description="The budgets of arena, flash, cycles and stack; pytest compares them with what is there."
    )
    parser.add_argument("--update", action="store_true", help="rewrite the files from what is measured now")
    if not parser.parse_args().update:
        parser.error("nothing to do: --update rewrites the budgets, `pytest tests/budgets` checks them")
    try:
        update()
    except pytest.skip.Exception as e:
        sys.exit(f"error: {e}")


if __name__ == "__main__":
    main()
