// SPDX-License-Identifier: MIT
#include "matrix.h"

// Fields of DepthwiseConv2DOptions.
enum {
    PADDING,
    STRIDE_W,
    STRIDE_H,
    DEPTH_MULTIPLIER,
    ACTIVATION,
    DILATION_W,
    DILATION_H,
};

int a8_depthwise_conv_prepare(a8_ctx_t *ctx) {
    a8_weighted_t t;
    int code = a8_weighted_tensors(ctx, &t);
    if (code != A8_OK) {
        return code;
    }
    if (t.filter.rank != 4 || t.filter.dims[0] != 1) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights need four dimensions, the first of them 1", 4,
            (int32_t)t.filter.rank);
    }
    a8_conv_params_t params = { .window = { .filter_h = t.filter.dims[1], .filter_w = t.filter.dims[2] } };
    code = a8_window_prepare(ctx, &t.input, &t.output, a8_ctx_option_int8(ctx, PADDING, 0),
        a8_ctx_option_int32(ctx, STRIDE_H, 0), a8_ctx_option_int32(ctx, STRIDE_W, 0),
        a8_ctx_option_int32(ctx, DILATION_H, 1), a8_ctx_option_int32(ctx, DILATION_W, 1), &params.window);
    if (code != A8_OK) {
        return code;
    }
    params.batches = t.input.dims[0];
    params.in_c = t.input.dims[3];
    params.out_c = t.output.dims[3];
    params.group_in = 1;
    if (t.filter.dims[3] != params.out_c) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights are not for as many channels as the output has", params.out_c,
            t.filter.dims[3]);
    }
    if (params.out_c % params.in_c != 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output channels are no multiple of input channels", params.in_c,
            params.out_c);
    }
    params.group_out = params.out_c / params.in_c;
    const int32_t depth_multiplier = a8_ctx_option_int32(ctx, DEPTH_MULTIPLIER, 0);
    if (depth_multiplier != params.group_out) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "depth multiplier is not output channels by input channels",
            params.group_out, depth_multiplier);
    }
    if ((code = a8_check_symmetric(ctx, &t.filter)) != A8_OK) {
        return code;
    }
    void *records;
    code = a8_weighted_records(ctx, &t, params.out_c, 3, a8_ctx_option_int8(ctx, ACTIVATION, 0),
        sizeof(params), &params.requantize, &records);
    if (code == A8_OK) {
        *(a8_conv_params_t *)records = params;
    }
    return code;
}

int a8_depthwise_conv_eval_s8(a8_ctx_t *ctx) {
    return a8_conv_run(ctx, a8_depthwise_conv_s8);
}
