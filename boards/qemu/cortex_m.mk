# SPDX-License-Identifier: MIT
# What the Cortex-M boards share. Each one's mpconfigboard.mk sets QEMU_MACHINE, the core (CORE: as the compiler and
# the banner have it; CROSS_ARCH: what mpy-cross emits for) and the collector's helper before it includes this.
QEMU_ARCH = arm

CFLAGS += -mthumb -mcpu=cortex-$(CORE) -mfloat-abi=soft
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-$(subst m,M,$(CORE))"'

# memory.ld places code and constants in flash and the rest in RAM; what all of them share is in sections.ld.
LDSCRIPT = $(BOARD_DIR)/memory.ld
LDFLAGS += -L$(BOARD_DIR)/..

MPY_CROSS_FLAGS += -march=$(CROSS_ARCH)
FROZEN_MANIFEST ?=
MICROPY_HEAP_SIZE ?= 1048576
