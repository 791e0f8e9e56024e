// SPDX-License-Identifier: MIT
//
// The exponential and the reciprocal are those that the reference takes from
// gemmlowp's fixed-point arithmetic, step by step, since each step rounds.
// Q<n> below is a number with n integer bits and 31 - n fractional ones; the
// high product of a Q<m> and a Q<n> is a Q<m + n>.
#include "../quantize.h"
#include "kernels.h"

#define SCALED_DIFF_BITS (5) // integer bits of a scaled difference of inputs
#define SUM_BITS (12) // integer bits of the sum of exponentials

static int32_t saturating_shift_left(int32_t x, int32_t bits) {
    int32_t limit = (1 << (31 - bits)) - 1;
    if (x > limit) {
        return INT32_MAX;
    } else if (x < -limit) {
        return INT32_MIN;
    }
    return x * (1 << bits);
}

// e^x for x in [-1/4, 0), Q0: Taylor's polynomial of degree 4 around -1/8.
static int32_t exp_near_zero(int32_t x) {
    const int32_t e_to_minus_eighth = 1895147668;
    const int32_t third = 715827883;
    x += 1 << 28;
    int32_t x2 = a8_high_mul(x, x);
    int32_t x3 = a8_high_mul(x2, x);
    int32_t x4 = a8_high_mul(x2, x2);
    int32_t tail = a8_high_mul(a8_rounding_shift(x4, 2) + x3, third) + x2; // x4/12 + x3/3 + x2
    return e_to_minus_eighth + a8_high_mul(e_to_minus_eighth, x + a8_rounding_shift(tail, 1));
}

int32_t a8_exp_on_negative(int32_t x, int32_t integer_bits) {
    // e^-(2^k) in Q0 for k = -2, -1, 0, 1, 2, 3, 4
    static const int32_t factors[] = { 1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242 };
    if (x == 0) {
        return INT32_MAX;
    }
    // x = part in [-1/4, 0) minus a multiple of 1/4; each bit of that multiple is a factor of the result.
    int32_t quarter = 1 << (31 - integer_bits - 2);
    int32_t part = (x & (quarter - 1)) - quarter;
    uint32_t multiple = (uint32_t)(part - x) / (uint32_t)quarter;
    int32_t result = exp_near_zero(saturating_shift_left(part, integer_bits));
    for (int32_t i = 0; i < integer_bits + 2; i++) {
        if (multiple >> i & 1) {
            result = a8_high_mul(result, factors[i]);
        }
    }
    return result;
}

int32_t a8_one_over_one_plus(int32_t x) {
    // Newton and Raphson's division by (1 + x) / 2, in Q2, from the usual first guess 48/17 - 32/17 d.
    const int32_t q2_48_over_17 = 1515870810;
    const int32_t q2_minus_32_over_17 = -1010580540;
    const int32_t q2_one = 1 << 29;
    int32_t half = (int32_t)(((uint32_t)x + ((uint32_t)1 << 31)) >> 1);
    int32_t y = q2_48_over_17 + a8_high_mul(half, q2_minus_32_over_17);
    for (int32_t i = 0; i < 3; i++) {
        int32_t error = q2_one - a8_high_mul(half, y);
        y += saturating_shift_left(a8_high_mul(y, error), 2);
    }
    return saturating_shift_left(y, 1); // half of it, from Q2 to Q0
}

static int32_t leading_zeros(uint32_t x) {
    int32_t n = 0;
    while (n < 32 && !(x >> 31)) {
        x <<= 1;
        n++;
    }
    return n;
}

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
    int32_t zeros = leading_zeros(sum);
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
