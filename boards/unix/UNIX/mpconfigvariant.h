// SPDX-License-Identifier: MIT
// The feature level of the boards.
#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

#include "variants/mpconfigvariant_common.h"

// Ctrl-C is a pending exception, as on boards: raised in the signal handler it would jump through the engine.
#undef MICROPY_ASYNC_KBD_INTR
#define MICROPY_ASYNC_KBD_INTR (0)
