// SPDX-License-Identifier: MIT
#include "types_s16.h"

#define KERNEL a8_transpose_conv_s16_generic
#include "transpose_conv_loops.h"
