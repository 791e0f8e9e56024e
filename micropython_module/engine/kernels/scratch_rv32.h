// SPDX-License-Identifier: MIT
//
// Scratch of the kernels for RV32. Only convolution has any.
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

#endif
