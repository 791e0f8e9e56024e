// SPDX-License-Identifier: MIT
//
// Fully connected of int8 on RV32IM: eight channels at once, 9 loads for 8 products. Each weight is read once, so
// the input's zero point is taken from the input rather than from the biases, which would read them again.
#include "scratch.h"

#if A8_KERNELS_RV32

#include "arithmetic_rv32.h"

#define CHANNELS (8)

typedef struct {
    const int8_t *w[CHANNELS];
    uint32_t sums[CHANNELS];
} rows_t;

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

static inline void add_products(rows_t *t, const int8_t *x, int32_t depth, int32_t zero_point) {
    const int8_t *w0 = t->w[0], *w1 = t->w[1], *w2 = t->w[2], *w3 = t->w[3];
    const int8_t *w4 = t->w[4], *w5 = t->w[5], *w6 = t->w[6], *w7 = t->w[7];
    uint32_t s0 = t->sums[0], s1 = t->sums[1], s2 = t->sums[2], s3 = t->sums[3];
    uint32_t s4 = t->sums[4], s5 = t->sums[5], s6 = t->sums[6], s7 = t->sums[7];
    const int8_t *eights = x + depth / 8 * 8;
    const int8_t *end = x + depth;
    while (x != eights) {
        STEP(0);
        STEP(1);
        STEP(2);
        STEP(3);
        STEP(4);
        STEP(5);
        STEP(6);
        STEP(7);
        ADVANCE(8);
    }
    while (x != end) {
        STEP(0);
        ADVANCE(1);
    }
    t->sums[0] = s0;
    t->sums[1] = s1;
    t->sums[2] = s2;
    t->sums[3] = s3;
    t->sums[4] = s4;
    t->sums[5] = s5;
    t->sums[6] = s6;
    t->sums[7] = s7;
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
    const bool per_channel = rq.flags & A8_PER_CHANNEL;
    const a8_scaling_rv32_t scaling = a8_scaling_rv32(operands->multipliers, operands->shifts, 0);
    const bool aligned = (uintptr_t)operands->bias % sizeof(int32_t) == 0;
    for (int32_t y = y0; y < y1; y++) {
        const int8_t *x = (const int8_t *)operands->input + y * depth;
        int8_t *output = (int8_t *)operands->output + y * out_c;
        const int8_t *w = operands->filter;
        const uint8_t *bias = operands->bias;
        uint32_t less = 0; // what a zero point of the weights takes from every sum
        if (rq.filter_zero_point != 0) {
            less = a8_sum_of(x, depth) - (uint32_t)(rq.in_zero_point * depth);
            less *= (uint32_t)(int32_t)rq.filter_zero_point;
        }
        for (int32_t left = out_c; left > 0; left -= CHANNELS) {
            const int32_t n = left < CHANNELS ? left : CHANNELS;
            rows_t rows;
            for (int32_t i = 0; i < n; i++, w += depth) {
                uint32_t sum = 0 - less;
                if (bias != NULL) {
                    sum += (uint32_t)(aligned ? *(const int32_t *)(const void *)bias : a8_load_i32(bias));
                    bias += sizeof(int32_t);
                }
                rows.w[i] = w;
                rows.sums[i] = sum;
            }
            // The last channel stands in for those behind it.
            for (int32_t i = n; i < CHANNELS; i++) {
                rows.w[i] = rows.w[n - 1];
                rows.sums[i] = 0;
            }
            add_products(&rows, x, depth, rq.in_zero_point);
            if (!per_channel && scaling.right > 0) {
                for (int32_t i = 0; i < n; i++) {
                    *output++ = a8_scaled_rv32(rows.sums[i], &scaling, &rq);
                }
                continue;
            }
            for (int32_t i = 0; i < n; i++) {
                const int32_t channel = per_channel ? out_c - left + i : 0;
                *output++ = unscaled(&rq, rows.sums[i], operands->multipliers[channel], operands->shifts[channel]);
            }
        }
    }
}

#endif
