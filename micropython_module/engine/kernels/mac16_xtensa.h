// SPDX-License-Identifier: MIT
//
// Sums of products on Xtensa cores with the MAC16 option and zero-overhead loops: one instruction multiplies two
// numbers of 16 bits, adds the product to 40 bits and loads the next two. What it walks is widened before:
//
//   inputs   less their zero point, so that a tap outside of the image is 0
//   weights  times 256, which takes a mask instead of a sign extension; a sum is the accumulator without its low byte
//
// Four elements in a row are stored as 0, 2, 1, 3: the even and the odd bytes of a word.
#ifndef A8_MAC16_XTENSA_H
#define A8_MAC16_XTENSA_H

#include <string.h>

#include "product_s8.h"

// Elements that a row of widened ones is a multiple of. Behind the last row four bytes are read.
#define A8_MAC16_GROUP (4)
// Pixels whose sums are made at once, at most.
#define A8_MAC16_PIXELS (16)

// The sums of some pixels with one row of weights. Laid out as the assembly expects.
typedef struct {
    uintptr_t input; // less 4; pixels follow each other
    uintptr_t weights; // less 4
    int32_t groups; // of four elements
    uint32_t *sums;
    uint32_t low; // of what every sum begins with, times 256
    int32_t high;
    int32_t pixels;
} a8_mac16_rows_t;

// The same for windows over one channel: rows of an image, weights for windows that begin at an even element,
// and others for those that begin at an odd one.
typedef struct {
    uintptr_t input; // of the first window
    uintptr_t weights; // of the first window, less 4
    uintptr_t other; // weights of a window and of the next one, exclusive or
    int32_t pairs; // of words in a row of weights
    int32_t next_row; // bytes from the end of a window's row, less 4, to its next one
    int32_t rows;
    uint32_t *sums;
    uint32_t low;
    int32_t high;
    int32_t pixels;
    int32_t step; // bytes from window to window
} a8_mac16_windows_t;

void a8_mac16_rows_xtensa(const a8_mac16_rows_t *t);
void a8_mac16_windows_xtensa(const a8_mac16_windows_t *t);

// Puts n inputs at element k of a row, widened. k and n are multiples of four if words is true, which asks for an
// aligned x.
void a8_widen_inputs_xtensa(int16_t *row, int32_t k, const int8_t *x, int32_t n, int32_t zero_point);

// A row of depth weights, with zeros up to a multiple of four.
void a8_widen_weights_xtensa(int16_t *row, const int8_t *w, int32_t depth);

// Where element k lies in its row.
static inline int32_t a8_mac16_place(int32_t k) {
    return (k & ~3) | (k & 1) << 1 | (k >> 1 & 1);
}

// A sum's output. The product of 64 bits is made of four of 32 unless the core is known to have MULSH, in which
// case the compiler's is shorter.
#ifndef A8_XTENSA_MULSH
#define A8_XTENSA_MULSH (0) // never run
#endif

typedef struct {
    int32_t multiplier;
    int32_t left;
    int32_t right;
    int32_t half; // of the last bit shifted out
    int32_t zero_point;
    int32_t min;
    int32_t max;
} a8_mac16_result_t;

static inline a8_mac16_result_t a8_mac16_result(const a8_requantize_t *rq, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = left - shift;
    const a8_mac16_result_t result = {
        multiplier, left, right, (int32_t)(((uint32_t)1 << right) >> 1), rq->out_zero_point, rq->min, rq->max
    };
    return result;
}

// (value * multiplier + 2^30) >> 31; multiplier is not negative.
static inline int32_t a8_mac16_high(int32_t value, int32_t multiplier) {
#if A8_XTENSA_MULSH
    const uint64_t product = (uint64_t)((int64_t)value * multiplier) + ((uint32_t)1 << 30);
    return (int32_t)(uint32_t)(product >> 31);
#else
    const int32_t high = value >> 16;
    const uint32_t low = (uint32_t)value & 0xffff;
    const int32_t m_high = multiplier >> 16;
    const uint32_t m_low = (uint32_t)multiplier & 0xffff;
    const int32_t cross = high * (int32_t)m_low + (int32_t)(low * m_low >> 16);
    const uint32_t other = low * (uint32_t)m_high + ((uint32_t)cross & 0xffff);
    const uint32_t top = (uint32_t)(high * m_high + (cross >> 16)) + (other >> 16);
    return (int32_t)(2 * top + (other >> 15 & 1) + (other >> 14 & 1));
#endif
}

// The same number as a8_requantize makes, plus the zero point, clamped.
static inline int8_t a8_mac16_output(const a8_mac16_result_t *r, uint32_t sum) {
    int32_t value = a8_mac16_high((int32_t)(sum << r->left), r->multiplier);
    if (r->right != 0) {
        // Halves go away from zero.
        const int32_t less = (int32_t)((uint32_t)value + (uint32_t)(value >> 31));
        value = (less >> r->right) + ((less & r->half) != 0);
    }
    value = (int32_t)((uint32_t)value + (uint32_t)r->zero_point);
    value = value < r->min ? r->min : value;
    return (int8_t)(value > r->max ? r->max : value);
}

#endif
