// SPDX-License-Identifier: MIT
//
// SignalFilterBankSpectralSubtraction, SignalPCAN and SignalFilterBankLog: what is done to each channel of a filter
// bank, uint32.
#include "signal.h"

// ---- SignalFilterBankSpectralSubtraction ---------------------------------------

typedef struct {
    int32_t channels;
    int32_t clamping; // 1: an estimate does not stay above the signal
    int32_t smoothing[2]; // of even and odd channels
    int32_t one_minus_smoothing[2];
    int32_t min_signal_remaining;
    int32_t smoothing_bits;
    int32_t bits; // fractional ones of these factors
    int32_t reserved;
} subtraction_t;

int a8_signal_spectral_subtraction_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t noise;
    subtraction_t s = { .clamping = a8_ctx_custom_bool(ctx, "clamping", false) };
    int code;
    if ((code = a8_signal_node(ctx, 1, 2)) != A8_OK ||
        (code = a8_signal_input(ctx, 0, A8_UINT32, 1, &in)) != A8_OK ||
        (code = a8_signal_output(ctx, 0, A8_UINT32, 1, &out)) != A8_OK ||
        (code = a8_signal_output(ctx, 1, A8_UINT32, 1, &noise)) != A8_OK ||
        (code = a8_signal_option(ctx, "num_channels", 1, INT32_MAX / 4, &s.channels)) != A8_OK ||
        (code = a8_signal_option(ctx, "smoothing", 0, INT32_MAX, &s.smoothing[0])) != A8_OK ||
        (code = a8_signal_option(ctx, "alternate_smoothing", 0, INT32_MAX, &s.smoothing[1])) != A8_OK ||
        (code = a8_signal_option(ctx, "one_minus_smoothing", 0, INT32_MAX, &s.one_minus_smoothing[0])) != A8_OK ||
        (code = a8_signal_option(ctx, "alternate_one_minus_smoothing", 0, INT32_MAX, &s.one_minus_smoothing[1])) !=
            A8_OK ||
        (code = a8_signal_option(ctx, "min_signal_remaining", 0, INT32_MAX, &s.min_signal_remaining)) != A8_OK ||
        (code = a8_signal_option(ctx, "smoothing_bits", 0, 31, &s.smoothing_bits)) != A8_OK ||
        (code = a8_signal_option(ctx, "spectral_subtraction_bits", 0, 63, &s.bits)) != A8_OK ||
        (code = a8_signal_count(ctx, &in, s.channels)) != A8_OK ||
        (code = a8_signal_count(ctx, &out, s.channels)) != A8_OK ||
        (code = a8_signal_count(ctx, &noise, s.channels)) != A8_OK ||
        (code = a8_ctx_state(ctx, (uint32_t)s.channels * 4)) != A8_OK) {
        return code;
    }
    subtraction_t *block = a8_ctx_alloc(ctx, sizeof(subtraction_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *block = s;
    return A8_OK;
}

// The noise is estimated as a moving average of the signal and taken away, but for a part of the signal that remains.
int a8_signal_spectral_subtraction_eval_u32(a8_ctx_t *ctx) {
    const subtraction_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint32_t *out = a8_ctx_out(ctx, 0);
    uint32_t *noise = a8_ctx_out(ctx, 1);
    uint32_t *state = a8_ctx_state_data(ctx);
    for (int32_t i = 0; i < block->channels; i++) {
        uint32_t signal = a8_signal_u32(in, i);
        uint32_t scaled = signal << block->smoothing_bits;
        uint64_t average = (uint64_t)scaled * (uint32_t)block->smoothing[i & 1];
        average += (uint64_t)state[i] * (uint32_t)block->one_minus_smoothing[i & 1];
        uint32_t estimate = (uint32_t)(average >> block->bits);
        uint32_t taken = estimate < scaled ? estimate : scaled;
        uint32_t least = (uint32_t)((uint64_t)signal * (uint32_t)block->min_signal_remaining >> block->bits);
        uint32_t rest = (scaled - taken) >> block->smoothing_bits;
        state[i] = block->clamping != 0 ? taken : estimate;
        noise[i] = state[i];
        out[i] = rest > least ? rest : least;
        if (a8_signal_stop(ctx, i)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

// ---- SignalPCAN ----------------------------------------------------------------

#define PCAN_TABLE (125) // elements of the table of gains: 3, and then up to 4 a bit of the noise
#define PCAN_SNR_BITS (12) // fractional bits
#define PCAN_OUTPUT_BITS (6)

typedef struct {
    int32_t channels;
    int32_t shift;
} pcan_t;

int a8_signal_pcan_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t noise;
    a8_tensor_info_t gains;
    a8_tensor_info_t out;
    int32_t shift;
    int code;
    if ((code = a8_signal_node(ctx, 3, 1)) != A8_OK ||
        (code = a8_signal_input(ctx, 0, A8_UINT32, 1, &in)) != A8_OK ||
        (code = a8_signal_input(ctx, 1, A8_UINT32, 1, &noise)) != A8_OK ||
        (code = a8_signal_input(ctx, 2, A8_INT16, 1, &gains)) != A8_OK ||
        (code = a8_signal_output(ctx, 0, A8_UINT32, 1, &out)) != A8_OK ||
        (code = a8_signal_count(ctx, &noise, in.count)) != A8_OK ||
        (code = a8_signal_count(ctx, &out, in.count)) != A8_OK ||
        (code = a8_signal_option(ctx, "snr_shift", 0, 63, &shift)) != A8_OK) {
        return code;
    }
    if (gains.count < PCAN_TABLE) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "the table of gains is too short", PCAN_TABLE,
            (int32_t)gains.count);
    }
    pcan_t *block = a8_ctx_alloc(ctx, sizeof(pcan_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->channels = (int32_t)in.count;
    block->shift = shift;
    return A8_OK;
}

// The gain for a noise of x: a table of parabolas, one for each power of 2, c0 + c1 f + c2 f^2 where f is the fraction
// with 10 bits.
static int16_t gain(const uint8_t *table, uint32_t x) {
    if (x <= 2) {
        return a8_signal_i16(table, (int32_t)x);
    }
    int32_t bits = a8_signal_bits(x);
    int32_t at = 4 * bits - 6;
    int32_t fraction = (int32_t)((bits < 11 ? x << (11 - bits) : x >> (bits - 11)) & 0x3ff);
    int32_t sum = a8_signal_i16(table, at + 2) * fraction >> 5;
    sum += a8_signal_i16(table, at + 1) * 32;
    sum = (int32_t)((uint32_t)sum * (uint32_t)fraction + (1 << 14)) >> 15;
    return (int16_t)(sum + a8_signal_i16(table, at));
}

// x^2 / 4 for x below 2, then x - 1.
static uint32_t shrink(uint32_t x) {
    if (x < 2 << PCAN_SNR_BITS) {
        return x * x >> (2 + 2 * PCAN_SNR_BITS - PCAN_OUTPUT_BITS);
    }
    return (x >> (PCAN_SNR_BITS - PCAN_OUTPUT_BITS)) - (1 << PCAN_OUTPUT_BITS);
}

int a8_signal_pcan_eval_u32(a8_ctx_t *ctx) {
    const pcan_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    const uint8_t *noise = a8_ctx_in(ctx, 1);
    const uint8_t *gains = a8_ctx_in(ctx, 2);
    uint32_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->channels; i++) {
        uint32_t factor = (uint32_t)gain(gains, a8_signal_u32(noise, i));
        out[i] = shrink((uint32_t)((uint64_t)a8_signal_u32(in, i) * factor >> block->shift));
        if (a8_signal_stop(ctx, i)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

// ---- SignalFilterBankLog ---------------------------------------------------------

typedef struct {
    int32_t channels;
    int32_t correction_bits;
    int32_t scale;
    int32_t reserved;
} log_t;

typedef char a8_assert_channels_t[sizeof(subtraction_t) == 40 && sizeof(pcan_t) == 8 && sizeof(log_t) == 16 ? 1 : -1];

int a8_signal_filter_bank_log_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    log_t log = { 0, 0, 0, 0 };
    int code;
    if ((code = a8_signal_node(ctx, 1, 1)) != A8_OK ||
        (code = a8_signal_input(ctx, 0, A8_UINT32, 1, &in)) != A8_OK ||
        (code = a8_signal_output(ctx, 0, A8_INT16, 1, &out)) != A8_OK ||
        (code = a8_signal_count(ctx, &out, in.count)) != A8_OK ||
        (code = a8_signal_option(ctx, "input_correction_bits", 0, 31, &log.correction_bits)) != A8_OK ||
        (code = a8_signal_option(ctx, "output_scale", INT32_MIN, INT32_MAX, &log.scale)) != A8_OK) {
        return code;
    }
    log_t *block = a8_ctx_alloc(ctx, sizeof(log_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *block = log;
    block->channels = (int32_t)in.count;
    return A8_OK;
}

// 2^16 (log2(1 + i / 128) - i / 128), rounded.
static const uint16_t log_table[129] = {
    0,
    224,
    442,
    654,
    861,
    1063,
    1259,
    1450,
    1636,
    1817,
    1992,
    2163,
    2329,
    2490,
    2646,
    2797,
    2944,
    3087,
    3224,
    3358,
    3487,
    3611,
    3732,
    3848,
    3960,
    4068,
    4172,
    4272,
    4368,
    4460,
    4549,
    4633,
    4714,
    4791,
    4864,
    4934,
    5001,
    5063,
    5123,
    5178,
    5231,
    5280,
    5326,
    5368,
    5408,
    5444,
    5477,
    5507,
    5533,
    5557,
    5578,
    5595,
    5610,
    5622,
    5631,
    5637,
    5640,
    5641,
    5638,
    5633,
    5626,
    5615,
    5602,
    5586,
    5568,
    5547,
    5524,
    5498,
    5470,
    5439,
    5406,
    5370,
    5332,
    5291,
    5249,
    5203,
    5156,
    5106,
    5054,
    5000,
    4944,
    4885,
    4825,
    4762,
    4697,
    4630,
    4561,
    4490,
    4416,
    4341,
    4264,
    4184,
    4103,
    4020,
    3935,
    3848,
    3759,
    3668,
    3575,
    3481,
    3384,
    3286,
    3186,
    3084,
    2981,
    2875,
    2768,
    2659,
    2549,
    2437,
    2323,
    2207,
    2090,
    1971,
    1851,
    1729,
    1605,
    1480,
    1353,
    1224,
    1094,
    963,
    830,
    695,
    559,
    421,
    282,
    142,
    0,
};

// scale * ln(x) for x > 1, with 16 fractional bits in between. What is interpolated between two entries of
// the table is divided by 2^16, not by the 2^9 that lie between them: so does the reference.
static uint32_t natural_log(uint32_t x, uint32_t scale) {
    uint32_t whole = (uint32_t)a8_signal_bits(x) - 1;
    uint32_t fraction = x - ((uint32_t)1 << whole);
    fraction = whole < 16 ? fraction << (16 - whole) : fraction >> (whole - 16);
    int32_t low = log_table[fraction >> 9];
    int32_t high = log_table[(fraction >> 9) + 1];
    fraction += (uint32_t)(low + ((high - low) * (int32_t)(fraction & 511) >> 16));
    // times ln(2)
    uint32_t ln = 45426 * whole + ((45426 * fraction + (1 << 15)) >> 16);
    return (scale * ln + (1 << 15)) >> 16;
}

int a8_signal_filter_bank_log_eval_u32(a8_ctx_t *ctx) {
    const log_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    int16_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->channels; i++) {
        uint32_t x = a8_signal_u32(in, i) << block->correction_bits;
        uint32_t y = x > 1 ? natural_log(x, (uint32_t)block->scale) : 0;
        out[i] = (int16_t)(y < INT16_MAX ? y : INT16_MAX);
        if (a8_signal_stop(ctx, i)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
