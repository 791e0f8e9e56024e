// SPDX-License-Identifier: MIT
//
// Depthwise convolution, for the types of the including file; see matrix_generic.h.

#ifndef A8_DEPTHWISE_CONV_LOOPS_H
#define A8_DEPTHWISE_CONV_LOOPS_H

// Where the window stands for one output pixel.
typedef struct {
    int32_t top;
    int32_t left;
    a8_taps_t rows;
    a8_taps_t columns;
} place_t;

// Sums channels c0 .. c0 + n - 1, which lie side by side in input and filter, when each has one output.
static inline void sum_block(const a8_conv_params_t *params, const place_t *at, const input_t *input,
    filter_t filter, int32_t c0, int32_t n, row_sum_t *sums) {
    const a8_window_t *win = &params->window;
    for (int32_t fy = at->rows.first; fy < at->rows.end; fy++) {
        const input_t *row = input + (at->top + fy * win->dilation_h) * win->in_w * params->in_c + c0;
        const filter_t weights = filter_at(filter, fy * win->filter_w * params->out_c + c0);
        for (int32_t fx = at->columns.first; fx < at->columns.end; fx++) {
            multiply_row(&params->result, sums, row + (at->left + fx * win->dilation_w) * params->in_c,
                filter_at(weights, fx * params->out_c), n);
        }
    }
}

static inline sum_t sum_one(const a8_conv_params_t *params, const place_t *at, const input_t *input,
    filter_t filter, int32_t channel, int32_t c) {
    const a8_window_t *win = &params->window;
    sum_t sum = 0;
    for (int32_t fy = at->rows.first; fy < at->rows.end; fy++) {
        const input_t *row = input + (at->top + fy * win->dilation_h) * win->in_w * params->in_c + channel;
        const filter_t weights = filter_at(filter, fy * win->filter_w * params->out_c + c);
        for (int32_t fx = at->columns.first; fx < at->columns.end; fx++) {
            sum = dot(&params->result, sum, row + (at->left + fx * win->dilation_w) * params->in_c,
                filter_at(weights, fx * params->out_c), 1);
        }
    }
    return sum;
}

#endif

A8_PLACE void KERNEL(const a8_conv_params_t *params, const a8_operands_t *t, int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const a8_result_t *result = &params->result;
    const input_t *input = t->input;
    const filter_t filter = filter_of(t->filter);
    const int32_t out_c = params->out_c;
    const bool blocks = params->group_out == 1 && win->filter_h * win->filter_w <= ROW_TERMS;

    element_t *output = (element_t *)t->output + y0 * win->out_w * out_c;
    for (int32_t y = y0; y < y1; y++) {
        place_t at;
        at.top = y * win->stride_h - win->pad_h;
        at.rows = a8_taps(at.top, win->in_h, win->filter_h, win->dilation_h);
        for (int32_t x = 0; x < win->out_w; x++) {
            at.left = x * win->stride_w - win->pad_w;
            at.columns = a8_taps(at.left, win->in_w, win->filter_w, win->dilation_w);
            if (blocks) {
                for (int32_t c = 0; c < out_c; c += A8_CHANNEL_BLOCK) {
                    const int32_t n = out_c - c < A8_CHANNEL_BLOCK ? out_c - c : A8_CHANNEL_BLOCK;
                    row_sum_t sums[A8_CHANNEL_BLOCK] = { 0 };
                    sum_block(params, &at, input, filter, c, n, sums);
                    for (int32_t i = 0; i < n; i++) {
                        *output++ = to_output(result, t, sums[i], c + i);
                    }
                }
            } else {
                int32_t c = 0;
                for (int32_t channel = 0; channel < params->in_c; channel++) {
                    for (int32_t end = c + params->group_out; c < end; c++) {
                        const sum_t sum = sum_one(params, &at, input, filter, channel, c);
                        *output++ = to_output(result, t, sum, c);
                    }
                }
            }
        }
    }
}

#undef KERNEL
