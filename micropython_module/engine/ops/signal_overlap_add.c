// SPDX-License-Identifier: MIT
//
// SignalOverlapAdd: overlapping frames become a stream again. What the frames to come add to is kept in the state.
#include "signal.h"

typedef struct {
    int32_t outer;
    int32_t frames;
    int32_t size;
    int32_t step;
} block_t;

typedef char a8_assert_overlap_add_t[sizeof(block_t) == 16 ? 1 : -1];

static int prepare(a8_ctx_t *ctx, a8_dtype_t dtype, uint32_t element) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    block_t b;
    int code;
    if ((code = a8_signal_node(ctx, 1, 1)) != A8_OK || (code = a8_signal_input(ctx, 0, dtype, -1, &in)) != A8_OK) {
        return code;
    }
    if (in.rank < 2) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "input has no frames", 2, (int32_t)in.rank);
    }
    b.size = in.dims[in.rank - 1];
    b.frames = in.dims[in.rank - 2];
    b.outer = (int32_t)in.count / (b.size * b.frames);
    int32_t type = a8_ctx_custom_int(ctx, "T", (int32_t)dtype);
    if (type != (int32_t)dtype) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "option T is not the input's type", (int32_t)dtype, type);
    }
    if ((code = a8_signal_output(ctx, 0, dtype, (int32_t)in.rank - 1, &out)) != A8_OK ||
        (code = a8_signal_option(ctx, "frame_step", 1, b.size, &b.step)) != A8_OK ||
        (code = a8_signal_count(ctx, &out, (int64_t)b.outer * b.frames * b.step)) != A8_OK ||
        (code = a8_ctx_state(ctx, (uint32_t)b.outer * (uint32_t)(b.size - b.step) * element)) != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *block = b;
    return A8_OK;
}

int a8_signal_overlap_add_prepare_f32(a8_ctx_t *ctx) {
    return prepare(ctx, A8_FLOAT32, 4);
}

int a8_signal_overlap_add_prepare_s16(a8_ctx_t *ctx) {
    return prepare(ctx, A8_INT16, 2);
}

static int16_t sum_s16(const uint8_t *in, int32_t i, int16_t kept) {
    int32_t sum = a8_signal_i16(in, i) + kept;
    return (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN
                                                                   : sum);
}

static float sum_f32(const uint8_t *in, int32_t i, float kept) {
    union {
        uint32_t bits;
        float value;
    } x = { a8_signal_u32(in, i) };
    return kept + x.value;
}

// The first step elements of frame and kept samples go out, the others are kept.
#define EVAL(name, type, add) \
    int name(a8_ctx_t *ctx) { \
        const block_t *block = a8_ctx_data(ctx); \
        const uint8_t *in = a8_ctx_in(ctx, 0); \
        type *out = a8_ctx_out(ctx, 0); \
        type *kept = a8_ctx_state_data(ctx); \
        const int32_t step = block->step; \
        const int32_t n = block->size - step; \
        for (int32_t i = 0; i < block->outer; i++) { \
            for (int32_t frame = 0; frame < block->frames; frame++) { \
                for (int32_t k = 0; k < step; k++) { \
                    out[k] = add(in, k, k < n ? kept[k] : 0); \
                } \
                for (int32_t k = 0; k < n; k++) { \
                    kept[k] = add(in, k + step, k + step < n ? kept[k + step] : 0); \
                } \
                in += (uint32_t)block->size * sizeof(type); \
                out += step; \
                if (a8_ctx_stop(ctx)) { \
                    return A8_ERR_ABORTED; \
                } \
            } \
            kept += n; \
        } \
        return A8_OK; \
    }

EVAL(a8_signal_overlap_add_eval_f32, float, sum_f32)
EVAL(a8_signal_overlap_add_eval_s16, int16_t, sum_s16)
