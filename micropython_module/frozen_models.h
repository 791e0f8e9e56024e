// SPDX-License-Identifier: MIT
// The models that this firmware carries in flash. The table is generated (arena8_frozen.c) and exists only
// when arena8_build.h defines A8_FROZEN_MODELS.
#ifndef ARENA8_FROZEN_MODELS_H
#define ARENA8_FROZEN_MODELS_H

#include "py/obj.h"

typedef struct _a8_frozen_model_t {
    const char *name;
    mp_rom_obj_t bytes; // a bytes object; its data is aligned to 16 and followed by zeros to the next multiple of 16
} a8_frozen_model_t;

extern const a8_frozen_model_t a8_frozen_models[];
extern const size_t a8_frozen_models_len;

#endif
