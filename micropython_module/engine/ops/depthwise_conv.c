// SPDX-License-Identifier: MIT
#include "../kernels/scratch.h"
#include "matrix.h"

// Fields of DepthwiseConv2DOptions.
enum {
    DEPTH_MULTIPLIER = A8_OPTION_STRIDE_H + 1,
    ACTIVATION,
    DILATION_W,
};

static const a8_weighted_kind_t kind = { 0, 1, 2, 0 };

static int prepare(a8_ctx_t *ctx, a8_weighted_records_t *records) {
    a8_weighted_t t;
    a8_conv_params_t params;
    int code = a8_conv_open(ctx, &kind, DILATION_W, &t, &params);
    if (code != A8_OK) {
        return code;
    }
    params.group_in = 1;
    if (t.filter.dims[0] != 1) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the first dimension of depthwise weights is not 1", 1,
            t.filter.dims[0]);
    }
    if (t.filter.dims[3] != params.out_c) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights are not for as many channels as the output has", params.out_c,
            t.filter.dims[3]);
    }
    if (params.out_c % params.in_c != 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, A8_WRONG_CHANNELS, params.in_c,
            params.out_c);
    }
    params.group_out = params.out_c / params.in_c;
    const int32_t depth_multiplier = a8_ctx_option_int32(ctx, DEPTH_MULTIPLIER, 0);
    if (depth_multiplier != params.group_out) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "depth multiplier is not output channels by input channels",
            params.group_out, depth_multiplier);
    }
    if (a8_weighted_is_s8(&t)) {
        code = a8_ctx_scratch(ctx, a8_depthwise_conv_s8_scratch(a8_ctx_target(ctx), &params));
    }
    return code != A8_OK ? code : a8_conv_close(ctx, &t, &params, 3, a8_ctx_option_int8(ctx, ACTIVATION, 0), records);
}

int a8_depthwise_conv_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, a8_weighted_records);
}

int a8_depthwise_conv_eval_s8(a8_ctx_t *ctx) {
    return a8_conv_run(ctx, &kind, a8_depthwise_conv_s8, sizeof(int8_t), a8_depthwise_conv_s8_rows);
}

int a8_depthwise_conv_eval_s8_s4(a8_ctx_t *ctx) {
    return a8_conv_run(ctx, &kind, a8_depthwise_conv_s8_s4, sizeof(int8_t), a8_conv_row);
}

int a8_depthwise_conv_eval_s16(a8_ctx_t *ctx) {
    return a8_conv_run(ctx, &kind, a8_depthwise_conv_s16, sizeof(int16_t), a8_conv_row);
}

int a8_depthwise_conv_prepare_f32(a8_ctx_t *ctx) {
    return prepare(ctx, a8_weighted_records_f32);
}

int a8_depthwise_conv_eval_f32(a8_ctx_t *ctx) {
    return a8_conv_run(ctx, &kind, a8_depthwise_conv_f32, sizeof(float), a8_conv_row);
}
