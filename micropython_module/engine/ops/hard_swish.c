// SPDX-License-Identifier: MIT
//
// HARD_SWISH of int8: x * relu6(x + 3) / 6, in the reference's 16-bit fixed-point arithmetic.
#include "../quantize.h"
#include "lookup.h"

#define FINE_BITS (7) // by which a difference from the zero point is shifted up

// A multiplier of which only 15 bits are kept.
typedef struct {
    int32_t multiplier;
    int32_t shift;
} coarse_t;

// scale / unit, divided in float32.
static coarse_t coarse(a8_real_t scale, float unit) {
    a8_multiplier_t m = a8_multiplier(a8_real_to_float(a8_real_div(scale, a8_real_from_float(unit))));
    int32_t rounded = m.multiplier >= INT32_MAX - (1 << 15) ? INT16_MAX : (m.multiplier + (1 << 15)) >> 16;
    return (coarse_t){ rounded, m.shift };
}

static int32_t saturate(int32_t x) {
    x = x < INT16_MIN ? INT16_MIN : x;
    return x > INT16_MAX ? INT16_MAX : x;
}

// a * b / 2^15, rounded half up; they fit 16 bits.
static int32_t high_mul(int32_t a, int32_t b) {
    return (a * b + (1 << 14)) >> 15;
}

static int32_t hard_swish(int32_t x, coarse_t reluish, coarse_t output) {
    x *= 1 << FINE_BITS;
    // The factor between 0 and 1: x / 3 with 15 bits, saturated at -1 and 1, then halved and raised. A shift to the
    // left comes in two parts so that only the second may saturate where that matters.
    int32_t y = x;
    int32_t left = reluish.shift > 16 ? 16 : reluish.shift; // saturates everything but 0
    if (left > 0) {
        y = saturate(y * (1 << (left - 1)));
    }
    y = high_mul(y, reluish.multiplier);
    if (left > 0) {
        y = saturate(y * 2);
    } else {
        y = a8_rounding_shift(y, -left);
    }
    y = (y + (1 << 15)) >> 1;
    int32_t product = y * high_mul(x, output.multiplier) / (1 << 15); // towards zero
    return a8_rounding_shift(product, -output.shift);
}

int a8_hard_swish_prepare_s8(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_lookup_check(ctx, &in, &out);
    if (code != A8_OK) {
        return code;
    }
    a8_real_t fine = a8_real_scale(a8_real_from_float(in.scale), -FINE_BITS);
    coarse_t reluish = coarse(fine, 3.0f / 32768);
    coarse_t output = coarse(fine, out.scale);
    if (output.shift > 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "HARD_SWISH's input scale is 128 output scales or more", A8_NONE,
            A8_NONE);
    }
    a8_lookup_t *lookup = a8_lookup_alloc(ctx, &in);
    if (lookup == NULL) {
        return A8_ERR_MEMORY;
    }
    for (int32_t i = INT8_MIN; i <= INT8_MAX; i++) {
        a8_lookup_set(lookup, i, hard_swish(i - in.zero_point, reluish, output) + out.zero_point);
    }
    return A8_OK;
}
