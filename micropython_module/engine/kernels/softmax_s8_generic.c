// SPDX-License-Identifier: MIT
#include "../quantize.h"
#include "kernels.h"

#define SCALED_DIFF_BITS (5) // integer bits of a scaled difference of inputs
#define SUM_BITS (12) // integer bits of the sum of exponentials

static int32_t exp_of_diff(const a8_softmax_params_t *params, int32_t diff) {
    return a8_exp_on_negative(a8_requantize(diff, params->multiplier, params->shift), SCALED_DIFF_BITS);
}

// One row; exactly one of the outputs is given. bits is the output's width.
static void softmax_row(const a8_softmax_params_t *params, const int8_t *in, int8_t *out8, int16_t *out16,
    int32_t bits) {
    int32_t max = INT8_MIN;
    for (int32_t i = 0; i < params->depth; i++) {
        max = in[i] > max ? in[i] : max;
    }
    uint32_t sum = 0;
    for (int32_t i = 0; i < params->depth; i++) {
        int32_t diff = in[i] - max;
        if (diff >= params->diff_min) {
            sum += (uint32_t)a8_rounding_shift(exp_of_diff(params, diff), SUM_BITS);
        }
    }
    // sum = (1 + x) * 2^k with x in [0, 1)
    int32_t zeros = a8_leading_zeros(sum);
    int32_t scale = a8_one_over_one_plus((int32_t)((sum << zeros) - ((uint32_t)1 << 31)));
    int32_t exponent = SUM_BITS - zeros + 31 - bits;
    int32_t low = -(1 << (bits - 1));
    int32_t high = (1 << (bits - 1)) - 1;
    for (int32_t i = 0; i < params->depth; i++) {
        int32_t diff = in[i] - max;
        int32_t value = low;
        // Beyond 31 everything rounds to zero. The reference gives up there.
        if (diff >= params->diff_min && exponent <= 31) {
            value += a8_rounding_shift(a8_high_mul(scale, exp_of_diff(params, diff)), exponent);
            value = value > high ? high : value;
        }
        if (out8 != 0) {
            out8[i] = (int8_t)value;
        } else {
            out16[i] = (int16_t)value;
        }
    }
}

void a8_softmax_s8_generic(const a8_softmax_params_t *params, const int8_t *in, int8_t *out, int32_t rows) {
    for (int32_t r = 0; r < rows; r++) {
        softmax_row(params, in + r * params->depth, out + r * params->depth, 0, 8);
    }
}

void a8_softmax_s8_s16_generic(const a8_softmax_params_t *params, const int8_t *in, int16_t *out, int32_t rows) {
    for (int32_t r = 0; r < rows; r++) {
        softmax_row(params, in + r * params->depth, 0, out + r * params->depth, 16);
    }
}
