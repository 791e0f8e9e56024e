// SPDX-License-Identifier: MIT
#include "../target.h"

#if A8_KERNELS_ARMDSP

#include "lanes_armdsp.h"

#define KERNEL a8_sum_s8_armdsp
#include "sum_lanes_s8.h"

#endif
