// SPDX-License-Identifier: MIT
//
// Sum of two int8 tensors on RV32IM: three rescalings in line.
#include "../target.h"

#if A8_KERNELS_RV32

#include "arithmetic_rv32.h"

// A multiplier, and a shift to the right by 0 or more.
typedef struct {
    uint32_t twice;
    int32_t right;
    int32_t half; // of what is shifted out
    int32_t ties; // all ones if something is: halves go away from zero
} rescale_t;

static inline rescale_t rescale_of(int32_t multiplier, int32_t shift) {
    const rescale_t r = {
        (uint32_t)multiplier << 1,
        -shift,
        (int32_t)((uint32_t)1 << -shift >> 1),
        shift < 0 ? -1 : 0,
    };
    return r;
}

// As a8_requantize does, of a value within 2^30, so that half can be added.
static inline int32_t rescaled(const rescale_t *r, int32_t value) {
    value = a8_high_product_rv32((uint32_t)value, r->twice);
    return (value + r->half + (value >> 31 & r->ties)) >> r->right;
}

static inline int32_t input(const rescale_t *r, int32_t offset, int8_t value) {
    return rescaled(r, (value + offset) * (1 << A8_ADD_SHIFT_S8));
}

A8_HOT void a8_add_s8_rv32(const a8_add_params_t *params, const int8_t *a, int32_t a_step, const int8_t *b,
    int32_t b_step, int8_t *out, int32_t n) {
    const rescale_t of_a = rescale_of(params->input_multiplier[0], params->input_shift[0]);
    const rescale_t of_b = rescale_of(params->input_multiplier[1], params->input_shift[1]);
    const rescale_t of_sum = rescale_of(params->output_multiplier, params->output_shift);
    const int32_t a_offset = params->input_offset[0], b_offset = params->input_offset[1];
    const int32_t offset = params->output_offset, min = params->min, max = params->max;
    const int8_t *end = out + n;
    while (out != end) {
        const int32_t sum = input(&of_a, a_offset, *a) + input(&of_b, b_offset, *b);
        *out++ = (int8_t)a8_clamp(rescaled(&of_sum, sum) + offset, min, max);
        a += a_step;
        b += b_step;
    }
}

#endif
