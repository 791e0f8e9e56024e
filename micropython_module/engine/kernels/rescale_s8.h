// SPDX-License-Identifier: MIT
//
// Rescaling of what one or two int8 elements give: so few bits that a 31-bit multiplier in two halves, of which the low
// one is signed, needs no product of 64 bits. The numbers are those of a8_requantize.
#ifndef A8_RESCALE_S8_H
#define A8_RESCALE_S8_H

#include "../high_mul.h"
#include "matrix_generic.h"

typedef struct {
    int32_t low;
    int32_t high;
    int32_t right; // the shift, after the product
    int32_t half; // of what is shifted out
    int32_t ties; // all ones if something is: halves go away from zero
} a8_rescale_t;

// shift is not to the left.
static inline a8_rescale_t a8_rescale(int32_t multiplier, int32_t shift) {
    a8_rescale_t r = { (int16_t)(uint16_t)multiplier, 0, -shift, 0, shift < 0 ? -1 : 0 };
    r.high = (multiplier >> 16) + (r.low < 0 ? 1 : 0);
    r.half = (int32_t)((uint32_t)1 << -shift >> 1);
    return r;
}

// value is within 2^30.
static inline int32_t a8_shift_right(const a8_rescale_t *r, int32_t value) {
    return (value + r->half + (value >> 31 & r->ties)) >> r->right;
}

// Of a value within 255 * 256.
static inline int32_t a8_rescaled_product(const a8_rescale_t *r, int32_t value) {
    return a8_shift_right(r, (value * r->high + (value * r->low >> 16) + (1 << 14)) >> 15);
}

// Of a value within 255 that is shifted to the left by A8_ADD_SHIFT_S8 before.
static inline int32_t a8_rescaled_input(const a8_rescale_t *r, int32_t value) {
    const int32_t down = 31 - A8_ADD_SHIFT_S8; // bits of the product of which none is left
    return a8_shift_right(r, value * r->high * (1 << (16 - down)) + ((value * r->low + (1 << (down - 1))) >> down));
}

// Of a sum of two such inputs.
static inline int32_t a8_rescaled_sum(const a8_rescale_t *r, int32_t multiplier, int32_t sum) {
#if A8_HIGH_MUL_16
    (void)multiplier;
    const int32_t low = (int16_t)(uint16_t)(uint32_t)sum;
    const int32_t high = (sum - low) >> 16;
    const int32_t middle = low * r->high + high * r->low + (low * r->low >> 16);
    return a8_shift_right(r, 2 * high * r->high + ((middle + (1 << 14)) >> 15));
#else
    return a8_shift_right(r, a8_high_product(sum, multiplier));
#endif
}

#endif
