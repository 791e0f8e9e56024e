# SPDX-License-Identifier: MIT
"""What the benchmark makes of what it counts: places, the simulated cache, entries, the chart."""

from __future__ import annotations

import ctypes
import os
import random
import sys
import xml.etree.ElementTree as ET
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import bench
import chart
import counting
import pico_counter
import publish
import workloads
from arena8.errors import BoardGone, UsageError

CORE = next(core for core in bench.CORES if "miss_cycles" in core)


@pytest.fixture(scope="module")
def things(tmp_path_factory):
    return workloads.random_ones(tmp_path_factory.mktemp("models"))


@pytest.fixture
def in_tmp(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    (tmp_path / "build").mkdir()
    return tmp_path


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


def test_places_do_not_overlap(things):
    image, places = counting.placed(things, 0x1000)
    end = 0x1000
    for one, of_one in zip(things, places, strict=True):
        for data, (address, size) in zip((one.model, *one.inputs), of_one, strict=True):
            assert address % 16 == 0 and address >= end and image[address - 0x1000 :][:size] == data
            end = address + size


class Cache:
    """16 KB, two ways, lines of 8 bytes, the one used last stays."""

    def __init__(self) -> None:
        self.sets = [OrderedDict() for _ in range(1024)]

    def misses(self, address: int) -> bool:
        line = address // 8
        ways = self.sets[line % 1024]
        missed = line not in ways
        ways[line] = True
        ways.move_to_end(line)
        if len(ways) > 2:
            ways.popitem(last=False)
        return missed


def test_flash_cache():
    rng = random.Random(1)
    flash, sram = bytearray(rng.randbytes(1 << 20)), bytearray(rng.randbytes(264 * 1024))
    weights = 0x10080000
    other, seen = [], []

    def elsewhere(address, n):
        other.append((address, n))
        return 0xABCD

    library = Path(os.environ.get("ARENA8_CACHE") or bench.BUILD, "bench")
    lib = ctypes.PyDLL(str(counting.compiled(counting.HERE / "flash_cache.c", library)))
    word, lib.cache_misses.restype = ctypes.c_uint32, ctypes.c_uint64
    keep = [pico_counter.ELSEWHERE(elsewhere), pico_counter.ARRIVED(seen.append)]
    at = [ctypes.c_void_p(ctypes.addressof((ctypes.c_uint8 * len(m)).from_buffer(m))) for m in (flash, sram)]
    lib.cache_open(at[0], word(len(flash)), at[1], word(weights), *keep)
    lib.cache_watch(word(0x10000100), word(0x20000000))
    model, misses = Cache(), [0, 0]
    for i in range(20000):
        n = rng.choice((1, 2, 4))
        base = rng.choice((0x10000000, weights, weights + 0x8000, 0x20000000))
        address = base + rng.randrange(0, 0x3000) // n * n
        if i % 1000 == 0:
            address, n = 0x10000100, 2
        read = getattr(lib, f"cache_read{8 * n}")
        read.restype = word
        memory = flash if address >> 24 == 0x10 else sram
        offset = address & 0xFFFFFF
        assert read(word(address)) == int.from_bytes(memory[offset : offset + n], "little")
        if memory is flash:
            misses[address >= weights] += model.misses(address)
    assert [lib.cache_misses(0), lib.cache_misses(1)] == misses and min(misses) > 100
    assert seen.count(0x10000100) >= 20
    for address, n in ((0xD0000000, 4), (0x10100000, 1), (0x20042000, 2)):
        assert getattr(lib, f"cache_read{8 * n}")(word(address)) == 0xABCD and other.pop() == (address, n)


def test_calls_of_a_pico():
    """An invoke of two operators, and another of one."""
    invoke, step, back = 0x100, 0x200, 0x300
    watched, time = [], [0]
    cache = SimpleNamespace(
        cache_watch=lambda a, b: watched.append({a.value, b.value}),
        cache_misses=lambda kind: time[0] * (kind + 2),
    )
    pico = pico_counter.CountingPico.__new__(pico_counter.CountingPico)
    pico.mcu = SimpleNamespace(core=SimpleNamespace(cycles=0, lr=back | 1))
    pico.cache, pico.entries, pico.calls, pico.marks = cache, [invoke, step], [], []
    of_one = ((invoke, 10), (step, 13), (step, 20), (back, 50))
    for address, cycles in (*of_one, (invoke, 60), (step, 61), (back, 70)):
        pico.mcu.core.cycles, time[0] = cycles, cycles
        pico.arrive(address)
        assert watched[-1] == ({invoke} if address == back else {back, step})
    spans = [(1, 7), (1, 30), (0, 40), (1, 9), (0, 10)]
    assert pico.calls == [[entry, n, 2 * n, 3 * n] for entry, n in spans]


def entry_of(things, **found):
    one = next(one for one in things if one.name == "mlperf_kws")
    counted = counting.Counted(20000, 4_000_000, [3, 4], **found)
    return bench.entry(CORE, one, counted)


def test_entry(things):
    row = entry_of(things, misses=(10, 20))
    peer = workloads.PEERS["cmsis_m0plus_cycles"]["mlperf_kws"]
    wanted = {
        "model": "mlperf_kws", "core": "Cortex-M0+", "unit": "cycles", "count": 4_000_000, "macs": 2_656_768,
        "peer": "TFLM + CMSIS-NN", "peer_count": peer, "ratio": round(4_000_000 / peer, 3),
        "arena_bytes": 20000,
    }  # fmt: skip
    assert {key: row[key] for key in wanted} == wanted
    assert row["count_with_misses"] == 4_000_000 + 30 * 50
    assert [node["count"] for node in row["operators"]] == [3, 4]


def test_entry_without_a_peer(things):
    core = {**CORE, "peer_counts": "ref_rv32_instructions"}
    own = next(one for one in things if one.name == "digits")
    row = bench.entry(core, own, counting.Counted(1, 2, [], (0, 0)))
    assert row["peer"] is row["peer_count"] is row["ratio"] is None


def test_a_core_that_fails_loses_no_other(things, in_tmp, monkeypatch, capsys):
    lost = bench.CORES[1]["core"]

    def counted(core, some, folder, tell):
        if core["core"] == lost:
            raise BoardGone("the emulator ended")
        for one in some:
            tell(
                one,
                counting.Counted(1, 100, []) if one.name != "digits" else counting.Counted(problem="full"),
            )

    monkeypatch.setattr(counting, "counted", counted)
    rows, problems = bench.run(bench.CORES, things, 2)
    others = [core["core"] for core in bench.CORES if core["core"] != lost]
    names = [one.name for one in things if one.name != "digits"]
    assert [(row["core"], row["model"]) for row in rows] == [
        (core, name) for core in others for name in names
    ]
    assert f"{lost}: the emulator ended" in problems
    assert sorted(p for p in problems if "digits" in p) == sorted(
        f"{core}: digits did not run: full" for core in others
    )
    assert "the emulator ended" in capsys.readouterr().err


def test_unknown_core():
    with pytest.raises(UsageError, match="no core Z80; there are Cortex-M0"):
        bench.cores(["Z80"])


def drawn(rows):
    """The bars, as lists of widths, and all that is written."""
    picture = ET.fromstring(chart.svg(rows))
    bars = {}
    for part in picture.findall("{*}rect"):
        if part.find("{*}title") is not None:
            place = (float(part.get("x")) < chart.PANEL, part.get("y"))
            bars.setdefault(place, []).append(float(part.get("width")))
    return list(bars.values()), [e.text for e in picture.findall("{*}text")]


def test_chart():
    node = [{"operator": "CONV_2D 1x1", "count": 30}, {"operator": "SOFTMAX", "count": 10}]
    row = {"model": "mlperf_m", "core": "c", "unit": "cycles", "peer": "p", "ratio": 0.5, "count": 50}
    row |= {"operators": node, "macs": 5000}
    rows = [
        row,
        {**row, "model": "far", "ratio": 7.0},
        {**row, "ratio": None, "peer": None, "model": "unseen"},
    ]
    alone = {**row, "core": "d", "peer": None, "ratio": None, "macs": 1000}
    bars, words = drawn([*rows, alone, {**alone, "macs": 10}])
    unit, longest = chart.UNIT, chart.UNIT * chart.LONGEST
    assert bars[0] == [pytest.approx(0.3 * unit), pytest.approx(0.2 * unit)]
    assert sum(bars[1]) == pytest.approx(longest)
    assert sum(bars[2]) == pytest.approx(unit) and len(bars) == 3
    assert {"c", "d", "m", "far", "0.50", "7.00", "0.05"} <= set(words) and "unseen" not in words


def test_tables(things):
    one = {**entry_of(things, misses=(10, 20)), "weights": "original"}
    other = {**one, "core": "d", "peer": None, "ratio": None, "model": "digits", "macs": 1000, "count": 2500}
    other = {key: value for key, value in other.items() if "miss" not in key}
    page = "a\n<!-- bench: Cortex-M0+ -->\nold\n<!-- end -->\nb\n<!-- bench: e -->\nkept\n<!-- end -->\n"
    page += "<!-- bench: all cores -->\n<!-- end -->\n<!-- bench: d -->\n<!-- end -->\n"
    done = publish.filled(page, [one, other])
    assert done.startswith("a\n<!-- bench: Cortex-M0+ -->\n| model |")
    assert "old" not in done and "kept" in done
    peer = workloads.PEERS["cmsis_m0plus_cycles"]["mlperf_kws"]
    with_its = peer + 50 * sum(workloads.PEERS["cmsis_m0plus_misses"]["mlperf_kws"])
    cells = ["kws", "2,656,768", "20,000", "4,000,000", "1.51", f"{peer:,}", "0.10", "10 / 20", "4,001,500"]
    assert f"| {' | '.join(cells)} | {with_its:,} | 0.10 |\n" in done
    assert "| digits | 1,000 | 20,000 | 2,500 | 2.50 |\n" in done
    assert "| Cortex-M0+ | cycles, of TFLM + CMSIS-NN | 0.10 |\n| d | cycles a MAC |  |\n" in done
    assert publish.filled(done, [one, other]) == done
