// SPDX-License-Identifier: MIT
//
// CAST: numbers as they are, whatever quantization their tensors have. Integers lose their upper bits; float32 loses
// its fraction and saturates, and NaN becomes 0 (in C, and so in the reference, both are undefined).
#include <string.h>

#include "../functions.h"
#include "check.h"

typedef struct {
    int32_t count;
    int32_t input; // a8_dtype_t
    int32_t output;
} block_t;

typedef char a8_assert_cast_block_t[sizeof(block_t) == 12 ? 1 : -1];

static bool known(a8_dtype_t dtype) {
    return dtype == A8_INT8 || dtype == A8_UINT8 || dtype == A8_INT16 || dtype == A8_INT32 || dtype == A8_UINT32 ||
        dtype == A8_INT64 || dtype == A8_BOOL || dtype == A8_FLOAT32;
}

int a8_cast_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK || (code = a8_check_type(ctx, &in, in.dtype)) != A8_OK ||
        (code = a8_check_type(ctx, &out, out.dtype)) != A8_OK || (code = a8_check_counts(ctx, &in, &out)) != A8_OK) {
        return code;
    }
    if (!known(out.dtype)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "CAST can't write this type", A8_NONE, (int32_t)out.dtype);
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->count = (int32_t)in.count;
    block->input = (int32_t)in.dtype;
    block->output = (int32_t)out.dtype;
    return A8_OK;
}

// Element i of integers of any alignment.
static int64_t load(const uint8_t *in, int32_t i, int32_t dtype) {
    int16_t half;
    uint32_t word;
    int64_t two_words;
    switch (dtype) {
        case A8_BOOL:
            return in[i] != 0;
        case A8_INT8:
            return (int8_t)in[i];
        case A8_UINT8:
            return in[i];
        case A8_INT16:
            memcpy(&half, in + 2 * i, sizeof(half));
            return half;
        case A8_INT64:
            memcpy(&two_words, in + 8 * (size_t)i, sizeof(two_words));
            return two_words;
        default:
            memcpy(&word, in + 4 * i, sizeof(word));
            return dtype == A8_INT32 ? (int64_t)(int32_t)word : (int64_t)word;
    }
}

static void store(uint8_t *out, int32_t i, int32_t dtype, int64_t value) {
    uint64_t bits = (uint64_t)value;
    switch (dtype) {
        case A8_BOOL:
            out[i] = value != 0;
            break;
        case A8_INT8:
        case A8_UINT8:
            out[i] = (uint8_t)bits;
            break;
        case A8_INT16:
            ((uint16_t *)out)[i] = (uint16_t)bits;
            break;
        case A8_INT64:
            ((uint64_t *)out)[i] = bits;
            break;
        default:
            ((uint32_t *)out)[i] = (uint32_t)bits;
            break;
    }
}

int a8_cast_eval_int(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint8_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->count; i++) {
        int64_t value = load(in, i, block->input);
        if (block->output == A8_FLOAT32) {
            ((float *)out)[i] = (float)value;
        } else {
            store(out, i, block->output, value);
        }
        if (i % A8_POLL_ELEMENTS == A8_POLL_ELEMENTS - 1 && a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

// Of an integer type.
static int64_t least(int32_t dtype) {
    switch (dtype) {
        case A8_INT8:
            return INT8_MIN;
        case A8_INT16:
            return INT16_MIN;
        case A8_INT32:
            return INT32_MIN;
        case A8_INT64:
            return INT64_MIN;
        default:
            return 0;
    }
}

static int64_t most(int32_t dtype) {
    return dtype == A8_UINT8 ? UINT8_MAX : dtype == A8_UINT32 ? (int64_t)UINT32_MAX
                                                              : -(least(dtype) + 1);
}

// Saturates; in integers, so that it's the same everywhere.
static int64_t whole(uint32_t bits, int32_t dtype) {
    int32_t exponent = (int32_t)(bits >> 23 & 0xff) - 150; // of the last bit
    int64_t m = (bits & 0x7fffff) | 0x800000;
    bool is_negative = bits >> 31;
    if ((bits & INT32_MAX) > A8_INFINITY_BITS || exponent < -23) { // NaN, or less than 1
        return 0;
    }
    if (exponent > 39) { // 2^63 and more
        return is_negative ? least(dtype) : most(dtype);
    }
    m = exponent < 0 ? m >> -exponent : m * ((int64_t)1 << exponent);
    m = is_negative ? -m : m;
    m = m < least(dtype) ? least(dtype) : m;
    return m > most(dtype) ? most(dtype) : m;
}

int a8_cast_eval_f32(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint8_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->count; i++) {
        uint32_t bits;
        memcpy(&bits, in + 4 * i, sizeof(bits));
        if (block->output == A8_FLOAT32) {
            ((uint32_t *)out)[i] = bits;
        } else if (block->output == A8_BOOL) {
            out[i] = (bits & INT32_MAX) != 0;
        } else {
            store(out, i, block->output, whole(bits, block->output));
        }
        if (i % A8_POLL_ELEMENTS == A8_POLL_ELEMENTS - 1 && a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
