// SPDX-License-Identifier: MIT
//
// LOGISTIC and TANH of int8, which go through a table made in fixed-point arithmetic, and of int16.
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "../sigmoid.h"
#include "lookup.h"

// ---- int8 -------------------------------------------------------------------

#define INPUT_BITS (4) // integer bits of the scaled input

// Inputs at least this far from the zero point count as infinite: 15 / 2^(shift - 27), rounded down.
static int32_t radius_of(int32_t shift) {
    int32_t fraction_bits = 31 - INPUT_BITS;
    if (shift < 0 || shift > 31) {
        return shift < 0 ? INT32_MAX : 0;
    }
    return (int32_t)(((uint32_t)((1 << INPUT_BITS) - 1) << fraction_bits) >> shift);
}

// Both take a number with 4 integer bits that isn't 0.
static int32_t logistic(int32_t x) {
    int32_t y = a8_one_over_one_plus(a8_exp_on_negative(x < 0 ? x : -x, INPUT_BITS));
    return a8_rounding_shift(x < 0 ? INT32_MAX - y : y, 31 - 8);
}

static int32_t tanh_of(int32_t x) {
    // (1 - e) / (1 + e) = 2 / (1 + e) - 1 with e = exp(-2 |x|). Where 1 / (1 + e) saturates the reference's result
    // differs by 3 units of 2^-31, which the rounding hides.
    int32_t y = a8_one_over_one_plus(a8_exp_on_negative(x < 0 ? x : -x, INPUT_BITS + 1));
    y = a8_rounding_shift(((y >> 1) - (1 << 29)) * 4, 31 - 7);
    return x < 0 ? -y : y;
}

static int prepare_s8(a8_ctx_t *ctx, int32_t (*function)(int32_t), int32_t at_zero) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_lookup_check(ctx, &in, &out);
    if (code != A8_OK) {
        return code;
    }
    int32_t zero_point = at_zero == 0 ? 0 : INT8_MIN; // results from 0 to 1, or from -1 to 1
    if (out.zero_point != zero_point) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "an int8 output needs another zero point here", zero_point,
            out.zero_point);
    }
    if (out.scale != (at_zero == 0 ? 1.0f / 128 : 1.0f / 256)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "an int8 output needs scale 1/256 (LOGISTIC) or 1/128 (TANH)",
            A8_NONE, A8_NONE);
    }
    a8_lookup_t *lookup = a8_lookup_alloc(ctx, &in);
    if (lookup == NULL) {
        return A8_ERR_MEMORY;
    }
    a8_multiplier_t m = a8_multiplier(a8_real_scale(a8_real_from_float(in.scale), 31 - INPUT_BITS));
    int32_t radius = radius_of(m.shift);
    for (int32_t i = INT8_MIN; i <= INT8_MAX; i++) {
        int32_t x = i - in.zero_point;
        int32_t y;
        if (x <= -radius) {
            y = INT8_MIN;
        } else if (x >= radius) {
            y = INT8_MAX;
        } else {
            x = a8_requantize(x, m.multiplier, m.shift);
            y = (x == 0 ? at_zero : function(x)) + zero_point;
        }
        a8_lookup_set(lookup, i, y);
    }
    return A8_OK;
}

int a8_logistic_prepare_s8(a8_ctx_t *ctx) {
    return prepare_s8(ctx, logistic, 128);
}

int a8_tanh_prepare_s8(a8_ctx_t *ctx) {
    return prepare_s8(ctx, tanh_of, 0);
}

// ---- int16 ------------------------------------------------------------------

typedef struct {
    int32_t count;
    a8_sigmoid_params_t params;
} block_t;

typedef char a8_assert_sigmoid_block_t[sizeof(block_t) == 16 ? 1 : -1];

static int prepare(a8_ctx_t *ctx, bool is_tanh) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in, A8_INT16)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, A8_INT16)) != A8_OK ||
        (code = a8_check_counts(ctx, &in, &out)) != A8_OK) {
        return code;
    }
    if (in.zero_point != 0 || out.zero_point != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_INT16_ZERO, 0,
            in.zero_point != 0 ? in.zero_point : out.zero_point);
    }
    if (!a8_near_power_of_two(out.scale, -15)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "an int16 output needs scale 1/32768 here", A8_NONE, A8_NONE);
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->count = (int32_t)in.count;
    block->params = a8_sigmoid_params_of_scale(in.scale, is_tanh);
    return A8_OK;
}

int a8_logistic_prepare_s16(a8_ctx_t *ctx) {
    return prepare(ctx, false);
}

int a8_tanh_prepare_s16(a8_ctx_t *ctx) {
    return prepare(ctx, true);
}

typedef void kernel_t(const a8_sigmoid_params_t *params, const void *in, int16_t *out, int32_t n);

static int eval(a8_ctx_t *ctx, kernel_t *kernel) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    int16_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->count; i += A8_POLL_ELEMENTS) {
        int32_t n = block->count - i < A8_POLL_ELEMENTS ? block->count - i : A8_POLL_ELEMENTS;
        kernel(&block->params, in + 2 * i, out + i, n);
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

int a8_logistic_eval_s16(a8_ctx_t *ctx) {
    return eval(ctx, a8_logistic_s16);
}

int a8_tanh_eval_s16(a8_ctx_t *ctx) {
    return eval(ctx, a8_tanh_s16);
}
