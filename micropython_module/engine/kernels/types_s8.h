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

// ---- Of pools -------------------------------------------------------------

typedef int32_t pool_sum_t;

static inline void add_row(pool_sum_t *sums, const input_t *x, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        sums[i] += x[i];
    }
}

static inline element_t average(const a8_pool_params_t *params, pool_sum_t sum, int32_t count) {
    const int32_t half = sum > 0 ? count / 2 : -(count / 2); // half away from zero
    return (element_t)a8_clamp((sum + half) / count, params->min, params->max);
}

static inline void lowest_row(element_t *out, int32_t n) {
    memset(out, INT8_MIN, (size_t)n);
}

static inline void max_row(element_t *out, const input_t *x, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        if (x[i] > out[i]) {
            out[i] = x[i];
        }
    }
}

static inline element_t clamp(const a8_pool_params_t *params, element_t value) {
    return (element_t)a8_clamp(value, params->min, params->max);
}

#endif
