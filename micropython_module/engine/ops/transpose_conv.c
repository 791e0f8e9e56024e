// SPDX-License-Identifier: MIT
//
// The node's first input is the output's shape. The model says it once more in the output tensor itself, so it
// is not read.
#include "matrix.h"

// Fields of TransposeConvOptions.
enum {
    ACTIVATION = A8_OPTION_STRIDE_H + 1,
};

static const a8_weighted_kind_t kind = { 2, 1, 3, A8_SHORT_BIAS };

static int prepare(a8_ctx_t *ctx, a8_weighted_records_t *records) {
    a8_weighted_t t;
    a8_conv_params_t params;
    int code = a8_conv_open(ctx, &kind, -1, &t, &params);
    if (code != A8_OK) {
        return code;
    }
    if (t.filter.dims[0] != params.out_c) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights are not for as many channels as the output has", params.out_c,
            t.filter.dims[0]);
    }
    if (t.filter.dims[3] != params.in_c) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights are not for as many channels as the input has", params.in_c,
            t.filter.dims[3]);
    }
    params.group_in = params.in_c;
    params.group_out = params.out_c;
    return a8_conv_close(ctx, &t, &params, 0, a8_ctx_option_int8(ctx, ACTIVATION, 0), records);
}

int a8_transpose_conv_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, a8_weighted_records);
}

int a8_transpose_conv_eval_s8(a8_ctx_t *ctx) {
    return a8_conv_run(ctx, &kind, a8_transpose_conv_s8, sizeof(int8_t), a8_conv_row);
}

int a8_transpose_conv_eval_s16(a8_ctx_t *ctx) {
    return a8_conv_run(ctx, &kind, a8_transpose_conv_s16, sizeof(int16_t), a8_conv_row);
}

int a8_transpose_conv_prepare_f32(a8_ctx_t *ctx) {
    return prepare(ctx, a8_weighted_records_f32);
}

int a8_transpose_conv_eval_f32(a8_ctx_t *ctx) {
    return a8_conv_run(ctx, &kind, a8_transpose_conv_f32, sizeof(float), a8_conv_row);
}
