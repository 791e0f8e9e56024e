# SPDX-License-Identifier: MIT
"""The fast kernels of each target against the portable ones, on that target's own emulated core."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import xtensa

HERE = Path(__file__).resolve().parent
ENGINE = HERE.parents[1] / "micropython_module" / "engine"
sys.path.append(str(HERE.parent / "engine"))

# As firmware compiles kernels.
KERNEL_FLAGS = ["-O2", "-std=c99", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]


@dataclass
class Machine:
    """A way to compile and run for a target. variant: as kernel names end; number: of a8_target_t."""

    variant: str
    number: int
    compiler: str
    flags: list[str]
    link: Callable[[Path], list[str]]  # may write a linker script into the folder
    run: Callable[[Path], list[str]]  # the command that runs a program
    needs: tuple[str, ...] = ()
    cases: int = 400


def plain(folder: Path) -> list[str]:
    return []


def semihosted(ram: str, code: str) -> Callable[[Path], list[str]]:
    """Links for newlib's semihosting at other addresses than the Cortex-M3 of the engine's tests."""

    def link(folder: Path) -> list[str]:
        script = (HERE.parent / "engine" / "qemu_m3.ld").read_text()
        for old, new in (("0x21000000, LENGTH = 16M", ram), ("0x00000000, LENGTH = 4M", code)):
            assert old in script
            script = script.replace(old, new)
        (folder / "machine.ld").write_text(script)
        return ["--specs=rdimon.specs", "-T", str(folder / "machine.ld")]

    return link


def qemu(machine: list[str]) -> Callable[[Path], list[str]]:
    quiet = ["-display", "none", "-monitor", "none", "-serial", "none"]
    semihosting = ["-semihosting-config", "enable=on,target=native"]
    return lambda program: [*machine, *quiet, *semihosting, "-kernel", str(program)]


SOFT = ["-mthumb", "-mfloat-abi=soft"]
# Where picolibc's linker script finds memory on QEMU's virt.
PICOLIBC_MEMORY = [
    f"--defsym=__{name}"
    for name in ("flash=0x80000000", "flash_size=4M", "ram=0x80400000", "ram_size=4M", "stack_size=64K")
]
# On a host, where sizes for another target must be asked for.
SANITIZE = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-DA8_ALL_TARGETS=1"]
MICROBIT = ["qemu-system-arm", "-M", "microbit", "-global", "nrf51-soc.flash-size=1048576"]
MICROBIT += ["-global", "nrf51-soc.sram-size=524288"]
MACHINES = {
    # Faults on unaligned words, as Cortex-M0+ does.
    "armv6m": Machine(
        "armv6m",
        1,
        "arm-none-eabi-gcc",
        ["-mcpu=cortex-m0", "-mthumb"],
        semihosted("0x20000000, LENGTH = 512K", "0x00000000, LENGTH = 1M"),
        qemu(MICROBIT),
        ("qemu-system-arm",),
    ),
    # Variants in C alone run anywhere: here under sanitizers, which see reads beside a buffer too.
    "rv32-host": Machine(
        "rv32", 3, "cc", ["-DA8_KERNELS_RV32=1", *SANITIZE], plain, lambda p: [str(p)], cases=4000
    ),
    "m33": Machine(
        "armdsp", 2, "arm-none-eabi-gcc", ["-mcpu=cortex-m33", *SOFT],
        semihosted("0x80000000, LENGTH = 16M", "0x10000000, LENGTH = 4M"),
        qemu(["qemu-system-arm", "-M", "mps2-an505"]), ("qemu-system-arm",),
    ),
    "m4": Machine(
        "armdsp", 2, "arm-none-eabi-gcc", ["-mcpu=cortex-m4", *SOFT],
        semihosted("0x21000000, LENGTH = 16M", "0x00000000, LENGTH = 4M"),
        qemu(["qemu-system-arm", "-M", "mps2-an386"]), ("qemu-system-arm",), cases=200,
    ),
    "rv32": Machine(
        "rv32",
        3,
        "riscv64-unknown-elf-gcc",
        ["--specs=picolibc.specs", "-march=rv32imc", "-misa-spec=2.2", "-mabi=ilp32"],
        lambda folder: ["--crt0=hosted", "--oslib=semihost", f"-Wl,{','.join(PICOLIBC_MEMORY)}"],
        qemu(["qemu-system-riscv32", "-machine", "virt", "-bios", "none"]),
        ("qemu-system-riscv32",),
        cases=1000,
    ),
    # The call0 ABI; test_xtensa_windowed.py has the other.
    "xtensa": Machine(
        "xtensa",
        4,
        "xtensa-lx106-elf-gcc",
        ["-DA8_XTENSA_MAC16=1", xtensa.PAGE, *xtensa.GCC_FLAGS],
        lambda folder: [*xtensa.PROGRAM, "-nostdlib", "-T", xtensa.MEMORY, "-lgcc"],
        lambda program: ["qemu-xtensa", "-cpu", "de233_fpu", str(program)],
        ("qemu-xtensa",),
        cases=200,
    ),
}  # fmt: skip


def run_on(name: str, source: str, folder: Path) -> None:
    """Compiles a program with the kernels of a machine, and runs it there."""
    machine = MACHINES[name]
    for tool in (machine.compiler, *machine.needs):
        if shutil.which(tool) is None:
            pytest.skip(f"NOT RUN: no {tool}")
    kernels = (ENGINE / "kernels").glob("*_s8_*.[cS]")
    endings = ("_generic", f"_{machine.variant}")
    sources = sorted(
        p for p in kernels if p.stem.endswith(endings) and "s16" not in p.stem and "s4" not in p.stem
    )
    program = folder / "program"
    defines = [f"-DVARIANT={machine.variant}", f"-DCOMPARED={machine.number}", f"-DCASES={machine.cases}"]
    sources += [ENGINE / "kernels" / "scratch.c", ENGINE / "kernels" / "fixed_point.c", ENGINE / "quantize.c"]
    command = [machine.compiler, *KERNEL_FLAGS, *machine.flags, *defines, f"-I{ENGINE}", HERE / source]
    command += [*sources, *machine.link(folder), "-o", program]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        machine.run(program), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{machine.cases} cases each" in done.stdout + done.stderr


@pytest.mark.parametrize("name", MACHINES)
def test_variant(name, tmp_path):
    run_on(name, "compare.c", tmp_path)


# Beside the portable kernels under sanitizers, which rv32-host runs here.
@pytest.mark.parametrize("name", MACHINES)
def test_elementwise(name, tmp_path):
    run_on(name, "elementwise.c", tmp_path)


# A word in flash that is not aligned, and what may not be there behind a model.
@pytest.mark.parametrize("offset, fine", [(0, True), (1, False), (2, False), (3, False), (4, False)])
def test_xtensa_stops_at_wrong_reads(offset, fine, tmp_path):
    """The emulated core that the kernels were compared on would have stopped."""
    for tool in ("xtensa-lx106-elf-gcc", "qemu-xtensa"):
        if shutil.which(tool) is None:
            pytest.skip(f"NOT RUN: no {tool}")
    (tmp_path / "read.c").write_text(
        "#include <stddef.h>\n#include <stdint.h>\n"
        "void protect(void *pages, size_t size);\nint main(int argc, char **argv);\n"
        "static uint8_t memory[8192] __attribute__((aligned(4096)));\n"
        "int main(int argc, char **argv) {\n    (void)argc, (void)argv;\n    protect(memory + 4096, 4096);\n"
        f"    const uint8_t *from = memory + 4092 + {offset};\n"
        "    uint32_t word;\n"
        '    __asm__ volatile("l32i %0, %1, 0" : "=r"(word) : "r"(from) : "memory");\n'
        "    return (int)word;\n}\n"
    )
    program = tmp_path / "read"
    machine = MACHINES["xtensa"]
    command = [machine.compiler, *KERNEL_FLAGS, *machine.flags, tmp_path / "read.c"]
    subprocess.run(list(map(str, [*command, *machine.link(tmp_path), "-o", program])), check=True)
    done = subprocess.run(machine.run(program), capture_output=True, text=True, timeout=60)
    assert (done.returncode == 0) == fine, done
