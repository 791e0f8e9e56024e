# SPDX-License-Identifier: MIT
# MicroPython's qemu port for an architecture that it does not know itself: what it has under mcu/ for the
# others lies beside this folder.
QEMU_ARCH = xtensa
QEMU_MACHINE = de233_fpu
CROSS_COMPILE ?= xtensa-lx106-elf-

# -mlongcalls: code is larger than what a call reaches.
CFLAGS += -mlongcalls -mtext-section-literals
CFLAGS += -DMICROPY_HW_MCU_NAME='"Xtensa"'
# The core has them, its compiler does not know it.
CFLAGS += -DA8_XTENSA_MAC16=1
CFLAGS += -DMICROPY_GCREGS_SETJMP=1

LDSCRIPT = $(BOARD_DIR)/memory.ld
LDFLAGS += -nostdlib
LIBS = -lc $(shell $(CC) $(CFLAGS) -print-libgcc-file-name)

SRC_C += startup.c integer.c real.c
vpath %.c $(BOARD_DIR)/..
SRC_BOARD_O = shared/runtime/gchelper_generic.o

FROZEN_MANIFEST ?=
MICROPY_HEAP_SIZE ?= 1048576
