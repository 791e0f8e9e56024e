// SPDX-License-Identifier: MIT
//
// Convolution and fully connected: a few windows are gathered and widened, then each row of weights is widened and
// multiplied with all of them. Channels are taken in blocks whose weights stay in the cache before the flash.
#include "mac16_s8_xtensa.h"

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
    bool fours;
} product_t;

static product_t product_of(const a8_operands_t *t, const a8_requantize_t *rq, int32_t depth, int32_t out_c,
    bool fours) {
    product_t p = {
        .depth = depth, .padded = a8_rounded_depth(depth), .output_step = out_c, .requantize = rq, .fours = fours
    };
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
    for (int32_t c = 0; c < t->channels; c++, w += t->depth) {
        const uint32_t bias = (t->bias != NULL ? (uint32_t)a8_load_i32(t->bias + 4 * c) : 0) + t->before;
        rows.low = bias << 8;
        rows.high = (int32_t)bias >> 24;
        a8_widen_weights_xtensa(t->weights, w, t->depth, t->fours);
        a8_mac16_rows_xtensa(&rows);
        a8_put_outputs_xtensa(t->requantize, t->multipliers[c * t->per_channel], t->shifts[c * t->per_channel],
            (int32_t)bias, t->depth, sums, t->count, t->output + c, t->output_step);
    }
}

static inline int16_t *put_zeros(int16_t *row, int32_t n) {
    if (n != 0) {
        memset(row, 0, 2 * (size_t)n);
    }
    return row + n;
}

// The window at output (y, x) over the input channels from input on.
static void gather(const a8_conv_params_t *params, const int8_t *input, int32_t y, int32_t x, int32_t padding,
    int16_t *row) {
    const a8_window_t *win = &params->window;
    const int32_t zero_point = params->result.requantize.in_zero_point;
    const int32_t c = params->group_in;
    const int32_t top = y * win->stride_h - win->pad_h;
    const int32_t left = x * win->stride_w - win->pad_w;
    const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, win->dilation_h);
    const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, win->dilation_w);
    const bool runs = win->dilation_w == 1 && c == params->in_c;
    const bool fours = (c & 3) == 0;
    for (int32_t fy = 0; fy < win->filter_h; fy++) {
        if (fy < ty.first || fy >= ty.end || tx.first >= tx.end) {
            row = put_zeros(row, win->filter_w * c);
            continue;
        }
        const int8_t *in = input + ((top + fy * win->dilation_h) * win->in_w + left) * params->in_c;
        row = put_zeros(row, tx.first * c);
        if (runs) {
            const int32_t n = (tx.end - tx.first) * c;
            a8_widen_inputs_xtensa(row, in + tx.first * c, n, zero_point, fours);
            row += n;
        } else {
            for (int32_t fx = tx.first; fx < tx.end; fx++, row += c) {
                a8_widen_inputs_xtensa(row, in + fx * win->dilation_w * params->in_c, c, zero_point, fours);
            }
        }
        row = put_zeros(row, (win->filter_w - tx.end) * c);
    }
    put_zeros(row, padding);
}

A8_HOT void a8_conv_s8_xtensa(const a8_conv_params_t *params, const a8_operands_t *operands, int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const int32_t depth = win->filter_h * win->filter_w * params->group_in;
    product_t t = product_of(operands, &params->result.requantize, depth, params->out_c, (params->group_in & 3) == 0);
    const int32_t pixels = a8_mac16_pixels(depth, (int64_t)win->out_h * win->out_w);
    const int32_t count = (y1 - y0) * win->out_w;
    const int32_t first = y0 * win->out_w;
    const bool flat = a8_conv_is_flat(params) && t.fours;
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
                a8_widen_inputs_xtensa(t.pixels, input + (first + i) * depth, t.count * depth,
                    params->result.requantize.in_zero_point, true);
            }
            for (int32_t p = 0; p < t.count && !flat; p++) {
                gather(params, input, y, x, t.padded - depth, t.pixels + p * t.padded);
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

// Several rows of a batch are pixels.
static A8_HOT void fully_connected_rows(const a8_fully_connected_params_t *params, const a8_operands_t *operands,
    int32_t y0, int32_t y1, int32_t pixels) {
    const int32_t depth = params->depth;
    const int32_t zero_point = params->result.requantize.in_zero_point;
    product_t t = product_of(operands, &params->result.requantize, depth, params->out_c, (depth & 3) == 0);
    const int8_t *input = (const int8_t *)operands->input + y0 * depth;
    channels_of(&t, operands, 0, params->out_c);
    t.output = (int8_t *)operands->output + y0 * params->out_c;
    for (int32_t y = y0; y < y1; y += t.count) {
        t.count = y1 - y < pixels ? y1 - y : pixels;
        for (int32_t p = 0; p < t.count; p++, input += depth) {
            a8_widen_inputs_xtensa(t.pixels + p * t.padded, input, depth, zero_point, t.fours);
            put_zeros(t.pixels + p * t.padded + depth, t.padded - depth);
        }
        product(&t);
        t.output += t.count * params->out_c;
    }
}

// n weights of a channel and widened inputs, added to a sum.
static inline uint32_t sum_of_channel(const int16_t *x, const int8_t *w, int32_t n, bool fours, uint32_t sum) {
    if (fours && ((uintptr_t)w & 3) == 0) {
        const a8_mac16_bytes_t bytes = { (uintptr_t)x - 4, w, n / 4, sum };
        return a8_mac16_bytes_xtensa(&bytes);
    }
    if (!fours) {
        for (const int8_t *last = w + n; w != last; w++) {
            sum += (uint32_t)(*x++ * *w);
        }
        return sum;
    }
    for (int32_t k = 0; k < n; k++) {
        const int32_t place = (k & ~3) | (k & 1) << 1 | (k >> 1 & 1);
        sum += (uint32_t)(x[place] * w[k]);
    }
    return sum;
}

// 0 without a bias, which may have any alignment.
static inline uint32_t bias_of(const a8_operands_t *t, int32_t c) {
    if (t->bias == NULL) {
        return 0;
    }
    return (uintptr_t)t->bias % 4 == 0 ? ((const uint32_t *)(const void *)t->bias)[c] : (uint32_t)a8_load_i32(t->bias + 4 * c);
}

// Channels c .. end - 1 of one row: weights are read once and not stored. Where the row is long, part after part of it
// is widened, and sums wait in scratch. before: what a zero point of the weights takes from every sum.
static A8_HOT void fully_connected_block(const a8_fully_connected_params_t *params, const a8_operands_t *operands,
    const int8_t *input, int8_t *output, uint32_t before, int32_t begin, int32_t end) {
    const a8_requantize_t *rq = &params->result.requantize;
    const int32_t depth = params->depth;
    const int32_t part = a8_mac16_part(depth, params->out_c);
    const bool fours = (depth & 3) == 0;
    const int32_t per_channel = rq->flags & A8_PER_CHANNEL ? 1 : 0;
    int16_t *x = operands->scratch;
    uint32_t *sums = (uint32_t *)(void *)(x + part + 2);
    uint32_t last[A8_MAC16_PIXELS]; // sums that are no outputs yet
    for (int32_t k = 0; k < depth; k += part) {
        const int32_t n = depth - k < part ? depth - k : part;
        const int8_t *w = (const int8_t *)operands->filter + begin * depth + k;
        if (part < depth || begin == 0) {
            a8_widen_inputs_xtensa(x, input + k, n, rq->in_zero_point, fours);
        }
        int32_t waiting = 0;
        uint32_t high = 0; // the highest bits of waiting channels' biases, shifted so that small ones are positive
        for (int32_t c = begin; c < end; c++, w += depth) {
            const uint32_t bias = bias_of(operands, c) + before;
            const uint32_t sum = sum_of_channel(x, w, n, fours, k == 0 ? bias : sums[c - begin]);
            if (k + n < depth) {
                sums[c - begin] = sum;
                continue;
            }
            // Channels with one multiplier wait for each other.
            last[waiting++] = sum;
            high |= bias + A8_MAC16_BIAS;
            if (per_channel == 0 && waiting < A8_MAC16_PIXELS && c + 1 < end) {
                continue;
            }
            const int32_t i = c * per_channel;
            a8_put_outputs_xtensa(rq, operands->multipliers[i], operands->shifts[i],
                high < 2 * (uint32_t)A8_MAC16_BIAS ? 0 : INT32_MAX, depth, last, waiting, output + c + 1 - waiting, 1);
            waiting = 0;
            high = 0;
        }
    }
}

static A8_HOT void fully_connected_row(const a8_fully_connected_params_t *params, const a8_operands_t *operands,
    const int8_t *input, int8_t *output) {
    const a8_requantize_t *rq = &params->result.requantize;
    uint32_t before = 0;
    if (rq->filter_zero_point != 0) {
        const uint32_t sum = a8_sum_of(input, params->depth) - (uint32_t)(rq->in_zero_point * params->depth);
        before = 0 - sum * (uint32_t)(int32_t)rq->filter_zero_point;
    }
    for (int32_t c = 0; c < params->out_c; c += A8_MAC16_SUMS) {
        const int32_t end = params->out_c - c < A8_MAC16_SUMS ? params->out_c : c + A8_MAC16_SUMS;
        fully_connected_block(params, operands, input, output, before, c, end);
    }
}

A8_HOT void a8_fully_connected_s8_xtensa(const a8_fully_connected_params_t *params, const a8_operands_t *operands,
    int32_t y0, int32_t y1) {
    const int32_t pixels = a8_mac16_rows(params->depth, params->batches);
    if (pixels > 0 && params->result.requantize.filter_zero_point == 0) {
        fully_connected_rows(params, operands, y0, y1, pixels);
        return;
    }
    for (int32_t y = y0; y < y1; y++) {
        fully_connected_row(params, operands, (const int8_t *)operands->input + y * params->depth,
            (int8_t *)operands->output + y * params->out_c);
    }
}

#endif
