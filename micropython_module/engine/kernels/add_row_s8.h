// SPDX-License-Identifier: MIT
//
// Portable sums and differences of int8.
#ifndef A8_ADD_ROW_S8_H
#define A8_ADD_ROW_S8_H

#include "rescale_s8.h"

static A8_INLINE void a8_add_row_s8(const a8_add_params_t *params, const int8_t *a, int32_t a_step, const int8_t *b,
    int32_t b_step, int8_t *out, int32_t n, bool subtract) {
    const a8_rescale_t of_a = a8_rescale(params->input_multiplier[0], params->input_shift[0]);
    const a8_rescale_t of_b = a8_rescale(params->input_multiplier[1], params->input_shift[1]);
    const a8_rescale_t of_sum = a8_rescale(params->output_multiplier, params->output_shift);
    const int8_t *const end = out + n;
    for (; out != end; a += a_step, b += b_step) {
        const int32_t x = a8_rescaled_input(&of_a, params->input_offset[0] + *a);
        const int32_t y = a8_rescaled_input(&of_b, params->input_offset[1] + *b);
        const int32_t sum = a8_rescaled_sum(&of_sum, params->output_multiplier, subtract ? x - y : x + y);
        *out++ = (int8_t)a8_clamp(sum + params->output_offset, params->min, params->max);
    }
}

#endif
