// SPDX-License-Identifier: MIT
//
// LOGISTIC and TANH of int16. Those of int8 go through a table: lookup.c.
#include "../sigmoid.h"
#include "check.h"

typedef struct {
    int32_t count;
    a8_sigmoid_params_t params;
} block_t;

typedef char a8_assert_sigmoid_block_t[sizeof(block_t) == 16 ? 1 : -1];

static int prepare(a8_ctx_t *ctx, bool is_tanh) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in, A8_INT16)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, A8_INT16)) != A8_OK ||
        (code = a8_check_counts(ctx, &in, &out)) != A8_OK) {
        return code;
    }
    if (in.zero_point != 0 || out.zero_point != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "int16 tensors need zero point 0 here", 0,
            in.zero_point != 0 ? in.zero_point : out.zero_point);
    }
    if (!a8_near_power_of_two(out.scale, -15)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "an int16 output needs scale 1/32768 here", A8_NONE, A8_NONE);
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->count = (int32_t)in.count;
    block->params = a8_sigmoid_params_of_scale(in.scale, is_tanh);
    return A8_OK;
}

int a8_logistic_prepare_s16(a8_ctx_t *ctx) {
    return prepare(ctx, false);
}

int a8_tanh_prepare_s16(a8_ctx_t *ctx) {
    return prepare(ctx, true);
}

typedef void kernel_t(const a8_sigmoid_params_t *params, const void *in, int16_t *out, int32_t n);

static int eval(a8_ctx_t *ctx, kernel_t *kernel) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    int16_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->count; i += A8_POLL_ELEMENTS) {
        int32_t n = block->count - i < A8_POLL_ELEMENTS ? block->count - i : A8_POLL_ELEMENTS;
        kernel(&block->params, in + 2 * i, out + i, n);
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

int a8_logistic_eval_s16(a8_ctx_t *ctx) {
    return eval(ctx, a8_logistic_s16);
}

int a8_tanh_eval_s16(a8_ctx_t *ctx) {
    return eval(ctx, a8_tanh_s16);
}
