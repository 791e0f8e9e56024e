// SPDX-License-Identifier: MIT
//
// SignalWindow, SignalFftAutoScale and SignalEnergy: int16 samples and bins one by one.
#include <string.h>

#include "signal.h"

// ---- SignalWindow -----------------------------------------------------------

typedef struct {
    int32_t rows;
    int32_t width; // of the window, which each row is multiplied by
    int32_t shift;
} window_t;

typedef char a8_assert_window_t[sizeof(window_t) == 12 ? 1 : -1];

int a8_signal_window_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t weights;
    a8_tensor_info_t out;
    int32_t shift;
    int code;
    if ((code = a8_signal_node(ctx, 2, 1)) != A8_OK ||
        (code = a8_signal_input(ctx, 0, A8_INT16, -1, &in)) != A8_OK ||
        (code = a8_signal_input(ctx, 1, A8_INT16, 1, &weights)) != A8_OK ||
        (code = a8_signal_output(ctx, 0, A8_INT16, (int32_t)in.rank, &out)) != A8_OK ||
        (code = a8_signal_count(ctx, &out, in.count)) != A8_OK ||
        (code = a8_signal_option(ctx, "shift", 0, 31, &shift)) != A8_OK) {
        return code;
    }
    if (in.count % weights.count != 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the window doesn't go into the input a whole number of times",
            (int32_t)in.count, (int32_t)weights.count);
    }
    window_t *block = a8_ctx_alloc(ctx, sizeof(window_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->rows = (int32_t)(in.count / weights.count);
    block->width = (int32_t)weights.count;
    block->shift = shift;
    return A8_OK;
}

static int16_t saturated(int32_t value) {
    return (int16_t)(value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN
                                                                       : value);
}

int a8_signal_window_eval_s16(a8_ctx_t *ctx) {
    const window_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    const uint8_t *weights = a8_ctx_in(ctx, 1);
    int16_t *out = a8_ctx_out(ctx, 0);
    for (int32_t row = 0; row < block->rows; row++) {
        for (int32_t i = 0; i < block->width; i++) {
            out[i] = saturated(a8_signal_i16(in, i) * a8_signal_i16(weights, i) >> block->shift);
            if (a8_signal_stop(ctx, i)) {
                return A8_ERR_ABORTED;
            }
        }
        in += 2 * block->width;
        out += block->width;
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

// ---- SignalFftAutoScale -----------------------------------------------------

typedef struct {
    int32_t count;
} count_t;

int a8_signal_fft_auto_scale_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t bits;
    int code;
    if ((code = a8_signal_node(ctx, 1, 2)) != A8_OK ||
        (code = a8_signal_input(ctx, 0, A8_INT16, 1, &in)) != A8_OK ||
        (code = a8_signal_output(ctx, 0, A8_INT16, 1, &out)) != A8_OK ||
        (code = a8_signal_output(ctx, 1, A8_INT32, 0, &bits)) != A8_OK ||
        (code = a8_signal_count(ctx, &out, in.count)) != A8_OK) {
        return code;
    }
    count_t *block = a8_ctx_alloc(ctx, sizeof(count_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->count = (int32_t)in.count;
    return A8_OK;
}

// Shifts all samples as far left as the largest magnitude allows. -32768 has no magnitude of 16 bits: like the
// reference's, the maximum then becomes -32768, from which the samples that follow raise it again.
int a8_signal_fft_auto_scale_eval_s16(a8_ctx_t *ctx) {
    const int32_t count = ((const count_t *)a8_ctx_data(ctx))->count;
    const uint8_t *in = a8_ctx_in(ctx, 0);
    int16_t *out = a8_ctx_out(ctx, 0);
    int32_t *bits = a8_ctx_out(ctx, 1);
    int32_t max = 0;
    for (int32_t i = 0; i < count; i++) {
        int32_t value = a8_signal_i16(in, i);
        if (value > max) {
            max = value;
        } else if (-value > max) {
            max = (int16_t)-value;
        }
        if (a8_signal_stop(ctx, i)) {
            return A8_ERR_ABORTED;
        }
    }
    int32_t shift = max < 0 ? 0 : 15 - a8_signal_bits((uint32_t)max);
    for (int32_t i = 0; i < count; i++) {
        out[i] = (int16_t)(a8_signal_i16(in, i) * (1 << shift));
        if (a8_signal_stop(ctx, i)) {
            return A8_ERR_ABORTED;
        }
    }
    *bits = shift;
    return A8_OK;
}

// ---- SignalEnergy -----------------------------------------------------------

typedef struct {
    int32_t start;
    int32_t end;
    int32_t count;
} energy_t;

typedef char a8_assert_energy_t[sizeof(energy_t) == 12 && sizeof(count_t) == 4 ? 1 : -1];

int a8_signal_energy_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    energy_t e;
    int code;
    if ((code = a8_signal_node(ctx, 1, 1)) != A8_OK ||
        (code = a8_signal_input(ctx, 0, A8_INT16, 1, &in)) != A8_OK ||
        (code = a8_signal_output(ctx, 0, A8_UINT32, 1, &out)) != A8_OK) {
        return code;
    }
    e.count = (int32_t)out.count;
    int32_t limit = e.count < (int32_t)(in.count / 2) ? e.count : (int32_t)(in.count / 2);
    if ((code = a8_signal_option(ctx, "end_index", 0, limit, &e.end)) != A8_OK ||
        (code = a8_signal_option(ctx, "start_index", 0, e.end, &e.start)) != A8_OK) {
        return code;
    }
    energy_t *block = a8_ctx_alloc(ctx, sizeof(energy_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *block = e;
    return A8_OK;
}

// The reference leaves the bins outside of the range as they are in memory; here they are 0.
int a8_signal_energy_eval_s16(a8_ctx_t *ctx) {
    const energy_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint32_t *out = a8_ctx_out(ctx, 0);
    memset(out, 0, (uint32_t)block->count * sizeof(*out));
    for (int32_t i = block->start; i < block->end; i++) {
        int32_t re = a8_signal_i16(in, 2 * i);
        int32_t im = a8_signal_i16(in, 2 * i + 1);
        out[i] = (uint32_t)(re * re) + (uint32_t)(im * im);
        if (a8_signal_stop(ctx, i)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
