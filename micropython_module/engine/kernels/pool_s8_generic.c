// SPDX-License-Identifier: MIT
#include "lanes_generic.h"

#define AVERAGE_KERNEL a8_average_pool_s8_generic
#define MAX_KERNEL a8_max_pool_s8_generic
#include "pool_lanes_s8.h"
