// SPDX-License-Identifier: MIT
//
// Convolution of int8 by products of matrices. The including file defines CONV (the kernel's name) and TILES (an
// a8_tiles_t), and gives, in the layout that TILES says the size of:
//
//   void product(const a8_product_t *t, bool flat)
//       all channels of a block by all pixels of a list, channels outside, so that weights are read once
//   void gather(void *pixels, int32_t depth, int32_t p, int32_t n, int32_t k, const int8_t *x, int32_t count)
//       puts count elements at k .. of pixel p of n; from the last pixel of a group to the first, k ascending
//   void gather_fill(void *pixels, int32_t depth, int32_t p, int32_t n, int32_t k, int32_t value, int32_t count)
//
// or, with GATHER_WINDOW defined, a gather_window of its own instead of the last two, and, with GATHER_INSIDE defined,
// for two windows that lie inside of the image, from their first elements
//
//   void gather_inside(void *pixels, const int8_t *x0, const int8_t *x1, int32_t rows, int32_t row_step, int32_t count)
//
// With DEPTHWISE_AS_CONV defined it makes that kernel too, and product gets weights with a stride.
//
// Order: groups of channels, blocks of channels whose weights a flash cache holds, pixels. Taps outside of the image
// are gathered as the zero point, which adds nothing once it is in the bias. Weights that lie in the arena need no
// care: the biases are made anew for every image.
#include "product_s8.h"
#include "scratch_tiled.h"

// Multiple of the channels of any tile.
#define CHANNEL_MULTIPLE (8)

static inline int32_t block_of(int32_t depth, int32_t channels) {
    const int32_t block = a8_cached_channels(depth, CHANNEL_MULTIPLE);
    return block < channels ? block : channels;
}

#ifndef GATHER_WINDOW
// Taps of the window at output (y, x), for the group of input channels that begins at channel.
static inline void gather_window(const a8_conv_params_t *params, const int8_t *input, int32_t channel, int32_t y,
    int32_t x, void *pixels, int32_t depth, int32_t p, int32_t n) {
    const a8_window_t *win = &params->window;
    const int32_t zero_point = params->result.requantize.in_zero_point;
    const int32_t top = y * win->stride_h - win->pad_h;
    const int32_t left = x * win->stride_w - win->pad_w;
    const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, win->dilation_h);
    a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, win->dilation_w);
    const int32_t c = params->group_in;
    const int32_t row = win->filter_w * c;
    if (tx.end <= tx.first) {
        tx.first = tx.end = win->filter_w;
    }
    const bool runs = win->dilation_w == 1 && c == params->in_c;
    int32_t k = 0;
    for (int32_t fy = 0; fy < win->filter_h; fy++) {
        if (fy < ty.first || fy >= ty.end) {
            gather_fill(pixels, depth, p, n, k, zero_point, row);
            k += row;
            continue;
        }
        const int8_t *in = input + ((top + fy * win->dilation_h) * win->in_w + left) * params->in_c + channel;
        gather_fill(pixels, depth, p, n, k, zero_point, tx.first * c);
        k += tx.first * c;
        if (runs) {
            gather(pixels, depth, p, n, k, in + tx.first * c, (tx.end - tx.first) * c);
            k += (tx.end - tx.first) * c;
        } else {
            for (int32_t fx = tx.first; fx < tx.end; fx++, k += c) {
                gather(pixels, depth, p, n, k, in + fx * win->dilation_w * params->in_c, c);
            }
        }
        gather_fill(pixels, depth, p, n, k, zero_point, (win->filter_w - tx.end) * c);
        k += (win->filter_w - tx.end) * c;
    }
    gather_fill(pixels, depth, p, n, k, 0, depth - k);
}
#endif

// A target may do this in its own way (then it defines BEGIN_BLOCK and what follows): the biases and requantization
// of a block of channels, which begins at channel c. again: an earlier call for this image did so.
#ifndef BEGIN_BLOCK
static inline void begin_block(a8_product_t *t, const a8_operands_t *operands, int32_t c, int32_t channels,
    bool again) {
    const int32_t i = c * t->per_channel;
    int32_t *folded = (int32_t *)operands->scratch + c;
    t->filter = (const int8_t *)operands->filter + (t->stride == 1 ? c * t->depth : c);
    t->channels = channels;
    t->bias = folded;
    t->multipliers = operands->multipliers + i;
    t->shifts = operands->shifts + i;
    if (!again && t->stride != 1) {
        for (int32_t n = 0; n < channels; n++) {
            uint32_t sum = 0;
            for (int32_t k = 0; k < t->depth; k++) {
                sum += (uint32_t)(int32_t)t->filter[k * t->stride + n];
            }
            const uint32_t bias = operands->bias != NULL ? (uint32_t)a8_load_i32(operands->bias + 4 * (c + n)) : 0;
            folded[n] = (int32_t)(bias - (uint32_t)t->requantize->in_zero_point * sum);
        }
    } else if (!again) {
        a8_operands_t part = *operands;
        part.filter = t->filter;
        part.bias = operands->bias == NULL ? NULL : operands->bias + 4 * c;
        a8_fold(&part, t->requantize->in_zero_point, channels, t->depth, folded);
    }
}
#endif

#ifdef GATHER_INSIDE
// Outputs y0 .. y1 - 1 of a column and x0 .. x1 - 1 of a row have windows that lie inside of the image, and whose rows
// are in one piece there.
typedef struct {
    int32_t y0, y1, x0, x1;
    bool flat; // all of them, and pixels follow each other
} inside_t;

static inline int32_t last_inside(int32_t size, int32_t pad, int32_t filter, int32_t dilation, int32_t stride) {
    const int32_t room = size + pad - (filter - 1) * dilation - 1;
    return room < 0 ? 0 : room / stride + 1;
}

static inline inside_t windows_inside(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    inside_t in;
    in.y0 = (win->pad_h + win->stride_h - 1) / win->stride_h;
    in.x0 = (win->pad_w + win->stride_w - 1) / win->stride_w;
    in.y1 = last_inside(win->in_h, win->pad_h, win->filter_h, win->dilation_h, win->stride_h);
    in.x1 = last_inside(win->in_w, win->pad_w, win->filter_w, win->dilation_w, win->stride_w);
    if (win->filter_w > 1 && (win->dilation_w != 1 || params->group_in != params->in_c)) {
        in.y1 = 0;
    }
    in.flat = a8_conv_is_flat(params);
    return in;
}

// Whether the windows of output (y, x) and of the one before it are both inside, and a step apart.
static inline bool pair_inside(const inside_t *in, int32_t y, int32_t x) {
    return in->flat || (x > in->x0 && x < in->x1 && y >= in->y0 && y < in->y1);
}

// Where the first of them begins.
static inline int32_t pair_at(const a8_conv_params_t *params, int32_t y, int32_t x) {
    const a8_window_t *win = &params->window;
    const int32_t row = (y * win->stride_h - win->pad_h) * win->in_w;
    return (row + (x - 1) * win->stride_w - win->pad_w) * params->in_c;
}
#endif

static A8_HOT void conv_rows(const a8_conv_params_t *params, const a8_operands_t *operands, int32_t y0, int32_t y1,
    int32_t stride) {
    const a8_window_t *win = &params->window;
    const int32_t depth = win->filter_h * win->filter_w * params->group_in;
    const int32_t padded = a8_rounded_depth(depth);
    const a8_tiles_t tiles = TILES;
    void *pixels = (uint8_t *)operands->scratch + a8_folded_bytes(tiles, params->out_c);
    const bool flat = tiles.flat && a8_conv_is_flat(params);
    const int32_t first = y0 * win->out_w;
    a8_product_t t = { .depth = depth, .stride = stride, .output_step = params->out_c };
    t.requantize = &params->result.requantize;
    t.per_channel = params->result.requantize.flags & A8_PER_CHANNEL ? 1 : 0;
    int8_t *output = (int8_t *)operands->output + first * params->out_c;
    t.pixels = (y1 - y0) * win->out_w;
    if (flat) {
        begin_block(&t, operands, 0, params->out_c, y0 != 0);
        t.input = (const int8_t *)operands->input + first * depth;
        t.output = output;
        product(&t, true);
        return;
    }
    const int32_t count = t.pixels;
#ifdef GATHER_INSIDE
    const inside_t inside = windows_inside(params);
#endif
    const int32_t block = block_of(depth, tiles.channels < params->group_out ? tiles.channels : params->group_out);
    t.input = pixels;
    for (int32_t c = 0, group_end = 0, channel = -params->group_in; c < params->out_c;) {
        if (c == group_end) {
            group_end += params->group_out;
            channel += params->group_in;
        }
        const int32_t channels = group_end - c < block ? group_end - c : block;
        begin_block(&t, operands, c, channels, y0 != 0);
        int32_t y = y0, x = 0;
        for (int32_t i = 0; i < count; i += t.pixels) {
            t.pixels = count - i < tiles.pixels ? count - i : tiles.pixels;
            int32_t at_y = y, at_x = x; // of the group's last pixel, then backwards
            for (int32_t p = 1; p < t.pixels; p++) {
                at_x = at_x + 1 == win->out_w ? 0 : at_x + 1;
                at_y += at_x == 0 ? 1 : 0;
            }
            x = at_x + 1 == win->out_w ? 0 : at_x + 1;
            y = at_y + (x == 0 ? 1 : 0);
#ifdef GATHER_INSIDE
            if (t.pixels == 2 && pair_inside(&inside, at_y, at_x)) {
                const int8_t *in = (const int8_t *)operands->input + channel + pair_at(params, at_y, at_x);
                gather_inside(pixels, in, in + win->stride_w * params->in_c, win->filter_h,
                    win->dilation_h * win->in_w * params->in_c, win->filter_w * params->group_in);
                t.output = output + i * params->out_c + c;
                product(&t, false);
                continue;
            }
#endif
            for (int32_t p = t.pixels - 1; p >= 0; p--) {
                gather_window(params, operands->input, channel, at_y, at_x, pixels, padded, p, t.pixels);
                at_y -= at_x == 0 ? 1 : 0;
                at_x = at_x == 0 ? win->out_w - 1 : at_x - 1;
            }
            t.output = output + i * params->out_c + c;
            product(&t, false);
        }
        c += channels;
    }
}

A8_HOT void CONV(const a8_conv_params_t *params, const a8_operands_t *operands, int32_t y0, int32_t y1) {
    conv_rows(params, operands, y0, y1, 1);
}

#ifdef DEPTHWISE_AS_CONV
// Depthwise with one input channel: the same, but for the order of weights.
A8_HOT void DEPTHWISE_AS_CONV(const a8_conv_params_t *params, const a8_operands_t *operands, int32_t y0, int32_t y1) {
    conv_rows(params, operands, y0, y1, params->out_c);
}
#endif
