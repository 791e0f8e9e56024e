// SPDX-License-Identifier: MIT
//
// Elements and sums of kernels with int8 activations, whatever their weights are.
#ifndef A8_RESULTS_S8_H
#define A8_RESULTS_S8_H

#include "matrix_generic.h"

typedef int8_t input_t;
typedef int8_t element_t; // of outputs
typedef uint32_t sum_t; // wraps around like the reference's, without being undefined

// What a filter zero point takes from every sum of a row of fully connected.
static inline sum_t sum_before(const a8_result_t *result, const input_t *x, int32_t n) {
    const a8_requantize_t *rq = &result->requantize;
    sum_t less = 0;
    if (rq->filter_zero_point != 0) {
        for (int32_t i = 0; i < n; i++) {
            less += (uint32_t)((x[i] - rq->in_zero_point) * rq->filter_zero_point);
        }
    }
    return 0 - less;
}

static inline element_t to_output(const a8_result_t *result, const a8_operands_t *t, sum_t sum, int32_t channel) {
    const a8_requantize_t *rq = &result->requantize;
    if (t->bias != NULL) {
        sum += (uint32_t)a8_load_i32(t->bias + 4 * channel);
    }
    const int32_t i = rq->flags & A8_PER_CHANNEL ? channel : 0;
    int32_t value = a8_requantize((int32_t)sum, t->multipliers[i], t->shifts[i]);
    value = (int32_t)((uint32_t)value + (uint32_t)rq->out_zero_point);
    return (element_t)a8_clamp(value, rq->min, rq->max);
}

#endif
