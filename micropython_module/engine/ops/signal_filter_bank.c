// SPDX-License-Identifier: MIT
//
// SignalFilterBank and SignalFilterBankSquareRoot: energies of frequencies to magnitudes of channels.
#include "signal.h"

// ---- SignalFilterBank -------------------------------------------------------

enum { ENERGIES,
    WEIGHTS,
    UNWEIGHTS,
    FREQUENCY_STARTS,
    WEIGHT_STARTS,
    WIDTHS,
    N_INPUTS };

typedef struct {
    int32_t channels;
    int32_t energies;
    int32_t weights;
} bank_t;

typedef char a8_assert_bank_t[sizeof(bank_t) == 12 ? 1 : -1];

int a8_signal_filter_bank_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t info;
    bank_t bank;
    int code;
    if ((code = a8_signal_node(ctx, N_INPUTS, 1)) != A8_OK ||
        (code = a8_signal_output(ctx, 0, A8_UINT64, 1, &info)) != A8_OK ||
        (code = a8_signal_option(ctx, "num_channels", 1, INT32_MAX - 1, &bank.channels)) != A8_OK ||
        (code = a8_signal_count(ctx, &info, bank.channels)) != A8_OK ||
        (code = a8_signal_input(ctx, ENERGIES, A8_UINT32, 1, &info)) != A8_OK) {
        return code;
    }
    bank.energies = (int32_t)info.count;
    bank.weights = INT32_MAX;
    for (uint32_t i = WEIGHTS; i < N_INPUTS; i++) {
        if ((code = a8_signal_input(ctx, i, A8_INT16, 1, &info)) != A8_OK) {
            return code;
        }
        if (i <= UNWEIGHTS) {
            bank.weights = (int32_t)info.count < bank.weights ? (int32_t)info.count : bank.weights;
        } else if ((int32_t)info.count <= bank.channels) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "there is not a start and a width for each channel and one more",
                bank.channels + 1, (int32_t)info.count);
        }
    }
    bank_t *block = a8_ctx_alloc(ctx, sizeof(bank_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *block = bank;
    return A8_OK;
}

// Sum of products of int16 and uint32 as halves of 16 bits, whose products fit 32: no 64-bit multiplication.
typedef struct {
    int64_t low;
    int64_t high; // times 2^16
} sum_t;

static void accumulate(sum_t *sum, int32_t weight, uint32_t energy) {
    sum->low += weight * (int32_t)(energy & UINT16_MAX);
    sum->high += weight * (int32_t)(energy >> 16);
}

// Each frequency lies between two channels: its energy counts with its weight for the one, with its unweight for the
// next one. Channel 0, which only has a right half, is left away.
int a8_signal_filter_bank_eval_u32(a8_ctx_t *ctx) {
    const bank_t *block = a8_ctx_data(ctx);
    const uint8_t *in[N_INPUTS];
    uint64_t *out = a8_ctx_out(ctx, 0);
    for (uint32_t i = 0; i < N_INPUTS; i++) {
        in[i] = a8_ctx_in(ctx, i);
    }
    sum_t weighted = { 0, 0 };
    for (int32_t channel = 0; channel <= block->channels; channel++) {
        int32_t frequency = a8_signal_i16(in[FREQUENCY_STARTS], channel);
        int32_t weight = a8_signal_i16(in[WEIGHT_STARTS], channel);
        int32_t width = a8_signal_i16(in[WIDTHS], channel);
        sum_t unweighted = { 0, 0 };
        if (width > 0) {
            if (frequency < 0 || frequency + width > block->energies) {
                return a8_ctx_fail(ctx, A8_ERR_DATA, "a channel's frequencies are not in the input",
                    block->energies, frequency < 0 ? frequency : frequency + width);
            }
            if (weight < 0 || weight + width > block->weights) {
                return a8_ctx_fail(ctx, A8_ERR_DATA, "a channel's weights are not there", block->weights,
                    weight < 0 ? weight : weight + width);
            }
        }
        for (int32_t i = 0; i < width; i++) {
            uint32_t energy = a8_signal_u32(in[ENERGIES], frequency + i);
            accumulate(&weighted, a8_signal_i16(in[WEIGHTS], weight + i), energy);
            accumulate(&unweighted, a8_signal_i16(in[UNWEIGHTS], weight + i), energy);
        }
        if (channel > 0) {
            out[channel - 1] = (uint64_t)weighted.low + ((uint64_t)weighted.high << 16);
        }
        weighted = unweighted;
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

// ---- SignalFilterBankSquareRoot ----------------------------------------------

typedef struct {
    int32_t count;
    int32_t reserved;
} root_t;

int a8_signal_filter_bank_square_root_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t bits;
    a8_tensor_info_t out;
    int code;
    if ((code = a8_signal_node(ctx, 2, 1)) != A8_OK ||
        (code = a8_signal_input(ctx, 0, A8_UINT64, 1, &in)) != A8_OK ||
        (code = a8_signal_input(ctx, 1, A8_INT32, 0, &bits)) != A8_OK ||
        (code = a8_signal_output(ctx, 0, A8_UINT32, 1, &out)) != A8_OK ||
        (code = a8_signal_count(ctx, &out, in.count)) != A8_OK) {
        return code;
    }
    root_t *block = a8_ctx_alloc(ctx, sizeof(root_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->count = (int32_t)in.count;
    return A8_OK;
}

// The rounded square root, digit by binary digit; at most 16 bits for a value of 32.
static uint32_t square_root(uint64_t value) {
    const uint64_t limit = value >> 32 == 0 ? UINT16_MAX : UINT32_MAX;
    uint64_t bit = (uint64_t)1 << 62;
    uint64_t root = 0;
    while (bit > value) {
        bit >>= 2;
    }
    for (; bit != 0; bit >>= 2) {
        uint64_t trial = root + bit;
        root >>= 1;
        if (value >= trial) {
            value -= trial;
            root += bit;
        }
    }
    return (uint32_t)(value > root && root != limit ? root + 1 : root);
}

int a8_signal_filter_bank_square_root_eval_u64(a8_ctx_t *ctx) {
    const root_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    const uint32_t shift = a8_signal_u32(a8_ctx_in(ctx, 1), 0) & 31;
    uint32_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->count; i++) {
        uint64_t value = a8_signal_u32(in, 2 * i) | (uint64_t)a8_signal_u32(in, 2 * i + 1) << 32;
        out[i] = square_root(value) >> shift;
        if (a8_signal_stop(ctx, i)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
