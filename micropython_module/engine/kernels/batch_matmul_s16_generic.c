// SPDX-License-Identifier: MIT
#include "dot_generic.h"

A8_HOT void a8_batch_matmul_s16_generic(const a8_batch_matmul_params_t *params, const void *left, const void *right,
    void *output, int32_t c0, int32_t c1) {
    const uint8_t *a = left;
    int16_t *out = output;
    for (int32_t c = c0; c < c1; c++) {
        const uint8_t *b = (const uint8_t *)right + 2 * c * params->right_column;
        int64_t acc = 0; // far from overflow: a sum has less than 2^31 products
        for (int32_t i = 0, j = 0; i < params->depth; i++, j += params->right_step) {
            acc += a8_load_i16(a, i) * a8_load_i16(b, j);
        }
        int32_t scaled = a8_requantize_wide((uint64_t)acc, params->multiplier, params->shift);
        out[c] = (int16_t)a8_clamped_sum(scaled, 0, INT16_MIN, INT16_MAX);
    }
}
