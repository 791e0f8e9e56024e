# SPDX-License-Identifier: MIT
"""Files and flags of programs for an emulated Xtensa core, whatever compiler makes them."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
BOARDS = HERE.parents[1] / "boards" / "xtensa"

# What there is instead of a C library, and of what GCC's own lacks.
PROGRAM = [HERE / "xtensa_program.c", BOARDS / "integer.c"]
MEMORY = BOARDS / "DE233_FPU" / "memory.ld"
GCC_FLAGS = ["-mlongcalls", "-mtext-section-literals", "-fno-builtin", "-fno-tree-loop-distribute-patterns"]
# A Linux program's, which compare.c then protects some of.
PAGE = "-DPAGE=4096"
