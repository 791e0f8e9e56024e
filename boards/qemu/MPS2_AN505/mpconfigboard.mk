# SPDX-License-Identifier: MIT
QEMU_ARCH = arm
QEMU_MACHINE = mps2-an505

CFLAGS += -mthumb -mcpu=cortex-m33 -mfloat-abi=soft
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M33"'

# memory.ld places code and constants in flash and the rest in RAM; what both boards share is in sections.ld.
LDSCRIPT = $(BOARD_DIR)/memory.ld
LDFLAGS += -L$(BOARD_DIR)/..

# No QEMU_SOC_... is defined, so that the port's uart.c is empty: the UART of this machine lies elsewhere.
# The port's own assembly for the collector is for cores before ARMv8-M.
SRC_BOARD_O = boards/qemu/MPS2_AN505/uart.o shared/runtime/gchelper_generic.o

MPY_CROSS_FLAGS += -march=armv7m
FROZEN_MANIFEST ?=
MICROPY_HEAP_SIZE ?= 1048576
