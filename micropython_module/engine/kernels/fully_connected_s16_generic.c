// SPDX-License-Identifier: MIT
#include "types_s16.h"

#define KERNEL a8_fully_connected_s16_generic
#include "fully_connected_loops.h"
