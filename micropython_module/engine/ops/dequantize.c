// SPDX-License-Identifier: MIT
//
// DEQUANTIZE to float32: of integers with one scale or a scale for each channel, and of float16.
#include "../functions.h"
#include "check.h"

// The node's block: this, then the scale and the zero point of each channel.
typedef struct {
    int32_t channels;
    int32_t inner; // elements in a row that have one channel
    int32_t outer; // times that all channels come
} block_t;

typedef struct {
    float scale;
    int32_t zero_point;
} channel_t;

#define MAX_CHANNELS (1 << 24) // whose block is less than 2 GB

typedef char a8_assert_dequantize_block_t[sizeof(block_t) == 12 && sizeof(channel_t) == 8 ? 1 : -1];

static int prepare(a8_ctx_t *ctx, bool has_scales) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK || (code = a8_check_type(ctx, &in, in.dtype)) != A8_OK ||
        (code = a8_check_type(ctx, &out, A8_FLOAT32)) != A8_OK || (code = a8_check_counts(ctx, &in, &out)) != A8_OK) {
        return code;
    }
    if (has_scales && in.n_scales == 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a tensor needs one scale", 1, 0);
    }
    uint32_t channels = has_scales ? in.n_scales : 1;
    if (channels > MAX_CHANNELS) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a tensor has too many scales", MAX_CHANNELS, (int32_t)channels);
    }
    block_t *block = a8_ctx_alloc(ctx, (uint32_t)(sizeof(block_t) + (has_scales ? channels * sizeof(channel_t) : 0)));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->channels = (int32_t)channels;
    block->inner = (int32_t)in.count;
    block->outer = 1;
    if (channels > 1) {
        block->inner = 1;
        for (uint32_t i = (uint32_t)in.quantized_dimension + 1; i < in.rank; i++) {
            block->inner *= in.dims[i];
        }
        block->outer = (int32_t)in.count / block->channels / block->inner;
    }
    channel_t *channel = (channel_t *)(block + 1);
    for (uint32_t i = 0; has_scales && i < channels; i++) {
        channel[i].scale = a8_tensor_scale(&in, i);
        channel[i].zero_point = a8_tensor_zero_point(&in, i);
    }
    return A8_OK;
}

int a8_dequantize_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, true);
}

int a8_dequantize_prepare_f16(a8_ctx_t *ctx) {
    return prepare(ctx, false);
}

// Constants may have any alignment.
static int32_t element(const uint8_t *in, int32_t i, a8_dtype_t dtype) {
    switch (dtype) {
        case A8_INT4: // the first of two in the low half
            return (int8_t)(i & 1 ? in[i / 2] : in[i / 2] << 4) >> 4;
        case A8_INT8:
            return (int8_t)in[i];
        case A8_UINT8:
            return in[i];
        default:
            return (int16_t)(in[2 * i] | in[2 * i + 1] << 8);
    }
}

static int eval(a8_ctx_t *ctx, a8_dtype_t dtype) {
    const block_t *block = a8_ctx_data(ctx);
    const channel_t *channels = (const channel_t *)(block + 1);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    float *out = a8_ctx_out(ctx, 0);
    int32_t i = 0;
    for (int32_t group = 0; group < block->outer * block->channels; group++) {
        const channel_t *channel = &channels[group % block->channels];
        for (int32_t end = i + block->inner; i < end; i++) {
            out[i] = channel->scale * (float)(element(in, i, dtype) - channel->zero_point);
            if (i % A8_POLL_ELEMENTS == A8_POLL_ELEMENTS - 1 && a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
        }
    }
    return A8_OK;
}

int a8_dequantize_eval_s4(a8_ctx_t *ctx) {
    return eval(ctx, A8_INT4);
}

int a8_dequantize_eval_s8(a8_ctx_t *ctx) {
    return eval(ctx, A8_INT8);
}

int a8_dequantize_eval_u8(a8_ctx_t *ctx) {
    return eval(ctx, A8_UINT8);
}

int a8_dequantize_eval_s16(a8_ctx_t *ctx) {
    return eval(ctx, A8_INT16);
}

// The float of a float16's bits; each is one.
static uint32_t widened(uint32_t half) {
    uint32_t sign = (half & 0x8000) << 16;
    uint32_t magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) { // infinity, NaN
        return sign | A8_INFINITY_BITS | magnitude << 13;
    } else if (magnitude >= 0x400) {
        return sign | ((magnitude << 13) + (112 << 23));
    }
    return sign | a8_float_bits((float)magnitude * 5.9604644775390625e-8f); // 2^-24
}

int a8_dequantize_eval_f16(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint32_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->inner; i++) {
        out[i] = widened((uint32_t)(in[2 * i] | in[2 * i + 1] << 8));
        if (i % A8_POLL_ELEMENTS == A8_POLL_ELEMENTS - 1 && a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
