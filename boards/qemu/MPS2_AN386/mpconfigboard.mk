# SPDX-License-Identifier: MIT
QEMU_ARCH = arm
QEMU_MACHINE = mps2-an386

CFLAGS += -mthumb -mcpu=cortex-m4 -mfloat-abi=soft
CFLAGS += -DQEMU_SOC_MPS2
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M4"'

# memory.ld places code and constants in flash and the rest in RAM; what both boards share is in sections.ld.
LDSCRIPT = $(BOARD_DIR)/memory.ld
LDFLAGS += -L$(BOARD_DIR)/..

SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb2.o

MPY_CROSS_FLAGS += -march=armv7em
FROZEN_MANIFEST ?=
MICROPY_HEAP_SIZE ?= 1048576
