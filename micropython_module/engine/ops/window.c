// SPDX-License-Identifier: MIT
#include <float.h>

#include "window.h"

// TFLite's Padding.
enum {
    A8_PADDING_SAME = 0,
    A8_PADDING_VALID = 1,
};

#define MAX_STEP (UINT16_MAX) // of a stride or dilation, as a8_window_t holds them

#define MAX_ELEMENTS (INT32_MAX / 2) // so that no position in a tensor, or in the padding around it, leaves int32

#define MAX_SPAN ((uint32_t)INT32_MAX) // longer filters, holes included, are as good as this

// One axis of a window: checks it and finds the padding before the input.
static int check_axis(a8_ctx_t *ctx, int32_t padding, int32_t in, int32_t filter, int32_t stride, int32_t dilation,
    int32_t out, int32_t *pad) {
    const int32_t step = stride < 1 || stride > MAX_STEP ? stride : dilation;
    if (step < 1 || step > MAX_STEP) {
        return a8_ctx_fail(ctx, step < 1 ? A8_ERR_MODEL : A8_ERR_UNSUPPORTED,
            "a stride or dilation is not from 1 to 65535", A8_NONE, step);
    }
    if (filter < 1) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "filter size is not positive", 1, filter);
    }
    // All of it fits 32 bits: a longer span than this has no input or padding that it could fit.
    const uint32_t between = (uint32_t)filter - 1;
    const uint32_t span = between >= MAX_SPAN / (uint32_t)dilation ? MAX_SPAN : between * (uint32_t)dilation + 1;
    uint32_t room = (uint32_t)in; // between the first and the last place of the filter, and 1
    if (padding == A8_PADDING_SAME) {
        room += (uint32_t)stride - 1;
    } else if (padding == A8_PADDING_VALID) {
        if (span > room) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "input is smaller than the filter", (int32_t)span, in);
        }
        room += (uint32_t)stride - span;
    } else {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "padding is neither SAME nor VALID", A8_NONE, padding);
    }
    const uint32_t expected = room / (uint32_t)stride;
    if ((uint32_t)out != expected) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output height or width is not what input, filter and stride give",
            (int32_t)expected, out);
    }
    // The last place of the filter begins inside the input, so this is below 2^32 too.
    const uint32_t end = (expected - 1) * (uint32_t)stride + span;
    const uint32_t total = end > (uint32_t)in ? end - (uint32_t)in : 0;
    if (total > MAX_ELEMENTS) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "filter is too large", A8_NONE, filter);
    }
    *pad = (int32_t)(total / 2);
    return A8_OK;
}

int a8_window_prepare(a8_ctx_t *ctx, const a8_tensor_info_t *input, const a8_tensor_info_t *output,
    int32_t dilation_h, int32_t dilation_w, a8_window_t *win) {
    const int32_t padding = a8_ctx_option_int8(ctx, A8_OPTION_PADDING, 0);
    const int32_t stride_h = a8_ctx_option_int32(ctx, A8_OPTION_STRIDE_H, 0);
    const int32_t stride_w = a8_ctx_option_int32(ctx, A8_OPTION_STRIDE_W, 0);
    if (input->rank != 4 || output->rank != 4) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, A8_WRONG_RANK, 4,
            (int32_t)(input->rank != 4 ? input->rank : output->rank));
    }
    if (input->dims[0] != output->dims[0]) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "input and output have not the same batch size", input->dims[0],
            output->dims[0]);
    }
    if (input->count > MAX_ELEMENTS || output->count > MAX_ELEMENTS) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a tensor has too many elements", MAX_ELEMENTS,
            (int32_t)(input->count > MAX_ELEMENTS ? input->count : output->count));
    }
    win->in_h = input->dims[1];
    win->in_w = input->dims[2];
    win->out_h = output->dims[1];
    win->out_w = output->dims[2];
    win->stride_h = (uint16_t)stride_h;
    win->stride_w = (uint16_t)stride_w;
    win->dilation_h = (uint16_t)dilation_h;
    win->dilation_w = (uint16_t)dilation_w;
    int code = check_axis(ctx, padding, win->in_h, win->filter_h, stride_h, dilation_h, win->out_h, &win->pad_h);
    if (code == A8_OK) {
        code = check_axis(ctx, padding, win->in_w, win->filter_w, stride_w, dilation_w, win->out_w, &win->pad_w);
    }
    return code;
}

int a8_float_range(a8_ctx_t *ctx, int32_t activation, a8_range_t *range) {
    static const a8_range_t ranges[] = {
        { -FLT_MAX, FLT_MAX }, // none, though the reference clamps infinities too
        { 0.0f, FLT_MAX }, // RELU
        { -1.0f, 1.0f }, // RELU_N1_TO_1
        { 0.0f, 6.0f }, // RELU6
    };
    if (activation < 0 || activation >= (int32_t)(sizeof(ranges) / sizeof(ranges[0]))) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ACTIVATION, A8_NONE, activation);
    }
    *range = ranges[activation];
    return A8_OK;
}
