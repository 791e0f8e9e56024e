// SPDX-License-Identifier: MIT
//
// Scratch of the kernels for Arm cores with the DSP extension.
#ifndef A8_SCRATCH_ARMDSP_H
#define A8_SCRATCH_ARMDSP_H

#include "scratch_common.h"

// There are products of 6, 4, 2 and 1 pixels at once. Pixels are widened to 16 bits, and take no more than this
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

static inline int32_t a8_kept_lanes_armdsp(int32_t channels) {
    return channels < A8_LANES_ARMDSP ? channels : A8_LANES_ARMDSP;
}

// A tile of pixels, and a window of bytes as it is put together, and what is kept of channels.
static inline uint32_t a8_scratch_armdsp(int32_t depth, int64_t pixels, int32_t window, int32_t channels) {
    const int32_t tile = a8_largest_tile_armdsp(depth, pixels);
    const uint32_t lanes = tile == 1 ? 0 : (uint32_t)a8_kept_lanes_armdsp(channels);
    return a8_scratch_bytes(a8_gathered_depth(depth) * 2 * (uint64_t)tile + (uint32_t)window +
        lanes * A8_LANE_BYTES_ARMDSP);
}

static inline uint32_t a8_conv_s8_scratch_armdsp(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    const int32_t depth = a8_conv_depth(params);
    return a8_scratch_armdsp(depth, (int64_t)win->out_h * win->out_w, a8_gathers_words_armdsp(params) ? 0 : depth,
        params->group_out);
}

// Widened taps, unless weights are widened as they are read.
static inline uint32_t a8_depthwise_conv_s8_scratch_armdsp(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    const uint64_t taps = (uint64_t)(uint32_t)win->filter_h * (uint32_t)win->filter_w;
    return params->group_out != 1 ? 0 : a8_scratch_bytes(taps * A8_WIDENED_TAP_ARMDSP);
}

static inline uint32_t a8_fully_connected_s8_scratch_armdsp(const a8_fully_connected_params_t *params) {
    return params->depth > A8_WIDENED_DEPTH_ARMDSP ? 0 : a8_scratch_armdsp(params->depth, 1, 0, 0);
}

#endif
