// SPDX-License-Identifier: MIT
#include "types_f32.h"

#define KERNEL a8_transpose_conv_f32_generic
#include "transpose_conv_loops.h"
