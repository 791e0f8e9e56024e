// SPDX-License-Identifier: MIT
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "check.h"
#include "rows.h"

#define MAX_DEPTH (8191) // more could overflow the sum's 12 integer bits, the sign's included

typedef struct {
    a8_softmax_params_t params;
    int32_t rows;
    int32_t is_int16;
} block_t;

typedef char a8_assert_softmax_block_t[sizeof(block_t) == 24 ? 1 : -1];

// The output's scale doesn't enter the computation: it must be the one that the results have.
static int check_output(a8_ctx_t *ctx, const a8_tensor_info_t *out) {
    bool is_int16 = out->dtype == A8_INT16;
    int code = a8_check_quantized(ctx, out, is_int16 ? A8_INT16 : A8_INT8);
    if (code != A8_OK) {
        return code;
    }
    int32_t zero_point = is_int16 ? INT16_MIN : INT8_MIN;
    if (out->zero_point != zero_point ||
        (is_int16 ? out->scale < 0.999f / 65536 || out->scale > 1.001f / 65536 : out->scale != 1.0f / 256)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED,
            "SOFTMAX's output needs scale 1/256 (int8) or 1/65536 (int16) and the lowest zero point", zero_point,
            out->zero_point);
    }
    return A8_OK;
}

int a8_softmax_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int32_t rows;
    int32_t depth;
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in, A8_INT8)) != A8_OK ||
        (code = check_output(ctx, &out)) != A8_OK ||
        (code = a8_check_rows(ctx, &in, &out, &rows, &depth)) != A8_OK) {
        return code;
    }
    if (depth > MAX_DEPTH) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_LONG_ROWS, MAX_DEPTH, depth);
    }
    float beta;
    a8_scaled_diff_t diff;
    code = a8_softmax_beta(ctx, &beta);
    if (code != A8_OK || (code = a8_scaled_diff(ctx, in.scale, beta, &diff)) != A8_OK) {
        return code;
    }
    if (depth > A8_SOFTMAX_S8_FEW) {
        code = a8_ctx_scratch(ctx, (uint32_t)(depth < A8_SOFTMAX_S8_MANY ? depth : A8_SOFTMAX_S8_MANY) * 4);
        if (code != A8_OK) {
            return code;
        }
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->rows = rows;
    block->is_int16 = out.dtype == A8_INT16;
    block->params.depth = depth;
    block->params.multiplier = diff.multiplier;
    block->params.shift = diff.shift < A8_SHIFT_MAX ? diff.shift : A8_SHIFT_MAX; // beyond it, only 0 is scaled
    block->params.diff_min = diff.diff_min;
    return A8_OK;
}

int a8_softmax_eval_s8(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const int8_t *in = a8_ctx_in(ctx, 0);
    void *out = a8_ctx_out(ctx, 0);
    int32_t *scratch = a8_ctx_scratch_data(ctx);
    for (int32_t row = 0; row < block->rows; row++) {
        int32_t first = row * block->params.depth;
        if (block->is_int16) {
            a8_softmax_s8_s16(&block->params, in + first, (int16_t *)out + first, 1, scratch);
        } else {
            a8_softmax_s8(&block->params, in + first, (int8_t *)out + first, 1, scratch);
        }
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
