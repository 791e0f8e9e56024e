// SPDX-License-Identifier: MIT
#include "types_f32.h"

#define KERNEL a8_conv_f32_generic
#include "conv_loops.h"
