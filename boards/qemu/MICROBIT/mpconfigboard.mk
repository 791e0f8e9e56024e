# SPDX-License-Identifier: MIT
QEMU_ARCH = arm
QEMU_MACHINE = microbit

CFLAGS += -mthumb -mcpu=cortex-m0 -mfloat-abi=soft
CFLAGS += -DQEMU_SOC_NRF51
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M0"'

# memory.ld places code and constants in flash and the rest in RAM; what both boards share is in sections.ld.
LDSCRIPT = $(BOARD_DIR)/memory.ld
LDFLAGS += -L$(BOARD_DIR)/..

SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb1.o

MPY_CROSS_FLAGS += -march=armv6m
FROZEN_MANIFEST ?=
MICROPY_HEAP_SIZE ?= 262144
