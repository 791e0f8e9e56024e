// SPDX-License-Identifier: MIT
//
// What the portable convolutions, fully connected and pooling kernels share.
#ifndef A8_MATRIX_GENERIC_H
#define A8_MATRIX_GENERIC_H

#include <stdbool.h>
#include <stddef.h>

#include "../config.h"
#include "../quantize.h"
#include "kernels.h"

// Channels summed at once by kernels whose accumulators are one a channel.
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

// Sums wrap around like the reference's, without being undefined.
static inline uint32_t a8_dot(uint32_t acc, const int8_t *x, const int8_t *w, int32_t n, int32_t zero_point) {
    for (int32_t i = 0; i < n; i++) {
        acc += (uint32_t)((x[i] - zero_point) * w[i]);
    }
    return acc;
}

static inline int8_t a8_to_output(const a8_requantize_t *rq, uint32_t acc, const uint8_t *bias,
    const int32_t *multipliers, const int8_t *shifts, int32_t channel) {
    if (bias != NULL) {
        acc += (uint32_t)a8_load_i32(bias + 4 * channel);
    }
    int32_t i = rq->per_channel ? channel : 0;
    int32_t value = a8_requantize((int32_t)acc, multipliers[i], shifts[i]);
    value = (int32_t)((uint32_t)value + (uint32_t)rq->out_zero_point);
    if (value < rq->min) {
        value = rq->min;
    }
    if (value > rq->max) {
        value = rq->max;
    }
    return (int8_t)value;
}

#endif
