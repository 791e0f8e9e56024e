// SPDX-License-Identifier: MIT
//
// Depthwise convolution of int8 with one output channel an input channel, by runs of pixels. The including file
// defines DEPTHWISE_CONV (the kernel's name) and gives
//
//   void run_of_pixels(const a8_depthwise_run_t *run)
//
// which makes all channels of some output pixels side by side whose windows have the same taps inside of the image:
// the interior of a row is one run, each pixel at its borders another. Several output channels an input channel
// are left to the portable kernel. DEPTHWISE_PLACE: A8_HOT unless given.
//
// A target that keeps something of every channel defines DEPTHWISE_BLOCK, for how many channels at most, and
// BEGIN_DEPTHWISE_BLOCK together with
//
//   void begin_depthwise_block(const a8_depthwise_run_t *run, bool again)
//
// which is called before the runs of channels first .. first + count - 1; again: so was an earlier call of the image.
#include "depthwise_run_s8.h"

static inline void run_at(const a8_conv_params_t *params, a8_depthwise_run_t *run, const a8_taps_t *rows, int32_t y,
    int32_t x, int32_t pixels) {
    const a8_window_t *win = &params->window;
    const int32_t c = params->in_c;
    const int32_t top = y * win->stride_h - win->pad_h;
    const int32_t left = x * win->stride_w - win->pad_w;
    const a8_taps_t columns = a8_taps(left, win->in_w, win->filter_w, win->dilation_w);
    run->rows = rows->end > rows->first ? rows->end - rows->first : 0;
    run->columns = columns.end > columns.first ? columns.end - columns.first : 0;
    run->input = run->operands->input;
    run->filter = run->operands->filter;
    if (run->rows == 0 || run->columns == 0) {
        run->rows = run->columns = 0;
    } else {
        run->input += ((top + rows->first * win->dilation_h) * win->in_w + left + columns.first * win->dilation_w) * c;
        run->filter += (rows->first * win->filter_w + columns.first) * c;
    }
    run->pixels = pixels;
    run->output = (int8_t *)run->operands->output + (y * win->out_w + x) * c;
    run->input += run->first;
    run->filter += run->first;
    run->output += run->first;
}

#ifndef DEPTHWISE_BLOCK
#define DEPTHWISE_BLOCK (INT32_MAX)
#endif
#ifndef DEPTHWISE_PLACE
#define DEPTHWISE_PLACE A8_HOT
#endif

DEPTHWISE_PLACE void DEPTHWISE_CONV(const a8_conv_params_t *params, const a8_operands_t *t, int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const int32_t c = params->in_c;
    if (params->group_out != 1) {
        a8_depthwise_conv_s8_generic(params, t, y0, y1);
        return;
    }
    a8_depthwise_run_t run = { .channels = c, .operands = t, .requantize = &params->result.requantize };
    run.tap_step = win->dilation_w * c;
    run.row_step = win->dilation_h * win->in_w * c;
    run.pixel_step = win->stride_w * c;
    run.filter_row = win->filter_w * c;
    // Pixels from inner to outer have all of their columns inside of the image.
    const int32_t reach = (win->filter_w - 1) * win->dilation_w;
    int32_t inner = (win->pad_w + win->stride_w - 1) / win->stride_w;
    inner = inner < win->out_w ? inner : win->out_w;
    int32_t outer = win->in_w - 1 - reach + win->pad_w;
    outer = outer < 0 ? 0 : outer / win->stride_w + 1;
    outer = outer < win->out_w ? outer : win->out_w;
    for (run.first = 0; run.first < c; run.first += run.count) {
        run.count = c - run.first < DEPTHWISE_BLOCK ? c - run.first : DEPTHWISE_BLOCK;
#ifdef BEGIN_DEPTHWISE_BLOCK
        begin_depthwise_block(&run, y0 != 0);
#endif
        for (int32_t y = y0; y < y1; y++) {
            const int32_t top = y * win->stride_h - win->pad_h;
            const a8_taps_t rows = a8_taps(top, win->in_h, win->filter_h, win->dilation_h);
            for (int32_t x = 0; x < win->out_w;) {
                const int32_t pixels = x >= inner && x < outer ? outer - x : 1;
                run_at(params, &run, &rows, y, x, pixels);
                run_of_pixels(&run);
                x += pixels;
            }
        }
    }
}
