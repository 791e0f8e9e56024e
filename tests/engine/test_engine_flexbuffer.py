# SPDX-License-Identifier: MIT
"""Options of custom operators: what flatbuffers.flexbuffers writes, flexbuffer.c reads; and mutants of it."""

import math
import struct
import subprocess

import numpy as np
import pytest
from flatbuffers import flexbuffers

NONE, INT, UINT, FLOAT = range(4)


@pytest.fixture(scope="module")
def read(program):
    def call(cases):
        """cases: (bytes, key). [(kind, as integer, as float32)]; the numbers are None if there is none."""
        stream = b""
        for data, key in cases:
            stream += struct.pack("<2I", len(data), len(key)) + data + key.encode()
        done = subprocess.run([program("read_flexbuffer")], input=stream, capture_output=True, timeout=300)
        assert done.returncode == 0, done.stderr.decode()
        found = list(struct.iter_unpack("<iif", done.stdout))
        assert len(found) == len(cases)
        return [(kind, integer, real) if kind else (kind, None, None) for kind, integer, real in found]

    return call


def as_int(value):
    if math.isnan(value) or math.isinf(value):
        return -(2**31) if math.copysign(1, value) < 0 else 2**31 - 1
    return max(-(2**31), min(2**31 - 1, math.trunc(value)))


def dumps(entries):
    """flexbuffers.Dumps, which refuses floats beyond float32's range."""
    b = flexbuffers.Builder()
    with b.Map():
        for key, value in entries.items():
            b.Key(key)
            if isinstance(value, float) and math.isfinite(value) and abs(value) > 3.4e38:
                b.Float(value, 8)
            else:
                b.Add(value)
    return bytes(b.Finish())


def same(a, b):
    a, b = np.float32(a), np.float32(b)
    return bool(np.isnan(a) and np.isnan(b)) or a.tobytes() == b.tobytes()


def numbers(rng):
    """Numbers of all widths, and those at which narrowing to float32 goes wrong first."""
    yield from (0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 65535, 65536, -32769, 2**31 - 1, 2**31)
    yield from (-(2**31), -(2**31) - 1, 2**32, 2**53 + 1, 2**63 - 1, -(2**63), 16777217, 16777219, -33554433)
    yield from (True, False, 0.0, -0.0, 0.5, 0.95, -0.1, 1e-3, 3.4e38, 3.5e38, -1e300, math.inf, -math.inf)
    yield from (math.nan, 2.0**-126, 2.0**-149, 2.0**-150, 2.0**-150 * 1.0000001, 2.0**-127 * 1.3, 5e-324)
    yield from (1 + 2.0**-24, 1 + 3 * 2.0**-24, 2 - 2.0**-25, 2.0**-126 - 2.0**-151, 2147483647.5, 9.3e18)
    for _ in range(300):
        yield struct.unpack("<d", rng.bytes(8))[0]
        yield float(rng.normal() * 10.0 ** rng.integers(-46, 39))
        yield int(rng.integers(-(2**63), 2**63 - 1) >> rng.integers(0, 63))


def test_numbers(read):
    rng = np.random.default_rng(1)
    values = list(numbers(rng))
    cases, wanted = [], []
    while values:
        n = int(rng.integers(1, 8))
        entries = {f"name{k}" * (k % 3 + 1): v for k, v in enumerate(values[:n])}
        values = values[n:]
        if rng.random() < 0.3:
            entries["text"] = "12"
            entries["list"] = [1, 2, 3]
        data = dumps(entries)
        for key, value in entries.items():
            cases.append((data, key))
            wanted.append(value)
    kinds = set()
    with np.errstate(over="ignore"):
        for (kind, integer, real), value in zip(read(cases), wanted, strict=True):
            kinds.add(kind)
            if isinstance(value, str | list):
                assert kind == NONE
                continue
            assert kind == (
                FLOAT if isinstance(value, float) else UINT if value is True or value is False else INT
            )
            assert integer == as_int(value), value
            assert same(real, np.float32(value)), value
    assert kinds == {NONE, INT, UINT, FLOAT}


def test_kinds_of_values(read):
    """Indirect numbers, unsigned ones, and keys that are not there."""
    b = flexbuffers.Builder()
    with b.Map():
        b.Key("a")
        b.IndirectInt(-5)
        b.Key("ab")
        b.IndirectUInt(2**63)
        b.Key("abc")
        b.IndirectFloat(0.1)
        b.Key("b")
        b.UInt(200)
        b.Key("c")
        b.Null()
        b.Key("d")
        b.IndirectFloat(-2.5)
    data = bytes(b.Finish())
    keys = ["a", "ab", "abc", "b", "c", "d", "", "abcd", "e"]
    kinds = [INT, UINT, FLOAT, UINT, NONE, FLOAT, NONE, NONE, NONE]
    integers = [-5, 2**31 - 1, 0, 200, None, -2, None, None, None]
    found = read([(data, key) for key in keys])
    assert [f[0] for f in found] == kinds and [f[1] for f in found] == integers
    assert [f[2] for f in found[:4]] == [-5, 2.0**63, np.float32(0.1), 200]
    other = [b"", b"\0", b"\0\0\0", flexbuffers.Dumps(5), flexbuffers.Dumps([1, 2]), flexbuffers.Dumps({})]
    assert [f[0] for f in read([(data, "a") for data in other])] == [NONE] * 6


def test_any_bytes(read):
    rng = np.random.default_rng(2)
    entries = {"frame_size": 480, "spread": 0.95, "on": True, "a": 2**40, "z": [1, 2], "t": "x" * 300}
    plain = flexbuffers.Dumps(entries)
    short = flexbuffers.Dumps({"a": 1, "b": 0.5})
    cases = [(short[:k], "b") for k in range(len(short))]
    for at in range(len(short)):
        for value in range(256):
            cases.append((short[:at] + bytes([value]) + short[at + 1 :], "b"))
    for _ in range(3000):
        data = bytearray(plain if rng.random() < 0.5 else short)
        for _ in range(rng.integers(1, 5)):
            data[rng.integers(0, len(data))] = rng.choice(
                [0, 1, 2, 3, 36, 37, 38, 39, 255, rng.integers(256)]
            )
        cases.append((bytes(data), str(rng.choice(["a", "b", "spread", "on", "zz"]))))
    cases += [(rng.bytes(int(rng.integers(0, 40))), "a") for _ in range(1000)]
    found = read(cases)
    assert 0.05 < np.mean([kind != NONE for kind, *_ in found]) < 0.95  # not all refused, nor all read
