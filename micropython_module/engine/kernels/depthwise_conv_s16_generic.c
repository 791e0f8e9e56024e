// SPDX-License-Identifier: MIT
#include "types_s16.h"

#define KERNEL a8_depthwise_conv_s16_generic
#include "depthwise_conv_loops.h"
