// SPDX-License-Identifier: MIT
//
// What the portable convolutions, fully connected and pooling kernels share. Their loops are written once, in
// conv_loops.h and so on, for any element type. A kernel's file includes a header that says what an element,
// a sum and a filter are, and where code goes (types_s8.h and so on); then it defines KERNEL as the kernel's
// name, and includes the loops.
#ifndef A8_MATRIX_GENERIC_H
#define A8_MATRIX_GENERIC_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "../config.h"
#include "../quantize.h"
#include "kernels.h"

// What is made of constants, and is small only where it is inlined.
#define A8_INLINE inline __attribute__((always_inline))

// Channels summed at once by kernels whose sums are one a channel.
#define A8_CHANNEL_BLOCK (16)

// The taps first .. end - 1 of a window's row or column lie inside the input. end may be below first: none does.
typedef struct {
    int32_t first;
    int32_t end;
} a8_taps_t;

// origin is where tap 0 lies, size the input's. origin is less than size.
static inline a8_taps_t a8_taps(int32_t origin, int32_t size, int32_t filter, int32_t dilation) {
    int32_t before = origin < 0 ? -origin : 0;
    int32_t room = size - origin;
    if (dilation != 1) {
        before = before == 0 ? 0 : (before - 1) / dilation + 1;
        room = (room - 1) / dilation + 1;
    }
    a8_taps_t taps = { before, room < filter ? room : filter };
    return taps;
}

static inline int32_t a8_clamp(int32_t value, int32_t min, int32_t max) {
    if (value < min) {
        value = min;
    }
    return value > max ? max : value;
}

#endif
