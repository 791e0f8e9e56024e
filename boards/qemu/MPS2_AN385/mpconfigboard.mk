# SPDX-License-Identifier: MIT
QEMU_MACHINE = mps2-an385
CORE = m3
CROSS_ARCH = armv7m

CFLAGS += -DQEMU_SOC_MPS2
SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb2.o

include $(BOARD_DIR)/../cortex_m.mk
