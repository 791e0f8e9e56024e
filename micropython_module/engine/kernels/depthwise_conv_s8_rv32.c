// SPDX-License-Identifier: MIT
//
// Depthwise convolution of int8 on RV32IM. Windows of 3 x 3 that move by 1 or 2: channel by channel, its nine
// weights in registers; each column of three pixels is loaded once, and added to the sums of all windows that it
// is in. The windows of a call may also be walked downwards, if that makes longer lines. Other windows in plain C:
// the weights of a tap are read once for two pixels.
#include "scratch_rv32.h"

#if A8_KERNELS_RV32

#include "arithmetic_rv32.h"
#include "depthwise_run_s8.h"

static inline void output_of(const a8_depthwise_run_t *run, int32_t pixel, int32_t c, uint32_t sum) {
    const a8_requantize_t *rq = run->requantize;
    const int32_t i = rq->flags & A8_PER_CHANNEL ? c : 0;
    int32_t value = a8_requantized((int32_t)sum, run->operands->multipliers[i], run->operands->shifts[i]);
    value = a8_clamp((int32_t)((uint32_t)value + (uint32_t)rq->out_zero_point), rq->min, rq->max);
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

// The direction in which windows are walked, and the one across.
typedef struct {
    int32_t stride;
    int32_t pixel; // bytes from pixel to pixel of the input
    int32_t out_pixel;
    int32_t begin; // where the first window begins; -1 is outside of the image
    int32_t end; // of the image
    int32_t outputs;
} direction_t;

// What the lines of one channel have in common. Behind the weights are zeros for lines outside of the image, which
// read another line then.
typedef struct {
    direction_t along;
    int32_t w[4][3];
    uint32_t bias;
    a8_scaling_rv32_t scaling;
    a8_requantize_t rq;
} channel_t;

// Three pixels across.
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

// One line of outputs. w: lines of weights; x: lines of the input, at the first pixel that is inside.
static inline void outputs_of_line(const channel_t *ch, uint32_t bias, const int32_t *w0, const int32_t *w1,
    const int32_t *w2, const int8_t *x0, const int8_t *x1, const int8_t *x2, int8_t *y) {
    const a8_requantize_t rq = ch->rq;
    const a8_scaling_rv32_t scaling = ch->scaling;
    const int32_t zero_point = rq.in_zero_point, pixel = ch->along.pixel, out_pixel = ch->along.out_pixel;
    const int32_t w00 = w0[0], w01 = w0[1], w02 = w0[2];
    const int32_t w10 = w1[0], w11 = w1[1], w12 = w1[2];
    const int32_t w20 = w2[0], w21 = w2[1], w22 = w2[2];
    int32_t a, b, c;
    int32_t columns = ch->along.end - ch->along.begin - 1; // behind the first one
    const int32_t outputs = ch->along.outputs;
    const int8_t *const end = y + outputs * out_pixel;
    uint32_t first = bias, second = bias;
    if (ch->along.begin < 0) {
        OUTSIDE();
    } else {
        LOAD();
    }
    ADD_COLUMN(first, w00, w10, w20);
    if (ch->along.stride == 1) {
        if (columns-- > 0) {
            LOAD();
        } else {
            OUTSIDE();
        }
        ADD_COLUMN(first, w01, w11, w21);
        ADD_COLUMN(second, w00, w10, w20);
        const int32_t whole = columns < outputs ? columns : outputs;
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
    const int32_t whole = columns / 2 < outputs ? columns / 2 : outputs;
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

static inline void outputs_of_channel(const a8_conv_params_t *params, const a8_operands_t *t, int32_t c, bool down,
    const direction_t *along, const direction_t *across, int8_t *output) {
    const a8_requantize_t *rq = &params->result.requantize;
    const int8_t *w = (const int8_t *)t->filter + c;
    const int32_t w_along = down ? 3 * params->out_c : params->out_c;
    const int32_t w_across = 4 * params->out_c - w_along;
    channel_t ch = { .along = *along, .rq = *rq };
    uint32_t less[3]; // of the bias, what the zero point adds in a line
    for (int32_t i = 0; i < 3; i++, w += w_across) {
        ch.w[i][0] = w[0];
        ch.w[i][1] = w[w_along];
        ch.w[i][2] = w[2 * w_along];
        less[i] = (uint32_t)((ch.w[i][0] + ch.w[i][1] + ch.w[i][2]) * rq->in_zero_point);
    }
    ch.bias = (uint32_t)a8_bias_rv32(t->bias, c);
    ch.scaling = a8_scaling_rv32(t->multipliers, t->shifts, rq->flags & A8_PER_CHANNEL ? c : 0);
    const int8_t *input = (const int8_t *)t->input + c / params->group_out;
    input += (along->begin < 0 ? 0 : along->begin) * along->pixel;
    int32_t at = across->begin;
    output += c;
    for (int32_t n = across->outputs; n > 0; n--, output += across->out_pixel, at += across->stride) {
        const int8_t *x[3];
        const int32_t *weights[3];
        uint32_t bias = ch.bias;
#pragma GCC unroll 3
        for (int32_t i = 0; i < 3; i++) {
            const bool inside = at + i >= 0 && at + i < across->end;
            x[i] = inside ? input + (at + i) * across->pixel : input;
            weights[i] = ch.w[inside ? i : 3];
            bias -= inside ? less[i] : 0;
        }
        outputs_of_line(&ch, bias, weights[0], weights[1], weights[2], x[0], x[1], x[2], output);
    }
}

// Whether a8_scaled_rv32 is for all channels.
static inline bool are_scaled(const a8_conv_params_t *params, const a8_operands_t *t) {
    const bool per_channel = params->result.requantize.flags & A8_PER_CHANNEL;
    bool scaled = true;
    for (int32_t c = 0; c < params->out_c && scaled; c++) {
        scaled = t->shifts[per_channel ? c : 0] < 0 && a8_small_bias_rv32(a8_bias_rv32(t->bias, c));
    }
    return scaled;
}

A8_HOT void a8_depthwise_conv_s8_rv32(const a8_conv_params_t *params, const a8_operands_t *t, int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const bool is_3x3 = win->filter_h == 3 && win->filter_w == 3 && win->dilation_h == 1 && win->dilation_w == 1;
    const int32_t in_c = params->in_c, out_c = params->out_c;
    const direction_t right = { win->stride_w, in_c, out_c, -win->pad_w, win->in_w, win->out_w };
    const direction_t below = {
        win->stride_h,
        win->in_w * in_c,
        win->out_w * out_c,
        y0 * win->stride_h - win->pad_h,
        win->in_h,
        y1 - y0,
    };
    const bool down = y1 - y0 > win->out_w && below.begin >= -1 && below.stride <= 2;
    const direction_t *along = down ? &below : &right;
    if (a8_depthwise_is_conv_rv32(params)) {
        a8_depthwise_as_conv_s8_rv32(params, t, y0, y1);
        return;
    }
    // A line begins at most one pixel before the image, and there is one to begin with.
    if (!is_3x3 || along->begin < -1 || along->begin >= along->end || along->stride > 2 || !are_scaled(params, t)) {
        depthwise_conv_of_any_window(params, t, y0, y1);
        return;
    }
    int8_t *output = (int8_t *)t->output + y0 * win->out_w * out_c;
    for (int32_t c = 0; c < out_c; c++) {
        outputs_of_channel(params, t, c, down, along, down ? &right : &below, output);
    }
}

#endif
