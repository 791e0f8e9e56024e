// SPDX-License-Identifier: MIT
//
// RESIZE_BILINEAR: every output pixel is a mean, weighted by nearness, of up to four input pixels.
#include <string.h>

#include "../quantize.h"
#include "check.h"
#include "resize.h"

#define WEIGHT_BITS (10) // fractional bits of positions and weights, of integer types
#define ONE (1 << WEIGHT_BITS)

typedef struct {
    a8_resize_t size;
    int32_t half_pixel;
    int32_t scale_h; // input pixels an output pixel, with WEIGHT_BITS
    int32_t scale_w;
} block_t;

typedef char a8_assert_resize_bilinear_block_t[sizeof(block_t) == 36 ? 1 : -1];

static int32_t scale(int32_t in, int32_t out, bool align_corners) {
    bool corners = align_corners && out > 1;
    in -= corners;
    out -= corners;
    return (ONE * in + out / 2) / out;
}

int a8_resize_bilinear_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_resize_t size;
    uint8_t align_corners;
    uint8_t half_pixel;
    int code = a8_resize_check(ctx, &in, &out, &size);
    if (code != A8_OK || (code = a8_resize_bilinear_options(ctx, &align_corners, &half_pixel)) != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->size = size;
    block->half_pixel = half_pixel;
    block->scale_h = scale(size.in_h, size.out_h, align_corners);
    block->scale_w = scale(size.in_w, size.out_w, align_corners);
    return A8_OK;
}

// Two neighbouring input rows or columns, and the weight of the second. The reference's scale is rounded, so
// that large images can end beyond the input; there its last pixel counts.
typedef struct {
    int32_t low;
    int32_t high;
    int32_t weight;
} taps_t;

static taps_t taps(int32_t i, int32_t scale, bool half_pixel, int32_t in) {
    int32_t at = i * scale;
    if (half_pixel) {
        at += scale / 2 - ONE / 2;
    }
    taps_t t;
    t.low = at < 0 ? 0 : at >> WEIGHT_BITS;
    t.low = t.low < in ? t.low : in - 1;
    t.high = (at + ONE - 1) >> WEIGHT_BITS;
    t.high = t.high < in ? t.high : in - 1;
    // With both taps the same pixel any weight will do.
    t.weight = t.low == t.high ? 0 : at - (t.low << WEIGHT_BITS);
    return t;
}

// What the eval of a type does for one output pixel: from four input pixels.
typedef void pixel_t(const uint8_t *const in[4], const taps_t *y, const taps_t *x, void *out, int32_t channels);

static int eval(a8_ctx_t *ctx, pixel_t *pixel, uint32_t element_size) {
    const block_t *block = a8_ctx_data(ctx);
    const a8_resize_t *size = &block->size;
    const uint8_t *image = a8_ctx_in(ctx, 0);
    uint8_t *out = a8_ctx_out(ctx, 0);
    uint32_t pixel_bytes = (uint32_t)size->channels * element_size;
    uint32_t row_bytes = (uint32_t)size->in_w * pixel_bytes;
    int32_t done = 0; // elements since the last poll
    for (int32_t b = 0; b < size->batches; b++) {
        for (int32_t i = 0; i < size->out_h; i++) {
            taps_t y = taps(i, block->scale_h, block->half_pixel, size->in_h);
            const uint8_t *low = image + (uint32_t)y.low * row_bytes;
            const uint8_t *high = image + (uint32_t)y.high * row_bytes;
            for (int32_t j = 0; j < size->out_w; j++) {
                taps_t x = taps(j, block->scale_w, block->half_pixel, size->in_w);
                uint32_t left = (uint32_t)x.low * pixel_bytes;
                uint32_t right = (uint32_t)x.high * pixel_bytes;
                const uint8_t *const in[4] = { low + left, low + right, high + left, high + right };
                pixel(in, &y, &x, out, size->channels);
                out += pixel_bytes;
                done += size->channels;
                if (done >= A8_POLL_ELEMENTS) {
                    done = 0;
                    if (a8_ctx_stop(ctx)) {
                        return A8_ERR_ABORTED;
                    }
                }
            }
        }
        image += (uint32_t)size->in_h * row_bytes;
    }
    return A8_OK;
}

static void pixel_s8(const uint8_t *const in[4], const taps_t *y, const taps_t *x, void *out, int32_t channels) {
    int8_t *to = out;
    for (int32_t c = 0; c < channels; c++) {
        int32_t low = (int8_t)in[0][c] * (ONE - x->weight) + (int8_t)in[1][c] * x->weight;
        int32_t high = (int8_t)in[2][c] * (ONE - x->weight) + (int8_t)in[3][c] * x->weight;
        *to++ = (int8_t)a8_rounding_shift(low * (ONE - y->weight) + high * y->weight, 2 * WEIGHT_BITS);
    }
}

int a8_resize_bilinear_eval_s8(a8_ctx_t *ctx) {
    return eval(ctx, pixel_s8, sizeof(int8_t));
}

static void pixel_s16(const uint8_t *const in[4], const taps_t *y, const taps_t *x, void *out, int32_t channels) {
    int16_t *to = out;
    for (int32_t c = 0; c < channels; c++) {
        int16_t v[4];
        for (int k = 0; k < 4; k++) {
            memcpy(&v[k], in[k] + (uint32_t)c * sizeof(int16_t), sizeof(int16_t));
        }
        int32_t low = v[0] * (ONE - x->weight) + v[1] * x->weight;
        int32_t high = v[2] * (ONE - x->weight) + v[3] * x->weight;
        int64_t sum = (int64_t)low * (ONE - y->weight) + (int64_t)high * y->weight;
        // Half away from zero.
        sum += (1 << (2 * WEIGHT_BITS - 1)) - (sum < 0);
        *to++ = (int16_t)(sum >> (2 * WEIGHT_BITS));
    }
}

int a8_resize_bilinear_eval_s16(a8_ctx_t *ctx) {
    return eval(ctx, pixel_s16, sizeof(int16_t));
}
