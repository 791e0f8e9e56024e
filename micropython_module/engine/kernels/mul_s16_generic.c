// SPDX-License-Identifier: MIT
#include "../quantize.h"
#include "kernels.h"

void a8_mul_s16_generic(const a8_mul_params_t *params, const int16_t *a, int32_t a_step, const int16_t *b, int32_t b_step,
    int16_t *out, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        int32_t product = (params->input_offset[0] + *a) * (params->input_offset[1] + *b);
        product = a8_requantize(product, params->multiplier, params->shift) + params->output_offset;
        product = product < params->min ? params->min : product;
        product = product > params->max ? params->max : product;
        *out++ = (int16_t)product;
        a += a_step;
        b += b_step;
    }
}
