// SPDX-License-Identifier: MIT
#include "types_s8_s4.h"

#define KERNEL a8_fully_connected_s8_s4_generic
#include "fully_connected_loops.h"
