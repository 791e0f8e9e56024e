// SPDX-License-Identifier: MIT
//
// The order of float32 numbers, from their bits: the float arithmetic of some chips (RP2040's, in its ROM)
// takes NaN for infinity, so comparing isn't enough.
#ifndef A8_FLOATS_H
#define A8_FLOATS_H

#include <stdint.h>

// A number that is larger for a larger float, the same for both zeros, and nan for NaN.
static inline int32_t a8_float_order(uint32_t bits, int32_t nan) {
    int32_t magnitude = (int32_t)(bits & 0x7fffffff);
    if (magnitude > 0x7f800000) {
        return nan;
    }
    return bits >> 31 ? -magnitude : magnitude;
}

#endif
