// SPDX-License-Identifier: MIT
//
// What the loops of the kernels are made of, for int8 with int8 weights.
#ifndef A8_TYPES_S8_H
#define A8_TYPES_S8_H

#include "results_s8.h"

#define A8_PLACE A8_HOT

typedef const int8_t *filter_t;

static inline filter_t filter_of(const void *data) {
    return data;
}

static inline filter_t filter_at(filter_t filter, int32_t i) {
    return filter + i;
}

static inline sum_t dot(const a8_result_t *result, sum_t sum, const input_t *x, filter_t w, int32_t n) {
    const int32_t zero_point = result->requantize.in_zero_point;
    for (int32_t i = 0; i < n; i++) {
        sum += (uint32_t)((x[i] - zero_point) * w[i]);
    }
    return sum;
}

typedef sum_t row_sum_t;
#define ROW_TERMS (INT32_MAX)

// Like dot, with a sum for each of n channels side by side.
static inline void multiply_row(const a8_result_t *result, row_sum_t *sums, const input_t *x, filter_t w,
    int32_t n) {
    const int32_t zero_point = result->requantize.in_zero_point;
    for (int32_t i = 0; i < n; i++) {
        sums[i] += (uint32_t)((x[i] - zero_point) * w[i]);
    }
}

#endif
