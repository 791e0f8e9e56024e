// SPDX-License-Identifier: MIT
//
// Scratch of the kernels for RV32. Only convolution has any, and what is one but for the order of weights.
#ifndef A8_SCRATCH_RV32_H
#define A8_SCRATCH_RV32_H

#include "scratch_tiled.h"

static inline a8_tiles_t a8_tiles_rv32(void) {
    const a8_tiles_t tiles = { INT32_MAX, 4, 3, 1, 1 };
    return tiles;
}

static inline uint32_t a8_conv_s8_scratch_rv32(const a8_conv_params_t *params) {
    return a8_conv_s8_scratch_tiled(a8_tiles_rv32(), params);
}

// There is a kernel for small windows, and one for four channels at once.
static inline bool a8_depthwise_is_conv_rv32(const a8_conv_params_t *params) {
    return params->in_c == 1 && params->out_c >= 4 && params->window.filter_h * params->window.filter_w > 9;
}

static inline uint32_t a8_depthwise_conv_s8_scratch_rv32(const a8_conv_params_t *params) {
    return a8_depthwise_is_conv_rv32(params) ? a8_conv_s8_scratch_rv32(params) : 0;
}

#endif
