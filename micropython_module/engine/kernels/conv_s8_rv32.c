// SPDX-License-Identifier: MIT
//
// Convolution of int8 on RV32IM, which multiplies in a cycle and has registers for 4 channels x 3 pixels of sums:
// 7 loads for 12 products. Flat pixels as they lie in the input.
#include "scratch_rv32.h"

#if A8_KERNELS_RV32

#include <string.h>

#include "arithmetic_rv32.h"

#define TILE_CHANNELS (4)
#define TILE_PIXELS (3)

// Four channels: rows of weights, and what becomes of their sums.
typedef struct {
    const int8_t *w[TILE_CHANNELS];
    const int32_t *bias;
    int32_t first;
    bool scaled; // a8_scaled_rv32 is for all of them
    a8_scaling_rv32_t scaling[TILE_CHANNELS];
} channels_t;

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

#define OUTPUT(y, channel_, sum_, value) \
    do { \
        enum { i = channel_ }; \
        const uint32_t sum = sum_; \
        y[i] = value; \
    } while (0)

#define OUTPUTS(value) \
    do { \
        OUTPUT(y0, 0, s00, value); \
        OUTPUT(y1, 0, s01, value); \
        OUTPUT(y2, 0, s02, value); \
        OUTPUT(y0, 1, s10, value); \
        OUTPUT(y1, 1, s11, value); \
        OUTPUT(y2, 1, s12, value); \
        OUTPUT(y0, 2, s20, value); \
        OUTPUT(y1, 2, s21, value); \
        OUTPUT(y2, 2, s22, value); \
        OUTPUT(y0, 3, s30, value); \
        OUTPUT(y1, 3, s31, value); \
        OUTPUT(y2, 3, s32, value); \
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

// Where code is short, or few channels come: those have a shift to the left, or a bias out of proportion.
static __attribute__((noinline)) int8_t unscaled(const a8_product_t *t, int32_t c, uint32_t sum) {
    return a8_product_output(t, c, sum);
}

// The outputs of three pixels for four channels. x0 and y0: the first pixel and its outputs; to_: on to the next.
static inline void tile(const a8_product_t *t, const channels_t *ch, const int8_t *x0, int32_t to_x1, int32_t to_x2,
    int8_t *y0, int32_t to_y1, int32_t to_y2) {
    const int8_t *x1 = x0 + to_x1, *x2 = x1 + to_x2;
    const int8_t *w0 = ch->w[0], *w1 = ch->w[1], *w2 = ch->w[2], *w3 = ch->w[3];
    uint32_t s00 = (uint32_t)ch->bias[0], s10 = (uint32_t)ch->bias[1];
    uint32_t s20 = (uint32_t)ch->bias[2], s30 = (uint32_t)ch->bias[3];
    uint32_t s01 = s00, s11 = s10, s21 = s20, s31 = s30;
    uint32_t s02 = s00, s12 = s10, s22 = s20, s32 = s30;
    A8_WALK_RV32(x0, t->depth);
    int8_t *y1 = y0 + to_y1, *y2 = y1 + to_y2;
    if (ch->scaled) {
        const a8_requantize_t rq = *t->requantize;
        OUTPUTS(a8_scaled_rv32(sum, &ch->scaling[i], &rq));
    } else {
        OUTPUTS(unscaled(t, ch->first + i, sum));
    }
}

#define STRIDED_STEP(k) \
    do { \
        const int32_t a = x0[k], b = x1[k], c = x2[k]; \
        int32_t even = w[0], odd = w[1]; \
        CHANNEL(even, s00, s01, s02); \
        even = w[2]; \
        CHANNEL(odd, s10, s11, s12); \
        odd = w[3]; \
        CHANNEL(even, s20, s21, s22); \
        CHANNEL(odd, s30, s31, s32); \
        w += stride; \
    } while (0)

// The sums of the same where the four weights of a tap lie side by side at w, and taps are stride apart.
static inline void strided_sums(const int32_t *bias, const int8_t *w, int32_t stride, int32_t depth, const int8_t *x0,
    int32_t to_x1, int32_t to_x2, uint32_t *sums) {
    const int8_t *x1 = x0 + to_x1, *x2 = x1 + to_x2;
    uint32_t s00 = (uint32_t)bias[0], s10 = (uint32_t)bias[1], s20 = (uint32_t)bias[2], s30 = (uint32_t)bias[3];
    uint32_t s01 = s00, s11 = s10, s21 = s20, s31 = s30;
    uint32_t s02 = s00, s12 = s10, s22 = s20, s32 = s30;
    const int8_t *fours = x0 + (depth & ~3);
    const int8_t *end = x0 + depth;
    while (x0 != fours) {
        STRIDED_STEP(0);
        STRIDED_STEP(1);
        STRIDED_STEP(2);
        STRIDED_STEP(3);
        x0 += 4, x1 += 4, x2 += 4;
    }
    while (x0 != end) {
        STRIDED_STEP(0);
        x0++, x1++, x2++;
    }
    const uint32_t all[TILE_PIXELS * TILE_CHANNELS] = { s00, s10, s20, s30, s01, s11, s21, s31, s02, s12, s22, s32 };
    memcpy(sums, all, sizeof(all));
}

// All channels, of which there are at least four, by gathered or flat pixels.
static A8_HOT __attribute__((noinline)) void product_of_columns(const a8_product_t *t, int32_t x_step) {
    for (int32_t next = 0; next < t->channels; next += TILE_CHANNELS) {
        const int32_t c = next + TILE_CHANNELS < t->channels ? next : t->channels - TILE_CHANNELS;
        const int8_t *x = t->input;
        int8_t *y = t->output + c;
        for (int32_t left = t->pixels; left > 0; left -= TILE_PIXELS, x += 3 * x_step) {
            uint32_t sums[TILE_PIXELS * TILE_CHANNELS];
            const int32_t pixels = left < TILE_PIXELS ? left : TILE_PIXELS;
            strided_sums(t->bias + c, t->filter + c, t->stride, t->depth, x, pixels > 1 ? x_step : 0,
                pixels > 2 ? x_step : 0, sums);
            const uint32_t *sum = sums;
            for (int32_t p = 0; p < pixels; p++, y += t->output_step) {
                for (int32_t i = 0; i < TILE_CHANNELS; i++) {
                    y[i] = unscaled(t, c + i, *sum++);
                }
            }
        }
    }
}

static void product_of_few(const a8_product_t *t, int32_t x_step) {
    for (int32_t c = 0; c < t->channels; c++) {
        const int8_t *x = t->input;
        const int8_t *w = t->filter + c * t->depth;
        for (int32_t p = 0; p < t->pixels; p++, x += x_step) {
            uint32_t sum = (uint32_t)t->bias[c];
            for (int32_t k = 0; k < t->depth; k++) {
                sum += (uint32_t)(x[k] * w[k]);
            }
            t->output[p * t->output_step + c] = unscaled(t, c, sum);
        }
    }
}

// The last pixel stands in for those that a tile lacks, and the last tile of channels begins in the one before:
// some outputs are made twice.
static A8_HOT __attribute__((noinline)) void product_of_rows(const a8_product_t *t, int32_t x_step) {
    if (t->channels < TILE_CHANNELS) {
        product_of_few(t, x_step);
        return;
    }
    for (int32_t next = 0; next < t->channels; next += TILE_CHANNELS) {
        const int32_t c = next + TILE_CHANNELS < t->channels ? next : t->channels - TILE_CHANNELS;
        channels_t ch = { .bias = t->bias + c, .first = c, .scaled = t->depth <= A8_DEPTH_RV32 };
        for (int32_t i = 0; i < TILE_CHANNELS; i++) {
            ch.w[i] = t->filter + (c + i) * t->depth;
            ch.scaling[i] = a8_scaling_rv32(t->multipliers, t->shifts, (c + i) * t->per_channel);
            ch.scaled = ch.scaled && ch.scaling[i].right >= 0 && a8_small_bias_rv32(ch.bias[i]);
        }
        const int8_t *x = t->input;
        int8_t *y = t->output + c;
        const int32_t y_step = t->output_step;
        for (int32_t left = t->pixels; left > 0; left -= TILE_PIXELS, x += 3 * x_step, y += 3 * y_step) {
            const int32_t second = left > 1, third = left > 2;
            tile(t, &ch, x, x_step * second, x_step * third, y, y_step * second, y_step * third);
        }
    }
}

static inline void product(const a8_product_t *t, bool flat) {
    const int32_t x_step = flat ? t->depth : a8_rounded_depth(t->depth);
    if (t->stride == 1) {
        product_of_rows(t, x_step);
    } else {
        product_of_columns(t, x_step);
    }
}

static inline int8_t *copied(int8_t *to, const int8_t *from, int32_t n) {
    if ((((uintptr_t)to | (uintptr_t)from) & 3) == 0) {
        for (; n >= 8; n -= 8, to += 8, from += 8) {
            uint32_t words[2];
            memcpy(words, __builtin_assume_aligned(from, 4), sizeof(words));
            memcpy(__builtin_assume_aligned(to, 4), words, sizeof(words));
        }
    }
    for (; n >= 3; n -= 3, to += 3, from += 3) {
        const int8_t a = from[0], b = from[1], c = from[2];
        to[0] = a;
        to[1] = b;
        to[2] = c;
    }
    for (; n > 0; n--) {
        *to++ = *from++;
    }
    return to;
}

static inline int8_t *filled(int8_t *to, int32_t value, int32_t n) {
    for (; n > 0; n--) {
        *to++ = (int8_t)value;
    }
    return to;
}

#define GATHER_WINDOW
// Taps of the window at output (y, x), for the group of input channels that begins at channel.
static inline void gather_window(const a8_conv_params_t *params, const int8_t *input, int32_t channel, int32_t y,
    int32_t x, void *pixels, int32_t depth, int32_t p, int32_t n) {
    (void)n;
    const a8_window_t *win = &params->window;
    const int32_t zero_point = params->result.requantize.in_zero_point;
    const int32_t top = y * win->stride_h - win->pad_h;
    const int32_t left = x * win->stride_w - win->pad_w;
    const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, win->dilation_h);
    const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, win->dilation_w);
    const int32_t c = params->group_in;
    const int32_t tap = win->dilation_w * params->in_c, row = win->dilation_h * win->in_w * params->in_c;
    const int32_t rows = ty.end - ty.first, columns = tx.end - tx.first;
    const bool runs = win->dilation_w == 1 && c == params->in_c;
    int8_t *const start = (int8_t *)pixels + p * depth, *to = start;
    if (rows > 0 && columns > 0) {
        const int8_t *in = input + (top * win->in_w + left) * params->in_c + channel + ty.first * row + tx.first * tap;
        const int32_t before = tx.first * c, after = (win->filter_w - tx.end) * c;
        to = filled(to, zero_point, ty.first * win->filter_w * c);
        for (int32_t fy = 0; fy < rows; fy++, in += row) {
            to = filled(to, zero_point, before);
            if (runs) {
                to = copied(to, in, columns * c);
            } else {
                for (int32_t fx = 0; fx < columns; fx++) {
                    to = copied(to, in + fx * tap, c);
                }
            }
            to = filled(to, zero_point, after);
        }
    }
    to = filled(to, zero_point, (int32_t)(start + win->filter_h * win->filter_w * c - to));
    filled(to, 0, (int32_t)(start + depth - to));
}

#define TILES a8_tiles_rv32()
#define CONV a8_conv_s8_rv32
#define DEPTHWISE_AS_CONV a8_depthwise_as_conv_s8_rv32
#include "conv_s8_tiled.h"

#endif
