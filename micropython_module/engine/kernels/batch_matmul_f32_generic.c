// SPDX-License-Identifier: MIT
#include <string.h>

#include "../config.h"
#include "kernels.h"

static float load(const uint8_t *p) {
    float value;
    memcpy(&value, p, sizeof(value));
    return value;
}

A8_HOT void a8_batch_matmul_f32_generic(const a8_batch_matmul_params_t *params, const void *left, const void *right,
    void *output, int32_t c0, int32_t c1) {
    float *out = output;
    for (int32_t c = c0; c < c1; c++) {
        const uint8_t *a = left;
        const uint8_t *b = (const uint8_t *)right + 4 * c * params->right_column;
        float sum = 0.0f;
        for (int32_t i = 0; i < params->depth; i++) {
            sum += load(a) * load(b);
            a += 4 * params->left_step;
            b += 4 * params->right_step;
        }
        out[c] = sum;
    }
}
