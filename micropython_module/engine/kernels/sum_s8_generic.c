// SPDX-License-Identifier: MIT
#include "lanes_generic.h"

#define KERNEL a8_sum_s8_generic
#include "sum_lanes_s8.h"
