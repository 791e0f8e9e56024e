// SPDX-License-Identifier: MIT
#include "types_s8.h"

#define KERNEL a8_fully_connected_s8_generic
#include "fully_connected_loops.h"
