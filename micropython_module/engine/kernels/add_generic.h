// SPDX-License-Identifier: MIT
//
// What the portable sums and differences share.
#ifndef A8_ADD_GENERIC_H
#define A8_ADD_GENERIC_H

#include "../quantize.h"
#include "kernels.h"

// Input number `which` in the common scale.
static inline int32_t a8_add_input(const a8_add_params_t *params, int32_t which, int32_t value, int32_t left_shift) {
    int32_t shifted = (params->input_offset[which] + value) * (1 << left_shift);
    return a8_requantize(shifted, params->input_multiplier[which], params->input_shift[which]);
}

static inline int32_t a8_add_output(const a8_add_params_t *params, int32_t sum) {
    sum = a8_requantize(sum, params->output_multiplier, params->output_shift) + params->output_offset;
    sum = sum < params->min ? params->min : sum;
    return sum > params->max ? params->max : sum;
}

#endif
