// SPDX-License-Identifier: MIT
//
// A product of matrices out of a dot product of TILE_CHANNELS x TILE_PIXELS in C: the including file defines both,
// element_t as what pixels are made of, and
//
//   void dot_tile(const element_t *x, int32_t x_step, const int8_t *w, int32_t w_step, int32_t depth,
//       uint32_t sums[TILE_CHANNELS][TILE_PIXELS])
//
// which adds the products of all pairs of rows of x and w to the sums. Rows of fewer than a tile go one by one.
#include "product_s8.h"

static inline uint32_t dot_one(const element_t *x, const int8_t *w, int32_t depth, uint32_t sum) {
    for (int32_t k = 0; k < depth; k++) {
        sum += (uint32_t)(x[k] * w[k]);
    }
    return sum;
}

static inline void one_channel(const a8_product_t *t, int32_t x_step, int32_t c, int32_t p, int32_t end) {
    for (; p < end; p++) {
        const element_t *x = (const element_t *)t->input + p * x_step;
        const uint32_t sum = dot_one(x, t->filter + c * t->depth, t->depth, (uint32_t)t->bias[c]);
        t->output[p * t->output_step + c] = a8_product_output(t, c, sum);
    }
}

// x_step: elements from pixel to pixel.
static inline void product_tiled(const a8_product_t *t, int32_t x_step) {
    const int32_t tiled = t->pixels - t->pixels % TILE_PIXELS;
    int32_t c = 0;
    for (; c + TILE_CHANNELS <= t->channels; c += TILE_CHANNELS) {
        const int8_t *w = t->filter + c * t->depth;
        for (int32_t p = 0; p < tiled; p += TILE_PIXELS) {
            uint32_t sums[TILE_CHANNELS][TILE_PIXELS];
            for (int32_t i = 0; i < TILE_CHANNELS; i++) {
                for (int32_t j = 0; j < TILE_PIXELS; j++) {
                    sums[i][j] = (uint32_t)t->bias[c + i];
                }
            }
            dot_tile((const element_t *)t->input + p * x_step, x_step, w, t->depth, t->depth, sums);
            int8_t *output = t->output + p * t->output_step + c;
            for (int32_t j = 0; j < TILE_PIXELS; j++) {
                for (int32_t i = 0; i < TILE_CHANNELS; i++) {
                    output[j * t->output_step + i] = a8_product_output(t, c + i, sums[i][j]);
                }
            }
        }
        for (int32_t i = 0; i < TILE_CHANNELS && tiled < t->pixels; i++) {
            one_channel(t, x_step, c + i, tiled, t->pixels);
        }
    }
    for (; c < t->channels; c++) {
        one_channel(t, x_step, c, 0, t->pixels);
    }
}
