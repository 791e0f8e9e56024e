// SPDX-License-Identifier: MIT
#include "dot_generic.h"

A8_HOT void a8_batch_matmul_s8_generic(const a8_batch_matmul_params_t *params, const void *left, const void *right,
    void *output, int32_t c0, int32_t c1) {
    const int32_t step = params->right_step;
    const int32_t zero_point = params->left_zero_point;
    const int8_t *end = (const int8_t *)left + params->depth;
    int8_t *out = output;
    // The right's zero point takes as much from every sum of the row.
    uint32_t less = 0;
    if (params->right_zero_point != 0) {
        for (const int8_t *a = left; a != end; a++) {
            less += (uint32_t)((*a - zero_point) * params->right_zero_point);
        }
    }
    for (int32_t c = c0; c < c1; c++) {
        const int8_t *a = left;
        const int8_t *b = (const int8_t *)right + c * params->right_column;
        uint32_t acc = 0 - less;
        for (;;) {
            acc += (uint32_t)((*a - zero_point) * *b);
            if (++a == end) {
                break;
            }
            b += step;
        }
        int32_t scaled = a8_requantize((int32_t)acc, params->multiplier, params->shift);
        out[c] = (int8_t)a8_clamped_sum(scaled, params->out_zero_point, INT8_MIN, INT8_MAX);
    }
}
