// SPDX-License-Identifier: MIT
#include "types_f32.h"

#define KERNEL a8_fully_connected_f32_generic
#include "fully_connected_loops.h"
