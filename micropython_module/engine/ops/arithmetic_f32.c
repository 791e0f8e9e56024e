// SPDX-License-Identifier: MIT
//
// ADD, SUB, MUL, DIV, SQUARED_DIFFERENCE and PRELU of float32. As in the reference the first four stay finite:
// without a fused activation they are clamped to the largest floats.
#include <float.h>

#include "broadcast.h"

typedef struct {
    float min;
    float max;
} params_t;

int a8_arithmetic_prepare_f32(a8_ctx_t *ctx) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_binary_tensors(ctx, false, in, &out);
    if (code != A8_OK) {
        return code;
    }
    params_t params = { -FLT_MAX, FLT_MAX };
    int32_t activation = a8_ctx_option_int8(ctx, 0, 0);
    switch (activation) {
        case 0:
            break;
        case 1:
            params.min = 0;
            break;
        case 2:
            params = (params_t){ -1, 1 };
            break;
        case 3:
            params = (params_t){ 0, 6 };
            break;
        default:
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ACTIVATION, A8_NONE, activation);
    }
    return a8_broadcast_prepare(ctx, 2, in, &out, &params, sizeof(params));
}

int a8_arithmetic_prepare_plain_f32(a8_ctx_t *ctx) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_binary_tensors(ctx, false, in, &out);
    return code == A8_OK ? a8_broadcast_prepare(ctx, 2, in, &out, NULL, 0) : code;
}

// NaN stays what it is.
static inline float clamp(const params_t *p, float x) {
    x = x < p->min ? p->min : x;
    return p->max < x ? p->max : x;
}

#define ROW(name, result) \
    static int name(const void *params, const a8_row_t *row) { \
        (void)params; \
        const float *a = row->in[0]; \
        const float *b = row->in[1]; \
        float *out = row->out; \
        for (int32_t i = 0; i < row->n; i++) { \
            const float x = *a; \
            const float y = *b; \
            *out++ = result; \
            a += row->step[0]; \
            b += row->step[1]; \
        } \
        return A8_OK; \
    }

ROW(add_row, clamp(params, x + y))
ROW(sub_row, clamp(params, x - y))
ROW(mul_row, clamp(params, x *y))
ROW(div_row, clamp(params, x / y))
ROW(squared_difference_row, (x - y) * (x - y))
ROW(prelu_row, x >= 0 ? x : x * y)

int a8_add_eval_f32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, add_row, sizeof(params_t));
}

int a8_sub_eval_f32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, sub_row, sizeof(params_t));
}

int a8_mul_eval_f32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, mul_row, sizeof(params_t));
}

int a8_div_eval_f32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, div_row, sizeof(params_t));
}

int a8_squared_difference_eval_f32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, squared_difference_row, 0);
}

int a8_prelu_eval_f32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, prelu_row, 0);
}
