// SPDX-License-Identifier: MIT
//
// What kernels of int8 need besides their tensors, for every target and known on all: plain functions, so that a
// host can tell the arena of a board.
#ifndef A8_SCRATCH_H
#define A8_SCRATCH_H

#include "../target.h"
#include "kernels.h"

// How the variant of a target multiplies matrices; see product_s8.h.
typedef struct {
    int32_t channels; // of a block, at most, whose biases and requantization are kept
    uint8_t folded; // bytes of that a channel, in front of the gathered pixels
    uint8_t pixels; // gathered at once; 0: this target has no variant
    uint8_t element; // bytes of a gathered element
    uint8_t flat; // pixels that lie side by side in the input, with all of their channels, are not gathered
} a8_tiles_t;

// Elements of a gathered pixel are followed by zeros up to a multiple of this.
#define A8_GATHER_MULTIPLE (4)

static inline int32_t a8_rounded_depth(int32_t depth) {
    return (depth + A8_GATHER_MULTIPLE - 1) / A8_GATHER_MULTIPLE * A8_GATHER_MULTIPLE;
}

// Weights that are walked again for the next pixels stay below this, so that they are still in the cache
// before the flash.
#define A8_CACHED_WEIGHTS (8192)

// ARMv6-M keeps 16 bytes of each channel of a block.
#define A8_ARMV6M_BLOCK (64)

static inline a8_tiles_t a8_tiles(a8_target_t target) {
    const a8_tiles_t none = { 0, 0, 0, 0, 0 };
    const a8_tiles_t armv6m = { A8_ARMV6M_BLOCK, 16, 2, 2, 0 };
    const a8_tiles_t plain = { INT32_MAX, 4, 3, 1, 1 };
    switch (target) {
        case A8_TARGET_ARMV6M:
            return armv6m;
        case A8_TARGET_RV32:
            return plain;
        default:
            return none;
    }
}

// Bytes in front of the gathered pixels.
static inline uint64_t a8_folded_bytes(a8_tiles_t tiles, int32_t channels) {
    return (uint64_t)(uint32_t)(channels < tiles.channels ? channels : tiles.channels) * tiles.folded;
}

// Several output channels of one input channel: a convolution, but for the order of weights.
static inline bool a8_depthwise_is_conv(const a8_conv_params_t *params) {
    return params->in_c == 1 && params->group_out > 1;
}

// RV32 has a kernel for small windows, and one for four channels at once.
static inline bool a8_depthwise_is_conv_rv32(const a8_conv_params_t *params) {
    return params->in_c == 1 && params->out_c >= 4 && params->window.filter_h * params->window.filter_w > 9;
}

// armdsp has kernels for 6, 4, 2 and 1 pixels at once. They are widened to 16 bits, and take no more than this
// unless one pixel does.
#define A8_TILE_BYTES (2304)
// What is kept of each output channel, of so many at most, while more than one pixel is multiplied.
#define A8_LANE_BYTES_ARMDSP (16)
#define A8_LANES_ARMDSP (64)
// What fully connected widens at most.
#define A8_WIDENED_DEPTH_ARMDSP (512)

static inline int32_t a8_largest_tile_armdsp(int32_t depth, int64_t pixels) {
    const int64_t bytes = 2 * (int64_t)a8_rounded_depth(depth);
    for (int32_t tile = 6; tile > 1; tile -= 2) {
        if (pixels > tile - 2 && tile * bytes <= A8_TILE_BYTES) {
            return tile;
        }
    }
    return 1;
}

// Whether windows come in rows of whole words, so that nothing need be put together before it is widened.
static inline bool a8_gathers_words_armdsp(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    const bool runs = win->dilation_w == 1 && params->group_in == params->in_c;
    return (runs && params->group_in % A8_GATHER_MULTIPLE == 0) || win->filter_h * win->filter_w == 1;
}

// A tap of a depthwise convolution for four channels.
#define A8_WIDENED_TAP_ARMDSP (8)

// Channels whose biases a fully connected kernel folds at a time.
static inline int32_t a8_folded_channels(int32_t channels) {
    return channels < 64 ? channels : 64;
}

// Xtensa with MAC16 (mac16_s8_xtensa.h): how many windows of depth elements are widened at once, of all there are. Widened
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
        return 0;
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

// Bytes of scratch, aligned to A8_ALIGN, that a kernel finds in its operands. What the first call of an image
// (y0 is 0) leaves there is there in the next calls, which follow in ascending order.
uint32_t a8_conv_s8_scratch(a8_target_t target, const a8_conv_params_t *params);
uint32_t a8_depthwise_conv_s8_scratch(a8_target_t target, const a8_conv_params_t *params);
uint32_t a8_fully_connected_s8_scratch(a8_target_t target, const a8_fully_connected_params_t *params);

// Output rows of one call, on every target: enough work that weights are not fetched from flash for few pixels,
// not so much that a poll waits for long.
int32_t a8_conv_s8_rows(const a8_conv_params_t *params);
int32_t a8_depthwise_conv_s8_rows(const a8_conv_params_t *params);
int32_t a8_fully_connected_s8_rows(const a8_fully_connected_params_t *params);

// How many bytes in front of the input an output may begin, at least, that shares its memory: no call writes what
// it or a later call reads, as long as each takes that many rows. One image.
int32_t a8_conv_s8_lag(const a8_conv_params_t *params, int32_t rows);
int32_t a8_fully_connected_s8_lag(const a8_fully_connected_params_t *params, int32_t rows);

#endif
