// SPDX-License-Identifier: MIT
#include <stdbool.h>

#include "../quantize.h"
#include "kernels.h"

#define SCALED_DIFF_BITS (5) // integer bits of a scaled difference of inputs
#define SUM_BITS (12) // integer bits of the sum of exponentials

static int32_t exp_of_diff(const a8_softmax_params_t *params, int32_t diff) {
    return a8_exp_on_negative(a8_requantize(diff, params->multiplier, params->shift), SCALED_DIFF_BITS);
}

// The exponential of a difference, kept in scratch: of each element, or, if there are more elements than
// differences, of each difference once it is met.
#define UNKNOWN (-1)

static uint32_t sum_of_row(const a8_softmax_params_t *params, const int8_t *in, int32_t max, int32_t *exps) {
    const bool by_difference = params->depth > A8_SOFTMAX_S8_MANY;
    uint32_t sum = 0;
    if (by_difference) {
        for (int32_t i = 0; i < A8_SOFTMAX_S8_MANY; i++) {
            exps[i] = UNKNOWN;
        }
    }
    for (int32_t i = 0; i < params->depth; i++) {
        const int32_t below = max - in[i];
        int32_t *exp = &exps[by_difference ? below : i];
        if (!by_difference || *exp == UNKNOWN) {
            *exp = -below < params->diff_min ? 0 : exp_of_diff(params, -below);
        }
        sum += ((uint32_t)*exp + (1 << (SUM_BITS - 1))) >> SUM_BITS;
    }
    return sum;
}

// One row; exactly one of the outputs is given. bits is the output's width.
static void softmax_row(const a8_softmax_params_t *params, const int8_t *in, int8_t *out8, int16_t *out16,
    int32_t bits, int32_t *scratch) {
    const bool by_difference = params->depth > A8_SOFTMAX_S8_MANY;
    int32_t few[A8_SOFTMAX_S8_FEW];
    int32_t *exps = params->depth > A8_SOFTMAX_S8_FEW ? scratch : few;
    int32_t max = INT8_MIN;
    for (int32_t i = 0; i < params->depth; i++) {
        max = in[i] > max ? in[i] : max;
    }
    // sum = (1 + x) * 2^k with x in [0, 1)
    const uint32_t sum = sum_of_row(params, in, max, exps);
    const int32_t zeros = a8_leading_zeros(sum);
    const int32_t scale = a8_one_over_one_plus((int32_t)((sum << zeros) - ((uint32_t)1 << 31)));
    const int32_t exponent = SUM_BITS - zeros + 31 - bits;
    const int32_t low = -(1 << (bits - 1));
    const int32_t high = (1 << (bits - 1)) - 1;
    // From exponentials to results.
    const int32_t n = by_difference ? A8_SOFTMAX_S8_MANY : params->depth;
    for (int32_t i = 0; i < n; i++) {
        int32_t value = low;
        // Beyond 31 everything rounds to zero. The reference gives up there.
        if (exps[i] > 0 && exponent <= 31) {
            value += a8_rounding_shift(a8_high_mul(scale, exps[i]), exponent);
        }
        exps[i] = value > high ? high : value;
    }
    for (int32_t i = 0; i < params->depth; i++) {
        const int32_t value = exps[by_difference ? max - in[i] : i];
        if (out8 != 0) {
            out8[i] = (int8_t)value;
        } else {
            out16[i] = (int16_t)value;
        }
    }
}

void a8_softmax_s8_generic(const a8_softmax_params_t *params, const int8_t *in, int8_t *out, int32_t rows,
    int32_t *scratch) {
    for (int32_t r = 0; r < rows; r++) {
        softmax_row(params, in + r * params->depth, out + r * params->depth, 0, 8, scratch);
    }
}

void a8_softmax_s8_s16_generic(const a8_softmax_params_t *params, const int8_t *in, int16_t *out, int32_t rows,
    int32_t *scratch) {
    for (int32_t r = 0; r < rows; r++) {
        softmax_row(params, in + r * params->depth, 0, out + r * params->depth, 16, scratch);
    }
}
