// SPDX-License-Identifier: MIT
#include "scratch.h"

#include "scratch_armdsp.h"
#include "scratch_armv6m.h"
#include "scratch_rv32.h"
#include "scratch_xtensa.h"

// Multiplications of a call, unless it walks more weights than a cache holds for fewer pixels than that.
#define CALL_MACS (1 << 17)
#define CALL_PIXELS (32)
#define CALL_MACS_MAX (1 << 20)

// The target that scratch is told for. A board asks for its own only, so the others' functions need not be in it.
static inline a8_target_t known(a8_target_t target) {
    return A8_ALL_TARGETS ? target : A8_TARGET_NATIVE;
}

uint32_t a8_conv_s8_scratch(a8_target_t target, const a8_conv_params_t *params) {
    switch (known(target)) {
        case A8_TARGET_ARMV6M:
            return a8_conv_s8_scratch_armv6m(params);
        case A8_TARGET_ARMDSP:
            return a8_conv_s8_scratch_armdsp(params);
        case A8_TARGET_RV32:
            return a8_conv_s8_scratch_rv32(params);
        case A8_TARGET_XTENSA:
            return a8_conv_s8_scratch_xtensa(params);
        default:
            return 0;
    }
}

uint32_t a8_depthwise_conv_s8_scratch(a8_target_t target, const a8_conv_params_t *params) {
    switch (known(target)) {
        case A8_TARGET_ARMV6M:
            return a8_depthwise_conv_s8_scratch_armv6m(params);
        case A8_TARGET_ARMDSP:
            return a8_depthwise_conv_s8_scratch_armdsp(params);
        case A8_TARGET_RV32:
            return a8_depthwise_conv_s8_scratch_rv32(params);
        case A8_TARGET_XTENSA:
            return a8_depthwise_conv_s8_scratch_xtensa(params);
        default:
            return 0;
    }
}

uint32_t a8_fully_connected_s8_scratch(a8_target_t target, const a8_fully_connected_params_t *params) {
    switch (known(target)) {
        case A8_TARGET_ARMDSP:
            return a8_fully_connected_s8_scratch_armdsp(params);
        case A8_TARGET_XTENSA:
            return a8_fully_connected_s8_scratch_xtensa(params);
        default:
            return 0;
    }
}

// pixels, each with a sum of depth products for every channel, lie in a row of which there are all. Divisions are of
// 32 bits, since small cores have a function for one of 64 that takes as long as a small layer.
static int32_t rows_of_call(int32_t pixels, int64_t weights, int32_t all) {
    if (all <= 1) {
        return 1;
    }
    const int64_t macs = pixels * weights;
    int32_t rows = macs <= 0 ? all : macs > CALL_MACS ? 0
                                                      : CALL_MACS / (int32_t)macs;
    if (weights > A8_CACHED_WEIGHTS && (int64_t)rows * pixels < CALL_PIXELS) {
        rows = (CALL_PIXELS + pixels - 1) / pixels;
        if (rows * macs > CALL_MACS_MAX) {
            rows = macs > CALL_MACS_MAX ? 0 : CALL_MACS_MAX / (int32_t)macs;
        }
    }
    if (pixels % 2 != 0 && rows > 1 && rows < all) {
        rows -= rows % 2; // pixels go in pairs
    }
    if (rows > all) {
        rows = all;
    }
    return rows < 1 ? 1 : rows;
}

int32_t a8_conv_s8_rows(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    return rows_of_call(win->out_w, (int64_t)a8_conv_depth(params) * params->out_c, win->out_h);
}

int32_t a8_depthwise_conv_s8_rows(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    return rows_of_call(win->out_w, (int64_t)win->filter_h * win->filter_w * params->out_c, win->out_h);
}

int32_t a8_fully_connected_s8_rows(const a8_fully_connected_params_t *params) {
    return rows_of_call(1, (int64_t)params->depth * params->out_c, params->batches);
}

int32_t a8_conv_s8_lag(const a8_conv_params_t *params, int32_t rows) {
    const a8_window_t *win = &params->window;
    const int32_t in_row = win->in_w * params->in_c;
    const int32_t out_row = win->out_w * params->out_c;
    int32_t lag = 0;
    for (int32_t y = 0; y < win->out_h; y += rows) {
        const int32_t end = y + rows < win->out_h ? y + rows : win->out_h;
        int32_t top = y * win->stride_h - win->pad_h; // the first row that this call or a later one reads
        top = top < 0 ? 0 : top;
        if (end * out_row - top * in_row > lag) {
            lag = end * out_row - top * in_row;
        }
    }
    return lag;
}

int32_t a8_fully_connected_s8_lag(const a8_fully_connected_params_t *params, int32_t rows) {
    int32_t lag = 0;
    for (int32_t y = 0; y < params->batches; y += rows) {
        const int32_t end = y + rows < params->batches ? y + rows : params->batches;
        if (end * params->out_c - y * params->depth > lag) {
            lag = end * params->out_c - y * params->depth;
        }
    }
    return lag;
}
