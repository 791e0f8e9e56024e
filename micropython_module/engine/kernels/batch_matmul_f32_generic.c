// SPDX-License-Identifier: MIT
#include "dot_f32_generic.h"

A8_HOT void a8_batch_matmul_f32_generic(const a8_batch_matmul_params_t *params, const void *left, const void *right,
    void *output, int32_t c0, int32_t c1) {
    const uint8_t *a = left;
    float *out = output;
    for (int32_t c = c0; c < c1; c++) {
        const uint8_t *b = (const uint8_t *)right + 4 * c * params->right_column;
        float sum = 0.0f;
        for (int32_t i = 0, j = 0; i < params->depth; i++, j += params->right_step) {
            sum += a8_load_f32(a, i) * a8_load_f32(b, j);
        }
        out[c] = sum;
    }
}
