# SPDX-License-Identifier: MIT
"""ROMFS images: what is built reads back, aligned; what others built reads; damage is named."""

from __future__ import annotations

import random

import pytest
from arena8 import romfs
from mpremote.romfs import VfsRomWriter


def some_files(seed: int) -> dict[str, bytes]:
    rng = random.Random(seed)
    files = {}
    for i in range(rng.randrange(8)):
        folder = rng.choice(("", "", "lib/", "lib/deep/", "other/"))
        name = f"{folder}{i}{'x' * rng.choice((0, 1, 5, 130))}.{rng.choice(('tflite', 'py'))}"
        files[name] = rng.randbytes(rng.choice((0, 1, 15, 16, 17, 127, 128, 129, 5000, 20000)))
    if rng.random() < 0.3:
        files["nothing/"] = b""
    return files


@pytest.mark.parametrize("seed", range(200))
def test_there_and_back(seed):
    files = some_files(seed)
    image = romfs.build(files)
    assert romfs.parse(image) == files
    assert romfs.size_of(image[:12]) == len(image)
    assert romfs.parse(image + b"\xff" * 100) == files  # what lies behind doesn't matter
    for path, offset, size in romfs.places(image):
        assert path.endswith("/") or offset % 16 == 0
        assert image[offset : offset + size] == files[path]


def test_an_image_of_mpremote():
    writer = VfsRomWriter()
    pointed = writer.mkdata(b"shared data")
    writer.mkfile("plain.py", b"print(1)\n")
    writer.opendir("lib")
    writer.mkfile("inner.mpy", b"M\x06")
    writer.opendir("empty")
    writer.closedir()
    writer.closedir()
    writer.mkfile("pointer.bin", (6, pointed))
    files = {
        "plain.py": b"print(1)\n",
        "lib/inner.mpy": b"M\x06",
        "lib/empty/": b"",
        "pointer.bin": b"shared",
    }
    assert romfs.parse(writer.finalise()) == files
    assert romfs.parse(VfsRomWriter().finalise()) == {}


def test_no_image():
    for start in (b"", b"\xff" * 16, b"\xd2\xcd\x30\x00", b"\xd2\xcd\x31", b"\xd2\xcd\x31\x80\x80"):
        assert romfs.size_of(start) is None
        with pytest.raises(romfs.RomfsError):
            romfs.parse(start)


def test_damaged_images_are_refused_or_read_within_bounds():
    files = {"a.tflite": bytes(100), "lib/b.py": bytes(200), "c": b"xyz"}
    image = romfs.build(files)
    refused = 0
    rng = random.Random(1)
    for _ in range(2000):
        damaged = bytearray(image)
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(len(image))] = rng.randrange(256)
        try:
            for _, data in romfs.parse(bytes(damaged)).items():
                assert len(data) <= len(image)
        except romfs.RomfsError:
            refused += 1
    assert refused > 100
    for length in range(len(image)):
        with pytest.raises(romfs.RomfsError):
            romfs.parse(image[:length])


@pytest.mark.parametrize("paths", [("a", "a/b"), ("a/b", "a"), ("/a",), ("a//b",)])
def test_paths_that_can_not_be(paths):
    with pytest.raises(romfs.RomfsError):
        romfs.build(dict.fromkeys(paths, b""))
