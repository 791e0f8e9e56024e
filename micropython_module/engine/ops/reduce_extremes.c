// SPDX-License-Identifier: MIT
//
// REDUCE_MAX and REDUCE_MIN, REDUCE_ANY and REDUCE_ALL, SUM of int32. The state is the largest element seen; for the
// smallest one elements are complemented (flip is -1), which turns their order around.
#include <string.h>

#include "check.h"
#include "floats.h"
#include "reduce.h"

static int prepare(a8_ctx_t *ctx, bool quantized) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 2, &in, &out);
    if (code != A8_OK) {
        return code;
    }
    if (out.dtype != in.dtype) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "output has not the input's type", (int32_t)in.dtype,
            (int32_t)out.dtype);
    }
    if (in.count == 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_NO_ELEMENTS, A8_NONE, A8_NONE);
    }
    if (quantized && (in.scale != out.scale || in.zero_point != out.zero_point)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "output has not the input's scale and zero point", A8_NONE,
            A8_NONE);
    }
    a8_reduce_t *reduce = a8_ctx_alloc(ctx, sizeof(a8_reduce_t));
    return reduce == NULL ? A8_ERR_MEMORY : a8_reduce_prepare(ctx, &in, &out, reduce);
}

int a8_reduce_extreme_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, true);
}

int a8_reduce_plain_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, false);
}

// The functions of an integer type.
#define EXTREMES(name, type) \
    static int32_t row_##name(int32_t best, int32_t flip, const uint8_t *x, int32_t n, int32_t stride) { \
        for (; n > 0; n--) { \
            type v; \
            memcpy(&v, x, sizeof(v)); \
            int32_t candidate = (int32_t)v ^ flip; \
            best = candidate > best ? candidate : best; \
            x += stride; \
        } \
        return best; \
    } \
    static void put_##name(const void *params, int32_t best, int32_t flip, void *out, int32_t i) { \
        (void)params; \
        ((type *)out)[i] = (type)(best ^ flip); \
    } \
    int a8_reduce_max_eval_##name(a8_ctx_t *ctx) { \
        static const a8_reducer_t reducer = { row_##name, put_##name, INT32_MIN, 0, NULL }; \
        return a8_reduce_eval(ctx, a8_ctx_data(ctx), &reducer, NULL); \
    } \
    int a8_reduce_min_eval_##name(a8_ctx_t *ctx) { \
        static const a8_reducer_t reducer = { row_##name, put_##name, INT32_MIN, -1, NULL }; \
        return a8_reduce_eval(ctx, a8_ctx_data(ctx), &reducer, NULL); \
    }

EXTREMES(s8, int8_t)
EXTREMES(u8, uint8_t)
EXTREMES(s16, int16_t)
EXTREMES(s32, int32_t)

// Not an extreme, but as simple: a sum that wraps around.
static int32_t row_sum_s32(int32_t sum, int32_t flip, const uint8_t *x, int32_t n, int32_t stride) {
    (void)flip;
    uint32_t total = (uint32_t)sum;
    for (; n > 0; n--) {
        uint32_t v;
        memcpy(&v, x, sizeof(v));
        total += v;
        x += stride;
    }
    return (int32_t)total;
}

int a8_sum_eval_s32(a8_ctx_t *ctx) {
    static const a8_reducer_t reducer = { row_sum_s32, put_s32, 0, 0, NULL };
    return a8_reduce_eval(ctx, a8_ctx_data(ctx), &reducer, NULL);
}

static int32_t row_bool(int32_t best, int32_t flip, const uint8_t *x, int32_t n, int32_t stride) {
    for (; n > 0; n--) {
        int32_t candidate = (*x != 0) ^ flip;
        best = candidate > best ? candidate : best;
        x += stride;
    }
    return best;
}

int a8_reduce_max_eval_bool(a8_ctx_t *ctx) {
    static const a8_reducer_t reducer = { row_bool, put_u8, INT32_MIN, 0, NULL };
    return a8_reduce_eval(ctx, a8_ctx_data(ctx), &reducer, NULL);
}

int a8_reduce_min_eval_bool(a8_ctx_t *ctx) {
    static const a8_reducer_t reducer = { row_bool, put_u8, INT32_MIN, -1, NULL };
    return a8_reduce_eval(ctx, a8_ctx_data(ctx), &reducer, NULL);
}

// Floats are kept as bits, with the sign turned for the smallest one. The reference starts from the lowest
// finite number, and NaN is never larger than anything.
static int32_t row_f32(int32_t best, int32_t flip, const uint8_t *x, int32_t n, int32_t stride) {
    uint32_t sign = (uint32_t)flip & 0x80000000;
    int32_t best_order = a8_float_order((uint32_t)best, INT32_MIN);
    for (; n > 0; n--) {
        uint32_t bits;
        memcpy(&bits, x, sizeof(bits));
        bits ^= sign;
        int32_t order = a8_float_order(bits, INT32_MIN);
        if (order > best_order) {
            best_order = order;
            best = (int32_t)bits;
        }
        x += stride;
    }
    return best;
}

static void put_f32(const void *params, int32_t best, int32_t flip, void *out, int32_t i) {
    (void)params;
    ((uint32_t *)out)[i] = (uint32_t)best ^ ((uint32_t)flip & 0x80000000);
}

#define LOWEST ((int32_t)0xff7fffff) // bits of -FLT_MAX

int a8_reduce_max_eval_f32(a8_ctx_t *ctx) {
    static const a8_reducer_t reducer = { row_f32, put_f32, LOWEST, 0, NULL };
    return a8_reduce_eval(ctx, a8_ctx_data(ctx), &reducer, NULL);
}

int a8_reduce_min_eval_f32(a8_ctx_t *ctx) {
    static const a8_reducer_t reducer = { row_f32, put_f32, LOWEST, -1, NULL };
    return a8_reduce_eval(ctx, a8_ctx_data(ctx), &reducer, NULL);
}
