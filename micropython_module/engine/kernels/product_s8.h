// SPDX-License-Identifier: MIT
//
// What the tiled kernels of int8 are made of: a product of gathered or flat pixels and a block of output channels.
// A target has its own product().
#ifndef A8_PRODUCT_S8_H
#define A8_PRODUCT_S8_H

#include "matrix_generic.h"
#include "scratch_common.h"

// output[p][c] = what requantize makes of bias[c] + sum of input[p][k] * filter[c][k] over depth. Nothing of the
// input but depth elements a pixel may be read if it is flat; gathered pixels end with zeros.
typedef struct {
    const void *input; // pixel by pixel, as the target gathers them, or flat
    int32_t pixels;
    const int8_t *filter;
    int32_t depth;
    int32_t stride; // 1: the weights of a channel lie side by side; or so far apart, and those of a tap side by side
    int32_t channels;
    const int32_t *bias; // with what the input's zero point adds
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t per_channel; // 1, or 0: one multiplier and shift for all
    int8_t *output;
    int32_t output_step; // from pixel to pixel
    const a8_requantize_t *requantize;
} a8_product_t;

// a8_requantize in line, for cores with a long multiply. The same numbers: see quantize.c.
static inline int32_t a8_requantized(int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = left - shift;
    value = (int32_t)((uint32_t)value << left);
    const uint64_t product = (uint64_t)((int64_t)value * multiplier) + ((uint32_t)1 << 30);
    value = (int32_t)(uint32_t)(product >> 31);
    // Half away from zero. value is not INT32_MIN, since multipliers are not negative.
    const uint32_t half = ((uint32_t)1 << right) >> 1;
    const int32_t less = (int32_t)((uint32_t)value - (uint32_t)(value < 0));
    return right == 0 ? value : (less >> right) + ((uint32_t)less & half ? 1 : 0);
}

// What a product makes of the sum for channel c, which has the bias in it.
static inline int8_t a8_product_output(const a8_product_t *t, int32_t c, uint32_t sum) {
    const a8_requantize_t *rq = t->requantize;
    const int32_t i = c * t->per_channel;
    const uint32_t value = (uint32_t)a8_requantized((int32_t)sum, t->multipliers[i], t->shifts[i]) +
        (uint32_t)rq->out_zero_point;
    return (int8_t)a8_clamp((int32_t)value, rq->min, rq->max);
}

// Sum of weights.
static inline uint32_t a8_sum_of(const int8_t *w, int32_t n) {
    uint32_t sum = 0;
    for (; n >= 4; n -= 4, w += 4) {
        sum += (uint32_t)(w[0] + w[1] + w[2] + w[3]);
    }
    for (; n > 0; n--) {
        sum += (uint32_t)(int32_t)*w++;
    }
    return sum;
}

// Biases with what the input's zero point adds to every sum, so that products needn't subtract it.
static inline void a8_fold(const a8_operands_t *t, int32_t zero_point, int32_t channels, int32_t depth,
    int32_t *folded) {
    const int8_t *w = t->filter;
    for (int32_t c = 0; c < channels; c++, w += depth) {
        uint32_t sum = t->bias != NULL ? (uint32_t)a8_load_i32(t->bias + 4 * c) : 0;
        if (zero_point != 0) {
            sum -= (uint32_t)zero_point * a8_sum_of(w, depth);
        }
        folded[c] = (int32_t)sum;
    }
}

#endif
