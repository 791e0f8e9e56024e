# SPDX-License-Identifier: MIT
"""What each command says of a file that it can't use: a model, a firmware, an input, a place to write to.
One table for all, so that no command is forgotten. Nothing is left half-written."""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import pty
import struct
from pathlib import Path

import pytest
from arena8 import freeze, inputs
from arena8.tensor_info import TensorInfo
from test_flash_verb import RP2350, firmware, uf2_of

MODELS = Path(__file__).resolve().parents[2] / "firmware" / "models"
DIGITS, SEVEN = MODELS / "digits.tflite", MODELS / "seven.csv"
PORT = "/dev/no_such_port"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
ELF = b"\x7fELF\x01\x01\x01" + bytes(100)

# How each is called with a model. Said before a board is looked for.
ON_MODELS = {
    "inspect": (),
    "freeze": ("--out", "out"),
    "build": ("--board", "RPI_PICO", "-m"),
    "deploy": ("-p", PORT),
    "infer": ("-p", PORT, "-i", SEVEN),
    "infer here": ("-p", "host", "-i", SEVEN),
    "verify": ("-p", PORT),
    "bench": ("-p", PORT),
    "bench here": ("-p", "host"),
}


WRONG_MODELS = [
    ("missing", None, "no file {file}"),
    ("empty", b"", "{file} is empty; arena8 wants a .tflite"),
    ("image", PNG, "{file} is an image; arena8 wants a .tflite"),
    ("text", b"import tensorflow as tf\n", "{file} is text; arena8 wants a .tflite"),
    ("cut", DIGITS.read_bytes()[:1000], "{file} is damaged or cut short (1,000 bytes): the model's root"),
    ("cut late", DIGITS.read_bytes()[:19988], "{file} is damaged or cut short (19,988 bytes): node 0: "),
    ("start", DIGITS.read_bytes()[:40], "{file} is the beginning of a .tflite, 40 bytes of it"),
]


@pytest.fixture
def fails(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def fails(*arguments, code=1):
        """The one sentence, with --json and without."""
        for more in ((), ("--json",)):
            got, out, err = run(*arguments, *more)
            assert (got, out) == (code, ""), (arguments, err)
            assert err.count("error: ") == 1 and "Traceback" not in err, err
        return err

    return fails


@pytest.mark.parametrize("verb", ON_MODELS)
@pytest.mark.parametrize("name, content, says", WRONG_MODELS, ids=[name for name, _, _ in WRONG_MODELS])
def test_no_model(fails, tmp_path, verb, name, content, says):
    file = tmp_path / "wrong.tflite"
    if content is not None:
        file.write_bytes(content)
    before = sorted(tmp_path.iterdir())
    err = fails(verb.split()[0], *ON_MODELS[verb], file)
    assert says.format(file=file) in err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("verb", ON_MODELS)
def test_a_folder(fails, tmp_path, verb):
    for name in ("folder", "folder.tflite"):
        (tmp_path / name).mkdir()
        assert f"{name} is a folder; arena8 wants a .tflite" in fails(
            verb.split()[0], *ON_MODELS[verb], f"./{name}"
        )
    (tmp_path / "folder" / "saved_model.pb").write_bytes(b"")
    err = fails(verb.split()[0], *ON_MODELS[verb], "./folder")
    assert "is a TensorFlow SavedModel" in err and "from_saved_model(FOLDER) converts it" in err


@pytest.fixture
def locked(monkeypatch):
    """Path -> it may not be read, whoever runs the tests."""

    def lock(path):
        path.write_bytes(DIGITS.read_bytes())
        for owner, name in ((Path, "read_bytes"), (Path, "read_text"), (builtins, "open"), (io, "open")):
            monkeypatch.setattr(owner, name, refusing(path, getattr(owner, name)))
        return path

    def refusing(path, opens):
        def refuse(given, *args, **more):
            if isinstance(given, str | os.PathLike) and os.fspath(given) == str(path):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return opens(given, *args, **more)

        return refuse

    return lock


@pytest.mark.parametrize("verb", ON_MODELS)
def test_a_model_that_may_not_be_read(fails, tmp_path, locked, verb):
    file = locked(tmp_path / "secret.tflite")
    assert f"can't read {file}: Permission denied" in fails(verb.split()[0], *ON_MODELS[verb], file)


# Firmware


WRONG_FIRMWARE = [
    ("RPI_PICO", None, "can't read the firmware {file}: No such file"),
    ("RPI_PICO", b"", "{file} is no UF2 file: it is empty"),
    ("RPI_PICO", PNG, "{file} is no UF2 file: it is an image"),
    ("RPI_PICO", ELF, "{file} is no UF2 file: it is a program or firmware (ELF)"),
    ("RPI_PICO", DIGITS.read_bytes(), "{file} is no UF2 file: it is a model, which goes onto a board by"),
    ("RPI_PICO", uf2_of(firmware())[:-700], "{file} is cut off"),
    ("RPI_PICO", uf2_of(firmware(), family=RP2350), "{file} is for RP2350, and RPI_PICO has RP2040"),
    ("MPS2_AN385", None, "can't read the firmware {file}: No such file"),
    ("MPS2_AN385", b"", "{file} is no ELF file: it is empty"),
    ("MPS2_AN385", PNG, "{file} is no ELF file: it is an image"),
    ("MPS2_AN385", uf2_of(firmware()), "{file} is no ELF file: it is a firmware (UF2)"),
    ("UNIX", None, "no file {file}"),
    ("UNIX", ELF, "can't start {file}: it may not be executed"),
]


@pytest.mark.parametrize("board, content, says", WRONG_FIRMWARE)
def test_no_firmware_to_emulate(fails, tmp_path, board, content, says):
    file = tmp_path / "wrong.bin"
    if content is not None:
        file.write_bytes(content)
    assert says.format(file=file) in fails("emulate", board, "--firmware", file)


@pytest.mark.parametrize("board", ["RPI_PICO", "MPS2_AN385", "UNIX"])
def test_a_folder_to_emulate(fails, tmp_path, board):
    """A name that this machine has a program for is none but the file of that name."""
    (tmp_path / "dir").mkdir()
    err = fails("emulate", board, "--firmware", "dir")
    assert "it is a folder" in err or "can't read the firmware dir: Is a directory" in err


# Inputs


def npy(shape) -> bytes:
    head = f"{{'descr': '|i1', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head


WRONG_INPUTS = [
    ("a.npy", b"", "is not a .npy array"),
    ("a.npy", npy((64,)) + bytes(10), "is not a .npy array"),
    ("a.png", PNG, "is not an image that Pillow reads"),
    ("a.json", b"[" * 100_000, "is not valid JSON"),
    ("a.csv", b'"' + b"1" * 200_000, "is not CSV"),
    ("a.csv", b"\xff\xfe1", "is not text"),
    ("a.csv", b"1" * 5000, "has 1 numbers"),
]


@pytest.mark.parametrize("name, content, says", WRONG_INPUTS)
def test_no_input(fails, tmp_path, name, content, says):
    file = tmp_path / name
    file.write_bytes(content)
    for verb in ("infer", "verify", "bench"):
        err = fails(verb, DIGITS, "-p", "host", "-i", file, code=2)
        assert says in err and str(file) in err
        assert len(err) < 400, "a sentence, not the file"


def test_inputs_that_are_no_files(fails, tmp_path):
    told = ("infer", DIGITS, "-p", "host", "-i")
    (tmp_path / "folder").mkdir()
    assert "folder is a folder; infer --watch folder runs" in fails(*told, "folder", code=2)
    assert "has 1 numbers" in fails(*told, "9" * 5000, code=2)
    assert "is not valid JSON" in fails(*told, "[" * 100_000, code=2)
    assert "is neither a file nor numbers" in fails(*told, "nothing.npy", code=2)


def test_an_input_that_may_not_be_read(fails, tmp_path, locked):
    file = locked(tmp_path / "secret.csv")
    err = fails("infer", DIGITS, "-p", "host", "-i", file, code=2)
    assert f"can't read {file}: Permission denied" in err


def test_a_number_too_long_for_an_integer_is_a_real_one():
    tensor = TensorInfo("t", "x", (1,), "int8", 1.0, 0)
    assert inputs.read("9" * 30, tensor, inputs.Options()) == b"\x7f"


# Places to write to


WRITERS = {
    "inspect --html": ("inspect", DIGITS, "--html", "{place}/page.html"),
    "inspect --svg": ("inspect", DIGITS, "--svg", "{place}/pictures"),
    "freeze": ("freeze", DIGITS, "--out", "{place}/frozen"),
}


@pytest.mark.parametrize("what", WRITERS)
def test_a_file_where_a_folder_should_be(fails, tmp_path, what):
    (tmp_path / "notes").write_text("mine")
    err = fails(*(str(a).format(place="notes") for a in WRITERS[what]))
    assert "notes" in err and "a file has the name of a folder in its path" in err
    assert [file.name for file in tmp_path.iterdir()] == ["notes"]


@pytest.mark.parametrize("what", WRITERS)
def test_a_full_disk(run, tmp_path, monkeypatch, what):
    """What was there stays, and no half of a file comes to lie beside it."""
    told = [str(a).format(place=tmp_path) for a in WRITERS[what]]
    assert run(*told)[0] == 0
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    for file in files:
        file.write_text("older")
    write = Path.write_bytes

    def full(self, data):
        write(self, data[:100])
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    code, out, err = run(*told, "--json")
    assert (code, out) == (1, "") and "No space left on device" in err and str(tmp_path) in err
    assert {file: file.read_text() for file in tmp_path.rglob("*") if file.is_file()} == dict.fromkeys(
        files, "older"
    )


def test_what_a_link_names_is_written_and_a_device_stays_one(tmp_path):
    (tmp_path / "real").write_text("older")
    (tmp_path / "link").symlink_to("real")
    assert freeze.write_if_changed(tmp_path / "link", "newer")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text() == "newer"
    device, terminal = pty.openpty()
    try:
        assert freeze.write_if_changed(Path(os.ttyname(terminal)), "text")
        assert os.read(device, 4) == b"text"
    finally:
        os.close(device)
        os.close(terminal)


def test_json_is_all_that_stands_on_standard_output(run, tmp_path):
    page = tmp_path / "new" / "page.html"
    code, out, err = run("inspect", DIGITS, "--html", page, "--json")
    assert code == 0 and json.loads(out)["name"] == "digits" and f"wrote {page}" in err
