// SPDX-License-Identifier: MIT
#include "types_s8.h"

#define KERNEL a8_conv_s8_generic
#include "conv_loops.h"
