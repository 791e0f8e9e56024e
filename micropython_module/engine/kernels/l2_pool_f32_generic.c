// SPDX-License-Identifier: MIT
//
// The square root of the average of squares: an average pool of its own.
#include "../functions.h"
#include "types_f32.h"

static inline void add_squares(pool_sum_t *sums, const input_t *x, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        const float value = load(x + i);
        sums[i] += value * value;
    }
}

static inline element_t root_of_average(const a8_pool_params_t *params, pool_sum_t sum, int32_t count) {
    return clamp(params, a8_sqrt_f32(sum / (float)count));
}

#define add_row add_squares
#define average root_of_average
#define AVERAGE_KERNEL a8_l2_pool_f32_generic
#include "pool_loops.h"
