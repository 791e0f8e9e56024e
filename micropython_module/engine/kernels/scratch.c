// SPDX-License-Identifier: MIT
#include "scratch.h"

// Multiplications of a call, unless it walks more weights than a cache holds for fewer pixels than that.
#define CALL_MACS (1 << 17)
#define CALL_PIXELS (32)
#define CALL_MACS_MAX (1 << 20)

static uint64_t rounded(int32_t n) {
    return ((uint64_t)(uint32_t)n + A8_GATHER_MULTIPLE - 1) / A8_GATHER_MULTIPLE * A8_GATHER_MULTIPLE;
}

static int32_t filter_depth(const a8_conv_params_t *params) {
    return params->window.filter_h * params->window.filter_w * params->group_in;
}

// Sums of the weights, then the gathered pixels.
static uint32_t product_scratch(a8_tiles_t tiles, int32_t channels, int32_t depth, bool gathers) {
    if (tiles.pixels == 0) {
        return 0;
    }
    uint64_t bytes = a8_folded_bytes(tiles, channels);
    if (gathers) {
        bytes += rounded(depth) * tiles.pixels * tiles.element;
    }
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX; // nobody has that much
}

// A tile of pixels, and a window of bytes as it is put together, and what is kept of channels.
static uint32_t scratch_armdsp(int32_t depth, int64_t pixels, int32_t window, int32_t channels) {
    const int32_t tile = a8_largest_tile_armdsp(depth, pixels);
    const uint32_t lanes = tile == 1 ? 0 : (uint32_t)(channels < A8_LANES_ARMDSP ? channels : A8_LANES_ARMDSP);
    const uint64_t bytes = rounded(depth) * 2 * (uint64_t)tile + (uint32_t)window + lanes * A8_LANE_BYTES_ARMDSP;
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

// A row of weights, then pixels, then what is read behind them.
static uint32_t scratch_xtensa(int32_t depth, int64_t pixels) {
    const uint64_t bytes = 2 * rounded(depth) * (1 + (uint64_t)a8_mac16_pixels(depth, pixels)) + 4;
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

// Rows as above, unless weights have a zero point; or part of a row, what is read behind it, and
// sums if there are more parts.
static uint32_t fully_connected_scratch_xtensa(const a8_fully_connected_params_t *params) {
    if (a8_mac16_rows(params->depth, params->batches) > 0 && params->result.requantize.filter_zero_point == 0) {
        return scratch_xtensa(params->depth, params->batches);
    }
    const int32_t part = a8_mac16_part(params->depth, params->out_c);
    return 2 * (uint32_t)part + 4 + (part < params->depth ? 4 * (uint32_t)a8_mac16_sums(params->out_c) : 0);
}

// One filter or two, then rows of inputs, behind which a window reads on as far as its weights go.
static uint32_t depthwise_scratch_xtensa(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    if (win->dilation_h != 1 || win->dilation_w != 1) {
        return 0;
    }
    const a8_mac16_plane_t plane = a8_mac16_plane(params);
    const uint64_t filters = 8 * (uint64_t)plane.filters * (uint64_t)plane.groups * (uint64_t)plane.taps;
    const uint64_t rows = (uint64_t)(plane.rows - 1) * win->stride_h + (uint64_t)plane.taps;
    const uint64_t bytes = filters + 2 * rows * (uint64_t)plane.pitch + 8 * (uint64_t)plane.groups + 4;
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

uint32_t a8_conv_s8_scratch(a8_target_t target, const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    const int32_t depth = filter_depth(params);
    if (target == A8_TARGET_XTENSA) {
        return scratch_xtensa(depth, (int64_t)win->out_h * win->out_w);
    }
    if (target == A8_TARGET_ARMDSP) {
        return scratch_armdsp(depth, (int64_t)win->out_h * win->out_w,
            a8_gathers_words_armdsp(params) ? 0 : depth, params->group_out);
    }
    const a8_tiles_t tiles = a8_tiles(target);
    return product_scratch(tiles, params->out_c, depth, !(tiles.flat && a8_conv_is_flat(params)));
}

uint32_t a8_depthwise_conv_s8_scratch(a8_target_t target, const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    const uint64_t bytes = (uint64_t)(uint32_t)win->filter_h * (uint32_t)win->filter_w * A8_WIDENED_TAP_ARMDSP;
    if (target == A8_TARGET_XTENSA) {
        return depthwise_scratch_xtensa(params);
    }
    if ((target == A8_TARGET_ARMV6M && a8_depthwise_is_conv(params)) ||
        (target == A8_TARGET_RV32 && a8_depthwise_is_conv_rv32(params))) {
        return a8_conv_s8_scratch(target, params);
    }
    if (target == A8_TARGET_ARMDSP && params->group_out != 1) {
        return 0; // weights are widened as they are read
    }
    if (target != A8_TARGET_ARMDSP) {
        return (uint32_t)a8_folded_bytes(a8_tiles(target), target == A8_TARGET_ARMV6M ? params->in_c : 0);
    }
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

uint32_t a8_fully_connected_s8_scratch(a8_target_t target, const a8_fully_connected_params_t *params) {
    const a8_tiles_t tiles = a8_tiles(target);
    if (target == A8_TARGET_XTENSA) {
        return fully_connected_scratch_xtensa(params);
    }
    if (target == A8_TARGET_ARMDSP) {
        return params->depth > A8_WIDENED_DEPTH_ARMDSP ? 0 : scratch_armdsp(params->depth, 1, 0, 0);
    }
    if (target == A8_TARGET_ARMV6M || target == A8_TARGET_RV32) {
        return 0; // subtracts the zero point from each input
    }
    return product_scratch(tiles, a8_folded_channels(params->out_c), params->depth, !tiles.flat);
}

// pixels, each with a sum of depth products for every channel, lie in a row of which there are all. Divisions are of
// 32 bits, since small cores have a function for one of 64 that takes as long as a small layer.
static int32_t rows_of_call(int32_t pixels, int64_t weights, int32_t all) {
    if (all <= 1) {
        return 1;
    }
    const int64_t macs = pixels * weights;
    int32_t rows = macs <= 0 ? all : macs > CALL_MACS ? 0 : CALL_MACS / (int32_t)macs;
    if (weights > A8_CACHED_WEIGHTS && (int64_t)rows * pixels < CALL_PIXELS) {
        rows = (CALL_PIXELS + pixels - 1) / pixels;
        if (rows * macs > CALL_MACS_MAX) {
            rows = macs > CALL_MACS_MAX ? 0 : CALL_MACS_MAX / (int32_t)macs;
        }
    }
    if (pixels % 2 != 0 && rows > 1 && rows < all) {
        rows -= rows % 2; // pixels go in pairs
    }
    if (rows > all) {
        rows = all;
    }
    return rows < 1 ? 1 : rows;
}

int32_t a8_conv_s8_rows(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    return rows_of_call(win->out_w, (int64_t)filter_depth(params) * params->out_c, win->out_h);
}

int32_t a8_depthwise_conv_s8_rows(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    return rows_of_call(win->out_w, (int64_t)win->filter_h * win->filter_w * params->out_c, win->out_h);
}

int32_t a8_fully_connected_s8_rows(const a8_fully_connected_params_t *params) {
    return rows_of_call(1, (int64_t)params->depth * params->out_c, params->batches);
}

int32_t a8_conv_s8_lag(const a8_conv_params_t *params, int32_t rows) {
    const a8_window_t *win = &params->window;
    const int32_t in_row = win->in_w * params->in_c;
    const int32_t out_row = win->out_w * params->out_c;
    int32_t lag = 0;
    for (int32_t y = 0; y < win->out_h; y += rows) {
        const int32_t end = y + rows < win->out_h ? y + rows : win->out_h;
        int32_t top = y * win->stride_h - win->pad_h; // the first row that this call or a later one reads
        top = top < 0 ? 0 : top;
        if (end * out_row - top * in_row > lag) {
            lag = end * out_row - top * in_row;
        }
    }
    return lag;
}

int32_t a8_fully_connected_s8_lag(const a8_fully_connected_params_t *params, int32_t rows) {
    int32_t lag = 0;
    for (int32_t y = 0; y < params->batches; y += rows) {
        const int32_t end = y + rows < params->batches ? y + rows : params->batches;
        if (end * params->out_c - y * params->depth > lag) {
            lag = end * params->out_c - y * params->depth;
        }
    }
    return lag;
}
