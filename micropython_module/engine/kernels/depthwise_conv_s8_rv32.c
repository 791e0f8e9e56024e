// SPDX-License-Identifier: MIT
//
// Depthwise convolution of int8 on RV32IM. Windows of 3 x 3 that move by 1 or 2: channel by channel, its nine
// weights in registers, and of the pixels only the columns that are new to a window loaded. Other windows in
// plain C: the weights of a tap are read once for two pixels.
#include "scratch.h"

#if A8_KERNELS_RV32

#include "arithmetic_rv32.h"
#include "depthwise_run_s8.h"

static inline void output_of(const a8_depthwise_run_t *run, int32_t pixel, int32_t c, uint32_t sum) {
    const a8_requantize_t *rq = run->requantize;
    const int32_t i = rq->flags & A8_PER_CHANNEL ? c : 0;
    int32_t value = a8_requantized((int32_t)sum, run->operands->multipliers[i], run->operands->shifts[i]);
    value = a8_clamp(value + rq->out_zero_point, rq->min, rq->max);
    run->output[pixel * run->channels + c] = (int8_t)value;
}

static inline void run_of_pixels(const a8_depthwise_run_t *run) {
    const int32_t zero_point = run->requantize->in_zero_point;
    const uint8_t *bias = run->operands->bias;
    for (int32_t p = 0; p < run->pixels; p += 2) {
        const int32_t second = p + 1 < run->pixels ? run->pixel_step : 0; // a last one alone is summed twice
        for (int32_t c = 0; c < run->channels; c++) {
            const int8_t *in = run->input + p * run->pixel_step + c;
            const int8_t *filter = run->filter + c;
            uint32_t s0 = bias != NULL ? (uint32_t)a8_load_i32(bias + 4 * c) : 0;
            uint32_t s1 = s0;
            for (int32_t fy = 0; fy < run->rows; fy++, in += run->row_step, filter += run->filter_row) {
                const int8_t *x = in;
                const int8_t *w = filter;
                for (int32_t fx = 0; fx < run->columns; fx++, x += run->tap_step, w += run->channels) {
                    s0 += (uint32_t)((x[0] - zero_point) * *w);
                    s1 += (uint32_t)((x[second] - zero_point) * *w);
                }
            }
            output_of(run, p, c, s0);
            if (second != 0) {
                output_of(run, p + 1, c, s1);
            }
        }
    }
}

#define DEPTHWISE_CONV depthwise_conv_of_any_window
#define DEPTHWISE_PLACE static
#include "depthwise_conv_s8_tiled.h"

// What the rows of one channel have in common.
typedef struct {
    const a8_window_t *window;
    int32_t pixel; // bytes from pixel to pixel
    int32_t out_pixel;
    int32_t w[9];
    uint32_t bias; // with what the zero point adds
    a8_scaling_rv32_t scaling;
    a8_requantize_t rq;
} channel_t;

// Three pixels, one above the other.
#define LOAD(a) \
    do { \
        a##0 = *x0, a##1 = *x1, a##2 = *x2; \
        x0 += step0, x1 += step1, x2 += step2; \
        A8_KEEP(x0); \
        A8_KEEP(x1); \
        A8_KEEP(x2); \
    } while (0)

#define OUTSIDE(a) (a##0 = a##1 = a##2 = zero_point)
#define MOVE(a, b) (a##0 = b##0, a##1 = b##1, a##2 = b##2)

#define OUTPUT(a, b, c) \
    do { \
        uint32_t sum = ch->bias; \
        A8_ADD_PRODUCT(sum, a##0, w0); \
        A8_ADD_PRODUCT(sum, b##0, w1); \
        A8_ADD_PRODUCT(sum, c##0, w2); \
        A8_ADD_PRODUCT(sum, a##1, w3); \
        A8_ADD_PRODUCT(sum, b##1, w4); \
        A8_ADD_PRODUCT(sum, c##1, w5); \
        A8_ADD_PRODUCT(sum, a##2, w6); \
        A8_ADD_PRODUCT(sum, b##2, w7); \
        A8_ADD_PRODUCT(sum, c##2, w8); \
        *y = a8_scaled_rv32(sum, &ch->scaling, &ch->rq); \
        y += ch->out_pixel; \
    } while (0)

// One row of outputs. x: the rows of the input at their first pixel; one outside of the image stands still at the
// zero point, and its step is 0.
static inline void row_of_channel(const channel_t *ch, const int8_t *const x[3], const int32_t step[3], int8_t *y) {
    const a8_window_t *win = ch->window;
    const int32_t zero_point = ch->rq.in_zero_point;
    const int32_t w0 = ch->w[0], w1 = ch->w[1], w2 = ch->w[2], w3 = ch->w[3], w4 = ch->w[4];
    const int32_t w5 = ch->w[5], w6 = ch->w[6], w7 = ch->w[7], w8 = ch->w[8];
    const int8_t *x0 = x[0], *x1 = x[1], *x2 = x[2];
    const int32_t step0 = step[0], step1 = step[1], step2 = step[2];
    int32_t a0, a1, a2, b0, b1, b2, c0, c1, c2;
    int32_t left = win->in_w; // columns not loaded yet
    int32_t outputs = win->out_w;
    if (win->pad_w != 0) {
        OUTSIDE(a);
    } else {
        LOAD(a);
        left--;
    }
    if (win->stride_w == 1) {
        if (left > 0) {
            LOAD(b);
            left--;
        } else {
            OUTSIDE(b);
        }
        for (; left >= 3 && outputs >= 3; left -= 3, outputs -= 3) {
            LOAD(c);
            OUTPUT(a, b, c);
            LOAD(a);
            OUTPUT(b, c, a);
            LOAD(b);
            OUTPUT(c, a, b);
        }
        for (; outputs > 0; outputs--) {
            if (left > 0) {
                LOAD(c);
                left--;
            } else {
                OUTSIDE(c);
            }
            OUTPUT(a, b, c);
            MOVE(a, b);
            MOVE(b, c);
        }
        return;
    }
    for (; left >= 4 && outputs >= 2; left -= 4, outputs -= 2) {
        LOAD(b);
        LOAD(c);
        OUTPUT(a, b, c);
        LOAD(b);
        LOAD(a);
        OUTPUT(c, b, a);
    }
    for (; outputs > 0; outputs--) {
        OUTSIDE(b);
        OUTSIDE(c);
        if (left > 0) {
            LOAD(b);
        }
        if (left > 1) {
            LOAD(c);
        }
        left -= 2;
        OUTPUT(a, b, c);
        MOVE(a, c);
    }
}

static void rows_of_channel(const a8_conv_params_t *params, const a8_operands_t *t, int32_t c, int32_t y0,
    int32_t y1) {
    const a8_window_t *win = &params->window;
    const a8_requantize_t *rq = &params->result.requantize;
    const int8_t *zeros = &rq->in_zero_point;
    const int8_t *w = (const int8_t *)t->filter + c;
    channel_t ch = { .window = win, .pixel = params->in_c, .out_pixel = params->out_c, .rq = *rq };
    int32_t sum = 0;
    for (int32_t i = 0; i < 9; i++, w += params->out_c) {
        ch.w[i] = *w;
        sum += *w;
    }
    ch.bias = (t->bias != NULL ? (uint32_t)a8_load_i32(t->bias + 4 * c) : 0) - (uint32_t)(sum * rq->in_zero_point);
    ch.scaling = a8_scaling_rv32(t->multipliers, t->shifts, rq->flags & A8_PER_CHANNEL ? c : 0);
    const int32_t row = win->in_w * params->in_c;
    const int8_t *input = (const int8_t *)t->input + c / params->group_out;
    int8_t *output = (int8_t *)t->output + y0 * win->out_w * params->out_c + c;
    for (int32_t y = y0; y < y1; y++, output += win->out_w * params->out_c) {
        const int8_t *x[3];
        int32_t step[3];
        int32_t at = y * win->stride_h - win->pad_h;
        for (int32_t i = 0; i < 3; i++, at++) {
            const bool inside = at >= 0 && at < win->in_h;
            x[i] = inside ? input + at * row : zeros;
            step[i] = inside ? params->in_c : 0;
        }
        row_of_channel(&ch, x, step, output);
    }
}

static inline bool are_right(const a8_conv_params_t *params, const int8_t *shifts) {
    const int32_t n = params->result.requantize.flags & A8_PER_CHANNEL ? params->out_c : 1;
    int32_t highest = A8_SHIFT_MIN;
    for (int32_t i = 0; i < n; i++) {
        highest = shifts[i] > highest ? shifts[i] : highest;
    }
    return highest < 0;
}

A8_HOT void a8_depthwise_conv_s8_rv32(const a8_conv_params_t *params, const a8_operands_t *t, int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const bool is_3x3 = win->filter_h == 3 && win->filter_w == 3 && win->dilation_h == 1 && win->dilation_w == 1;
    // At most one column is outside on the left, which holds for every padding that keeps a window in the image.
    if (!is_3x3 || win->stride_w > 2 || win->pad_w > 1 || !are_right(params, t->shifts)) {
        depthwise_conv_of_any_window(params, t, y0, y1);
        return;
    }
    for (int32_t c = 0; c < params->out_c; c++) {
        rows_of_channel(params, t, c, y0, y1);
    }
}

#endif
