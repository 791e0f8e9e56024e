// SPDX-License-Identifier: MIT
#include "matrix_generic.h"

// Where the window stands for one output pixel.
typedef struct {
    int32_t top;
    int32_t left;
    a8_taps_t rows;
    a8_taps_t columns;
} place_t;

// Sums channels c0 .. c0 + n - 1, which lie side by side in input and filter, when each has one output.
static inline void sum_block(const a8_conv_params_t *params, const place_t *at, const int8_t *input,
    const int8_t *filter, int32_t c0, int32_t n, uint32_t *acc) {
    const a8_window_t *win = &params->window;
    const int32_t zero_point = params->requantize.in_zero_point;
    for (int32_t fy = at->rows.first; fy < at->rows.end; fy++) {
        const int8_t *row = input + (at->top + fy * win->dilation_h) * win->in_w * params->in_c + c0;
        const int8_t *weights = filter + fy * win->filter_w * params->out_c + c0;
        for (int32_t fx = at->columns.first; fx < at->columns.end; fx++) {
            const int8_t *in = row + (at->left + fx * win->dilation_w) * params->in_c;
            const int8_t *w = weights + fx * params->out_c;
            for (int32_t i = 0; i < n; i++) {
                acc[i] += (uint32_t)((in[i] - zero_point) * w[i]);
            }
        }
    }
}

static inline uint32_t sum_one(const a8_conv_params_t *params, const place_t *at, const int8_t *input,
    const int8_t *filter, int32_t channel, int32_t c) {
    const a8_window_t *win = &params->window;
    const int32_t zero_point = params->requantize.in_zero_point;
    uint32_t acc = 0;
    for (int32_t fy = at->rows.first; fy < at->rows.end; fy++) {
        const int8_t *in = input + (at->top + fy * win->dilation_h) * win->in_w * params->in_c + channel;
        const int8_t *w = filter + fy * win->filter_w * params->out_c + c;
        for (int32_t fx = at->columns.first; fx < at->columns.end; fx++) {
            const int32_t x = in[(at->left + fx * win->dilation_w) * params->in_c] - zero_point;
            acc += (uint32_t)(x * w[fx * params->out_c]);
        }
    }
    return acc;
}

A8_HOT void a8_depthwise_conv_s8_generic(const a8_conv_params_t *params, const int8_t *input,
    const int8_t *filter, const uint8_t *bias, const int32_t *multipliers, const int8_t *shifts, int8_t *output,
    int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const a8_requantize_t *rq = &params->requantize;
    const int32_t out_c = params->out_c;

    output += y0 * win->out_w * out_c;
    for (int32_t y = y0; y < y1; y++) {
        place_t at;
        at.top = y * win->stride_h - win->pad_h;
        at.rows = a8_taps(at.top, win->in_h, win->filter_h, win->dilation_h);
        for (int32_t x = 0; x < win->out_w; x++) {
            at.left = x * win->stride_w - win->pad_w;
            at.columns = a8_taps(at.left, win->in_w, win->filter_w, win->dilation_w);
            if (params->group_out == 1) {
                for (int32_t c = 0; c < out_c; c += A8_CHANNEL_BLOCK) {
                    const int32_t n = out_c - c < A8_CHANNEL_BLOCK ? out_c - c : A8_CHANNEL_BLOCK;
                    uint32_t acc[A8_CHANNEL_BLOCK] = { 0 };
                    sum_block(params, &at, input, filter, c, n, acc);
                    for (int32_t i = 0; i < n; i++) {
                        *output++ = a8_to_output(rq, acc[i], bias, multipliers, shifts, c + i);
                    }
                }
            } else {
                int32_t c = 0;
                for (int32_t channel = 0; channel < params->in_c; channel++) {
                    for (int32_t end = c + params->group_out; c < end; c++) {
                        uint32_t acc = sum_one(params, &at, input, filter, channel, c);
                        *output++ = a8_to_output(rq, acc, bias, multipliers, shifts, c);
                    }
                }
            }
        }
    }
}
