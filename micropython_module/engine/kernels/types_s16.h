// SPDX-License-Identifier: MIT
//
// What the loops of the kernels are made of, for int16 with int8 weights.
#ifndef A8_TYPES_S16_H
#define A8_TYPES_S16_H

#include "matrix_generic.h"

#define A8_PLACE // RAM is for the kernels that nearly every model has

// Constant inputs may have any alignment.
typedef struct {
    uint8_t bytes[2];
} input_t;
typedef int16_t element_t; // of outputs
typedef int64_t sum_t;
typedef const int8_t *filter_t;

static inline filter_t filter_of(const void *data) {
    return data;
}

static inline filter_t filter_at(filter_t filter, int32_t i) {
    return filter + i;
}

static inline int16_t load(const input_t *x) {
    int16_t value;
    memcpy(&value, x, sizeof(value));
    return value;
}

// The same pointer for ordinary loads, or NULL.
static inline const int16_t *aligned(const input_t *x) {
    return (uintptr_t)x % sizeof(int16_t) == 0 ? (const int16_t *)(const void *)x : NULL;
}

#define PRODUCTS (256) // of which a sum stays in 32 bits

static inline sum_t dot(const a8_result_t *result, sum_t sum, const input_t *x, filter_t w, int32_t n) {
    (void)result;
    const int16_t *in = aligned(x);
    for (int32_t i = 0; i < n;) {
        const int32_t end = n - i < PRODUCTS ? n : i + PRODUCTS;
        int32_t part = 0;
        if (in != NULL) {
            for (; i < end; i++) {
                part += in[i] * w[i];
            }
        } else {
            for (; i < end; i++) {
                part += load(x + i) * w[i];
            }
        }
        sum += part;
    }
    return sum;
}

typedef int32_t row_sum_t;
#define ROW_TERMS (PRODUCTS)

// Like dot, with a sum for each of n channels side by side. Sums have at most ROW_TERMS terms.
static inline void multiply_row(const a8_result_t *result, row_sum_t *sums, const input_t *x, filter_t w,
    int32_t n) {
    (void)result;
    const int16_t *in = aligned(x);
    if (in != NULL) {
        for (int32_t i = 0; i < n; i++) {
            sums[i] += in[i] * w[i];
        }
    } else {
        for (int32_t i = 0; i < n; i++) {
            sums[i] += load(x + i) * w[i];
        }
    }
}

// What a filter zero point takes from every sum of a row of fully connected.
static inline sum_t sum_before(const a8_result_t *result, const input_t *x, int32_t n) {
    const int32_t zero_point = result->requantize.filter_zero_point;
    sum_t less = 0;
    if (zero_point != 0) {
        for (int32_t i = 0; i < n; i++) {
            less += load(x + i) * zero_point;
        }
    }
    return -less;
}

static inline uint64_t wide_bias(const a8_requantize_t *rq, const uint8_t *bias, int32_t channel) {
    if (bias == NULL) {
        return 0;
    }
    if (rq->flags & A8_BIAS_S16) {
        return (uint64_t)load((const input_t *)(const void *)bias + channel);
    }
    uint64_t value;
    memcpy(&value, bias + sizeof(value) * (uint32_t)channel, sizeof(value));
    return value;
}

static inline element_t to_output(const a8_result_t *result, const a8_operands_t *t, sum_t sum, int32_t channel) {
    const a8_requantize_t *rq = &result->requantize;
    const int32_t i = rq->flags & A8_PER_CHANNEL ? channel : 0;
    const int32_t shift = t->shifts[i];
    int32_t value;
    if (rq->flags & A8_WIDE) {
        // Rounded half up; too large a bias wraps around, as the reference's does.
        const uint64_t wide = (uint64_t)sum + wide_bias(rq, t->bias, channel);
        const uint64_t product = wide * (uint64_t)t->multipliers[i] + ((uint64_t)1 << (shift - 1));
        value = (int32_t)((int64_t)product >> shift);
    } else {
        uint32_t narrow = (uint32_t)sum;
        if (t->bias != NULL) {
            narrow += (uint32_t)a8_load_i32(t->bias + 4 * channel);
        }
        value = a8_requantize((int32_t)narrow, t->multipliers[i], shift);
    }
    return (element_t)a8_clamp(value, rq->min, rq->max);
}

// ---- Of pools -------------------------------------------------------------

typedef int32_t pool_sum_t;

static inline void add_row(pool_sum_t *sums, const input_t *x, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        sums[i] += load(x + i);
    }
}

static inline element_t average(const a8_pool_params_t *params, pool_sum_t sum, int32_t count) {
    const int32_t half = sum > 0 ? count / 2 : -(count / 2); // half away from zero
    return (element_t)a8_clamp((sum + half) / count, params->min, params->max);
}

static inline void lowest_row(element_t *out, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        out[i] = INT16_MIN;
    }
}

static inline void max_row(element_t *out, const input_t *x, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        const int16_t value = load(x + i);
        if (value > out[i]) {
            out[i] = value;
        }
    }
}

static inline element_t clamp(const a8_pool_params_t *params, element_t value) {
    return (element_t)a8_clamp(value, params->min, params->max);
}

#endif
