// SPDX-License-Identifier: MIT
//
// L2_NORMALIZATION: every row (along the last dimension) divided by the root of its sum of squares.
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "check.h"
#include "rows.h"

#define MAX_DEPTH (INT32_MAX / (255 * 255)) // of squares of differences that fit 32 bits
#define OUTPUT_BITS (7) // fractional bits of the output

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t zero_point;
} block_t;

typedef char a8_assert_l2_normalization_block_t[sizeof(block_t) == 12 ? 1 : -1];

static int prepare(a8_ctx_t *ctx, a8_tensor_info_t *in, a8_tensor_info_t *out, block_t **block) {
    int code = a8_check_node(ctx, 1, in, out);
    if (code != A8_OK) {
        return code;
    }
    if (a8_ctx_option_int8(ctx, 0, 0) != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ACTIVATION, 0, a8_ctx_option_int8(ctx, 0, 0));
    }
    int32_t depth;
    int32_t rows;
    code = a8_check_rows(ctx, in, out, &rows, &depth);
    if (code != A8_OK) {
        return code;
    }
    *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (*block == NULL) {
        return A8_ERR_MEMORY;
    }
    (*block)->rows = rows;
    (*block)->depth = depth;
    return A8_OK;
}

int a8_l2_normalization_prepare_s8(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    block_t *block = NULL;
    int code = prepare(ctx, &in, &out, &block);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in, A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, A8_INT8)) != A8_OK) {
        return code;
    }
    if (out.zero_point != 0 || out.scale != 1.0f / (1 << OUTPUT_BITS)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "L2_NORMALIZATION's output needs scale 1/128 and zero point 0",
            A8_NONE, A8_NONE);
    }
    if (block->depth > MAX_DEPTH) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_LONG_ROWS, MAX_DEPTH,
            block->depth);
    }
    block->zero_point = in.zero_point;
    return A8_OK;
}

int a8_l2_normalization_eval_s8(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const int8_t *in = a8_ctx_in(ctx, 0);
    int8_t *out = a8_ctx_out(ctx, 0);
    for (int32_t row = 0; row < block->rows; row++) {
        int32_t squares = 0;
        for (int32_t i = 0; i < block->depth; i++) {
            int32_t x = in[i] - block->zero_point;
            squares += x * x;
        }
        a8_multiplier_t m = a8_inverse_sqrt(squares);
        for (int32_t i = 0; i < block->depth; i++) {
            int32_t y = a8_requantize(in[i] - block->zero_point, m.multiplier, m.shift + OUTPUT_BITS);
            y = y < INT8_MIN ? INT8_MIN : y;
            out[i] = (int8_t)(y > INT8_MAX ? INT8_MAX : y);
        }
        in += block->depth;
        out += block->depth;
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
