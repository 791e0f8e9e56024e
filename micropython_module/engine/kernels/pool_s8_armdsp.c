// SPDX-License-Identifier: MIT
#include "../target.h"

#if A8_KERNELS_ARMDSP

#include "lanes_armdsp.h"

#define AVERAGE_KERNEL a8_average_pool_s8_armdsp
#define MAX_KERNEL a8_max_pool_s8_armdsp
#include "pool_lanes_s8.h"

#endif
