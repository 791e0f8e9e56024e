// SPDX-License-Identifier: MIT
//
// QUANTIZE: from float32, or from one quantization to another.
#include <string.h>

#include "../functions.h"
#include "../quantize.h"
#include "check.h"

typedef struct {
    int32_t count;
    int32_t input_zero_point;
    int32_t output_zero_point;
    a8_multiplier_t m; // of integers
    float scale; // of the output, where the input is float32
    int32_t output; // a8_dtype_t
    int32_t min; // of results without the zero point
    int32_t max;
} block_t;

typedef char a8_assert_quantize_block_t[sizeof(block_t) == 36 ? 1 : -1];

// An int32 output can't saturate: larger shifts would wrap around even inputs of 8 bits.
#define MAX_SHIFT_INT32 (22)
#define MAX_ZERO_POINT_INT32 (1 << 30)

static int output_range(a8_ctx_t *ctx, a8_dtype_t dtype, int32_t *min, int32_t *max) {
    switch (dtype) {
        case A8_INT8:
            *min = INT8_MIN;
            *max = INT8_MAX;
            return A8_OK;
        case A8_UINT8:
            *min = 0;
            *max = UINT8_MAX;
            return A8_OK;
        case A8_INT16:
            *min = INT16_MIN;
            *max = INT16_MAX;
            return A8_OK;
        case A8_INT32:
            *min = INT32_MIN;
            *max = INT32_MAX;
            return A8_OK;
        default:
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "QUANTIZE can't write this type", A8_NONE, (int32_t)dtype);
    }
}

static int derive(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out, a8_multiplier_t *m) {
    *m = a8_multiplier(a8_real_div(a8_real_from_float(in->scale), a8_real_from_float(out->scale)));
    int32_t most = in->dtype == A8_INT16 || in->dtype == A8_INT32 ? A8_SHIFT_MAX : A8_SATURATING_SHIFT;
    if (out->dtype == A8_INT32) {
        if (m->shift > MAX_SHIFT_INT32) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "input scale is more than 2^22 output scales", A8_NONE,
                A8_NONE);
        }
    } else if (m->shift > most) {
        m->shift = most;
    }
    return A8_OK;
}

int a8_quantize_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    block_t q = { 0 };
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK ||
        (code = in.dtype == A8_FLOAT32 ? a8_check_type(ctx, &in, A8_FLOAT32)
                                       : a8_check_quantized(ctx, &in, in.dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, out.dtype)) != A8_OK ||
        (code = a8_check_counts(ctx, &in, &out)) != A8_OK ||
        (code = output_range(ctx, out.dtype, &q.min, &q.max)) != A8_OK) {
        return code;
    }
    if (out.dtype != A8_INT32) {
        q.min -= out.zero_point;
        q.max -= out.zero_point;
    } else if (in.dtype == A8_FLOAT32) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "QUANTIZE can't write this type from float32", A8_NONE, A8_INT32);
    } else if (out.zero_point > MAX_ZERO_POINT_INT32 || out.zero_point < -MAX_ZERO_POINT_INT32) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "zero point of the int32 output is too large",
            MAX_ZERO_POINT_INT32, out.zero_point);
    }
    q.count = (int32_t)in.count;
    q.input_zero_point = in.zero_point;
    q.output_zero_point = out.zero_point;
    q.output = (int32_t)out.dtype;
    q.scale = out.scale;
    if (in.dtype != A8_FLOAT32 && (code = derive(ctx, &in, &out, &q.m)) != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *block = q;
    return A8_OK;
}

static void store(const block_t *q, void *out, int32_t i, int32_t value) {
    value = value < q->min ? q->min : value;
    value = value > q->max ? q->max : value;
    uint32_t bits = (uint32_t)value + (uint32_t)q->output_zero_point;
    switch (q->output) {
        case A8_INT16:
            ((uint16_t *)out)[i] = (uint16_t)bits;
            break;
        case A8_INT32:
            ((uint32_t *)out)[i] = bits;
            break;
        default:
            ((uint8_t *)out)[i] = (uint8_t)bits;
            break;
    }
}

int a8_quantize_eval_f32(a8_ctx_t *ctx) {
    const float far = 1 << 20; // beyond every output, and every fraction below it is exact
    const block_t *q = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    void *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < q->count; i++) {
        float x;
        memcpy(&x, in + 4 * i, sizeof(x)); // a constant may have any alignment
        if ((a8_float_bits(x) & INT32_MAX) > A8_INFINITY_BITS) {
            return a8_ctx_fail(ctx, A8_ERR_DATA, "QUANTIZE met a NaN at this element", A8_NONE, i);
        }
        x /= q->scale;
        x = x > far ? far : x;
        x = x < -far ? -far : x;
        int32_t whole = (int32_t)x;
        float fraction = x - (float)whole;
        whole += (fraction >= 0.5f) - (fraction <= -0.5f);
        store(q, out, i, whole);
        if (i % A8_POLL_ELEMENTS == A8_POLL_ELEMENTS - 1 && a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

// Scaled inputs of 16 and 32 bits may wrap around, where the scales are far apart, as in the reference.
static int requantize(a8_ctx_t *ctx, a8_dtype_t dtype) {
    const block_t *q = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    void *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < q->count; i++) {
        int32_t x;
        switch (dtype) {
            case A8_INT8:
                x = (int8_t)in[i];
                break;
            case A8_UINT8:
                x = in[i];
                break;
            case A8_INT16:
                x = (int16_t)(in[2 * i] | in[2 * i + 1] << 8);
                break;
            default:
                x = a8_load_i32(in + 4 * i);
                break;
        }
        x = (int32_t)((uint32_t)x - (uint32_t)q->input_zero_point);
        store(q, out, i, a8_requantize(x, q->m.multiplier, q->m.shift));
        if (i % A8_POLL_ELEMENTS == A8_POLL_ELEMENTS - 1 && a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

int a8_quantize_eval_s8(a8_ctx_t *ctx) {
    return requantize(ctx, A8_INT8);
}

int a8_quantize_eval_u8(a8_ctx_t *ctx) {
    return requantize(ctx, A8_UINT8);
}

int a8_quantize_eval_s16(a8_ctx_t *ctx) {
    return requantize(ctx, A8_INT16);
}

int a8_quantize_eval_s32(a8_ctx_t *ctx) {
    return requantize(ctx, A8_INT32);
}
