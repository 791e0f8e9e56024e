// SPDX-License-Identifier: MIT
//
// RESIZE_BILINEAR of float32, each operation in the reference's order.
#include <string.h>

#include "check.h"
#include "resize.h"

typedef struct {
    a8_resize_t size;
    uint8_t align_corners;
    uint8_t half_pixel;
    uint8_t reserved[2];
} block_t;

typedef char a8_assert_resize_bilinear_f32_block_t[sizeof(block_t) == 28 ? 1 : -1];

int a8_resize_bilinear_prepare_f32(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_resize_t size;
    int code = a8_resize_check(ctx, &in, &out, &size);
    if (code != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->size = size;
    code = a8_resize_bilinear_options(ctx, &block->align_corners, &block->half_pixel);
    return code;
}

static float scale(int32_t in, int32_t out, bool align_corners) {
    bool corners = align_corners && out > 1;
    return (float)(in - corners) / (float)(out - corners);
}

// Two neighbouring input rows or columns, and their weights.
typedef struct {
    int32_t at[2];
    float weight[2];
} taps_t;

static taps_t taps(int32_t i, float scale, bool half_pixel, int32_t in) {
    float at = (float)i * scale;
    if (half_pixel) {
        at = ((float)i + 0.5f) * scale - 0.5f;
    }
    taps_t t;
    t.at[0] = (int32_t)at; // at is above -1
    t.at[1] = at > (float)t.at[0] ? t.at[0] + 1 : t.at[0];
    for (int k = 0; k < 2; k++) {
        t.at[k] = t.at[k] < in ? t.at[k] : in - 1;
    }
    t.weight[1] = at - (float)t.at[0];
    t.weight[0] = 1.0f - t.weight[1];
    return t;
}

int a8_resize_bilinear_eval_f32(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const a8_resize_t *size = &block->size;
    const uint8_t *in = a8_ctx_in(ctx, 0);
    float *out = a8_ctx_out(ctx, 0);
    float scale_h = scale(size->in_h, size->out_h, block->align_corners);
    float scale_w = scale(size->in_w, size->out_w, block->align_corners);
    int32_t done = 0; // elements since the last poll
    for (int32_t b = 0; b < size->batches; b++) {
        for (int32_t i = 0; i < size->out_h; i++) {
            taps_t y = taps(i, scale_h, block->half_pixel, size->in_h);
            for (int32_t j = 0; j < size->out_w; j++) {
                taps_t x = taps(j, scale_w, block->half_pixel, size->in_w);
                for (int32_t c = 0; c < size->channels; c++) {
                    float sum = 0.0f;
                    for (int k = 0; k < 4; k++) { // both rows of the left column, then of the right
                        int32_t row = (b * size->in_h + y.at[k & 1]) * size->in_w + x.at[k >> 1];
                        float v;
                        memcpy(&v, in + (uint32_t)(row * size->channels + c) * sizeof(v), sizeof(v));
                        v = v * y.weight[k & 1] * x.weight[k >> 1];
                        sum = k == 0 ? v : sum + v;
                    }
                    *out++ = sum + 0.0f;
                }
                done += size->channels;
                if (done >= A8_POLL_ELEMENTS) {
                    done = 0;
                    if (a8_ctx_stop(ctx)) {
                        return A8_ERR_ABORTED;
                    }
                }
            }
        }
    }
    return A8_OK;
}
