// SPDX-License-Identifier: MIT
//
// What the assembly kernels of ARMv6-M take. armv6m.inc and the .S files have the same fields as offsets;
// functions leave the structs as they are.
#ifndef A8_ARMV6M_H
#define A8_ARMV6M_H

#include "product_s8.h"
#include "scratch_armv6m.h"

#if A8_KERNELS_ARMV6M

typedef struct {
    int32_t low; // the multiplier's low half, signed
    int32_t high; // and what is above that
    int32_t right; // shift; below 0: to the left
} a8_armv6m_scale_t;

// What makes an output of a channel's sum.
typedef struct {
    int32_t bias; // with what else the sum lacks
    a8_armv6m_scale_t scale;
} a8_armv6m_record_t;

// From sums to outputs.
typedef struct {
    int32_t offset; // output zero point less the least output
    uint32_t range; // from the least to the greatest
    int32_t min;
    const a8_armv6m_record_t *records;
    int32_t channels; // at least one
} a8_armv6m_outputs_t;

typedef struct {
    a8_armv6m_outputs_t outputs;
    int8_t *output;
    int32_t step; // to the second pixel's output; 0 if there is none
    const void *input;
    const int8_t *filter;
    int32_t depth;
    int32_t quads; // depth, rounded down to a multiple of 4
    int32_t tail; // the rest of it
    int32_t first;
    int32_t spread;
    int32_t unused;
    int32_t stride;
} a8_armv6m_product_t;

// A pixel as it is.
typedef struct {
    a8_armv6m_outputs_t outputs; // records only if channels are not alike
    int8_t *output;
    a8_armv6m_scale_t scale; // if channels are alike: of all
    const int32_t *bias; // the same; else records have it
    const int8_t *input_end;
    const int8_t *filter;
    int32_t depth; // at least 1
    int32_t first; // what every sum has besides the bias; of A8_ARMV6M_BRIEF instead the output's zero point
    int32_t spread; // minus the zero point
    int32_t sparse; // look for inputs that are the zero point
    int32_t alike; // whether all channels have one scale; 1, or:
    int32_t unused[3];
} a8_armv6m_row_t;

// The shift is to the right (or none), and outputs are clamped to int8 alone.
#define A8_ARMV6M_BRIEF (2)

// What is added to each half of a pair's sums of products, so that the halves don't borrow from each other.
#define A8_ARMV6M_HALF (0x7fff)
#define A8_ARMV6M_SPREAD (0x7fff7fff)

// How often that is: for every two taps, and each of the last depth % 4.
static inline int32_t a8_armv6m_lift(int32_t depth) {
    return A8_ARMV6M_HALF * ((depth & ~3) / 2 + (depth & 3));
}

// All channels by two gathered pixels. The records' biases lack the lift; first is lift + lift * 2^16.
void a8_product_pair_armv6m(const a8_armv6m_product_t *t);
// The same where a channel's weights are stride bytes apart, as quads and tail count too, and depth is from a channel
// to the next.
void a8_product_pair_strided_armv6m(const a8_armv6m_product_t *t);
// All channels by one pixel.
void a8_product_one_armv6m(const a8_armv6m_row_t *t);
// Pixels of a depthwise convolution, at most 4, whose filter is 3 wide and not dilated across.
typedef struct {
    a8_armv6m_outputs_t outputs;
    const int8_t *input; // a step in front of the first pixel's first tap
    int32_t to_filter; // from there to a step in front of that tap's weight
    int32_t to_output; // and to the first output
    int32_t step; // channels in all: bytes from tap to tap, and from output to output
    int32_t span; // bytes from input to where it is behind the last row of taps
    int32_t row_skip; // and from behind a row's last tap to the next row
    int32_t zero; // minus the zero point
    int32_t pixels;
    int32_t unused[3];
} a8_armv6m_depthwise_t;

// All channels of so many pixels (the second number) with windows so wide (the first one).
typedef void a8_depthwise_armv6m_t(const a8_armv6m_depthwise_t *t);
a8_depthwise_armv6m_t a8_depthwise_3x4_armv6m;
a8_depthwise_armv6m_t a8_depthwise_3x3_armv6m;
a8_depthwise_armv6m_t a8_depthwise_3x2_armv6m;
a8_depthwise_armv6m_t a8_depthwise_3x4_stride2_armv6m;
a8_depthwise_armv6m_t a8_depthwise_3x2_stride2_armv6m;
a8_depthwise_armv6m_t a8_depthwise_3x1_armv6m;
a8_depthwise_armv6m_t a8_depthwise_2x1_armv6m;
a8_depthwise_armv6m_t a8_depthwise_1x1_armv6m;

// Rescaling of an input of a sum.
typedef struct {
    int32_t low; // of the multiplier
    int32_t high; // the same times 2^5
    int32_t right;
} a8_armv6m_rescale_t;

// A row of sums; outputs has no records.
typedef struct {
    a8_armv6m_outputs_t outputs;
    const int8_t *end[2];
    int8_t *output_end;
    int32_t before; // minus the number of elements
    int32_t offset[2];
    int32_t low; // of the output's multiplier
    int32_t high;
    int32_t right;
    a8_armv6m_rescale_t input[2];
} a8_armv6m_add_t;

// Depthwise convolution of one input channel.
void a8_depthwise_as_conv_s8_armv6m(const a8_conv_params_t *params, const a8_operands_t *operands, int32_t y0,
    int32_t y1);

void a8_add_row_armv6m(const a8_armv6m_add_t *t);

// Sum of n weights, at least one.
uint32_t a8_sum_armv6m(const int8_t *w, int32_t n);
// Gathers two pixels of count elements, at least one.
void a8_pack_pair_armv6m(uint32_t *words, const int8_t *x0, const int8_t *x1, int32_t count);

static inline void a8_armv6m_outputs(a8_armv6m_outputs_t *t, const a8_requantize_t *rq) {
    t->offset = rq->out_zero_point - rq->min;
    t->range = (uint32_t)(rq->max - rq->min);
    t->min = rq->min;
}

static inline a8_armv6m_scale_t a8_armv6m_scale(int32_t multiplier, int32_t shift) {
    a8_armv6m_scale_t scale = { (int16_t)(uint16_t)multiplier, multiplier >> 16, -shift };
    scale.high += scale.low < 0 ? 1 : 0;
    return scale;
}

// Records of channels c .. c + n - 1.
static inline void a8_armv6m_records(const a8_requantize_t *rq, const a8_operands_t *t, int32_t c, int32_t n,
    a8_armv6m_record_t *records) {
    for (int32_t i = 0; i < n; i++) {
        const int32_t at = rq->flags & A8_PER_CHANNEL ? c + i : 0;
        records[i].scale = a8_armv6m_scale(t->multipliers[at], t->shifts[at]);
        records[i].bias = t->bias != NULL ? a8_load_i32(t->bias + 4 * (c + i)) : 0;
    }
}

#endif
#endif
