// SPDX-License-Identifier: MIT
//
// What the loops of the kernels are made of, for float32. Terms are added one by one in the reference's order,
// products are rounded before they are added: then sums are the reference's to the bit.
#ifndef A8_TYPES_F32_H
#define A8_TYPES_F32_H

#include <float.h>

#include "matrix_generic.h"

#define A8_PLACE // RAM is for the kernels that nearly every model has

// Constant inputs and filters may have any alignment.
typedef struct {
    uint8_t bytes[4];
} input_t;
typedef float element_t; // of outputs
typedef float sum_t;
typedef const input_t *filter_t;

static inline filter_t filter_of(const void *data) {
    return data;
}

static inline filter_t filter_at(filter_t filter, int32_t i) {
    return filter + i;
}

static inline float load(const input_t *x) {
    float value;
    memcpy(&value, x, sizeof(value));
    return value;
}

static inline bool aligned(const input_t *x) {
    return (uintptr_t)x % sizeof(float) == 0;
}

static inline sum_t dot(const a8_result_t *result, sum_t sum, const input_t *x, filter_t w, int32_t n) {
    (void)result;
    if (aligned(x) && aligned(w)) {
        const float *in = (const float *)(const void *)x;
        const float *weights = (const float *)(const void *)w;
        for (int32_t i = 0; i < n; i++) {
            sum += in[i] * weights[i];
        }
    } else {
        for (int32_t i = 0; i < n; i++) {
            sum += load(x + i) * load(w + i);
        }
    }
    return sum;
}

typedef sum_t row_sum_t;
#define ROW_TERMS (INT32_MAX)

// Like dot, with a sum for each of n channels side by side.
static inline void multiply_row(const a8_result_t *result, row_sum_t *sums, const input_t *x, filter_t w,
    int32_t n) {
    (void)result;
    if (aligned(x) && aligned(w)) {
        const float *in = (const float *)(const void *)x;
        const float *weights = (const float *)(const void *)w;
        for (int32_t i = 0; i < n; i++) {
            sums[i] += in[i] * weights[i];
        }
    } else {
        for (int32_t i = 0; i < n; i++) {
            sums[i] += load(x + i) * load(w + i);
        }
    }
}

static inline sum_t sum_before(const a8_result_t *result, const input_t *x, int32_t n) {
    (void)result;
    (void)x;
    (void)n;
    return 0.0f;
}

// A NaN stays what it is.
static inline element_t within(const a8_range_t *range, element_t value) {
    if (value < range->min) {
        value = range->min;
    }
    return value > range->max ? range->max : value;
}

static inline element_t to_output(const a8_result_t *result, const a8_operands_t *t, sum_t sum, int32_t channel) {
    return within(&result->range, t->bias == NULL ? sum : sum + load((filter_t)(const void *)t->bias + channel));
}

// ---- Of pools -------------------------------------------------------------

typedef float pool_sum_t;

static inline void add_row(pool_sum_t *sums, const input_t *x, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        sums[i] += load(x + i);
    }
}

static inline element_t clamp(const a8_pool_params_t *params, element_t value) {
    return within(&((const a8_pool_f32_params_t *)params)->range, value);
}

static inline element_t average(const a8_pool_params_t *params, pool_sum_t sum, int32_t count) {
    return clamp(params, sum / (float)count);
}

static inline void lowest_row(element_t *out, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        out[i] = -FLT_MAX;
    }
}

// A NaN is less than anything.
static inline void max_row(element_t *out, const input_t *x, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        const float value = load(x + i);
        if (value > out[i]) {
            out[i] = value;
        }
    }
}

#endif
