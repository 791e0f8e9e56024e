// SPDX-License-Identifier: MIT
//
// Fully connected of int8 on RV32IM: eight channels at once, 9 loads for 8 products. Each weight is read once, so
// the input's zero point is taken from the input rather than from the biases, which would read them again.
#include "scratch.h"

#if A8_KERNELS_RV32

#include "arithmetic_rv32.h"

#define CHANNELS (8)
// So many, where no more are left, go one by one.
#define ROWS_APART (4)

#define STEP(k) \
    do { \
        const int32_t a = x[k] - zero_point; \
        int32_t even = w0[k], odd = w1[k]; \
        A8_ADD_PRODUCT(s0, a, even); \
        even = w2[k]; \
        A8_ADD_PRODUCT(s1, a, odd); \
        odd = w3[k]; \
        A8_ADD_PRODUCT(s2, a, even); \
        even = w4[k]; \
        A8_ADD_PRODUCT(s3, a, odd); \
        odd = w5[k]; \
        A8_ADD_PRODUCT(s4, a, even); \
        even = w6[k]; \
        A8_ADD_PRODUCT(s5, a, odd); \
        odd = w7[k]; \
        A8_ADD_PRODUCT(s6, a, even); \
        A8_ADD_PRODUCT(s7, a, odd); \
    } while (0)

#define ADVANCE(n) \
    do { \
        x += n, w0 += n, w1 += n, w2 += n, w3 += n, w4 += n, w5 += n, w6 += n, w7 += n; \
        A8_KEEP(x); \
        A8_KEEP(w0); \
        A8_KEEP(w1); \
        A8_KEEP(w2); \
        A8_KEEP(w3); \
        A8_KEEP(w4); \
        A8_KEEP(w5); \
        A8_KEEP(w6); \
        A8_KEEP(w7); \
    } while (0)

// Eight rows of weights, depth apart.
static inline void add_products(uint32_t *sums, const int8_t *w, const int8_t *x, int32_t depth, int32_t zero_point) {
    const int8_t *w0 = w, *w1 = w0 + depth, *w2 = w1 + depth, *w3 = w2 + depth;
    const int8_t *w4 = w3 + depth, *w5 = w4 + depth, *w6 = w5 + depth, *w7 = w6 + depth;
    uint32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    uint32_t s4 = sums[4], s5 = sums[5], s6 = sums[6], s7 = sums[7];
    A8_WALK_RV32(x, depth);
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
    sums[4] = s4;
    sums[5] = s5;
    sums[6] = s6;
    sums[7] = s7;
}

// One row.
static inline uint32_t add_row(uint32_t sum, const int8_t *w, const int8_t *x, int32_t depth, int32_t zero_point) {
#pragma GCC unroll 4
    for (const int8_t *end = x + depth; x != end; x++, w++) {
        const int32_t a = *x - zero_point, b = *w;
        A8_ADD_PRODUCT(sum, a, b);
    }
    return sum;
}

static __attribute__((noinline)) int8_t unscaled(const a8_requantize_t *rq, uint32_t sum, int32_t multiplier,
    int32_t shift) {
    const int32_t value = a8_requantized((int32_t)sum, multiplier, shift);
    return (int8_t)a8_clamp((int32_t)((uint32_t)value + (uint32_t)rq->out_zero_point), rq->min, rq->max);
}

A8_HOT void a8_fully_connected_s8_rv32(const a8_fully_connected_params_t *params, const a8_operands_t *operands,
    int32_t y0, int32_t y1) {
    const a8_requantize_t rq = params->result.requantize;
    const int32_t depth = params->depth;
    const int32_t out_c = params->out_c;
    const int32_t per_channel = rq.flags & A8_PER_CHANNEL ? 1 : 0;
    a8_scaling_rv32_t scaling = a8_scaling_rv32(operands->multipliers, operands->shifts, 0);
    for (int32_t y = y0; y < y1; y++) {
        const int8_t *x = (const int8_t *)operands->input + y * depth;
        int8_t *output = (int8_t *)operands->output + y * out_c;
        uint32_t less = 0; // what a zero point of the weights takes from every sum
        if (rq.filter_zero_point != 0) {
            less = a8_sum_of(x, depth) - (uint32_t)(rq.in_zero_point * depth);
            less *= (uint32_t)(int32_t)rq.filter_zero_point;
        }
        for (int32_t c = 0, n; c < out_c; c += n) {
            const int32_t left = out_c - c;
            n = left < CHANNELS ? left : CHANNELS;
            if (n > ROWS_APART && n < CHANNELS && out_c >= CHANNELS) {
                c = out_c - CHANNELS; // some once more
                n = CHANNELS;
            }
            const int8_t *w = (const int8_t *)operands->filter + c * depth;
            uint32_t sums[CHANNELS];
            for (int32_t i = 0; i < n; i++) {
                sums[i] = (uint32_t)a8_bias_rv32(operands->bias, c + i) - less;
            }
            if (n == CHANNELS) {
                add_products(sums, w, x, depth, rq.in_zero_point);
            } else {
                for (int32_t i = 0; i < n; i++, w += depth) {
                    sums[i] = add_row(sums[i], w, x, depth, rq.in_zero_point);
                }
            }
            for (int32_t i = 0; i < n; i++) {
                const int32_t channel = (c + i) * per_channel;
                if (per_channel) {
                    scaling = a8_scaling_rv32(operands->multipliers, operands->shifts, channel);
                }
                output[c + i] = scaling.right > 0 ? a8_scaled_rv32(sums[i], &scaling, &rq)
                                                  : unscaled(&rq, sums[i], operands->multipliers[channel], operands->shifts[channel]);
            }
        }
    }
}

#endif
