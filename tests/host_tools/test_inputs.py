# SPDX-License-Identifier: MIT
"""What an --input comes to in a tensor's bytes."""

from __future__ import annotations

import json

import numpy
import pytest
from arena8 import inputs
from arena8.errors import UsageError
from arena8.tensor_info import TensorInfo

INT8 = TensorInfo("t", "x", (1, 2, 3), "int8", 0.5, -10)
UINT8 = TensorInfo("t", "x", (4,), "uint8", 1.0, 0)
INT16 = TensorInfo("t", "x", (3,), "int16", 0.25, 0)
FLOAT = TensorInfo("t", "x", (3,), "float32", 0.0, 0)
GRAY = TensorInfo("t", "image", (1, 4, 2, 1), "int8", 1.0, -128)
RGB = TensorInfo("t", "image", (1, 2, 2, 3), "uint8", 1.0, 0)


def read(text, tensor, **options):
    return tensor.values(inputs.read(str(text), tensor, inputs.Options(**options))).tolist()


def test_literal_numbers_are_real_values():
    # q = x / 0.5 - 10, rounded half away from zero, saturated to int8
    assert read("0,1,-1,0.25,1000,-1e3", INT8) == [-10, -8, -12, -9, 127, -128]
    assert read("0 1 -1\n.25 1000 -1e3", INT8) == [-10, -8, -12, -9, 127, -128]
    assert read("1.5, -2.5, 3", FLOAT) == [1.5, -2.5, 3.0]


def test_raw_numbers_are_stored():
    assert read("0,1,-1,5,127,-128", INT8, raw=True) == [0, 1, -1, 5, 127, -128]
    with pytest.raises(UsageError, match="number 4 is 128, int8 takes -128..127"):
        read("0,1,-1,5,128,0", INT8, raw=True)
    with pytest.raises(UsageError, match="fractions"):
        read("0,1,-1,5,1.5,0", INT8, raw=True)


def test_scale_and_offset():
    # 2 * x + 1 first
    assert read("0,1,2,3,4,5", INT8, scale=2.0, offset=1.0) == [-8, -4, 0, 4, 8, 12]


def test_npy_of_the_tensors_type_is_raw(tmp_path):
    file = tmp_path / "x.npy"
    numpy.save(file, numpy.array([[1, 2, 3], [4, 5, 6]], numpy.int8))
    assert read(file, INT8) == [1, 2, 3, 4, 5, 6]
    numpy.save(file, numpy.array([1, 2, 3, 4, 5, 6], numpy.float32))
    assert read(file, INT8) == [-8, -6, -4, -2, 0, 2]
    numpy.save(file, numpy.array([1, 2, 3, 4, 5, 6], numpy.uint8))  # not its type: real values
    assert read(file, INT8) == [-8, -6, -4, -2, 0, 2]
    assert read(file, INT8, raw=True) == [1, 2, 3, 4, 5, 6]
    file.write_bytes(b"no array")
    with pytest.raises(UsageError, match=r"not a \.npy array"):
        read(file, INT8)


def test_npy_never_unpickles(tmp_path):
    file = tmp_path / "x.npy"
    numpy.save(file, numpy.array([{}], object), allow_pickle=True)
    with pytest.raises(UsageError):
        read(file, INT8)


def test_json(tmp_path):
    assert read("[[0, 1, -1], [0.25, 1000, -1000]]", INT8) == [-10, -8, -12, -9, 127, -128]
    file = tmp_path / "x.json"
    file.write_text(json.dumps([1, 2, 3]))
    assert read(file, INT16) == [4, 8, 12]
    for text, says in (
        ("[1, 2", "not valid JSON"),
        ("[[1], [2, 3]]", "ragged"),
        ('["a", "b", "c"]', "not a number"),
    ):
        file.write_text(text)
        with pytest.raises(UsageError, match=says):
            read(file, INT16)


@pytest.mark.parametrize(
    "text", ["1,2,3\n", "1\n2\n3\n", "a,b,c\n1,2,3\n", "1;2;3", "1\t2\t3", "1 2 3", "\n1,2\n\n3\n"]
)
def test_csv(tmp_path, text):
    file = tmp_path / "x.csv"
    file.write_text(text)
    assert read(file, INT16) == [4, 8, 12]


def test_csv_with_words(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("1,2,3\n4,oops,6\n")
    with pytest.raises(UsageError, match="line 2"):
        read(file, INT8)


def test_counts_must_match():
    with pytest.raises(UsageError, match=r"has 2 numbers; input 'x' takes 6 \(1x2x3\)"):
        read("1,2", INT8)


def test_nan_is_refused():
    with pytest.raises(UsageError, match="number 1 is nan"):
        read("1,nan,3", INT16)


def test_saturation_of_infinity():
    assert read("1,inf,-inf", INT16) == [4, 32767, -32768]


def test_fractions_for_plain_integers():
    plain = TensorInfo("t", "x", (2,), "int32", 0.0, 0)
    assert read("3,-4", plain) == [3, -4]
    with pytest.raises(UsageError, match="plain int32"):
        read("3,4.5", plain)


def test_images(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    pixels = numpy.arange(0, 80, 10, dtype=numpy.uint8).reshape(4, 2)
    for name in ("x.png", "x.pgm"):
        Image.fromarray(pixels).save(tmp_path / name)
        assert read(tmp_path / name, GRAY) == [p - 128 for p in range(0, 80, 10)]
    color = numpy.arange(12, dtype=numpy.uint8).reshape(2, 2, 3)
    Image.fromarray(color).save(tmp_path / "c.png")
    assert read(tmp_path / "c.png", RGB) == list(range(12))
    with pytest.raises(UsageError, match="is 2x2 pixels, input 'image' takes 2x4; --resize"):
        read(tmp_path / "c.png", GRAY)
    assert len(read(tmp_path / "c.png", GRAY, resize=True)) == 8
    with pytest.raises(UsageError, match="not height x width x 1 or 3"):
        read(tmp_path / "x.png", INT16)
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(UsageError, match="not an image"):
        read(tmp_path / "broken.png", GRAY)
