// SPDX-License-Identifier: MIT
#include "types_s16.h"

#define AVERAGE_KERNEL a8_average_pool_s16_generic
#define MAX_KERNEL a8_max_pool_s16_generic
#include "pool_loops.h"
