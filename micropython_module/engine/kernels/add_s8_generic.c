// SPDX-License-Identifier: MIT
#include "../quantize.h"
#include "kernels.h"

// Room above the 8 bits of an input: what the rescaling rounds away is far below the output's last bit.
#define LEFT_SHIFT (20)

static int32_t rescale_input(const a8_add_params_t *params, int32_t which, int8_t value) {
    int32_t shifted = (params->input_offset[which] + value) * (1 << LEFT_SHIFT);
    return a8_requantize(shifted, params->input_multiplier[which], params->input_shift[which]);
}

void a8_add_s8_generic(const a8_add_params_t *params, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step,
    int8_t *out, int32_t n) {
    int32_t x = 0;
    int32_t y = 0;
    for (int32_t i = 0; i < n; i++) {
        if (i == 0 || a_step != 0) {
            x = rescale_input(params, 0, *a);
        }
        if (i == 0 || b_step != 0) {
            y = rescale_input(params, 1, *b);
        }
        int32_t sum = a8_requantize(x + y, params->output_multiplier, params->output_shift) + params->output_offset;
        sum = sum < params->min ? params->min : sum;
        sum = sum > params->max ? params->max : sum;
        *out++ = (int8_t)sum;
        a += a_step;
        b += b_step;
    }
}
