// SPDX-License-Identifier: MIT
//
// RESIZE_NEAREST_NEIGHBOR: copies pixels. Which ones, the reference computes in float32; prepare does so once.
#include <string.h>

#include "../quantize.h"
#include "check.h"
#include "resize.h"

// The node's block: this, then the input row of each output row and the input column of each output column.
typedef struct {
    a8_resize_t size;
    int32_t pixel; // bytes
} block_t;

typedef char a8_assert_resize_nearest_block_t[sizeof(block_t) == 28 ? 1 : -1];

// Positive integers are exact below 2^24.
static a8_real_t real(int32_t x) {
    return a8_real_from_float((float)x);
}

static int32_t floor_of(a8_real_t x) {
    return x.exponent <= -64 || x.mantissa == 0 ? 0 : (int32_t)(x.mantissa >> -x.exponent);
}

// (i + 1/2) * in / out or i * (in - 1) / (out - 1), each step rounded to float32, then down or to the nearest.
static void map(uint16_t *map, int32_t in, int32_t out, bool align_corners, bool half_pixel) {
    bool corners = align_corners && out > 1;
    a8_real_t scale = a8_real_to_float(a8_real_div(real(in - corners), real(out - corners)));
    for (int32_t i = 0; i < out; i++) {
        a8_real_t at = a8_real_scale(real(2 * i + half_pixel), -1);
        at = a8_real_to_float(a8_real_mul(at, scale));
        // The nearest integer, half up, is half of (twice the number, rounded down, plus 1), rounded down.
        int32_t nearest = align_corners ? (floor_of(a8_real_scale(at, 1)) + 1) >> 1 : floor_of(at);
        map[i] = (uint16_t)(nearest < in ? nearest : in - 1);
    }
}

int a8_resize_nearest_neighbor_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_resize_t size;
    int code = a8_resize_check(ctx, &in, &out, &size);
    if (code != A8_OK) {
        return code;
    }
    if (in.dtype == A8_STRING || in.dtype == A8_RESOURCE || in.dtype == A8_VARIANT || in.dtype == A8_INT4) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ELEMENTS, A8_NONE, (int32_t)in.dtype);
    }
    uint32_t entries = (uint32_t)(size.out_h + size.out_w);
    block_t *block = a8_ctx_alloc(ctx, (uint32_t)(sizeof(block_t) + entries * sizeof(uint16_t)));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->size = size;
    block->pixel = (int32_t)(in.bytes / in.count) * size.channels;
    bool align_corners = a8_ctx_option_int8(ctx, 0, 0) != 0;
    bool half_pixel = a8_ctx_option_int8(ctx, 1, 0) != 0;
    uint16_t *rows = (uint16_t *)(block + 1);
    map(rows, size.in_h, size.out_h, align_corners, half_pixel);
    map(rows + size.out_h, size.in_w, size.out_w, align_corners, half_pixel);
    return A8_OK;
}

int a8_resize_nearest_neighbor_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const a8_resize_t *size = &block->size;
    const uint16_t *rows = (const uint16_t *)(block + 1);
    const uint16_t *columns = rows + size->out_h;
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint8_t *out = a8_ctx_out(ctx, 0);
    uint32_t pixel = (uint32_t)block->pixel;
    uint32_t row_bytes = (uint32_t)size->in_w * pixel;
    uint32_t done = 0; // bytes since the last poll
    for (int32_t b = 0; b < size->batches; b++) {
        for (int32_t y = 0; y < size->out_h; y++) {
            const uint8_t *row = in + rows[y] * row_bytes;
            for (int32_t x = 0; x < size->out_w; x++) {
                const uint8_t *from = row + columns[x] * pixel;
                for (uint32_t rest = pixel; rest > 0;) {
                    uint32_t n = rest < A8_POLL_BYTES ? rest : A8_POLL_BYTES;
                    memcpy(out, from, n);
                    from += n;
                    out += n;
                    rest -= n;
                    done += n;
                    if (done >= A8_POLL_BYTES) {
                        done = 0;
                        if (a8_ctx_stop(ctx)) {
                            return A8_ERR_ABORTED;
                        }
                    }
                }
            }
        }
        in += (uint32_t)size->in_h * row_bytes;
    }
    return A8_OK;
}
