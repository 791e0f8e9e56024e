// SPDX-License-Identifier: MIT
#include "types_s16.h"

#define KERNEL a8_conv_s16_generic
#include "conv_loops.h"
