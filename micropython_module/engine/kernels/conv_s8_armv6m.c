// SPDX-License-Identifier: MIT
//
// Convolution and fully connected of int8 for ARMv6-M, around the assembly of product_s8_armv6m.S.
#include "armv6m.h"

#if A8_KERNELS_ARMV6M

// Biases that are not aligned go through the stack, so many at a time.
#define BIASES (16)

// Pixels are gathered in pairs, a word for each element: see product_s8_armv6m.S.
static inline void gather(void *pixels, int32_t depth, int32_t p, int32_t n, int32_t k, const int8_t *x,
    int32_t count) {
    uint32_t *words = (uint32_t *)pixels + k;
    (void)depth;
    if (p == 1) {
        for (int32_t i = 0; i < count; i++) {
            words[i] = (uint32_t)x[i] << 16;
        }
    } else {
        for (int32_t i = 0; i < count; i++) {
            words[i] = (n == 2 ? words[i] : 0) + (uint32_t)(int32_t)x[i];
        }
    }
}

static inline void gather_fill(void *pixels, int32_t depth, int32_t p, int32_t n, int32_t k, int32_t value,
    int32_t count) {
    uint32_t *words = (uint32_t *)pixels + k;
    const uint32_t word = p == 1 ? (uint32_t)value << 16 : (uint32_t)value;
    (void)depth;
    for (int32_t i = 0; i < count; i++) {
        words[i] = (p == 0 && n == 2 ? words[i] : 0) + word;
    }
}

#define GATHER_FLAT
static inline void gather_flat(void *pixels, int32_t depth, int32_t n, const int8_t *x, int32_t count) {
    (void)depth;
    if (n == 2) {
        a8_pack_pair_armv6m(pixels, x, x + count, count);
    } else {
        gather(pixels, depth, 0, 1, 0, x, count);
    }
}

static inline void product(const a8_product_t *t, bool flat) {
    a8_armv6m_product_t args;
    (void)flat;
    a8_armv6m_outputs(&args.outputs, t->requantize, t->multipliers, t->shifts);
    args.outputs.bias = t->bias;
    args.outputs.channels = t->channels;
    args.outputs.output = t->output;
    args.output2 = t->output + (t->pixels == 2 ? t->output_step : 0);
    args.input = t->input;
    args.filter = t->filter;
    args.depth = t->depth;
    args.quads = t->depth & ~3;
    args.tail = t->depth & 3;
    args.lift = A8_ARMV6M_HALF * (args.quads / 2 + args.tail);
    args.spread = (int32_t)A8_ARMV6M_SPREAD;
    a8_product_pair_armv6m(&args);
}

#define TARGET A8_TARGET_ARMV6M
#define CONV a8_conv_s8_armv6m
#include "conv_s8_tiled.h"

// Sums of row y begin with what a zero point of the weights takes from them.
static int32_t first_sum(const a8_fully_connected_params_t *params, const int8_t *x) {
    const a8_requantize_t *rq = &params->result.requantize;
    if (rq->filter_zero_point == 0) {
        return 0;
    }
    const uint32_t sum = a8_sum_of(x, params->depth) - (uint32_t)(rq->in_zero_point * params->depth);
    return (int32_t)(0 - sum * (uint32_t)(int32_t)rq->filter_zero_point);
}

// Each row on its own, so that weights are walked once a row: there is mostly one. The zero point is subtracted from
// each input, which costs less than to read the weights twice.
A8_HOT void a8_fully_connected_s8_armv6m(const a8_fully_connected_params_t *params, const a8_operands_t *t,
    int32_t y0, int32_t y1) {
    const a8_requantize_t *rq = &params->result.requantize;
    const int32_t depth = params->depth;
    const bool aligned = ((uintptr_t)t->bias & 3) == 0;
    const int32_t block = aligned ? params->out_c : BIASES;
    a8_armv6m_product_t args;
    a8_armv6m_outputs(&args.outputs, rq, t->multipliers, t->shifts);
    args.depth = depth;
    args.quads = depth & ~3;
    args.tail = depth & 3;
    args.spread = -rq->in_zero_point;
    for (int32_t y = y0; y < y1; y++) {
        args.input = (const int8_t *)t->input + y * depth;
        args.lift = first_sum(params, args.input);
        args.filter = t->filter;
        args.outputs.multipliers = t->multipliers;
        args.outputs.shifts = t->shifts;
        args.outputs.output = (int8_t *)t->output + y * params->out_c;
        for (int32_t c = 0; c < params->out_c; c += block) {
            int32_t biases[BIASES];
            args.outputs.channels = params->out_c - c < block ? params->out_c - c : block;
            args.outputs.bias = aligned ? (const int32_t *)(const void *)t->bias : biases;
            for (int32_t i = 0; i < args.outputs.channels && !aligned; i++) {
                biases[i] = a8_load_i32(t->bias + 4 * (c + i));
            }
            a8_product_one_armv6m(&args);
        }
    }
}

#endif
