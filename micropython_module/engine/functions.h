// SPDX-License-Identifier: MIT
//
// Functions of real numbers, without libm: C libraries disagree in the last bits.
#ifndef A8_FUNCTIONS_H
#define A8_FUNCTIONS_H

#include <stdint.h>

// ---- Of float32 -----------------------------------------------------------
// With float arithmetic only, so they cost little where the processor has it. Off by at most 2.2 units in the last
// place; those called exact are correctly rounded. NaN gives NaN; for infinities, and for arguments outside of the
// domain, results are those that IEEE 754 recommends.

static inline uint32_t a8_float_bits(float x) {
    union {
        float value;
        uint32_t bits;
    } u = { x };
    return u.bits;
}

static inline float a8_bits_float(uint32_t bits) {
    union {
        uint32_t bits;
        float value;
    } u = { bits };
    return u.value;
}

#define A8_NAN_BITS (0x7fc00000)
#define A8_INFINITY_BITS (0x7f800000)

float a8_exp_f32(float x);
// For x <= 0, in integers: correctly rounded but for one result in some hundred thousand; results below 2^-125 are 0.
float a8_exp_rounded_f32(float x);
float a8_expm1_f32(float x); // e^x - 1
float a8_log_f32(float x);
float a8_sqrt_f32(float x); // exact
float a8_tanh_f32(float x);
float a8_logistic_f32(float x); // 1 / (1 + e^-x)
float a8_erf_f32(float x);
float a8_sin_f32(float x);
float a8_cos_f32(float x);
float a8_floor_f32(float x); // exact
float a8_ceil_f32(float x); // exact
float a8_round_f32(float x); // exact: halves to even

#endif
