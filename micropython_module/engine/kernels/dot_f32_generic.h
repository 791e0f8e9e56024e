// SPDX-License-Identifier: MIT
//
// Sums of products of float32 of any alignment, in the order of the elements.
#ifndef A8_DOT_F32_GENERIC_H
#define A8_DOT_F32_GENERIC_H

#include <stddef.h>
#include <string.h>

#include "../config.h"
#include "kernels.h"

// The i-th float32 of any alignment.
static inline float a8_load_f32(const uint8_t *p, int32_t i) {
    float value;
    memcpy(&value, p + 4 * i, sizeof(value));
    return value;
}

static inline float a8_dot_f32(const uint8_t *x, const uint8_t *w, int32_t n) {
    float sum = 0.0f;
    for (int32_t i = 0; i < n; i++) {
        sum += a8_load_f32(x, i) * a8_load_f32(w, i);
    }
    return sum;
}

#endif
