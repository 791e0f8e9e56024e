// SPDX-License-Identifier: MIT
//
// Convolution of int8 on RV32IM, which multiplies in a cycle and has registers for 4 channels x 3 pixels of sums:
// 7 loads for 12 products. Flat pixels as they lie in the input.
#include "scratch.h"

#if A8_KERNELS_RV32

#include <string.h>

#include "arithmetic_rv32.h"

#define TILE_CHANNELS (4)
#define TILE_PIXELS (3)

// Rows of weights and of pixels, and the sums of their products; a row may be there more than once.
typedef struct {
    const int8_t *w[TILE_CHANNELS];
    const int8_t *x[TILE_PIXELS];
    const int32_t *bias[TILE_CHANNELS];
    uint32_t sums[TILE_PIXELS][TILE_CHANNELS];
} tile_t;

#define CHANNEL(w, s0, s1, s2) \
    A8_ADD_PRODUCT(s0, a, w); \
    A8_ADD_PRODUCT(s1, b, w); \
    A8_ADD_PRODUCT(s2, c, w)

// Weights are loaded a channel ahead of their use.
#define STEP(k) \
    do { \
        const int32_t a = x0[k], b = x1[k], c = x2[k]; \
        int32_t even = w0[k], odd = w1[k]; \
        CHANNEL(even, s00, s01, s02); \
        even = w2[k]; \
        CHANNEL(odd, s10, s11, s12); \
        odd = w3[k]; \
        CHANNEL(even, s20, s21, s22); \
        CHANNEL(odd, s30, s31, s32); \
    } while (0)

#define ADVANCE(n) \
    do { \
        x0 += n, x1 += n, x2 += n, w0 += n, w1 += n, w2 += n, w3 += n; \
        A8_KEEP(x0); \
        A8_KEEP(x1); \
        A8_KEEP(x2); \
        A8_KEEP(w0); \
        A8_KEEP(w1); \
        A8_KEEP(w2); \
        A8_KEEP(w3); \
    } while (0)

static inline void sums_of(tile_t *t, int32_t depth) {
    const int8_t *x0 = t->x[0], *x1 = t->x[1], *x2 = t->x[2];
    const int8_t *w0 = t->w[0], *w1 = t->w[1], *w2 = t->w[2], *w3 = t->w[3];
    uint32_t s00 = (uint32_t)*t->bias[0], s10 = (uint32_t)*t->bias[1];
    uint32_t s20 = (uint32_t)*t->bias[2], s30 = (uint32_t)*t->bias[3];
    uint32_t s01 = s00, s11 = s10, s21 = s20, s31 = s30;
    uint32_t s02 = s00, s12 = s10, s22 = s20, s32 = s30;
    const int8_t *eights = x0 + depth / 8 * 8;
    const int8_t *end = x0 + depth;
    while (x0 != eights) {
        STEP(0);
        STEP(1);
        STEP(2);
        STEP(3);
        STEP(4);
        STEP(5);
        STEP(6);
        STEP(7);
        ADVANCE(8);
    }
    while (x0 != end) {
        STEP(0);
        ADVANCE(1);
    }
    const uint32_t sums[TILE_PIXELS][TILE_CHANNELS] = {
        { s00, s10, s20, s30 },
        { s01, s11, s21, s31 },
        { s02, s12, s22, s32 },
    };
    memcpy(t->sums, sums, sizeof(sums));
}

// The last channels and pixels stand in for those that a tile lacks: their outputs are made more than once.
static inline int32_t up_to(int32_t i, int32_t last) {
    return i < last ? i : last;
}

static inline void product(const a8_product_t *t, bool flat) {
    const int32_t x_step = flat ? t->depth : a8_rounded_depth(t->depth);
    const int32_t last_c = t->channels - 1, last_p = t->pixels - 1;
    const a8_requantize_t rq = *t->requantize;
    tile_t tile;
    for (int32_t c = 0; c <= last_c; c += TILE_CHANNELS) {
        a8_scaling_rv32_t scaling[TILE_CHANNELS];
        int32_t channel[TILE_CHANNELS];
        int32_t signs = 0;
        for (int32_t i = 0; i < TILE_CHANNELS; i++) {
            channel[i] = up_to(c + i, last_c);
            tile.bias[i] = t->bias + channel[i];
            scaling[i] = a8_scaling_rv32(t->multipliers, t->shifts, channel[i] * t->per_channel);
            signs |= scaling[i].right;
        }
        for (int32_t p = 0; p <= last_p; p += TILE_PIXELS) {
            int32_t pixel[TILE_PIXELS];
            for (int32_t i = 0; i < TILE_CHANNELS; i++) {
                tile.w[i] = t->filter + channel[i] * t->depth;
            }
            for (int32_t j = 0; j < TILE_PIXELS; j++) {
                pixel[j] = up_to(p + j, last_p);
                tile.x[j] = (const int8_t *)t->input + pixel[j] * x_step;
            }
            sums_of(&tile, t->depth);
            for (int32_t j = 0; j < TILE_PIXELS; j++) {
                int8_t *output = t->output + pixel[j] * t->output_step;
                for (int32_t i = 0; i < TILE_CHANNELS; i++) {
                    const uint32_t sum = tile.sums[j][i];
                    output[channel[i]] = signs >= 0 ? a8_scaled_rv32(sum, &scaling[i], &rq)
                                                    : a8_product_output(t, channel[i], sum);
                }
            }
        }
    }
}

static inline bool in_words(const void *a, const void *b) {
    return (((uintptr_t)a | (uintptr_t)b) & 3) == 0;
}

static inline void gather(void *pixels, int32_t depth, int32_t p, int32_t n, int32_t k, const int8_t *x,
    int32_t count) {
    (void)n;
    int8_t *to = (int8_t *)pixels + p * depth + k;
    if (in_words(to, x)) {
        for (; count >= 8; count -= 8, to += 8, x += 8) {
            uint32_t words[2];
            memcpy(words, __builtin_assume_aligned(x, 4), sizeof(words));
            memcpy(__builtin_assume_aligned(to, 4), words, sizeof(words));
        }
    }
    for (; count > 0; count--) {
        *to++ = *x++;
    }
}

static inline void gather_fill(void *pixels, int32_t depth, int32_t p, int32_t n, int32_t k, int32_t value,
    int32_t count) {
    (void)n;
    int8_t *to = (int8_t *)pixels + p * depth + k;
    for (; count > 0; count--) {
        *to++ = (int8_t)value;
    }
}

#define TARGET A8_TARGET_RV32
#define CONV a8_conv_s8_rv32
#include "conv_s8_tiled.h"

#endif
