// SPDX-License-Identifier: MIT
//
// Scratch of the kernels for Xtensa cores with the MAC16 option; see mac16_s8_xtensa.h.
#ifndef A8_SCRATCH_XTENSA_H
#define A8_SCRATCH_XTENSA_H

#include "scratch_common.h"

// How many windows of depth elements are widened at once, of all there are. Widened
// weights serve all of them. Where windows are a little deeper, tensors tend to be at their largest and scratch should
// be small; where they are much deeper, images are small.
static inline int32_t a8_mac16_pixels(int32_t depth, int64_t all) {
    const int64_t row = 2 * (((int64_t)depth + 3) & ~3);
    const int64_t deep = row < 384 ? 1536 : 4608;
    int64_t pixels = (row <= 256 ? 2048 : deep) / row;
    pixels = pixels < 16 ? pixels : 16;
    pixels = pixels < all ? pixels : all;
    return pixels < 1 ? 1 : (int32_t)pixels;
}

// How many rows of a fully connected operator go through such windows; 0: its rows go one by one, as parts of so
// many elements.
static inline int32_t a8_mac16_rows(int32_t depth, int32_t batches) {
    if (batches < 4) {
        return 0; // without the division below
    }
    const int32_t rows = a8_mac16_pixels(depth, batches);
    return rows < 4 ? 0 : rows;
}

// Sums of so many channels wait from part to part: rows are widened again for the next ones.
#define A8_MAC16_SUMS (32)

static inline int32_t a8_mac16_sums(int32_t out_c) {
    return out_c < A8_MAC16_SUMS ? out_c : A8_MAC16_SUMS;
}

static inline int32_t a8_mac16_part(int32_t depth, int32_t out_c) {
    const int32_t part = 256;
    const int32_t padded = depth < INT32_MAX - 3 ? (depth + 3) & ~3 : depth;
    return (padded - part) / 2 <= a8_mac16_sums(out_c) ? padded : part;
}

// And how a depthwise convolution widens a channel: rows of outputs at once, rows of taps at once (fewer than there are
// for one row of outputs only), the elements from one row of inputs to the next, and fours of elements in a row of
// weights. Windows that begin at an odd element need weights of their own.
#define A8_MAC16_PLANE_BYTES (1024)
// Windows whose rows take more than the first of these are walked some rows at a time, at least three, which take the
// second of them.
#define A8_MAC16_WINDOW_BYTES (768)
#define A8_MAC16_PIECE_BYTES (384)
// Sums on the stack.
#define A8_MAC16_WAITING (80)

typedef struct {
    int32_t rows;
    int32_t taps;
    int32_t pitch;
    int32_t groups;
    int32_t filters; // 2 with those for odd elements, else 1
} a8_mac16_plane_t;

static inline a8_mac16_plane_t a8_mac16_plane(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    a8_mac16_plane_t plane;
    plane.filters = win->stride_w % 2 != 0 ? 2 : 1;
    plane.groups = (win->filter_w + plane.filters - 1 + 3) / 4;
    plane.pitch = ((win->out_w - 1) * win->stride_w + win->filter_w + 1) & ~1;
    const int32_t rows = A8_MAC16_PLANE_BYTES / 2 / plane.pitch;
    plane.rows = rows > win->filter_h ? (rows - win->filter_h) / win->stride_h + 1 : 1;
    plane.rows = plane.rows < win->out_h ? plane.rows : win->out_h;
    plane.taps = win->filter_h;
    const int64_t row = 2 * (int64_t)plane.pitch + 8 * (int64_t)plane.groups * plane.filters;
    if (row * win->filter_h > A8_MAC16_WINDOW_BYTES && win->filter_h > 3 && win->out_w <= A8_MAC16_WAITING) {
        const int32_t piece = (int32_t)(A8_MAC16_PIECE_BYTES / row);
        plane.rows = 1;
        plane.taps = piece > 3 ? piece : 3;
    }
    return plane;
}

// A row of weights, then pixels, then what is read behind them.
static inline uint32_t a8_scratch_xtensa(int32_t depth, int64_t pixels) {
    return a8_scratch_bytes(2 * a8_gathered_depth(depth) * (1 + (uint64_t)a8_mac16_pixels(depth, pixels)) + 4);
}

static inline uint32_t a8_conv_s8_scratch_xtensa(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    return a8_scratch_xtensa(a8_conv_depth(params), (int64_t)win->out_h * win->out_w);
}

// Rows as above, unless weights have a zero point; or part of a row, what is read behind it, and
// sums if there are more parts.
static inline uint32_t a8_fully_connected_s8_scratch_xtensa(const a8_fully_connected_params_t *params) {
    if (a8_mac16_rows(params->depth, params->batches) > 0 && params->result.requantize.filter_zero_point == 0) {
        return a8_scratch_xtensa(params->depth, params->batches);
    }
    const int32_t part = a8_mac16_part(params->depth, params->out_c);
    return 2 * (uint32_t)part + 4 + (part < params->depth ? 4 * (uint32_t)a8_mac16_sums(params->out_c) : 0);
}

// One filter or two, then rows of inputs, behind which a window reads on as far as its weights go.
static inline uint32_t a8_depthwise_conv_s8_scratch_xtensa(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    if (win->dilation_h != 1 || win->dilation_w != 1) {
        return 0;
    }
    const a8_mac16_plane_t plane = a8_mac16_plane(params);
    const uint64_t filters = 8 * (uint64_t)plane.filters * (uint64_t)plane.groups * (uint64_t)plane.taps;
    const uint64_t rows = (uint64_t)(plane.rows - 1) * win->stride_h + (uint64_t)plane.taps;
    return a8_scratch_bytes(filters + 2 * rows * (uint64_t)plane.pitch + 8 * (uint64_t)plane.groups + 4);
}

#endif
