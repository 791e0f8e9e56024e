// SPDX-License-Identifier: MIT
#include "types_f32.h"

#define AVERAGE_KERNEL a8_average_pool_f32_generic
#define MAX_KERNEL a8_max_pool_f32_generic
#include "pool_loops.h"
