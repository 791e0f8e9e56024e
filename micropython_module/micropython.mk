# SPDX-License-Identifier: MIT
# arena8 as a user C module of MicroPython's make ports (unix, qemu, stm32, ...).
#
#   make USER_C_MODULES=<the folder that holds micropython_module/>
#
# ARENA8_GENERATED_DIR names the folder with arena8_build.h and arena8_frozen.c, if models are frozen or a
# static arena is reserved; without it there is neither.

ARENA8_DIR := $(USERMOD_DIR)
ARENA8_ENGINE := $(addprefix $(ARENA8_DIR)/engine/,$(shell sed -e 's/\#.*//' $(ARENA8_DIR)/engine/sources.txt))
ARENA8_BINDING := $(addprefix $(ARENA8_DIR)/,$(shell sed -e 's/\#.*//' $(ARENA8_DIR)/sources.txt))

# Only what defines Python names is scanned for them; the engine is plain C.
SRC_USERMOD_C += $(ARENA8_BINDING)
SRC_USERMOD_LIB_C += $(filter %.c,$(ARENA8_ENGINE))
SRC_USERMOD_LIB_ASM += $(filter %.S,$(ARENA8_ENGINE))

# These folders hold headers under names of ours alone, and the scan for Python names needs them everywhere.
CFLAGS_USERMOD += -I$(ARENA8_DIR)
ifneq ($(ARENA8_GENERATED_DIR),)
CFLAGS_USERMOD += -I$(ARENA8_GENERATED_DIR)
SRC_USERMOD_C += arena8_frozen.c
vpath arena8_frozen.c $(ARENA8_GENERATED_DIR)
endif

# `private`: what an object is made from (generated headers, mpy-cross) keeps the port's own flags.
ARENA8_ENGINE_O := $(patsubst $(USER_C_MODULES)/%,$(BUILD)/%.o,$(basename $(ARENA8_ENGINE)))
ARENA8_BINDING_O := $(patsubst $(USER_C_MODULES)/%,$(BUILD)/%.o,$(basename $(ARENA8_BINDING)))
ARENA8_KERNELS_O := $(filter $(BUILD)/$(notdir $(ARENA8_DIR))/engine/kernels/%,$(ARENA8_ENGINE_O))
$(ARENA8_ENGINE_O): private CFLAGS += -std=c99 -ffp-contract=off -I$(ARENA8_DIR)/engine
$(ARENA8_BINDING_O): private CFLAGS += -ffp-contract=off
# Speed where the time goes, flash everywhere else.
$(ARENA8_KERNELS_O): private CFLAGS += -O2
$(filter-out $(ARENA8_KERNELS_O),$(ARENA8_ENGINE_O)) $(ARENA8_BINDING_O): private CFLAGS += -Os
