// SPDX-License-Identifier: MIT
//
// Convolution by products of matrices: a tile of windows is gathered in scratch, widened, and multiplied with all
// weights, or with as many channels as a flash cache holds the weights of. Taps outside of the image are gathered as
// 0, since the zero point is taken off.
#include "product_s8_armdsp.h"

#if A8_KERNELS_ARMDSP

// Multiple of the channels of any tile.
#define CHANNEL_MULTIPLE (4)

static inline int32_t block_of(int32_t depth, int32_t channels) {
    const int32_t block = a8_kept_lanes_armdsp(a8_cached_channels(depth, CHANNEL_MULTIPLE));
    return block < channels ? block : channels;
}

// n elements that are a multiple of a word.
static inline uint32_t *put_zeros(uint32_t *word, int32_t tile, int32_t n) {
    for (; n > 0; n -= 4, word += 2 * tile) {
        word[0] = word[tile] = 0;
    }
    return word;
}

static inline void copy(int8_t *to, const int8_t *from, int32_t n) {
    for (; n >= 4; n -= 4, to += 4, from += 4) {
        const uint32_t word = a8_load_word(from);
        memcpy(to, &word, sizeof(word));
    }
    for (; n > 0; n--) {
        *to++ = *from++;
    }
}

typedef struct {
    const a8_conv_params_t *params;
    const int8_t *input; // of the group's first channel
    uint32_t *pixels;
    int8_t *bytes; // a window that is put together; NULL if none is
    int32_t tile;
    bool runs; // taps of a row lie side by side
} gather_t;

// The window at output (y, x), as pixel p of the tile.
static inline void gather(const gather_t *g, int32_t p, int32_t y, int32_t x) {
    const a8_conv_params_t *params = g->params;
    const a8_window_t *win = &params->window;
    const int32_t zero_point = params->result.requantize.in_zero_point;
    const int32_t c = params->group_in;
    const int32_t top = y * win->stride_h - win->pad_h;
    const int32_t left = x * win->stride_w - win->pad_w;
    const int32_t row = win->filter_w * c;
    if (win->filter_h * win->filter_w == 1) {
        a8_widen_s8_armdsp(g->pixels, g->tile, p, g->input + (top * win->in_w + left) * params->in_c, c, zero_point);
        return;
    }
    const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, win->dilation_h);
    a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, win->dilation_w);
    if (tx.end <= tx.first) {
        tx.first = tx.end = win->filter_w;
    }
    uint32_t *word = g->pixels + p;
    int8_t *bytes = g->bytes;
    for (int32_t fy = 0; fy < win->filter_h; fy++) {
        const bool inside = fy >= ty.first && fy < ty.end;
        const int32_t before = inside ? tx.first : win->filter_w;
        const int32_t end = inside ? tx.end : win->filter_w;
        const int8_t *in = g->input + ((top + fy * win->dilation_h) * win->in_w + left) * params->in_c;
        if (bytes == NULL) {
            word = put_zeros(word, g->tile, before * c);
            a8_widen_s8_armdsp(word, g->tile, 0, in + before * c, (end - before) * c, zero_point);
            word += (end - before) * c / 2 * g->tile;
            word = put_zeros(word, g->tile, (win->filter_w - end) * c);
            continue;
        }
        if (end - before < win->filter_w) {
            memset(bytes, zero_point, (size_t)row);
        }
        if (g->runs) {
            copy(bytes + before * c, in + before * c, (end - before) * c);
        } else {
            for (int32_t fx = before; fx < end; fx++) {
                copy(bytes + fx * c, in + fx * win->dilation_w * params->in_c, c);
            }
        }
        bytes += row;
    }
    if (bytes != NULL) {
        a8_widen_s8_armdsp(g->pixels, g->tile, p, g->bytes, win->filter_h * row, zero_point);
    }
}

A8_HOT void a8_conv_s8_armdsp(const a8_conv_params_t *params, const a8_operands_t *operands, int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const int32_t depth = win->filter_h * win->filter_w * params->group_in;
    const int32_t largest = a8_largest_tile_armdsp(depth, (int64_t)win->out_h * win->out_w);
    const int32_t count = (y1 - y0) * win->out_w;
    const int32_t block = block_of(depth, params->group_out);
    int8_t *output = (int8_t *)operands->output + y0 * win->out_w * params->out_c;
    gather_t g = { .runs = win->dilation_w == 1 && params->group_in == params->in_c, .params = params, .input = operands->input, .pixels = operands->scratch };
    a8_lane_armdsp_t *lanes = largest > 1 ? operands->scratch : NULL;
    if (lanes != NULL) {
        g.pixels = (uint32_t *)(void *)(lanes + a8_kept_lanes_armdsp(params->group_out));
    }
    if (!a8_gathers_words_armdsp(params)) {
        g.bytes = (int8_t *)(g.pixels + a8_rounded_depth(depth) / 2 * largest);
    }
    a8_product_armdsp_t t = {
        .pixels = g.pixels, .depth = depth, .output_step = params->out_c, .requantize = &params->result.requantize, .per_channel = params->result.requantize.flags & A8_PER_CHANNEL ? 1 : 0
    };
    for (int32_t c = 0, group_end = params->group_out; c < params->out_c; c += t.channels) {
        if (c == group_end) {
            group_end += params->group_out;
            g.input += params->group_in;
        }
        t.channels = group_end - c < block ? group_end - c : block;
        t.filter = (const int8_t *)operands->filter + c * depth;
        t.bias = operands->bias != NULL ? operands->bias + 4 * c : NULL;
        t.is_brief = a8_is_brief_armdsp(t.bias, t.channels, depth);
        t.multipliers = operands->multipliers + c * t.per_channel;
        t.shifts = operands->shifts + c * t.per_channel;
        t.output = output + c;
        t.lanes = NULL;
        if (lanes != NULL && a8_lanes_armdsp(&t, lanes)) {
            t.lanes = lanes;
        }
        for (int32_t i = 0, y = y0, x = 0; i < count; i += t.tile) {
            t.tile = g.tile = a8_tile_armdsp(count - i, largest);
            for (int32_t p = 0; p < t.tile; p++) {
                gather(&g, p, y, x);
                if (++x == win->out_w) {
                    x = 0;
                    y++;
                }
            }
            a8_product_s8_armdsp(&t);
            t.output += t.tile * params->out_c;
        }
    }
}

#endif
