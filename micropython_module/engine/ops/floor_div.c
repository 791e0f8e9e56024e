// SPDX-License-Identifier: MIT
//
// FLOOR_DIV and FLOOR_MOD of integers, as LiteRT has them: elements are plain numbers, whatever their quantization.
#include "broadcast.h"

int a8_floor_div_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_binary_tensors(ctx, false, in, &out);
    return code == A8_OK ? a8_broadcast_prepare(ctx, 2, in, &out, NULL, 0) : code;
}

// b is not 0. The one quotient that leaves the type, lowest / -1, is left to the caller.
static int32_t floor_div(int32_t a, int32_t b) {
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

// A remainder has the divisor's sign. Those of -1 are 0.
#define FLOOR_MOD(a, b) ((b) == -1 ? 0 : (a) % (b) + ((a) % (b) != 0 && ((a) < 0) != ((b) < 0) ? (b) : 0))

#define ROW(name, type, result) \
    static int name(const void *params, const a8_row_t *row) { \
        (void)params; \
        const type *a = row->in[0]; \
        const type *b = row->in[1]; \
        type *out = row->out; \
        for (int32_t i = 0; i < row->n; i++) { \
            if (*b == 0) { \
                return A8_ERR_DATA; \
            } \
            *out++ = (type)(result); \
            a += row->step[0]; \
            b += row->step[1]; \
        } \
        return A8_OK; \
    }

ROW(div_row_s8, int8_t, *a == INT8_MIN && *b == -1 ? INT8_MAX : floor_div(*a, *b))
ROW(div_row_s16, int16_t, *a == INT16_MIN && *b == -1 ? INT16_MAX : floor_div(*a, *b))
ROW(div_row_s32, int32_t, *a == INT32_MIN && *b == -1 ? INT32_MAX : floor_div(*a, *b))
ROW(mod_row_s8, int8_t, FLOOR_MOD(*a, *b))
ROW(mod_row_s16, int16_t, FLOOR_MOD(*a, *b))
ROW(mod_row_s32, int32_t, FLOOR_MOD(*a, *b))
ROW(mod_row_s64, int64_t, FLOOR_MOD(*a, *b))

static int explain(a8_ctx_t *ctx, int code) {
    return code == A8_ERR_DATA ? a8_ctx_fail(ctx, code, "division by zero", A8_NONE, A8_NONE) : code;
}

static int eval(a8_ctx_t *ctx, a8_row_fn_t *fn) {
    return explain(ctx, a8_broadcast_eval_aligned(ctx, fn, 0));
}

int a8_floor_div_eval_s8(a8_ctx_t *ctx) {
    return explain(ctx, a8_broadcast_eval(ctx, div_row_s8, 0));
}

int a8_floor_div_eval_s16(a8_ctx_t *ctx) {
    return eval(ctx, div_row_s16);
}

int a8_floor_div_eval_s32(a8_ctx_t *ctx) {
    return eval(ctx, div_row_s32);
}

int a8_floor_mod_eval_s8(a8_ctx_t *ctx) {
    return explain(ctx, a8_broadcast_eval(ctx, mod_row_s8, 0));
}

int a8_floor_mod_eval_s16(a8_ctx_t *ctx) {
    return eval(ctx, mod_row_s16);
}

int a8_floor_mod_eval_s32(a8_ctx_t *ctx) {
    return eval(ctx, mod_row_s32);
}

int a8_floor_mod_eval_s64(a8_ctx_t *ctx) {
    return eval(ctx, mod_row_s64);
}
