// SPDX-License-Identifier: MIT
//
// ADD, SUB, MUL, DIV and SQUARED_DIFFERENCE of int32, plain numbers that wrap around.
#include "broadcast.h"

typedef struct {
    int32_t min; // of the fused activation
    int32_t max;
} params_t;

static int prepare(a8_ctx_t *ctx, bool activation) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_binary_tensors(ctx, false, in, &out);
    if (code != A8_OK) {
        return code;
    }
    params_t params = { INT32_MIN, INT32_MAX };
    int32_t which = activation ? a8_ctx_option_int8(ctx, 0, 0) : 0;
    switch (which) {
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
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ACTIVATION, A8_NONE, which);
    }
    return a8_broadcast_prepare(ctx, 2, in, &out, &params, sizeof(params));
}

int a8_arithmetic_prepare_s32(a8_ctx_t *ctx) {
    return prepare(ctx, true);
}

// The reference doesn't look at ADD's activation, and the other has none.
int a8_arithmetic_prepare_plain_s32(a8_ctx_t *ctx) {
    return prepare(ctx, false);
}

// wrong: operands that have no result.
#define ROW(name, wrong, result) \
    static int name(const void *params, const a8_row_t *row) { \
        const params_t *p = params; \
        const int32_t *a = row->in[0]; \
        const int32_t *b = row->in[1]; \
        int32_t *out = row->out; \
        for (int32_t i = 0; i < row->n; i++) { \
            const uint32_t x = (uint32_t)*a; \
            const uint32_t y = (uint32_t)*b; \
            if (wrong) { \
                return A8_ERR_DATA; \
            } \
            int32_t z = (int32_t)(result); \
            z = z < p->min ? p->min : z; \
            *out++ = z > p->max ? p->max : z; \
            a += row->step[0]; \
            b += row->step[1]; \
        } \
        return A8_OK; \
    }

ROW(add_row, false, x + y)
ROW(sub_row, false, x - y)
ROW(mul_row, false, x *y)
ROW(squared_difference_row, false, (x - y) * (x - y))
// -2^31 / -1 wraps around too.
ROW(div_row, y == 0, y == UINT32_MAX ? 0 - x : (uint32_t)((int32_t)x / (int32_t)y))

int a8_add_eval_s32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, add_row, sizeof(params_t));
}

int a8_sub_eval_s32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, sub_row, sizeof(params_t));
}

int a8_mul_eval_s32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, mul_row, sizeof(params_t));
}

int a8_squared_difference_eval_s32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, squared_difference_row, sizeof(params_t));
}

int a8_div_eval_s32(a8_ctx_t *ctx) {
    int code = a8_broadcast_eval_aligned(ctx, div_row, sizeof(params_t));
    return code == A8_ERR_DATA ? a8_ctx_fail(ctx, code, "division by zero", A8_NONE, A8_NONE) : code;
}
