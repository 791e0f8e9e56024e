// SPDX-License-Identifier: MIT
//
// What the numbers of several targets have in common.
#ifndef A8_SCRATCH_COMMON_H
#define A8_SCRATCH_COMMON_H

#include "kernels.h"

// Elements of a gathered pixel are followed by zeros up to a multiple of this.
#define A8_GATHER_MULTIPLE (4)

static inline int32_t a8_rounded_depth(int32_t depth) {
    return (depth + A8_GATHER_MULTIPLE - 1) / A8_GATHER_MULTIPLE * A8_GATHER_MULTIPLE;
}

// The same of a depth that may be any.
static inline uint64_t a8_gathered_depth(int32_t depth) {
    return ((uint64_t)(uint32_t)depth + A8_GATHER_MULTIPLE - 1) / A8_GATHER_MULTIPLE * A8_GATHER_MULTIPLE;
}

// Elements of a convolution's window.
static inline int32_t a8_conv_depth(const a8_conv_params_t *params) {
    return params->window.filter_h * params->window.filter_w * params->group_in;
}

// A number of bytes too large is one that nobody has.
static inline uint32_t a8_scratch_bytes(uint64_t bytes) {
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

// Weights that are walked again for the next pixels stay below this, so that they are still in the cache
// before the flash.
#define A8_CACHED_WEIGHTS (8192)

// Channels whose weights do, a multiple of those of a tile.
static inline int32_t a8_cached_channels(int32_t depth, int32_t multiple) {
    const int32_t channels = A8_CACHED_WEIGHTS / depth / multiple * multiple;
    return channels < multiple ? multiple : channels;
}

#endif
