// SPDX-License-Identifier: MIT
//
// ADD_N: the sum of any number of tensors of one shape. Quantized ones have one scale and zero point in common.
#include <string.h>

#include "../quantize.h"
#include "broadcast.h"

#define MAX_INPUTS (255) // as many as a node may have
#define PIECE (64) // elements summed at once

// A sum of elements is shifted by this before it is rescaled to the output's scale. (The reference shifts elements
// by 20 and halves them.)
#define LEFT_SHIFT (19)

typedef struct {
    int32_t count; // of elements
    int32_t inputs;
    int32_t sum_offset; // from here on of int8 only
    int32_t multiplier;
    int32_t shift; // <= 0
    int32_t output_offset;
} block_t;

typedef char a8_assert_add_n_t[sizeof(block_t) == 24 ? 1 : -1];

static int same(a8_ctx_t *ctx, const a8_tensor_info_t *a, const a8_tensor_info_t *b, bool quantization) {
    if (a->rank != b->rank || memcmp(a->dims, b->dims, a->rank * sizeof(a->dims[0])) != 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "tensors to add differ in shape", A8_NONE, A8_NONE);
    }
    if (quantization && (a->scale != b->scale || a->zero_point != b->zero_point)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "tensors to add differ in scale or zero point", A8_NONE, A8_NONE);
    }
    return quantization ? a8_check_quantized(ctx, b, a->dtype) : a8_check_type(ctx, b, a->dtype);
}

// Checks all tensors and allocates.
static int prepare(a8_ctx_t *ctx, bool quantized, a8_tensor_info_t *in, a8_tensor_info_t *out, block_t **block) {
    const uint32_t inputs = a8_ctx_inputs(ctx);
    if (inputs < 2 || inputs > MAX_INPUTS) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "wrong number of inputs", 2, (int32_t)inputs);
    }
    int code = a8_check_node(ctx, inputs, in, out);
    if (code == A8_OK) {
        code = a8_check_type(ctx, in, in->dtype);
    }
    for (uint32_t i = 1; i < inputs && code == A8_OK; i++) {
        a8_tensor_info_t other;
        code = a8_ctx_input(ctx, i, &other);
        if (code == A8_OK) {
            code = same(ctx, in, &other, quantized);
        }
    }
    if (code != A8_OK || (code = same(ctx, in, out, false)) != A8_OK) {
        return code;
    }
    *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (*block == NULL) {
        return A8_ERR_MEMORY;
    }
    (*block)->count = (int32_t)in->count;
    (*block)->inputs = (int32_t)inputs;
    return A8_OK;
}

int a8_add_n_prepare_s8(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    block_t *block;
    int code = prepare(ctx, true, &in, &out, &block);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in, A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, A8_INT8)) != A8_OK) {
        return code;
    }
    a8_real_t unit = a8_real_scale(a8_real_from_float(out.scale), LEFT_SHIFT);
    a8_multiplier_t m = a8_multiplier(a8_real_div(a8_real_from_float(in.scale), unit));
    if (m.shift > 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_TINY_SCALE, A8_NONE, A8_NONE);
    }
    // The reference takes the zero point away once more than there are inputs: its sum starts with it.
    block->sum_offset = -in.zero_point * (block->inputs + 1);
    block->multiplier = m.multiplier;
    block->shift = m.shift;
    block->output_offset = out.zero_point;
    return A8_OK;
}

int a8_add_n_prepare_f32(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    block_t *block;
    return prepare(ctx, false, &in, &out, &block);
}

int a8_add_n_eval_s8(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    int8_t *out = a8_ctx_out(ctx, 0);
    int32_t n;
    for (int32_t x = 0; x < block->count; x += n) {
        int32_t sums[PIECE];
        n = block->count - x < PIECE ? block->count - x : PIECE;
        for (int32_t i = 0; i < n; i++) {
            sums[i] = block->sum_offset;
        }
        for (int32_t k = 0; k < block->inputs; k++) {
            const int8_t *in = (const int8_t *)a8_ctx_in(ctx, (uint32_t)k) + x;
            for (int32_t i = 0; i < n; i++) {
                sums[i] += in[i];
            }
        }
        for (int32_t i = 0; i < n; i++) {
            int32_t sum = (int32_t)((uint32_t)sums[i] << LEFT_SHIFT);
            sum = a8_requantize(sum, block->multiplier, block->shift) + block->output_offset;
            sum = sum < INT8_MIN ? INT8_MIN : sum;
            *out++ = (int8_t)(sum > INT8_MAX ? INT8_MAX : sum);
        }
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

int a8_add_n_eval_f32(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    float *out = a8_ctx_out(ctx, 0);
    for (int32_t x = 0; x < block->count; x++) {
        float sum = 0;
        for (int32_t k = 0; k < block->inputs; k++) {
            float value;
            memcpy(&value, (const uint8_t *)a8_ctx_in(ctx, (uint32_t)k) + (uint32_t)x * sizeof(value), sizeof(value));
            sum += value;
        }
        out[x] = sum;
        if (x % PIECE == 0 && a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
