# SPDX-License-Identifier: MIT
"""arena8 deploy on a board whose flash can be pulled from under it."""

from __future__ import annotations

import json
import os
import types
import zlib
from pathlib import Path

import arena8
import pytest
from arena8 import romfs
from arena8.verbs import deploy
from fake_board import FakeBoard

VERB = "deploy"
MODELS = Path(__file__).resolve().parents[2] / "firmware" / "models"
DIGITS, IRIS = MODELS / "digits.tflite", MODELS / "iris.tflite"
BLOCK = 4096
OTHERS = {"lib/helper.py": b"print('mine')\n" * 20, "notes.txt": b"keep me"}


class Unplugged(Exception):
    pass


class Flash(bytearray):
    """A ROMFS partition. Programming only clears bits. cut: the operation (1 is the first) in the middle of
    which the power goes, after which nothing works."""

    def __init__(self, blocks: int = 32, files: dict[str, bytes] | None = None) -> None:
        super().__init__(b"\xff" * (blocks * BLOCK))
        self.operations = 0
        self.cut = 0
        self.stuck = None  # a byte that never changes
        if files is not None:
            image = romfs.build(files)
            self[: len(image)] = image

    def files(self) -> dict[str, bytes] | None:
        return romfs.parse(self) if romfs.size_of(self[:12]) is not None else None

    def _operate(self, at: int, data: bytes, erases: bool) -> None:
        self.operations += 1
        last = self.operations == self.cut
        if self.cut and self.operations > self.cut:
            raise Unplugged
        for i in range(len(data) // 2 if last else len(data)):
            if at + i != self.stuck:
                self[at + i] = 0xFF if erases else self[at + i] & data[i]
        if last:
            raise Unplugged

    def erase(self, at: int, n: int) -> None:
        self._operate(at, bytes(n), True)

    def program(self, at: int, data: bytes) -> None:
        self._operate(at, bytes(data), False)


class BlockDevice(Flash):
    """As on rp2."""

    def ioctl(self, op: int, argument: int) -> int | None:
        if op == 5:
            return BLOCK
        if op == 6:
            self.erase(argument * BLOCK, BLOCK)
            return 0
        return None

    def writeblocks(self, block: int, data: bytes, offset: int | None = None) -> None:
        if offset is None:
            self.erase(block * BLOCK, len(data))
        self.program(block * BLOCK + (offset or 0), data)

    def rom_ioctl(self, op: int, *arguments: object) -> object:
        return {1: 1, 2: self}[op]


class Memory(Flash):
    """As on stm32: written by rom_ioctl, 32 bytes at a time."""

    def rom_ioctl(self, op: int, *arguments: object) -> object:
        if op == 3:
            self.erase(0, -(-arguments[1] // BLOCK) * BLOCK)
            return 32
        if op == 4:
            at, data = arguments[1:]
            assert at % 32 == 0 and len(data) % 32 == 0
            self.program(at, data)
            return 0
        return {1: 1, 2: self, 5: 0}[op]


def modules(
    flash: Flash | None, free: int = 100_000, operators: dict | None = None, frozen: list | None = None
):
    """What the board imports."""
    found = {}
    vfs = found["vfs"] = types.ModuleType("vfs")
    if flash is not None:
        vfs.rom_ioctl = flash.rom_ioctl
        vfs.umount = lambda path: None

    def model(path: str) -> arena8.Model:
        return arena8.Model(flash.files()[path.removeprefix("/rom/")])

    def listed(*name: str) -> tuple[str, ...]:
        if operators is None:
            assert not name or name[0] in arena8.operators()
            return ("any", "int8", "int16", "float32", "int32", "uint8") if name else arena8.operators()
        return operators[name[0]] if name else tuple(operators)

    fake = found["arena8"] = types.ModuleType("arena8")
    fake.__dict__.update(
        Model=model,
        arena_size=arena8.arena_size,
        operators=listed,
        models=lambda: frozen or [],
        static_arena=None,
    )
    gc = found["gc"] = types.ModuleType("gc")
    gc.collect = lambda: None
    gc.mem_free = lambda: free
    return found


def model_of(name: str, size: int, folder: Path) -> Path:
    """A model that is larger than it need be."""
    content = IRIS.read_bytes()
    file = folder / f"{name}.tflite"
    file.write_bytes(content + bytes(size - len(content)))
    return file


@pytest.mark.parametrize("kind", [BlockDevice, Memory])
def test_into_an_empty_romfs(run, kind):
    flash = kind()
    with FakeBoard(modules=modules(flash)) as board:
        code, out, err = run(DIGITS, IRIS, "-p", board.port, "--json")
        report = json.loads(out)
        assert (code, err) == (0, "")
        assert board.soft_resets == 2, "before the first erasure, and to mount what is new"
    assert flash.files() == {"digits.tflite": DIGITS.read_bytes(), "iris.tflite": IRIS.read_bytes()}
    for path, offset, size in romfs.places(flash):
        assert offset % 16 == 0
        entry = next(e for e in report["files"] if e["path"] == path)
        assert entry["change"] == "new" and entry["bytes"] == size
        assert entry["crc32"] == zlib.crc32(flash[offset : offset + size])
        assert entry["arena_bytes"] == arena8.arena_size(MODELS / path)
    assert report["used_bytes"] == romfs.size_of(flash[:12])
    assert report["romfs_bytes"] == len(flash)


@pytest.mark.parametrize("kind", [BlockDevice, Memory])
def test_files_of_others_stay(run, kind):
    flash = kind(files={**OTHERS, "iris.tflite": b"an older one"})
    with FakeBoard(modules=modules(flash)) as board:
        code, out, _ = run(IRIS, "-p", board.port)
        assert code == 0 and "replaced" in out and "helper.py" in out
        assert flash.files() == {**OTHERS, "iris.tflite": IRIS.read_bytes()}

        operations = flash.operations
        code, out, _ = run(IRIS, "-p", board.port, "--json")
        assert code == 0 and json.loads(out)["written_bytes"] == 0
        assert flash.operations == operations, "what is there already is not written again"

        code, out, _ = run("--remove", "iris", DIGITS, "-p", board.port)
        assert code == 0 and "removed" in out
        assert flash.files() == {**OTHERS, "digits.tflite": DIGITS.read_bytes()}

        code, out, _ = run("--list", "-p", board.port, "--json")
        assert [entry["path"] for entry in json.loads(out)["files"]] == [*OTHERS, "digits.tflite"]
        code, _, err = run("--remove", "nothing", "-p", board.port)
        assert code == 1 and "has no nothing to remove" in err and "notes.txt" in err

        removed = [arg for path in flash.files() for arg in ("--remove", path)]
        assert run(*removed, "-p", board.port)[0] == 0
        assert flash.files() is None


def test_dry_run(run):
    flash = BlockDevice(files=OTHERS)
    with FakeBoard(modules=modules(flash)) as board:
        code, out, _ = run(IRIS, "-p", board.port, "--dry-run")
        assert code == 0 and "nothing was written" in out and "new" in out
        assert flash.operations == 0


@pytest.mark.parametrize("kind", [BlockDevice, Memory])
def test_unplugged_at_any_moment(run, kind, tmp_path):
    """The power goes in the middle of each operation on the flash in turn."""
    large = model_of("large", 3 * BLOCK + 100, tmp_path)
    before = {**OTHERS, "old.tflite": bytes(BLOCK)}
    after = {**before, "large.tflite": large.read_bytes()}
    unmounted = 0
    for cut in range(1, 100):
        flash = kind(files=before)
        flash.cut = cut
        with FakeBoard(modules=modules(flash)) as board:
            code, _, err = run(large, "-p", board.port)
            if flash.operations < cut:
                assert code == 0 and flash.files() == after
                break
            assert code == 1 and "Unplugged" in err
            assert flash.files() in (None, after)
            unmounted += flash.files() is None

            # The power is back. What was there before can be had again.
            flash.cut = 0
            saved = err.partition("--restore ")[2].split()[0]
            code, _, err = run("--restore", saved, "-p", board.port)
            assert code == 0 and flash.files() == before, err
    assert unmounted >= 5


def test_the_line_closes_in_the_middle(run):
    flash = BlockDevice(files=OTHERS)
    with FakeBoard(modules=modules(flash), gone_in="writeblocks(1,") as board:
        code, _, err = run(DIGITS, "-p", board.port, "--timeout", "2")
        assert code == 3 and f"{board.port} is gone" in err
        assert "is incomplete and won't be mounted" in err and "--restore" in err
    assert flash.files() is None


def test_a_board_that_hangs_in_the_middle(run):
    flash = BlockDevice()
    with FakeBoard(modules=modules(flash), hang_in="writeblocks(1,") as board:
        code, _, err = run(DIGITS, "-p", board.port, "--timeout", "1")
        assert code == 3 and "was silent for 1 s" in err
    assert flash.files() is None


def test_flash_that_is_worn_out(run):
    flash = BlockDevice()
    flash.stuck = 2 * BLOCK + 17
    with FakeBoard(modules=modules(flash)) as board:
        code, _, err = run(DIGITS, "-p", board.port)
        assert code == 3 and "does not hold what was written to it" in err
    assert flash.files() is None


def test_lost_bytes_on_the_way(run):
    flash = BlockDevice()
    with FakeBoard(modules=modules(flash), lose=[1500], change=[6000]) as board:
        assert run(DIGITS, "-p", board.port)[0] == 0
    assert flash.files() == {"digits.tflite": DIGITS.read_bytes()}


def test_too_large_for_the_romfs(run, tmp_path):
    flash = BlockDevice(4, files=OTHERS)
    large = model_of("large", 4 * BLOCK, tmp_path)
    with FakeBoard(modules=modules(flash)) as board:
        code, _, err = run(large, "-p", board.port)
        assert code == 1 and "don't fit into the ROMFS" in err
        assert "16,384" in err and "notes.txt 7" in err and "--remove" in err
        assert flash.operations == 0


def test_too_large_for_the_ram(run):
    with FakeBoard(modules=modules(BlockDevice(), free=300)) as board:
        code, _, err = run(DIGITS, "-p", board.port)
        need = arena8.engine.describe(DIGITS)["arena_bytes"]
        assert code == 1 and f"needs an arena of {need:,} bytes" in err and "300 bytes of free heap" in err


def test_operators_that_the_firmware_lacks(run):
    every = dict.fromkeys(arena8.operators(), ("any", "int8", "float32"))
    for operators, lack in (
        ({name: every[name] for name in every if name != "CONV_2D"}, "CONV_2D of int8"),
        ({**every, "CONV_2D": ("float32",)}, "CONV_2D of int8"),
    ):
        flash = BlockDevice()
        with FakeBoard(modules=modules(flash, operators=operators)) as board:
            code, _, err = run(DIGITS, "-p", board.port)
            assert code == 1 and f"lacks {lack}, which digits needs" in err
            assert flash.operations == 0


def test_a_firmware_that_knows_no_types(run):
    flash = BlockDevice()
    found = modules(flash)
    found["arena8"].operators = lambda: arena8.operators()
    with FakeBoard(modules=found) as board:
        assert run(DIGITS, "-p", board.port)[0] == 0
    assert flash.files()


def test_a_model_that_cannot_be_read(run, tmp_path):
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(DIGITS.read_bytes()[:1000])
    code, out, err = run(broken, "-p", "/dev/no_such_port")
    assert (code, out) == (1, "") and "broken.tflite is damaged or cut short" in err
    code, _, err = run(tmp_path / "none.tflite", "-p", "/dev/no_such_port")
    assert code == 1 and "none.tflite" in err


def test_no_board(run):
    code, _, err = run(DIGITS, "-p", "/dev/no_such_port")
    assert code == 3 and "no port /dev/no_such_port" in err


def test_boards_without_a_romfs(run):
    for flash in (None, types.SimpleNamespace(rom_ioctl=lambda op, *rest: 0)):
        with FakeBoard(modules=modules(flash)) as board:
            code, _, err = run(DIGITS, "-p", board.port)
            assert code == 1 and "has no ROMFS partition" in err


def test_a_firmware_without_the_module(run):
    with FakeBoard(no_module=True) as board:
        code, _, err = run(DIGITS, "-p", board.port)
        assert code == 1 and "without the module arena8" in err


def test_a_damaged_romfs(run):
    flash = BlockDevice(files=OTHERS)
    flash[8] = 0  # the kind of the first record
    with FakeBoard(modules=modules(flash)) as board:
        for arguments in ([DIGITS], ["--list"]):
            code, _, err = run(*arguments, "-p", board.port)
            assert code == 1 and "is damaged" in err and "--fresh" in err
        assert flash.operations == 0
        assert run(DIGITS, "--fresh", "-p", board.port)[0] == 0
    assert flash.files() == {"digits.tflite": DIGITS.read_bytes()}


def test_a_name_that_the_firmware_has(run):
    with FakeBoard(modules=modules(BlockDevice(), frozen=[("digits", 5, 7)])) as board:
        code, _, err = run(DIGITS, "-p", board.port)
        assert code == 0 and "another model frozen as digits" in err and "/rom/digits.tflite" in err


def test_a_program_is_interrupted_and_started_again(run):
    with FakeBoard(modules=modules(BlockDevice()), program=True) as board:
        code, _, err = run(IRIS, "-p", board.port, "--timeout", "5")
        assert code == 0
        assert "is running a program: interrupting it" in err and "its program starts again" in err


@pytest.mark.parametrize(
    "arguments, says",
    [
        ([], "nothing to deploy"),
        (["--list", DIGITS], "--list goes alone"),
        (["--restore", "x", DIGITS], "--restore replaces everything"),
        ([DIGITS, "-p", "host"], "host is this machine"),
        ([DIGITS, os.path.relpath(DIGITS)], "two of the models are called digits"),
    ],
)
def test_wrong_usage_is_2(run, arguments, says):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert says in err


def test_a_backup_that_is_none(run, tmp_path):
    code, _, err = run("--restore", DIGITS, "-p", "/dev/no_such_port")
    assert code == 1 and "no ROMFS image" in err
    code, _, err = run("--restore", tmp_path / "none", "-p", "/dev/no_such_port")
    assert code == 1 and "can't read" in err


def test_the_plan_says_what_changes():
    plan = deploy.Plan({"a": b"1", "b": b"2", "c": b"3"}, {"a": b"1", "b": b"4", "d": b"5"}, b"")
    assert [plan.change(path) for path in "abcd"] == ["kept", "replaced", "removed", "new"]
