// SPDX-License-Identifier: MIT
//
// What the loops of the kernels are made of, for int8 with int4 weights, which lie two a byte, the first in the
// low half. They are widened where they are used.
#ifndef A8_TYPES_S8_S4_H
#define A8_TYPES_S8_S4_H

#include "results_s8.h"

#define A8_PLACE // RAM is for the kernels that nearly every model has

typedef struct {
    const uint8_t *data;
    int32_t at; // weights before this one, from data on
} filter_t;

static inline filter_t filter_of(const void *data) {
    return (filter_t){ data, 0 };
}

static inline filter_t filter_at(filter_t filter, int32_t i) {
    return (filter_t){ filter.data, filter.at + i };
}

static inline int32_t low(uint8_t pair) {
    return (int8_t)(uint8_t)(pair << 4) >> 4;
}

static inline int32_t high(uint8_t pair) {
    return (int8_t)pair >> 4;
}

static inline sum_t dot(const a8_result_t *result, sum_t sum, const input_t *x, filter_t w, int32_t n) {
    const int32_t zero_point = result->requantize.in_zero_point;
    const uint8_t *pairs = w.data + (w.at >> 1);
    if ((w.at & 1) && n > 0) {
        sum += (uint32_t)((*x++ - zero_point) * high(*pairs++));
        n--;
    }
    for (; n > 1; n -= 2) {
        const uint8_t pair = *pairs++;
        sum += (uint32_t)((x[0] - zero_point) * low(pair) + (x[1] - zero_point) * high(pair));
        x += 2;
    }
    if (n > 0) {
        sum += (uint32_t)((*x - zero_point) * low(*pairs));
    }
    return sum;
}

typedef sum_t row_sum_t;
#define ROW_TERMS (INT32_MAX)

// Like dot, with a sum for each of n channels side by side.
static inline void multiply_row(const a8_result_t *result, row_sum_t *sums, const input_t *x, filter_t w,
    int32_t n) {
    const int32_t zero_point = result->requantize.in_zero_point;
    const uint8_t *pairs = w.data + (w.at >> 1);
    int32_t i = 0;
    if ((w.at & 1) && n > 0) {
        sums[0] += (uint32_t)((x[0] - zero_point) * high(*pairs++));
        i = 1;
    }
    for (; i + 1 < n; i += 2) {
        const uint8_t pair = *pairs++;
        sums[i] += (uint32_t)((x[i] - zero_point) * low(pair));
        sums[i + 1] += (uint32_t)((x[i + 1] - zero_point) * high(pair));
    }
    if (i < n) {
        sums[i] += (uint32_t)((x[i] - zero_point) * low(*pairs));
    }
}

#endif
