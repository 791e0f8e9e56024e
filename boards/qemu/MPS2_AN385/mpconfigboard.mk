# SPDX-License-Identifier: MIT
QEMU_ARCH = arm
QEMU_MACHINE = mps2-an385

CFLAGS += -mthumb -mcpu=cortex-m3 -mfloat-abi=soft
CFLAGS += -DQEMU_SOC_MPS2
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M3"'

# memory.ld places code and constants in flash and the rest in RAM; what both boards share is in sections.ld.
LDSCRIPT = $(BOARD_DIR)/memory.ld
LDFLAGS += -L$(BOARD_DIR)/..

SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb2.o

MPY_CROSS_FLAGS += -march=armv7m
FROZEN_MANIFEST ?=
MICROPY_HEAP_SIZE ?= 1048576
