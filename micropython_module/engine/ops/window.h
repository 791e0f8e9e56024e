// SPDX-License-Identifier: MIT
//
// Windows of convolutions and pools in prepare, and the walk over the rows of their output.
#ifndef A8_WINDOW_H
#define A8_WINDOW_H

#include "../kernels/kernels.h"
#include "check.h"

// The first fields of the options of convolutions and pools.
enum {
    A8_OPTION_PADDING,
    A8_OPTION_STRIDE_W,
    A8_OPTION_STRIDE_H,
};

// Checks that input and output are images of rank 4 and as many, and the window's sizes, strides, dilations and
// padding against them; win holds filter_h and filter_w, and gets all the rest. Strides and padding are options.
int a8_window_prepare(a8_ctx_t *ctx, const a8_tensor_info_t *input, const a8_tensor_info_t *output,
    int32_t dilation_h, int32_t dilation_w, a8_window_t *win);

// The range of a fused activation of floats.
int a8_float_range(a8_ctx_t *ctx, int32_t activation, a8_range_t *range);

#endif
