// SPDX-License-Identifier: MIT
//
// Logistic and tanh of int16 values as the reference has them: a table of the
// logistic function with 256 entries, interpolated. Results have 15 fractional bits.
#ifndef A8_SIGMOID_H
#define A8_SIGMOID_H

#include <stdint.h>

#include "quantize.h"

// How an element becomes an argument of the table, in which 12288 (3 * 2^12) stands for 1:
// element * multiplier / 2^shift, rounded half up. Elements beyond +-limit saturate anyway.
typedef struct {
    int32_t multiplier;
    int32_t shift;
    int32_t limit;
} a8_sigmoid_params_t;

// multiplier >= 0; shift is from 0 to 31, and 0 where the multiplier is above 32767.
a8_sigmoid_params_t a8_sigmoid_params(int32_t multiplier, int32_t shift);
// For elements of a scale: multipliers have 15 significant bits, and a scale near 2^-12, or near the double of that if
// also_doubled (for tanh), counts as that power.
a8_sigmoid_params_t a8_sigmoid_params_of_scale(float scale, int32_t also_doubled);
// Whether scale is 2^power, give or take 0.07%: the base 2 logarithms differ by less than 1/1000.
int32_t a8_near_power_of_two(float scale, int32_t power);

// n elements of any alignment. in may be out.
void a8_logistic_s16(const a8_sigmoid_params_t *params, const void *in, int16_t *out, int32_t n);
void a8_tanh_s16(const a8_sigmoid_params_t *params, const void *in, int16_t *out, int32_t n);

#endif
