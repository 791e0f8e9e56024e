// SPDX-License-Identifier: MIT
//
// Fixed-point numbers of the TFLite Micro reference kernels, without floating
// point: multipliers are derived in a small software binary64 that is
// correctly rounded everywhere, so they agree on every machine.
#ifndef A8_QUANTIZE_H
#define A8_QUANTIZE_H

#include <stdint.h>

// A non-negative number mantissa * 2^exponent with the 53-bit mantissa of a
// normal binary64 (top bit set), or 0. Each operation rounds to nearest even,
// as the processor's double does; exponents outside of binary64's range are not clamped.
typedef struct {
    uint64_t mantissa;
    int32_t exponent;
} a8_real_t;

a8_real_t a8_real_from_float(float value); // value >= 0 and finite
a8_real_t a8_real_mul(a8_real_t a, a8_real_t b);
a8_real_t a8_real_div(a8_real_t a, a8_real_t b); // b is not 0
a8_real_t a8_real_scale(a8_real_t a, int32_t power); // a * 2^power
int a8_real_cmp(a8_real_t a, a8_real_t b); // <0, 0, >0
// The nearest binary32, half to even, with its subnormals: what an operation of floats would have given,
// if a is that operation's exact (or correctly rounded binary64) result. Not clamped to the largest float.
a8_real_t a8_real_to_float(a8_real_t a);

// value == multiplier * 2^(shift - 31), multiplier in [2^30, 2^31) or 0:
// TFLite's QuantizeMultiplier (round half away from zero, underflow to 0).
typedef struct {
    int32_t multiplier;
    int32_t shift;
} a8_multiplier_t;

a8_multiplier_t a8_multiplier(a8_real_t value);

// MultiplyByQuantizedMultiplier of the reference, which rounds twice: a saturating
// rounding doubling high multiply, then a rounding shift (half away from zero). shift is from
// -31 to 30; with a shift above 0 value wraps around, as in the reference.
#define A8_SHIFT_MIN (-31)
#define A8_SHIFT_MAX (30)
int32_t a8_requantize(int32_t value, int32_t multiplier, int32_t shift);
int32_t a8_high_mul(int32_t a, int32_t b); // saturating rounding doubling high multiply
// value / 2^exponent, half away from zero; exponent from 0 to 31
int32_t a8_rounding_shift(int32_t value, int32_t exponent);

// Range of a fused activation (TFLite's ActivationFunctionType: 0 none, 1 RELU, 2 RELU_N1_TO_1, 3 RELU6)
// in quantized units within [min, max] of the type: on entry *min and *max are the type's. scale is
// positive and finite, zero_point in the type's range. Returns 0, or -1 for another activation.
int a8_activation_range(int32_t activation, float scale, int32_t zero_point, int32_t *min, int32_t *max);

// Little-endian loads from any alignment.
static inline int32_t a8_load_i32(const uint8_t *p) {
    return (int32_t)((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
}

#endif
