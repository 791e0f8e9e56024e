// SPDX-License-Identifier: MIT
//
// Depthwise convolution, one channel after the other: as many rows of it as scratch takes are widened with the padding
// around them, then every window is alike. Dilated windows are left to the portable kernel.
#include "mac16_s8_xtensa.h"

#if A8_KERNELS_XTENSA

// Sums on the stack, but for large windows.
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

// Rows of taps, for windows that begin at an even element, and behind them for those that begin at an odd one if
// there are such.
static void widen_filter(const a8_conv_params_t *params, const int8_t *filter, const a8_mac16_plane_t *plan,
    int32_t rows, int16_t *even) {
    const a8_window_t *win = &params->window;
    const int32_t row = plan->groups * A8_MAC16_GROUP;
    int16_t *odd = plan->filters == 2 ? even + plan->taps * row + 1 : even;
    for (int32_t fy = 0; fy < rows; fy++, even += row, odd += row) {
        for (int32_t fx = 0; fx < win->filter_w; fx++, filter += params->out_c) {
            even[fx] = odd[fx] = (int16_t)(*filter * 256);
        }
    }
}

static inline void begin_with(a8_mac16_windows_t *windows, uint32_t bias) {
    windows->low = bias << 8;
    windows->high = (int32_t)bias >> 24;
}

// Large windows, some rows of taps at a time. The channels that share an input are made together, as many as their
// sums may wait: fewer times is a row of inputs widened.
static A8_HOT void by_pieces(const a8_conv_params_t *params, const a8_operands_t *t, const a8_mac16_plane_t *plan,
    const a8_mac16_windows_t *all, int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const a8_requantize_t *rq = &params->result.requantize;
    const int32_t per_channel = rq->flags & A8_PER_CHANNEL ? 1 : 0;
    const int32_t weights = plan->taps * plan->groups * A8_MAC16_GROUP;
    int16_t *even = t->scratch;
    int16_t *plane = even + plan->filters * weights;
    const uintptr_t at_even = (uintptr_t)even - 4;
    const uintptr_t at_odd = (uintptr_t)(even + weights) - 4;
    uint32_t sums[A8_MAC16_WAITING], part[A8_MAC16_PIXELS];
    int8_t *output = (int8_t *)t->output + y0 * win->out_w * params->out_c;
    a8_mac16_windows_t windows = *all;
    windows.sums = part;
    for (int32_t n, y = y0, c = 0; y < y1; c += n) {
        const int32_t left = params->group_out - c % params->group_out; // in the group
        n = A8_MAC16_WAITING / win->out_w < left ? A8_MAC16_WAITING / win->out_w : left;
        for (int32_t fy = 0; fy < win->filter_h; fy += plan->taps) {
            windows.rows = win->filter_h - fy < plan->taps ? win->filter_h - fy : plan->taps;
            widen_plane(params, (const int8_t *)t->input + c / params->group_out, y * win->stride_h - win->pad_h + fy,
                windows.rows, plan->pitch, plane);
            for (int32_t i = 0; i < n; i++) {
                uint32_t *sum = sums + i * win->out_w;
                widen_filter(params, (const int8_t *)t->filter + fy * win->filter_w * params->out_c + c + i, plan,
                    windows.rows, even);
                begin_with(&windows, fy == 0 && t->bias != NULL ? (uint32_t)a8_load_i32(t->bias + 4 * (c + i)) : 0);
                for (int32_t x = 0; x < win->out_w; x += windows.pixels) {
                    const int32_t first = x * win->stride_w;
                    windows.pixels = win->out_w - x < A8_MAC16_PIXELS ? win->out_w - x : A8_MAC16_PIXELS;
                    windows.input = (uintptr_t)(plane + first) - 4;
                    windows.weights = first & 1 ? at_odd : at_even;
                    a8_mac16_windows_xtensa(&windows);
                    for (int32_t k = 0; k < windows.pixels; k++) {
                        *sum = (fy == 0 ? 0 : *sum) + part[k];
                        sum++;
                    }
                }
            }
        }
        for (int32_t i = 0; i < n; i++) {
            const int32_t bias = t->bias != NULL ? a8_load_i32(t->bias + 4 * (c + i)) : 0;
            a8_put_outputs_xtensa(rq, t->multipliers[(c + i) * per_channel], t->shifts[(c + i) * per_channel], bias,
                win->filter_h * win->filter_w, sums + i * win->out_w, win->out_w, output + c + i, params->out_c);
        }
        if (c + n == params->out_c) {
            c = -n;
            y++;
            output += win->out_w * params->out_c;
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
    const int32_t weights = plan.taps * filter_row;
    int16_t *even = t->scratch;
    int16_t *plane = even + plan.filters * weights;
    const uintptr_t at_even = (uintptr_t)even - 4;
    const uintptr_t at_odd = (uintptr_t)(even + weights) - 4;
    a8_mac16_windows_t windows = { .groups = plan.groups, .rows = win->filter_h };
    windows.next_row = 2 * plan.pitch - 2 * filter_row - (plan.groups == 1 ? 0 : 4);
    windows.step = 2 * win->stride_w;
    windows.other = win->stride_w & 1 ? at_even ^ at_odd : 0;
    memset(even, 0, 2 * (size_t)(plan.filters * weights));
    if (plan.taps < win->filter_h) {
        by_pieces(params, t, &plan, &windows, y0, y1);
        return;
    }
    uint32_t sums[WAITING];
    for (int32_t rows, y = y0; y < y1; y += rows) {
        rows = y1 - y < plan.rows ? y1 - y : plan.rows;
        for (int32_t c = 0; c < params->out_c; c++) {
            if (c % params->group_out == 0) {
                widen_plane(params, (const int8_t *)t->input + c / params->group_out, y * win->stride_h - win->pad_h,
                    (rows - 1) * win->stride_h + win->filter_h, plan.pitch, plane);
            }
            widen_filter(params, (const int8_t *)t->filter + c, &plan, win->filter_h, even);
            const uint32_t bias = t->bias != NULL ? (uint32_t)a8_load_i32(t->bias + 4 * c) : 0;
            begin_with(&windows, bias);
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
