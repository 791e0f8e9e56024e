// SPDX-License-Identifier: MIT
#include "types_f32.h"

#define KERNEL a8_depthwise_conv_f32_generic
#include "depthwise_conv_loops.h"
