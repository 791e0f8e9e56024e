// SPDX-License-Identifier: MIT
//
// The exponential, reciprocal, logarithm and inverse square root are those that the reference takes from
// gemmlowp's fixed-point arithmetic, step by step, since each step rounds.
// Q<n> below is a number with n integer bits and 31 - n fractional ones; the
// high product of a Q<m> and a Q<n> is a Q<m + n>.
#include "../quantize.h"
#include "../high_mul.h"
#include "kernels.h"

int32_t a8_leading_zeros(uint32_t x) {
    int32_t n = 32;
    for (int32_t step = 16; step > 0; step /= 2) {
        if (x >> step != 0) {
            x >>= step;
            n -= step;
        }
    }
    return n - (int32_t)x; // x is 1 or 0 now
}

static int32_t saturating_shift_left(int32_t x, int32_t bits) {
    int32_t limit = INT32_MAX >> bits;
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
    int32_t x2 = a8_high_product(x, x);
    int32_t x3 = a8_high_product(x2, x);
    int32_t x4 = a8_high_product(x2, x2);
    int32_t tail = a8_high_product(a8_rounding_shift(x4, 2) + x3, third) + x2; // x4/12 + x3/3 + x2
    return e_to_minus_eighth + a8_high_product(e_to_minus_eighth, x + a8_rounding_shift(tail, 1));
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
            result = a8_high_product(result, factors[i]);
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
    int32_t y = q2_48_over_17 + a8_high_product(half, q2_minus_32_over_17);
    for (int32_t i = 0; i < 3; i++) {
        int32_t error = q2_one - a8_high_product(half, y);
        y += saturating_shift_left(a8_high_product(y, error), 2);
    }
    return saturating_shift_left(y, 1); // half of it, from Q2 to Q0
}

// Half of the sum, which rounds up; both are positive.
static int32_t half_sum(int32_t a, int32_t b) {
    return (int32_t)(((uint32_t)a + (uint32_t)b + 1) >> 1);
}

int32_t a8_log_of_q12(int32_t x) {
    const int32_t log_2 = 1488522236;
    const int32_t sqrt_half = 1518500250;
    const int32_t fourth_root_half = 1805811301;
    // With c and b the fourth roots of 1/2 and 2, and r from sqrt(1/2) to 1, log(r / c) is about n / (1 + d):
    // q = 2 (r - c), p = (r + c) / 2, n = q r + 11/240 b q^3, d = p (2 / b - b + q + 1/20 b q^2) + 1/4 b q.
    const int32_t numerator_cube = 117049297; // 11/240 b
    const int32_t denominator_square = 127690142; // 1/20 b
    const int32_t denominator_one = 1057819769; // 2 / b - b
    const int32_t denominator_q = 638450708; // 1/4 b
    const int32_t in_bits = 12;
    const int32_t sum_bits = 6; // integer bits of the result and one more
    const int32_t quarter = 1 << (31 - sum_bits - 2);

    // x as r * 2^power / c in two ways, of which the smaller r is in range: power has a fraction of 1/4 or 3/4.
    int32_t zeros = a8_leading_zeros((uint32_t)x);
    int32_t ra = saturating_shift_left(a8_high_mul(saturating_shift_left(x, zeros - 1), sqrt_half), 1);
    int32_t power_a = (in_bits - zeros) * (1 << (31 - sum_bits)) + quarter;
    int32_t headroom = a8_leading_zeros((uint32_t)a8_high_mul(x, sqrt_half)) - 1;
    int32_t rb = saturating_shift_left(x, headroom);
    int32_t power_b = (in_bits - headroom) * (1 << (31 - sum_bits)) - quarter;
    int32_t r = ra < rb ? ra : rb;
    int32_t power = power_a > power_b ? power_a : power_b;

    int32_t p = half_sum(r, fourth_root_half);
    int32_t q = 2 * (r - fourth_root_half);
    int32_t q2 = a8_high_mul(q, q);
    int32_t numerator = a8_high_mul(q, r) + a8_high_mul(a8_high_mul(q, q2), numerator_cube);
    int32_t denominator = a8_high_mul(p, denominator_one + q + a8_high_mul(denominator_square, q2)) +
        a8_high_mul(denominator_q, q);
    int32_t quotient = a8_high_mul(a8_rounding_shift(numerator, sum_bits), a8_one_over_one_plus(denominator));
    return saturating_shift_left(a8_high_mul(power, log_2) + quotient, 1);
}

a8_multiplier_t a8_inverse_sqrt(int32_t x) {
    const int32_t q3_one_and_half = (1 << 28) + (1 << 27);
    const int32_t sqrt_half = 1518500250;
    a8_multiplier_t m = { INT32_MAX, 0 };
    if (x <= 1) {
        return m;
    }
    int32_t down = 11;
    for (; x >= 1 << 29; x /= 4) {
        down++;
    }
    int32_t pairs = (a8_leading_zeros((uint32_t)x) - 1) / 2 - 1;
    down -= pairs;
    x <<= 2 * pairs; // in [2^27, 2^29)
    // Newton and Raphson's y = 3/2 y - x/2 y^3, in Q3.
    int32_t half = a8_rounding_shift(x >> 1, 1);
    int32_t y = 1 << 28;
    for (int32_t i = 0; i < 5; i++) {
        int32_t y3 = saturating_shift_left(a8_high_mul(a8_high_mul(y, y), y), 6);
        y = saturating_shift_left(a8_high_mul(q3_one_and_half, y) - a8_high_mul(half, y3), 3);
    }
    y = a8_high_mul(y, sqrt_half);
    if (down < 0) {
        y = (int32_t)((uint32_t)y << -down);
        down = 0;
    }
    m.multiplier = y;
    m.shift = -down;
    return m;
}
