// SPDX-License-Identifier: MIT
//
// Depthwise convolution of int8 on RV32IM. Windows of 3 x 3 that move by 1 or 2: channel by channel, its nine
// weights in registers; each column of three pixels is loaded once, and added to the sums of all windows that it
// is in. Other windows in plain C: the weights of a tap are read once for two pixels.
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

// What the rows of one channel have in common. Behind the weights are zeros for rows outside of the image, which
// read another row then.
typedef struct {
    const a8_window_t *window;
    int32_t pixel; // bytes from pixel to pixel
    int32_t out_pixel;
    int32_t w[4][3];
    uint32_t bias;
    a8_scaling_rv32_t scaling;
    a8_requantize_t rq;
} channel_t;

// Three pixels, one above the other.
#define LOAD() \
    do { \
        a = *x0, b = *x1, c = *x2; \
        x0 += pixel, x1 += pixel, x2 += pixel; \
        A8_KEEP(x0); \
        A8_KEEP(x1); \
        A8_KEEP(x2); \
    } while (0)
#define OUTSIDE() (a = b = c = zero_point)

#define ADD_COLUMN(sum, w0, w1, w2) \
    do { \
        A8_ADD_PRODUCT(sum, a, w0); \
        A8_ADD_PRODUCT(sum, b, w1); \
        A8_ADD_PRODUCT(sum, c, w2); \
    } while (0)

#define OUTPUT(sum) \
    do { \
        *y = a8_scaled_rv32(sum, &scaling, &rq); \
        y += out_pixel; \
    } while (0)

// The column that ends a window is the middle of the next one and begins the one after.
#define END_1() \
    do { \
        ADD_COLUMN(first, w02, w12, w22); \
        OUTPUT(first); \
        ADD_COLUMN(second, w01, w11, w21); \
        first = second; \
        second = bias; \
        ADD_COLUMN(second, w00, w10, w20); \
    } while (0)

// Where windows move by 2 it begins the next one.
#define END_2() \
    do { \
        ADD_COLUMN(first, w02, w12, w22); \
        OUTPUT(first); \
        first = bias; \
        ADD_COLUMN(first, w00, w10, w20); \
    } while (0)

// One row of outputs. w: rows of weights; x: rows of the input, at their first pixel.
static inline void row_of_channel(const channel_t *ch, uint32_t bias, const int32_t *w0, const int32_t *w1,
    const int32_t *w2, const int8_t *x0, const int8_t *x1, const int8_t *x2, int8_t *y) {
    const a8_window_t *win = ch->window;
    const a8_requantize_t rq = ch->rq;
    const a8_scaling_rv32_t scaling = ch->scaling;
    const int32_t zero_point = rq.in_zero_point, pixel = ch->pixel, out_pixel = ch->out_pixel;
    const int32_t w00 = w0[0], w01 = w0[1], w02 = w0[2];
    const int32_t w10 = w1[0], w11 = w1[1], w12 = w1[2];
    const int32_t w20 = w2[0], w21 = w2[1], w22 = w2[2];
    int32_t a, b, c;
    int32_t columns = win->in_w; // not loaded yet
    const int8_t *const end = y + win->out_w * out_pixel;
    uint32_t first = bias, second = bias;
    if (win->pad_w != 0) {
        OUTSIDE();
    } else {
        LOAD();
        columns--;
    }
    ADD_COLUMN(first, w00, w10, w20);
    if (win->stride_w == 1) {
        if (columns-- > 0) {
            LOAD();
        } else {
            OUTSIDE();
        }
        ADD_COLUMN(first, w01, w11, w21);
        ADD_COLUMN(second, w00, w10, w20);
        const int32_t whole = columns < win->out_w ? columns : win->out_w;
        const int8_t *const last = y + (whole > 0 ? whole : 0) * out_pixel;
        while (y != last) {
            LOAD();
            END_1();
        }
        while (y != end) {
            OUTSIDE();
            END_1();
        }
        return;
    }
    const int32_t whole = columns / 2 < win->out_w ? columns / 2 : win->out_w;
    const int8_t *const last = y + whole * out_pixel;
    columns -= 2 * whole;
    while (y != last) {
        LOAD();
        ADD_COLUMN(first, w01, w11, w21);
        LOAD();
        END_2();
    }
    while (y != end) {
        if (columns-- > 0) {
            LOAD();
        } else {
            OUTSIDE();
        }
        ADD_COLUMN(first, w01, w11, w21);
        OUTSIDE();
        END_2();
    }
}

static inline void rows_of_channel(const a8_conv_params_t *params, const a8_operands_t *t, int32_t c, int32_t y0,
    int32_t y1) {
    const a8_window_t *win = &params->window;
    const a8_requantize_t *rq = &params->result.requantize;
    const int8_t *w = (const int8_t *)t->filter + c;
    channel_t ch = { .window = win, .pixel = params->in_c, .out_pixel = params->out_c, .rq = *rq };
    uint32_t less[3]; // of the bias, what the zero point adds in a row
    for (int32_t i = 0; i < 3; i++) {
        int32_t sum = 0;
        for (int32_t k = 0; k < 3; k++, w += params->out_c) {
            ch.w[i][k] = *w;
            sum += *w;
        }
        less[i] = (uint32_t)(sum * rq->in_zero_point);
    }
    ch.bias = t->bias != NULL ? (uint32_t)a8_load_i32(t->bias + 4 * c) : 0;
    ch.scaling = a8_scaling_rv32(t->multipliers, t->shifts, rq->flags & A8_PER_CHANNEL ? c : 0);
    const int32_t row = win->in_w * params->in_c;
    const uint32_t in_h = (uint32_t)win->in_h;
    const int8_t *input = (const int8_t *)t->input + c / params->group_out;
    int8_t *output = (int8_t *)t->output + y0 * win->out_w * params->out_c + c;
    int32_t top = y0 * win->stride_h - win->pad_h;
    for (int32_t y = y0; y < y1; y++, output += win->out_w * params->out_c, top += win->stride_h) {
        const int8_t *x[3];
        const int32_t *weights[3];
        uint32_t bias = ch.bias;
        for (int32_t i = 0; i < 3; i++) {
            const bool inside = (uint32_t)top + (uint32_t)i < in_h; // a negative row is too large as well
            x[i] = inside ? input + (top + i) * row : input;
            weights[i] = ch.w[inside ? i : 3];
            bias -= inside ? less[i] : 0;
        }
        row_of_channel(&ch, bias, weights[0], weights[1], weights[2], x[0], x[1], x[2], output);
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
