# SPDX-License-Identifier: MIT
# The instruction set is the ESP32-C3's. GCC 12 takes the CSR instructions as part of it only by the older
# specification, and finds its 32-bit libraries by that.
QEMU_ARCH = riscv32
QEMU_MACHINE = virt
RV32_ARCH = rv32imc -misa-spec=2.2

CFLAGS += -DQEMU_SOC_VIRT
CFLAGS += -DMICROPY_HW_MCU_NAME='"RV32IMC"'

LDSCRIPT = $(BOARD_DIR)/memory.ld

SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_rv32i.o

MPY_CROSS_FLAGS += -march=rv32imc
FROZEN_MANIFEST ?=
MICROPY_HEAP_SIZE ?= 2097152
