// SPDX-License-Identifier: MIT
//
// Convolution and fully connected of int8 in plain C, for cores with many registers and a one-cycle multiply:
// 2 x 2 sums in registers, flat pixels as they lie in the input.
#include "scratch.h"

#if A8_KERNELS_RV32

#include <string.h>

#define TILE_CHANNELS (2)
#define TILE_PIXELS (2)
typedef int8_t element_t;

static inline void dot_tile(const element_t *x, int32_t x_step, const int8_t *w, int32_t w_step, int32_t depth,
    uint32_t sums[TILE_CHANNELS][TILE_PIXELS]) {
    const int8_t *x1 = x + x_step;
    const int8_t *w1 = w + w_step;
    uint32_t s00 = sums[0][0], s01 = sums[0][1], s10 = sums[1][0], s11 = sums[1][1];
    for (int32_t k = 0; k < depth; k++) {
        const int32_t a = x[k], b = x1[k], c = w[k], d = w1[k];
        s00 += (uint32_t)(a * c);
        s01 += (uint32_t)(b * c);
        s10 += (uint32_t)(a * d);
        s11 += (uint32_t)(b * d);
    }
    sums[0][0] = s00;
    sums[0][1] = s01;
    sums[1][0] = s10;
    sums[1][1] = s11;
}

#include "product_s8_tiled.h"

static inline void gather(void *pixels, int32_t depth, int32_t p, int32_t n, int32_t k, const int8_t *x,
    int32_t count) {
    (void)n;
    memcpy((int8_t *)pixels + p * depth + k, x, (size_t)count);
}

static inline void gather_fill(void *pixels, int32_t depth, int32_t p, int32_t n, int32_t k, int32_t value,
    int32_t count) {
    (void)n;
    memset((int8_t *)pixels + p * depth + k, value, (size_t)count);
}

static inline void product(const a8_product_t *t, bool flat) {
    product_tiled(t, flat ? t->depth : a8_rounded_depth(t->depth));
}

#define TARGET A8_TARGET_RV32
#define CONV a8_conv_s8_rv32
#define FULLY_CONNECTED a8_fully_connected_s8_rv32
#include "conv_s8_tiled.h"

#endif
