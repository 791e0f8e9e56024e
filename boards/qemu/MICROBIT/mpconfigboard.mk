# SPDX-License-Identifier: MIT
QEMU_MACHINE = microbit
CORE = m0
CROSS_ARCH = armv6m
MICROPY_HEAP_SIZE ?= 262144

CFLAGS += -DQEMU_SOC_NRF51
SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb1.o

include $(BOARD_DIR)/../cortex_m.mk
