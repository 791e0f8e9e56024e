// SPDX-License-Identifier: MIT
//
// Scratch of the kernels for ARMv6-M. Fully connected has none: it subtracts the zero point from each input.
#ifndef A8_SCRATCH_ARMV6M_H
#define A8_SCRATCH_ARMV6M_H

#include "scratch_tiled.h"

// 16 bytes are kept of each channel of a block.
#define A8_ARMV6M_BLOCK (64)

static inline a8_tiles_t a8_tiles_armv6m(void) {
    const a8_tiles_t tiles = { A8_ARMV6M_BLOCK, 16, 2, 2, 0 };
    return tiles;
}

static inline uint32_t a8_conv_s8_scratch_armv6m(const a8_conv_params_t *params) {
    return a8_conv_s8_scratch_tiled(a8_tiles_armv6m(), params);
}

// Several output channels of one input channel: a convolution, but for the order of weights.
static inline bool a8_depthwise_is_conv(const a8_conv_params_t *params) {
    return params->in_c == 1 && params->group_out > 1;
}

static inline uint32_t a8_depthwise_conv_s8_scratch_armv6m(const a8_conv_params_t *params) {
    if (a8_depthwise_is_conv(params)) {
        return a8_conv_s8_scratch_armv6m(params);
    }
    return (uint32_t)a8_folded_bytes(a8_tiles_armv6m(), params->in_c);
}

#endif
