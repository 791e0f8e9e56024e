// SPDX-License-Identifier: MIT
#include "dot_generic.h"

A8_HOT void a8_batch_matmul_s8_generic(const a8_batch_matmul_params_t *params, const void *left, const void *right,
    void *output, int32_t c0, int32_t c1) {
    int8_t *out = output;
    for (int32_t c = c0; c < c1; c++) {
        const int8_t *a = left;
        const int8_t *b = (const int8_t *)right + c * params->right_column;
        uint32_t acc = 0;
        for (int32_t i = 0; i < params->depth; i++) {
            acc += (uint32_t)((*a - params->left_zero_point) * (*b - params->right_zero_point));
            a += params->left_step;
            b += params->right_step;
        }
        int32_t scaled = a8_requantize((int32_t)acc, params->multiplier, params->shift);
        out[c] = (int8_t)a8_clamped_sum(scaled, params->out_zero_point, INT8_MIN, INT8_MAX);
    }
}
