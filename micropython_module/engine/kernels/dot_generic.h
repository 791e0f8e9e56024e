// SPDX-License-Identifier: MIT
//
// Sums of products for the portable kernels of recurrent operators and of products of computed matrices.
// Sums wrap around like the reference's, without being undefined.
#ifndef A8_DOT_GENERIC_H
#define A8_DOT_GENERIC_H

#include <stddef.h>

#include "../config.h"
#include "../quantize.h"
#include "kernels.h"

// The i-th int16 of any alignment.
static inline int32_t a8_load_i16(const uint8_t *p, int32_t i) {
    return (int16_t)(uint16_t)(p[2 * i] | p[2 * i + 1] << 8);
}

static inline uint32_t a8_dot_s8(uint32_t acc, const int8_t *x, const int8_t *w, int32_t n, int32_t zero_point) {
    for (int32_t i = 0; i < n; i++) {
        acc += (uint32_t)((x[i] - zero_point) * w[i]);
    }
    return acc;
}

// MultiplyByQuantizedMultiplier of the reference for 64-bit sums: the multiplier is reduced to 15 bits first. shift is
// at most A8_WIDE_SHIFT_MAX.
static inline int32_t a8_requantize_wide(uint64_t value, int32_t multiplier, int32_t shift) {
    uint64_t reduced = multiplier < 0x7fff0000 ? (uint64_t)((multiplier + (1 << 15)) >> 16) : 0x7fff;
    int32_t drop = 15 - shift;
    return (int32_t)(uint32_t)((int64_t)(value * reduced + ((uint64_t)1 << (drop - 1))) >> drop);
}

// value + offset within [min, max].
static inline int32_t a8_clamped_sum(int32_t value, int32_t offset, int32_t min, int32_t max) {
    value = (int32_t)((uint32_t)value + (uint32_t)offset);
    if (value < min) {
        value = min;
    }
    return value > max ? max : value;
}

#endif
