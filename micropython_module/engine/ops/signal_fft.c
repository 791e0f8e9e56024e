// SPDX-License-Identifier: MIT
//
// SignalRfft and SignalIrfft: rows of samples to rows of complex bins, and back.
#include "../kernels/kernels.h"
#include "signal.h"

// The node's block: this, then the table of twiddle factors.
typedef struct {
    a8_fft_t fft;
    int32_t rows;
    int32_t samples; // in a row of the input, before zeros are put behind them
    int32_t reserved;
} block_t;

typedef char a8_assert_fft_block_t[sizeof(block_t) == 24 ? 1 : -1];

// element: bytes of one number.
static block_t *prepare(a8_ctx_t *ctx, bool inverse, a8_dtype_t dtype, uint32_t element, int *code) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int32_t length;
    block_t block = { { 0, 0, 0 }, 0, 0, 0 };
    if ((*code = a8_signal_node(ctx, 1, 1)) != A8_OK ||
        (*code = a8_signal_input(ctx, 0, dtype, -1, &in)) != A8_OK ||
        (*code = a8_signal_output(ctx, 0, dtype, (int32_t)in.rank, &out)) != A8_OK ||
        (*code = a8_signal_option(ctx, "fft_length", INT32_MIN, INT32_MAX, &length)) != A8_OK) {
        return NULL;
    }
    int32_t type = a8_ctx_custom_int(ctx, "T", (int32_t)dtype);
    if (type != (int32_t)dtype) {
        *code = a8_ctx_fail(ctx, A8_ERR_MODEL, "option T is not the input's type", (int32_t)dtype, type);
        return NULL;
    }
    if (length < 0 || a8_fft_prepare(&block.fft, (uint32_t)length) != 0) {
        *code = a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED,
            "fft_length is not even and a product of 2, 3 and 5 from 4 to 16384", A8_NONE, length);
        return NULL;
    }
    if (in.rank == 0) {
        *code = a8_ctx_fail(ctx, A8_ERR_MODEL, A8_WRONG_RANK, 1, 0);
        return NULL;
    }
    block.samples = in.dims[in.rank - 1];
    block.rows = (int32_t)in.count / block.samples;
    if (inverse ? block.samples != length + 2 : block.samples > length) {
        *code = a8_ctx_fail(ctx, A8_ERR_MODEL, "rows of the input don't fit fft_length",
            inverse ? length + 2 : length, block.samples);
        return NULL;
    }
    int32_t row = inverse ? length : length + 2;
    if (out.dims[out.rank - 1] != row) {
        *code = a8_ctx_fail(ctx, A8_ERR_MODEL, "rows of the output don't fit fft_length", row,
            out.dims[out.rank - 1]);
        return NULL;
    }
    if ((*code = a8_signal_count(ctx, &out, (int64_t)block.rows * row)) != A8_OK) {
        return NULL;
    }
    block_t *to = a8_ctx_alloc(ctx, (uint32_t)sizeof(block_t) + (block.fft.quarter + 1) * element);
    if (to == NULL) {
        *code = A8_ERR_MEMORY;
    } else {
        *to = block;
    }
    return to;
}

#define PREPARE(name, inverse, dtype, type, table) \
    int name(a8_ctx_t *ctx) { \
        int code; \
        block_t *block = prepare(ctx, inverse, dtype, (uint32_t)sizeof(type), &code); \
        if (block != NULL) { \
            table(&block->fft, (type *)(void *)(block + 1)); \
        } \
        return code; \
    }

PREPARE(a8_signal_rfft_prepare_f32, false, A8_FLOAT32, float, a8_fft_table_f32)
PREPARE(a8_signal_rfft_prepare_s16, false, A8_INT16, int16_t, a8_fft_table_s16)
PREPARE(a8_signal_rfft_prepare_s32, false, A8_INT32, int32_t, a8_fft_table_s32)
PREPARE(a8_signal_irfft_prepare_f32, true, A8_FLOAT32, float, a8_fft_table_f32)
PREPARE(a8_signal_irfft_prepare_s16, true, A8_INT16, int16_t, a8_fft_table_s16)
PREPARE(a8_signal_irfft_prepare_s32, true, A8_INT32, int32_t, a8_fft_table_s32)

#define EVAL_RFFT(name, type, rfft) \
    int name(a8_ctx_t *ctx) { \
        const block_t *block = a8_ctx_data(ctx); \
        const uint8_t *in = a8_ctx_in(ctx, 0); \
        type *out = a8_ctx_out(ctx, 0); \
        const uint32_t samples = (uint32_t)block->samples; \
        for (int32_t i = 0; i < block->rows; i++) { \
            rfft(&block->fft, (const type *)(const void *)(block + 1), in, samples, out); \
            in += samples * sizeof(type); \
            out += 2 * (block->fft.n + 1); \
            if (a8_ctx_stop(ctx)) { \
                return A8_ERR_ABORTED; \
            } \
        } \
        return A8_OK; \
    }

EVAL_RFFT(a8_signal_rfft_eval_f32, float, a8_rfft_f32)
EVAL_RFFT(a8_signal_rfft_eval_s16, int16_t, a8_rfft_s16)
EVAL_RFFT(a8_signal_rfft_eval_s32, int32_t, a8_rfft_s32)

#define EVAL_IRFFT(name, type, irfft) \
    int name(a8_ctx_t *ctx) { \
        const block_t *block = a8_ctx_data(ctx); \
        const uint8_t *in = a8_ctx_in(ctx, 0); \
        type *out = a8_ctx_out(ctx, 0); \
        for (int32_t i = 0; i < block->rows; i++) { \
            irfft(&block->fft, (const type *)(const void *)(block + 1), in, out); \
            in += 2 * (block->fft.n + 1) * sizeof(type); \
            out += 2 * block->fft.n; \
            if (a8_ctx_stop(ctx)) { \
                return A8_ERR_ABORTED; \
            } \
        } \
        return A8_OK; \
    }

EVAL_IRFFT(a8_signal_irfft_eval_f32, float, a8_irfft_f32)
EVAL_IRFFT(a8_signal_irfft_eval_s16, int16_t, a8_irfft_s16)
EVAL_IRFFT(a8_signal_irfft_eval_s32, int32_t, a8_irfft_s32)
