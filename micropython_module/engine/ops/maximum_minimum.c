// SPDX-License-Identifier: MIT
//
// MAXIMUM and MINIMUM. As in the reference, quantized elements are compared as they are, whatever their scales.
#include "broadcast.h"

typedef struct {
    int32_t maximum; // or minimum
} params_t;

static int prepare(a8_ctx_t *ctx, bool maximum) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_binary_tensors(ctx, false, in, &out);
    if (code != A8_OK) {
        return code;
    }
    params_t params = { maximum };
    return a8_broadcast_prepare(ctx, 2, in, &out, &params, sizeof(params));
}

int a8_maximum_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, true);
}

int a8_minimum_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, false);
}

// If floats don't compare, the second counts.
#define ROW(name, type) \
    static int name(const void *params, const a8_row_t *row) { \
        const params_t *p = params; \
        const type *a = row->in[0]; \
        const type *b = row->in[1]; \
        type *out = row->out; \
        const int32_t a_step = row->step[0]; \
        const int32_t b_step = row->step[1]; \
        if (p->maximum) { \
            for (int32_t n = row->n; n > 0; n--, a += a_step, b += b_step) { \
                *out++ = *a > *b ? *a : *b; \
            } \
        } else { \
            for (int32_t n = row->n; n > 0; n--, a += a_step, b += b_step) { \
                *out++ = *a < *b ? *a : *b; \
            } \
        } \
        return A8_OK; \
    }

ROW(row_s8, int8_t)
ROW(row_s16, int16_t)
ROW(row_s32, int32_t)
ROW(row_s64, int64_t)
ROW(row_f32, float)

int a8_maximum_minimum_eval_s8(a8_ctx_t *ctx) {
    return a8_broadcast_eval(ctx, row_s8, sizeof(params_t));
}

int a8_maximum_minimum_eval_s16(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, row_s16, sizeof(params_t));
}

int a8_maximum_minimum_eval_s32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, row_s32, sizeof(params_t));
}

int a8_maximum_minimum_eval_s64(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, row_s64, sizeof(params_t));
}

int a8_maximum_minimum_eval_f32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, row_f32, sizeof(params_t));
}
