// SPDX-License-Identifier: MIT
//
// ARG_MAX and ARG_MIN: the index of the first largest or smallest element along one dimension.
#include <string.h>

#include "check.h"
#include "floats.h"
#include "reduce.h"

typedef struct {
    a8_axis_t axis;
    int32_t element_size;
    int32_t is_int64;
} block_t;

typedef char a8_assert_arg_block_t[sizeof(block_t) == 20 ? 1 : -1];

int a8_arg_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 2, &in, &out);
    if (code != A8_OK) {
        return code;
    }
    if (out.dtype != A8_INT32 && out.dtype != A8_INT64) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "indices are neither int32 (type 2) nor int64", A8_INT32,
            (int32_t)out.dtype);
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    code = a8_reduce_axis(ctx, &in, &block->axis);
    if (code != A8_OK) {
        return code;
    }
    block->element_size = (int32_t)(in.bytes / in.count);
    block->is_int64 = out.dtype == A8_INT64;
    int32_t outputs = block->axis.outer * block->axis.inner;
    if (out.count != (uint32_t)outputs) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not one element for each group of the input's", outputs,
            (int32_t)out.count);
    }
    return A8_OK;
}

typedef struct {
    int32_t value;
    int32_t index;
} best_t;

// Takes in n elements, stride bytes apart, the first of which has this index. flip -1 turns their order around.
typedef void row_t(best_t *best, int32_t flip, const uint8_t *x, int32_t index, int32_t n, int32_t stride);

static int eval(a8_ctx_t *ctx, row_t *row, int32_t flip) {
    const block_t *block = a8_ctx_data(ctx);
    const a8_axis_t *axis = &block->axis;
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint32_t *out = a8_ctx_out(ctx, 0);
    int32_t stride = axis->inner * block->element_size;
    int32_t done = 0; // elements since the last poll
    for (int32_t o = 0; o < axis->outer; o++) {
        for (int32_t i = 0; i < axis->inner; i++) {
            best_t best = { INT32_MIN, 0 };
            for (int32_t k = 0; k < axis->extent; k += A8_POLL_ELEMENTS) {
                int32_t n = axis->extent - k < A8_POLL_ELEMENTS ? axis->extent - k : A8_POLL_ELEMENTS;
                row(&best, flip, in + k * stride, k, n, stride);
                done += n;
                if (done >= A8_POLL_ELEMENTS) {
                    done = 0;
                    if (a8_ctx_stop(ctx)) {
                        return A8_ERR_ABORTED;
                    }
                }
            }
            *out++ = (uint32_t)best.index;
            if (block->is_int64) {
                *out++ = 0; // the upper half
            }
            in += block->element_size;
        }
        in += (axis->extent - 1) * stride;
    }
    return A8_OK;
}

// The functions of an integer type.
#define ARG(name, type) \
    static void row_##name(best_t *best, int32_t flip, const uint8_t *x, int32_t index, int32_t n, int32_t stride) { \
        int32_t value = best->value; \
        for (int32_t end = index + n; index < end; index++) { \
            type v; \
            memcpy(&v, x, sizeof(v)); \
            int32_t candidate = (int32_t)v ^ flip; \
            if (candidate > value) { \
                value = candidate; \
                best->index = index; \
            } \
            x += stride; \
        } \
        best->value = value; \
    } \
    int a8_arg_max_eval_##name(a8_ctx_t *ctx) { \
        return eval(ctx, row_##name, 0); \
    } \
    int a8_arg_min_eval_##name(a8_ctx_t *ctx) { \
        return eval(ctx, row_##name, -1); \
    }

ARG(s8, int8_t)
ARG(u8, uint8_t)
ARG(s16, int16_t)
ARG(s32, int32_t)

// Nothing is larger or smaller than NaN, nor NaN than anything: it wins if it comes first.
static void row_f32(best_t *best, int32_t flip, const uint8_t *x, int32_t index, int32_t n, int32_t stride) {
    for (int32_t end = index + n; index < end; index++) {
        uint32_t bits;
        memcpy(&bits, x, sizeof(bits));
        int32_t order = a8_float_order(bits ^ ((uint32_t)flip & 0x80000000), index == 0 ? INT32_MAX : INT32_MIN);
        if (order > best->value) {
            best->value = order;
            best->index = index;
        }
        x += stride;
    }
}

int a8_arg_max_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, row_f32, 0);
}

int a8_arg_min_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, row_f32, -1);
}
