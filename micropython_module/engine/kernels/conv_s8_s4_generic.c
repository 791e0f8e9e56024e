// SPDX-License-Identifier: MIT
#include "types_s8_s4.h"

#define KERNEL a8_conv_s8_s4_generic
#include "conv_loops.h"
