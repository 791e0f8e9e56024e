# SPDX-License-Identifier: MIT
"""Xtensa's kernels in the windowed ABI of the ESP32, by LLVM's backend for it.

The instructions that GCC's assembler gets as bytes are those that their names stand for, and outputs are
those of the portable kernels.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import test_variants
import xtensa

KERNELS = test_variants.ENGINE / "kernels"
TOOLS = ("clang-22", "llc-22", "llvm-mc-22", "llvm-objcopy-22", "xtensa-lx106-elf-ld", "qemu-xtensa")
CASES = 100
CLANG = [
    "clang-22",
    "--target=xtensa",
    "-O2",
    "-std=gnu99",
    "-ffp-contract=off",
    "-ffreestanding",
    "-fno-builtin",
]
CLANG += ["-Wall", "-Wextra", "-Werror", "-isystem", "/usr/lib/xtensa-lx106-elf/include", "-emit-llvm", "-S"]
LLC = ["llc-22", "-O2", "-march=xtensa", "-mcpu=esp32"]
LAYOUT = """
ENTRY(_start)
SECTIONS {
    . = 0x3c000000;
    .literal : { *(.literal) }
    .text : { *(.text .text.*) }
    .rodata : { *(.rodata .rodata.*) }
    . = 0x3e000000;
    .data : { *(.data .data.*) }
    .bss : { *(.bss .bss.* COMMON) }
}
"""


@pytest.fixture(autouse=True)
def tools():
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"NOT RUN: no {', '.join(missing)}")


def run(*command) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def literals_apart(assembly: str) -> str:
    """The constants that functions load, in a section of their own in front of the code: in the midst of it,
    where LLVM 22 puts them, they are neither aligned nor within reach."""
    literals = re.findall(r"^\s*\.literal\s+(\S+),\s*(.+)$", assembly, re.M)
    code = re.sub(r"^\s*\.literal(_position|\s).*\n", "", assembly, flags=re.M)
    words = "".join(f"{name}:\n\t.long {value}\n" for name, value in literals)
    return f'\t.section .literal,"ax",@progbits\n\t.p2align 2\n{words}\t.text\n{code}'


def compiled(source: Path, folder: Path, *flags: str, mulsh: bool = False) -> Path:
    """An object file. clang knows no core, so the backend is told."""
    module, assembly = folder / f"{source.stem}.ll", folder / f"{source.stem}.s"
    run(*CLANG, *flags, f"-I{test_variants.ENGINE}", source, "-o", module)
    module.write_text(re.sub(r'"target-(cpu|features)"="[^"]*"', "", module.read_text()))
    run(*LLC, f"-mattr={'+' if mulsh else '-'}mul32high", "-filetype=asm", module, "-o", assembly)
    assembly.write_text(literals_apart(assembly.read_text()))
    run(
        "llvm-mc-22",
        "-triple=xtensa",
        "-mcpu=esp32",
        "-filetype=obj",
        assembly,
        "-o",
        assembly.with_suffix(".o"),
    )
    return assembly.with_suffix(".o")


def test_bytes_are_what_their_names_stand_for(tmp_path):
    code = []
    for names in "01":
        folder = tmp_path / names
        folder.mkdir()
        flags = ["-DA8_XTENSA_MAC16=1", f"-DA8_XTENSA_MNEMONICS={names}"]
        made = compiled(KERNELS / "mac16_s8_xtensa.c", folder, *flags)
        run("llvm-objcopy-22", "-O", "binary", "-j", ".text", made, folder / "code")
        code.append((folder / "code").read_bytes())
    assert len(code[0]) > 500
    assert code[0] == code[1]


def test_mulsh_is_assembled(tmp_path):
    # Never run: the switch is for cores that have the instruction.
    compiled(
        KERNELS / "mac16_s8_xtensa.c", tmp_path, "-DA8_XTENSA_MAC16=1", "-DA8_XTENSA_MULSH=1", mulsh=True
    )
    assert "mulsh" in (tmp_path / "mac16_s8_xtensa.s").read_text()


def test_variant(tmp_path):
    names = ("conv_s8", "depthwise_conv_s8", "fully_connected_s8")
    sources = [KERNELS / f"{name}_generic.c" for name in names]
    sources += sorted(KERNELS.glob("*_s8_xtensa.c"))
    sources += [KERNELS / "scratch.c", KERNELS / "fixed_point.c", test_variants.ENGINE / "quantize.c"]
    sources += [test_variants.HERE / "compare.c", *xtensa.PROGRAM]
    flags = ["-DA8_XTENSA_MAC16=1", xtensa.PAGE, "-DVARIANT=xtensa", "-DCOMPARED=4", f"-DCASES={CASES}"]
    objects = [compiled(source, tmp_path, *flags) for source in sources]
    (tmp_path / "layout.ld").write_text(LAYOUT)
    run(
        "xtensa-lx106-elf-ld",
        "--no-relax",
        "-T",
        tmp_path / "layout.ld",
        *objects,
        "-o",
        tmp_path / "compare",
    )
    assert f"{CASES} cases each" in run("qemu-xtensa", "-cpu", "de233_fpu", tmp_path / "compare")
