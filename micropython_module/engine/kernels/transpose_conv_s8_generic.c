// SPDX-License-Identifier: MIT
#include "types_s8.h"

#define KERNEL a8_transpose_conv_s8_generic
#include "transpose_conv_loops.h"
