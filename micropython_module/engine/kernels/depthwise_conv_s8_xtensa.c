// SPDX-License-Identifier: MIT
//
// Depthwise convolution, one channel after the other: as many rows of it as scratch takes are widened with the padding
// around them, then every window is alike. Dilated windows are left to the portable kernel.
#include "mac16_s8_xtensa.h"

#if A8_KERNELS_XTENSA

// Sums on the stack.
#define WAITING (48)

// Rows y .. of one input channel, in front of which and behind which there are zeros.
static void widen_plane(const a8_conv_params_t *params, const int8_t *channel, int32_t y, int32_t rows, int32_t pitch,
    int16_t *plane) {
    const a8_window_t *win = &params->window;
    const int32_t step = params->in_c;
    const int32_t zero_point = params->result.requantize.in_zero_point;
    const int32_t left = win->pad_w < pitch ? win->pad_w : pitch;
    const int32_t inside = left + win->in_w < pitch ? win->in_w : pitch - left;
    for (int32_t end = y + rows; y < end; y++, plane += pitch) {
        if (y < 0 || y >= win->in_h) {
            memset(plane, 0, 2 * (size_t)pitch);
            continue;
        }
        memset(plane, 0, 2 * (size_t)left);
        const int8_t *in = channel + y * win->in_w * step;
        if (inside > 0) {
            a8_widen_channel_xtensa(plane + left, in, inside, step, zero_point);
        }
        memset(plane + left + inside, 0, 2 * (size_t)(pitch - left - inside));
    }
}

// For windows that begin at an even element, and behind them for those that begin at an odd one.
static void widen_filter(const a8_conv_params_t *params, const int8_t *filter, int32_t groups, int16_t *even) {
    const a8_window_t *win = &params->window;
    const int32_t row = groups * A8_MAC16_GROUP;
    int16_t *odd = even + win->filter_h * row + 1;
    for (int32_t fy = 0; fy < win->filter_h; fy++, even += row, odd += row) {
        for (int32_t fx = 0; fx < win->filter_w; fx++, filter += params->out_c) {
            even[fx] = odd[fx] = (int16_t)(*filter * 256);
        }
    }
}

A8_HOT void a8_depthwise_conv_s8_xtensa(const a8_conv_params_t *params, const a8_operands_t *t, int32_t y0,
    int32_t y1) {
    const a8_window_t *win = &params->window;
    const a8_requantize_t *rq = &params->result.requantize;
    if (win->dilation_h != 1 || win->dilation_w != 1) {
        a8_depthwise_conv_s8_generic(params, t, y0, y1);
        return;
    }
    const a8_mac16_plane_t plan = a8_mac16_plane(params);
    const int32_t per_channel = rq->flags & A8_PER_CHANNEL ? 1 : 0;
    const int32_t filter_row = plan.groups * A8_MAC16_GROUP;
    const int32_t weights = win->filter_h * filter_row;
    int16_t *even = t->scratch;
    int16_t *plane = even + 2 * weights;
    const uintptr_t at_even = (uintptr_t)even - 4;
    const uintptr_t at_odd = (uintptr_t)(even + weights) - 4;
    uint32_t sums[WAITING];
    a8_mac16_windows_t windows = { .groups = plan.groups, .rows = win->filter_h };
    windows.next_row = 2 * plan.pitch - 2 * filter_row - (plan.groups == 1 ? 0 : 4);
    windows.step = 2 * win->stride_w;
    windows.other = win->stride_w & 1 ? at_even ^ at_odd : 0;
    memset(even, 0, 4 * (size_t)weights);
    for (int32_t rows, y = y0; y < y1; y += rows) {
        rows = y1 - y < plan.rows ? y1 - y : plan.rows;
        for (int32_t c = 0; c < params->out_c; c++) {
            if (c % params->group_out == 0) {
                widen_plane(params, (const int8_t *)t->input + c / params->group_out, y * win->stride_h - win->pad_h,
                    (rows - 1) * win->stride_h + win->filter_h, plan.pitch, plane);
            }
            widen_filter(params, (const int8_t *)t->filter + c, plan.groups, even);
            const uint32_t bias = t->bias != NULL ? (uint32_t)a8_load_i32(t->bias + 4 * c) : 0;
            windows.low = bias << 8;
            windows.high = (int32_t)bias >> 24;
            const int32_t multiplier = t->multipliers[c * per_channel];
            const int32_t shift = t->shifts[c * per_channel];
            int8_t *output = (int8_t *)t->output + y * win->out_w * params->out_c + c;
            int32_t waiting = 0; // sums that are no outputs yet; these follow each other from row to row
            for (int32_t r = 0; r < rows; r++) {
                const int16_t *row = plane + r * win->stride_h * plan.pitch;
                for (int32_t x = 0; x < win->out_w; x += windows.pixels) {
                    const int32_t first = x * win->stride_w;
                    windows.pixels = win->out_w - x < A8_MAC16_PIXELS ? win->out_w - x : A8_MAC16_PIXELS;
                    windows.input = (uintptr_t)(row + first) - 4;
                    windows.weights = first & 1 ? at_odd : at_even;
                    windows.sums = sums + waiting;
                    a8_mac16_windows_xtensa(&windows);
                    waiting += windows.pixels;
                    if (waiting > WAITING - A8_MAC16_PIXELS || (r == rows - 1 && x + windows.pixels == win->out_w)) {
                        a8_put_outputs_xtensa(rq, multiplier, shift, (int32_t)bias, win->filter_h * win->filter_w, sums,
                            waiting, output, params->out_c);
                        output += waiting * params->out_c;
                        waiting = 0;
                    }
                }
            }
        }
    }
}

#endif
