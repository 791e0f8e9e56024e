// SPDX-License-Identifier: MIT
//
// Products of widened pixels and int8 weights. Pixels are gathered into scratch as int16 with the zero point taken
// off: a word holds elements k and k + 2 of a pixel, k = 0, 1, 4, 5, 8 ..., and words of the same elements of all
// pixels of a tile lie side by side. SXTB16 makes the same pairs of four weights in a word.
#ifndef A8_PRODUCT_S8_ARMDSP_H
#define A8_PRODUCT_S8_ARMDSP_H

#include "dsp_armdsp.h"
#include "scratch_armdsp.h"

// What is known of an output channel.
typedef struct {
    a8_brief_t brief;
    int32_t bias;
} a8_lane_armdsp_t;

typedef struct {
    const uint32_t *pixels;
    const int8_t *raw; // instead of pixels: one that is not gathered; NULL: they are
    int32_t tile; // pixels: 6, 4, 2 or 1
    const int8_t *filter;
    int32_t depth;
    int32_t channels;
    const uint8_t *bias; // NULL: none
    uint32_t before; // added to every sum
    bool is_brief; // sums stay below A8_BRIEF_SUM; of one pixel, if biases are small
    const a8_lane_armdsp_t *lanes; // of the channels, by a8_lanes_armdsp; NULL: they go a longer way
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t per_channel; // 1, or 0: one multiplier and shift for all
    const a8_requantize_t *requantize;
    int8_t *output;
    int32_t output_step; // from pixel to pixel
} a8_product_armdsp_t;

// Whether sums of channels in a row are small, as all are that no fuzzer made.
bool a8_is_brief_armdsp(const uint8_t *bias, int32_t channels, int32_t depth);

// False if outputs of some channel take another way.
bool a8_lanes_armdsp(const a8_product_armdsp_t *t, a8_lane_armdsp_t *lanes);

void a8_product_s8_armdsp(const a8_product_armdsp_t *t);

// Puts n bytes from x into pixel p of a tile.
void a8_widen_s8_armdsp(uint32_t *pixels, int32_t tile, int32_t p, const int8_t *x, int32_t n, int32_t zero_point);

// The tile for what is left of the pixels, at most the one that there is scratch for.
static inline int32_t a8_tile_armdsp(int32_t left, int32_t largest) {
    const int32_t tile = left < 6 && left > 1 ? left / 2 * 2 : left < 6 ? 1
                                                                        : 6;
    return tile < largest ? tile : largest;
}

#endif
