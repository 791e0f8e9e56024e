// SPDX-License-Identifier: MIT
//
// Convolution and fully connected: a few windows are gathered and widened, then each row of weights is widened and
// multiplied with all of them. Channels are taken in blocks whose weights stay in the cache before the flash.
#include "mac16_xtensa.h"

#if A8_KERNELS_XTENSA

// Of 32 KB that an ESP32 has for a core.
#define CACHED_WEIGHTS (16384)

typedef struct {
    int16_t *weights; // widened, one row
    int16_t *pixels;
    int32_t depth;
    int32_t padded; // to a multiple of A8_MAC16_GROUP
    int32_t count; // of pixels
    const int8_t *filter;
    int32_t channels;
    const uint8_t *bias;
    uint32_t before; // added to every sum
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t per_channel;
    const a8_requantize_t *requantize;
    int8_t *output;
    int32_t output_step;
} product_t;

static product_t product_of(const a8_operands_t *t, const a8_requantize_t *rq, int32_t depth, int32_t out_c) {
    product_t p = { .depth = depth, .padded = a8_rounded_depth(depth), .output_step = out_c, .requantize = rq };
    p.weights = t->scratch;
    p.pixels = p.weights + p.padded;
    p.per_channel = rq->flags & A8_PER_CHANNEL ? 1 : 0;
    return p;
}

static inline void channels_of(product_t *p, const a8_operands_t *t, int32_t c, int32_t channels) {
    p->filter = (const int8_t *)t->filter + c * p->depth;
    p->channels = channels;
    p->bias = t->bias != NULL ? t->bias + 4 * c : NULL;
    p->multipliers = t->multipliers + c * p->per_channel;
    p->shifts = t->shifts + c * p->per_channel;
}

static A8_HOT void product(const product_t *t) {
    uint32_t sums[A8_MAC16_PIXELS];
    a8_mac16_rows_t rows = { .groups = t->padded / A8_MAC16_GROUP, .sums = sums, .pixels = t->count };
    rows.input = (uintptr_t)t->pixels - 4;
    rows.weights = (uintptr_t)t->weights - 4;
    const int8_t *w = t->filter;
    a8_mac16_result_t result = a8_mac16_result(t->requantize, t->multipliers[0], t->shifts[0]);
    for (int32_t c = 0; c < t->channels; c++, w += t->depth) {
        const uint32_t bias = (t->bias != NULL ? (uint32_t)a8_load_i32(t->bias + 4 * c) : 0) + t->before;
        rows.low = bias << 8;
        rows.high = (int32_t)bias >> 24;
        a8_widen_weights_xtensa(t->weights, w, t->depth);
        a8_mac16_rows_xtensa(&rows);
        if (t->per_channel) {
            result = a8_mac16_result(t->requantize, t->multipliers[c], t->shifts[c]);
        }
        int8_t *output = t->output + c;
        for (int32_t p = 0; p < t->count; p++, output += t->output_step) {
            *output = a8_mac16_output(&result, sums[p]);
        }
    }
}

static inline void put_zeros(int16_t *row, int32_t k, int32_t n) {
    if (((k | n) & 3) == 0) {
        memset(row + k, 0, 2 * (size_t)n);
        return;
    }
    for (int32_t end = k + n; k < end; k++) {
        row[a8_mac16_place(k)] = 0;
    }
}

// The window at output (y, x) over the input channels from input on.
static void gather(const a8_conv_params_t *params, const int8_t *input, int32_t y, int32_t x, int32_t padded,
    int16_t *row) {
    const a8_window_t *win = &params->window;
    const int32_t zero_point = params->result.requantize.in_zero_point;
    const int32_t c = params->group_in;
    const int32_t top = y * win->stride_h - win->pad_h;
    const int32_t left = x * win->stride_w - win->pad_w;
    const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, win->dilation_h);
    const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, win->dilation_w);
    const bool runs = win->dilation_w == 1 && c == params->in_c;
    int32_t k = 0;
    for (int32_t fy = 0; fy < win->filter_h; fy++) {
        const int32_t row_end = k + win->filter_w * c;
        if (fy >= ty.first && fy < ty.end && tx.first < tx.end) {
            const int8_t *in = input + ((top + fy * win->dilation_h) * win->in_w + left) * params->in_c;
            put_zeros(row, k, tx.first * c);
            k += tx.first * c;
            if (runs) {
                const int32_t n = (tx.end - tx.first) * c;
                a8_widen_inputs_xtensa(row, k, in + tx.first * c, n, zero_point);
                k += n;
            } else {
                for (int32_t fx = tx.first; fx < tx.end; fx++, k += c) {
                    a8_widen_inputs_xtensa(row, k, in + fx * win->dilation_w * params->in_c, c, zero_point);
                }
            }
        }
        put_zeros(row, k, row_end - k);
        k = row_end;
    }
    put_zeros(row, k, padded - k);
}

A8_HOT void a8_conv_s8_xtensa(const a8_conv_params_t *params, const a8_operands_t *operands, int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const int32_t depth = win->filter_h * win->filter_w * params->group_in;
    product_t t = product_of(operands, &params->result.requantize, depth, params->out_c);
    const int32_t pixels = a8_mac16_pixels(depth, (int64_t)win->out_h * win->out_w);
    const int32_t count = (y1 - y0) * win->out_w;
    const int32_t first = y0 * win->out_w;
    const bool flat = a8_conv_is_flat(params) && (depth & 3) == 0;
    const int32_t block = CACHED_WEIGHTS / depth < 1 ? 1 : CACHED_WEIGHTS / depth;
    const int8_t *input = operands->input;
    for (int32_t c = 0, group_end = params->group_out; c < params->out_c; c += t.channels) {
        if (c == group_end) {
            group_end += params->group_out;
            input += params->group_in;
        }
        channels_of(&t, operands, c, group_end - c < block ? group_end - c : block);
        t.output = (int8_t *)operands->output + first * params->out_c + c;
        for (int32_t i = 0, y = y0, x = 0; i < count; i += t.count) {
            t.count = count - i < pixels ? count - i : pixels;
            if (flat) {
                a8_widen_inputs_xtensa(t.pixels, 0, input + (first + i) * depth, t.count * depth,
                    params->result.requantize.in_zero_point);
            }
            for (int32_t p = 0; p < t.count && !flat; p++) {
                gather(params, input, y, x, t.padded, t.pixels + p * t.padded);
                if (++x == win->out_w) {
                    x = 0;
                    y++;
                }
            }
            product(&t);
            t.output += t.count * params->out_c;
        }
    }
}

// A row of the batch is a pixel.
A8_HOT void a8_fully_connected_s8_xtensa(const a8_fully_connected_params_t *params, const a8_operands_t *operands,
    int32_t y0, int32_t y1) {
    const a8_requantize_t *rq = &params->result.requantize;
    const int32_t depth = params->depth;
    // With a zero point of the weights sums depend on the row: one at a time.
    const int32_t pixels = rq->filter_zero_point == 0 ? a8_mac16_pixels(depth, params->batches) : 1;
    product_t t = product_of(operands, rq, depth, params->out_c);
    const int8_t *input = (const int8_t *)operands->input + y0 * depth;
    channels_of(&t, operands, 0, params->out_c);
    t.output = (int8_t *)operands->output + y0 * params->out_c;
    for (int32_t y = y0; y < y1; y += t.count) {
        t.count = y1 - y < pixels ? y1 - y : pixels;
        if (rq->filter_zero_point != 0) {
            const uint32_t sum = a8_sum_of(input, depth) - (uint32_t)(rq->in_zero_point * depth);
            t.before = 0 - sum * (uint32_t)(int32_t)rq->filter_zero_point;
        }
        for (int32_t p = 0; p < t.count; p++, input += depth) {
            a8_widen_inputs_xtensa(t.pixels + p * t.padded, 0, input, depth, rq->in_zero_point);
            put_zeros(t.pixels + p * t.padded, depth, t.padded - depth);
        }
        product(&t);
        t.output += t.count * params->out_c;
    }
}

#endif
