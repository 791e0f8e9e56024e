// SPDX-License-Identifier: MIT
//
// Sums of products on Xtensa cores with the MAC16 option and zero-overhead loops: one instruction multiplies two
// numbers of 16 bits, adds the product to 40 bits and loads the next two. What it walks is widened before:
//
//   inputs   less their zero point, so that a tap outside of the image is 0
//   weights  times 256, which takes a mask instead of a sign extension; a sum is the accumulator without its low byte
//
// Where rows are fours of elements, each four is stored as 0, 2, 1, 3: the even and the odd bytes of a word.
#ifndef A8_MAC16_S8_XTENSA_H
#define A8_MAC16_S8_XTENSA_H

#include <string.h>

#include "product_s8.h"
#include "scratch_xtensa.h"

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
    uintptr_t input; // of the first window, less 4
    uintptr_t weights; // of the first window, less 4
    uintptr_t other; // weights of a window and of the next one, exclusive or
    int32_t groups; // of four elements in a row of weights
    int32_t next_row; // bytes from where the loads of a window's row end to where those of its next one begin
    int32_t rows;
    uint32_t *sums;
    uint32_t low;
    int32_t high;
    int32_t pixels;
    int32_t step; // bytes from window to window
} a8_mac16_windows_t;

void a8_mac16_rows_xtensa(const a8_mac16_rows_t *t);
void a8_mac16_windows_xtensa(const a8_mac16_windows_t *t);

// Outputs of one channel, made of sums that are far from the ends of 32 bits.
typedef struct {
    const uint32_t *sums;
    int8_t *output;
    int32_t output_step;
    int32_t count;
    int32_t multiplier;
    int32_t rest; // half a unit of the last shift, plus the zero point in front of it
    int32_t right; // the last shift
    int32_t min;
    int32_t max;
} a8_mac16_outputs_t;

void a8_mac16_outputs_xtensa(const a8_mac16_outputs_t *t);

// What groups * 4 weights at w, a multiple of four, make with as many widened inputs, added to sum.
typedef struct {
    uintptr_t input; // less 4
    const int8_t *weights;
    int32_t groups;
    uint32_t sum;
} a8_mac16_bytes_t;

uint32_t a8_mac16_bytes_xtensa(const a8_mac16_bytes_t *t);

// n inputs, widened, as fours if that is asked for; n is a multiple of four then.
void a8_widen_inputs_xtensa(int16_t *row, const int8_t *x, int32_t n, int32_t zero_point, bool fours);

// n inputs, at least one, step bytes apart.
void a8_widen_channel_xtensa(int16_t *row, const int8_t *x, int32_t n, int32_t step, int32_t zero_point);

// A row of depth weights, with zeros up to a multiple of four; the same.
void a8_widen_weights_xtensa(int16_t *row, const int8_t *w, int32_t depth, bool fours);

// Whether sums of so many terms that begin with this bias are that far: 2^12 products of 255 and 128 and such a bias
// stay below 2^29, and what is added to them too.
#define A8_MAC16_TERMS (1 << 12)
#define A8_MAC16_BIAS (1 << 28)

static inline bool a8_mac16_is_brief(int32_t shift, int32_t terms, int32_t bias) {
    return shift < 0 && shift >= -20 && terms <= A8_MAC16_TERMS && bias < A8_MAC16_BIAS && bias > -A8_MAC16_BIAS;
}

// All but sums and count.
static inline a8_mac16_outputs_t a8_mac16_outputs_of(const a8_requantize_t *rq, int32_t multiplier, int32_t shift,
    int8_t *output, int32_t output_step) {
    const int32_t right = -shift;
    const a8_mac16_outputs_t t = {
        NULL, output, output_step, 0, multiplier, (1 << (right - 1)) + rq->out_zero_point * (1 << right), right, rq->min, rq->max
    };
    return t;
}

// count outputs of a channel. bias: what the sums begin with; terms: of each sum.
void a8_put_outputs_xtensa(const a8_requantize_t *rq, int32_t multiplier, int32_t shift, int32_t bias, int32_t terms,
    const uint32_t *sums, int32_t count, int8_t *output, int32_t output_step);

#endif
