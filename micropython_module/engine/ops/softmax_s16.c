// SPDX-License-Identifier: MIT
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "check.h"
#include "rows.h"

#define MAX_DEPTH (UINT16_MAX) // of exponentials with 15 bits whose sum fits 31

typedef struct {
    a8_softmax_s16_params_t params;
    int32_t rows;
} block_t;

typedef char a8_assert_softmax_s16_block_t[sizeof(block_t) == 16 ? 1 : -1];

int a8_softmax_prepare_s16(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int32_t rows;
    int32_t depth;
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in, A8_INT16)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, A8_INT16)) != A8_OK ||
        (code = a8_check_rows(ctx, &in, &out, &rows, &depth)) != A8_OK) {
        return code;
    }
    if (in.zero_point != 0 || out.zero_point != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_INT16_ZERO, 0,
            in.zero_point != 0 ? in.zero_point : out.zero_point);
    }
    if (out.scale < 0.999f / 32768 || out.scale > 1.001f / 32768) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "int16 SOFTMAX's output needs scale 1/32768", A8_NONE, A8_NONE);
    }
    if (depth > MAX_DEPTH) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_LONG_ROWS, MAX_DEPTH, depth);
    }
    float beta;
    code = a8_softmax_beta(ctx, &beta);
    if (code != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    // 65535 steps of the table are 10.
    a8_real_t step = a8_real_div(a8_real_from_float(10.0f), a8_real_from_float(65535.0f));
    a8_real_t scale = a8_real_mul(a8_real_from_float(in.scale), a8_real_from_float(beta));
    a8_multiplier_t m = a8_multiplier(a8_real_div(scale, step));
    block->rows = rows;
    block->params.depth = depth;
    block->params.multiplier = m.multiplier;
    block->params.shift = m.shift < A8_SATURATING_SHIFT ? m.shift : A8_SATURATING_SHIFT;
    return A8_OK;
}

int a8_softmax_eval_s16(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    int16_t *out = a8_ctx_out(ctx, 0);
    for (int32_t row = 0; row < block->rows; row++) {
        a8_softmax_s16(&block->params, in, out, 1);
        in += (uint32_t)block->params.depth * sizeof(int16_t);
        out += block->params.depth;
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
