// SPDX-License-Identifier: MIT
#include "rescale_s8.h"

// Scales whose product is twice the output's and more.
static void raised(const a8_mul_params_t *params, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step,
    int8_t *out, int32_t n) {
    for (int32_t i = 0; i < n; i++, a += a_step, b += b_step) {
        const int32_t product = (params->input_offset[0] + *a) * (params->input_offset[1] + *b);
        const int32_t value = a8_requantize(product, params->multiplier, params->shift) + params->output_offset;
        out[i] = (int8_t)a8_clamp(value, params->min, params->max);
    }
}

void a8_mul_s8_generic(const a8_mul_params_t *params, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step,
    int8_t *out, int32_t n) {
    if (params->shift > 0) {
        raised(params, a, a_step, b, b_step, out, n);
        return;
    }
    const a8_rescale_t scale = a8_rescale(params->multiplier, params->shift);
    const int8_t *const end = out + n;
    for (; out != end; a += a_step, b += b_step) {
        const int32_t product = (params->input_offset[0] + *a) * (params->input_offset[1] + *b);
        const int32_t value = a8_rescaled_product(&scale, product) + params->output_offset;
        *out++ = (int8_t)a8_clamp(value, params->min, params->max);
    }
}
