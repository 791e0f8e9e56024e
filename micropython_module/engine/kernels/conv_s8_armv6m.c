// SPDX-License-Identifier: MIT
//
// Convolution and fully connected of int8 for ARMv6-M, around the assembly of product_s8_armv6m.S.
#include "armv6m.h"

#if A8_KERNELS_ARMV6M

// Records of so many channels of a fully connected layer lie on the stack: a multiple of 4.
#define RECORDS (16)

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

#define GATHER_INSIDE
static inline void gather_inside(void *pixels, const int8_t *x0, const int8_t *x1, int32_t rows, int32_t row_step,
    int32_t count) {
    uint32_t *words = pixels;
    for (int32_t y = 0; y < rows; y++, words += count) {
        a8_pack_pair_armv6m(words, x0 + y * row_step, x1 + y * row_step, count);
    }
}

static inline void product(const a8_product_t *t, bool flat) {
    const uint32_t lift = (uint32_t)a8_armv6m_lift(t->depth);
    a8_armv6m_product_t args;
    (void)flat;
    a8_armv6m_outputs(&args.outputs, t->requantize);
    args.outputs.records = (const a8_armv6m_record_t *)(const void *)t->bias;
    args.outputs.channels = t->channels;
    args.output = t->output;
    args.step = t->pixels == 2 ? t->output_step : 0;
    args.input = t->input;
    args.filter = t->filter;
    args.depth = t->stride == 1 ? t->depth : 1;
    args.quads = (t->depth & ~3) * t->stride;
    args.tail = (t->depth & 3) * t->stride;
    args.stride = t->stride;
    args.first = (int32_t)(lift + (lift << 16));
    args.spread = A8_ARMV6M_SPREAD;
    if (t->stride == 1) {
        a8_product_pair_armv6m(&args);
    } else {
        a8_product_pair_strided_armv6m(&args);
    }
}

static inline uint32_t sum_of_channel(const a8_product_t *t, int32_t i) {
    if (t->stride == 1) {
        return a8_sum_armv6m(t->filter + i * t->depth, t->depth);
    }
    uint32_t sum = 0;
    for (int32_t k = 0; k < t->depth; k++) {
        sum += (uint32_t)(int32_t)t->filter[k * t->stride + i];
    }
    return sum;
}

#define BEGIN_BLOCK
static inline void begin_block(a8_product_t *t, const a8_operands_t *operands, int32_t c, int32_t channels,
    bool again) {
    const int32_t zero_point = t->requantize->in_zero_point;
    const uint32_t lift = (uint32_t)a8_armv6m_lift(t->depth);
    a8_armv6m_record_t *records = operands->scratch;
    t->filter = (const int8_t *)operands->filter + (t->stride == 1 ? c * t->depth : c);
    t->channels = channels;
    t->bias = operands->scratch;
    if (again && channels == t->output_step) {
        return; // there is one block
    }
    a8_armv6m_records(t->requantize, operands, c, channels, records);
    for (int32_t i = 0; i < channels; i++) {
        const uint32_t sum = zero_point == 0 ? 0 : sum_of_channel(t, i);
        records[i].bias = (int32_t)((uint32_t)records[i].bias - lift - (uint32_t)zero_point * sum);
    }
}

#define TILES a8_tiles_armv6m()
#define CONV a8_conv_s8_armv6m
#define DEPTHWISE_AS_CONV a8_depthwise_as_conv_s8_armv6m
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

// Whether so many inputs are the zero point that looking for them pays: a seventh of one in eight.
static bool is_sparse(const int8_t *x, int32_t n, int32_t zero_point) {
    int32_t found = 0;
    for (int32_t i = 0; i < n; i += 8) {
        found += x[i] == zero_point ? 1 : 0;
    }
    return found * 56 > n;
}

// Each row on its own, so that weights are walked once a row: there is mostly one. The zero point is subtracted from
// each input, which costs less than to read the weights twice.
A8_HOT void a8_fully_connected_s8_armv6m(const a8_fully_connected_params_t *params, const a8_operands_t *t,
    int32_t y0, int32_t y1) {
    const a8_requantize_t *rq = &params->result.requantize;
    const int32_t depth = params->depth;
    const bool alike = (rq->flags & A8_PER_CHANNEL) == 0 && rq->filter_zero_point == 0 && t->bias != NULL &&
        (uintptr_t)t->bias % sizeof(int32_t) == 0;
    const int32_t step = alike ? params->out_c : RECORDS;
    a8_armv6m_record_t records[RECORDS];
    a8_armv6m_row_t args;
    a8_armv6m_outputs(&args.outputs, rq);
    args.outputs.records = records;
    args.depth = depth;
    args.spread = -rq->in_zero_point;
    args.alike = 0;
    if (alike) {
        args.scale = a8_armv6m_scale(*t->multipliers, *t->shifts);
        args.alike = args.scale.right >= 0 && rq->min == INT8_MIN && rq->max == INT8_MAX ? A8_ARMV6M_BRIEF : 1;
    }
    for (int32_t y = y0; y < y1; y++) {
        const int8_t *input = (const int8_t *)t->input + y * depth;
        args.input_end = input + depth;
        args.first = alike ? rq->out_zero_point : first_sum(params, input);
        args.sparse = is_sparse(input, depth, rq->in_zero_point);
        for (int32_t c = 0; c < params->out_c; c += step) {
            args.outputs.channels = params->out_c - c < step ? params->out_c - c : step;
            args.filter = (const int8_t *)t->filter + c * depth;
            args.output = (int8_t *)t->output + y * params->out_c + c;
            args.bias = (const int32_t *)(const void *)t->bias;
            if (!alike) {
                a8_armv6m_records(rq, t, c, args.outputs.channels, records);
            }
            a8_product_one_armv6m(&args);
        }
    }
}

#endif
