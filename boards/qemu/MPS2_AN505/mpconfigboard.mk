# SPDX-License-Identifier: MIT
QEMU_MACHINE = mps2-an505
CORE = m33
CROSS_ARCH = armv7m

# No QEMU_SOC_... is defined, so that the port's uart.c is empty: the UART of this machine lies elsewhere.
# The port's own assembly for the collector is for cores before ARMv8-M.
SRC_BOARD_O = boards/qemu/MPS2_AN505/uart.o shared/runtime/gchelper_generic.o

include $(BOARD_DIR)/../cortex_m.mk
