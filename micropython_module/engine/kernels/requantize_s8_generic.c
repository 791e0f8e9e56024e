// SPDX-License-Identifier: MIT
#include "rescale_s8.h"

// Shifts to the left that a8_rescaled_product has room for.
#define LEFT_MAX (8)

void a8_requantize_s8_generic(const a8_requantize_s8_params_t *params, const uint8_t *in, uint8_t *out, int32_t n) {
    const int32_t left = params->shift > 0 ? params->shift : 0;
    const a8_rescale_t scale = a8_rescale(params->multiplier, params->shift - left);
    for (; n > 0; n--) {
        const int32_t x = (int8_t)(*in++ ^ params->in_flip) - params->in_zero_point;
        const int32_t value = left <= LEFT_MAX ? a8_rescaled_product(&scale, x * (1 << left))
                                               : a8_requantize(x, params->multiplier, params->shift);
        *out++ = (uint8_t)(a8_clamp(value, params->min, params->max) + params->out_zero_point);
    }
}
