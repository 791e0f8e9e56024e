// SPDX-License-Identifier: MIT
//
// Scratch of the convolutions that conv_s8_tiled.h makes.
#ifndef A8_SCRATCH_TILED_H
#define A8_SCRATCH_TILED_H

#include "scratch_common.h"

// How the variant of a target multiplies matrices; see product_s8.h.
typedef struct {
    int32_t channels; // of a block, at most, whose biases and requantization are kept
    uint8_t folded; // bytes of that a channel, in front of the gathered pixels
    uint8_t pixels; // gathered at once
    uint8_t element; // bytes of a gathered element
    uint8_t flat; // pixels that lie side by side in the input, with all of their channels, are not gathered
} a8_tiles_t;

// Bytes in front of the gathered pixels.
static inline uint64_t a8_folded_bytes(a8_tiles_t tiles, int32_t channels) {
    return (uint64_t)(uint32_t)(channels < tiles.channels ? channels : tiles.channels) * tiles.folded;
}

// What is kept of channels, then the gathered pixels.
static inline uint32_t a8_conv_s8_scratch_tiled(a8_tiles_t tiles, const a8_conv_params_t *params) {
    uint64_t bytes = a8_folded_bytes(tiles, params->out_c);
    if (!(tiles.flat && a8_conv_is_flat(params))) {
        bytes += a8_gathered_depth(a8_conv_depth(params)) * tiles.pixels * tiles.element;
    }
    return a8_scratch_bytes(bytes);
}

#endif
