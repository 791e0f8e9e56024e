// SPDX-License-Identifier: MIT
//
// FLOOR_DIV and FLOOR_MOD of float32. Both work on the floats' bits, so that they are exact on every machine, and
// without a C library.
#include <string.h>

#include "../quantize.h"
#include "broadcast.h"

#define SIGN (0x80000000u)
#define INFINITE (0x7f800000u)
#define HIDDEN (0x00800000u) // the bit that leads a normal float's fraction

static uint32_t to_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof(x));
    return x;
}

// floor(a / b), where the reference divides in double; b is not 0.
static float floor_div(float a, float b) {
    const uint32_t abs_a = to_bits(a) & ~SIGN;
    const uint32_t abs_b = to_bits(b) & ~SIGN;
    if (abs_a == 0 || abs_a >= INFINITE || abs_b >= INFINITE) {
        return a / b;
    }
    const a8_real_t q = a8_real_div(a8_real_from_float(from_bits(abs_a)), a8_real_from_float(from_bits(abs_b)));
    if (q.exponent >= 0) {
        return a / b; // a whole number
    }
    const int32_t drop = -q.exponent;
    uint64_t whole = drop > 63 ? 0 : q.mantissa >> drop;
    if (((to_bits(a) ^ to_bits(b)) & SIGN) == 0) {
        return (float)whole;
    }
    whole += drop > 63 || (whole << drop) != q.mantissa;
    return -(float)whole;
}

// A positive finite float is the returned fraction, in [2^23, 2^24), times 2^(*exponent - 150).
static uint32_t split(uint32_t bits, int32_t *exponent) {
    uint32_t fraction = bits & (HIDDEN - 1);
    *exponent = (int32_t)(bits >> 23);
    if (*exponent != 0) {
        return fraction | HIDDEN;
    }
    for (*exponent = 1; fraction < HIDDEN; --*exponent) {
        fraction <<= 1;
    }
    return fraction;
}

// The remainder of a by b, both positive and finite, by long division.
static uint32_t remainder_bits(uint32_t a, uint32_t b) {
    int32_t exponent;
    int32_t end;
    uint32_t rest = split(a, &exponent);
    const uint32_t divisor = split(b, &end);
    for (; exponent > end; exponent--) {
        rest = (rest < divisor ? rest : rest - divisor) << 1;
    }
    rest = rest < divisor ? rest : rest - divisor;
    for (; rest < HIDDEN && exponent > 1; exponent--) {
        rest <<= 1;
    }
    if (exponent < 1) {
        return rest >> (1 - exponent); // drops zeros: a and b were multiples of the smallest float
    }
    return rest < HIDDEN ? rest : (rest - HIDDEN) + ((uint32_t)exponent << 23);
}

// The remainder has the divisor's sign, a zero one the dividend's.
static float floor_mod(float a, float b) {
    const uint32_t abs_a = to_bits(a) & ~SIGN;
    const uint32_t abs_b = to_bits(b) & ~SIGN;
    if (abs_a >= INFINITE || abs_b > INFINITE || abs_b == 0) {
        return from_bits(INFINITE | HIDDEN >> 1); // NaN
    }
    const uint32_t rest = abs_a < abs_b ? abs_a : remainder_bits(abs_a, abs_b);
    const float remainder = from_bits(rest | (to_bits(a) & SIGN));
    return rest != 0 && ((to_bits(a) ^ to_bits(b)) & SIGN) != 0 ? remainder + b : remainder;
}

static int div_row(const void *params, const a8_row_t *row) {
    (void)params;
    const float *a = row->in[0];
    const float *b = row->in[1];
    float *out = row->out;
    for (int32_t i = 0; i < row->n; i++) {
        if ((to_bits(*b) & ~SIGN) == 0) {
            return A8_ERR_DATA;
        }
        *out++ = floor_div(*a, *b);
        a += row->step[0];
        b += row->step[1];
    }
    return A8_OK;
}

static int mod_row(const void *params, const a8_row_t *row) {
    (void)params;
    const float *a = row->in[0];
    const float *b = row->in[1];
    float *out = row->out;
    for (int32_t i = 0; i < row->n; i++) {
        *out++ = floor_mod(*a, *b);
        a += row->step[0];
        b += row->step[1];
    }
    return A8_OK;
}

int a8_floor_div_eval_f32(a8_ctx_t *ctx) {
    int code = a8_broadcast_eval_aligned(ctx, div_row, 0);
    return code == A8_ERR_DATA ? a8_ctx_fail(ctx, code, "division by zero", A8_NONE, A8_NONE) : code;
}

int a8_floor_mod_eval_f32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, mod_row, 0);
}
