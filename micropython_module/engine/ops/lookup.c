// SPDX-License-Identifier: MIT
//
// Functions of one int8 element: prepare tries all 256 inputs and keeps the
// results in a table.
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "check.h"

typedef struct {
    int32_t count;
    int8_t table[256]; // by the input's bits taken as unsigned
} block_t;

typedef char a8_assert_lookup_block_t[sizeof(block_t) == 260 ? 1 : -1];

static int check(a8_ctx_t *ctx, a8_tensor_info_t *in, a8_tensor_info_t *out) {
    int code = a8_check_node(ctx, 1, in, out);
    if (code != A8_OK || (code = a8_check_quantized(ctx, in, A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, out, A8_INT8)) != A8_OK) {
        return code;
    }
    return a8_check_counts(ctx, in, out);
}

static block_t *alloc(a8_ctx_t *ctx, const a8_tensor_info_t *in) {
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block != NULL) {
        block->count = (int32_t)in->count;
    }
    return block;
}

#define LOGISTIC_BITS (4) // integer bits of the scaled input

// Inputs at least this far from the zero point count as infinite: 15 / 2^(shift - 27), rounded down.
static int32_t logistic_radius(int32_t shift) {
    int32_t fraction_bits = 31 - LOGISTIC_BITS;
    if (shift < 0 || shift > 31) {
        return shift < 0 ? INT32_MAX : 0;
    }
    return (int32_t)(((uint32_t)((1 << LOGISTIC_BITS) - 1) << fraction_bits) >> shift);
}

static int32_t logistic(int32_t x, a8_multiplier_t m) {
    x = a8_requantize(x, m.multiplier, m.shift);
    if (x == 0) {
        return 1 << 30;
    }
    int32_t y = a8_one_over_one_plus(a8_exp_on_negative(x < 0 ? x : -x, LOGISTIC_BITS));
    return x < 0 ? INT32_MAX - y : y;
}

int a8_logistic_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = check(ctx, &in, &out);
    if (code != A8_OK) {
        return code;
    }
    if (out.zero_point != INT8_MIN) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "LOGISTIC's output needs zero point -128", INT8_MIN,
            out.zero_point);
    }
    if (out.scale != 1.0f / 256) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "LOGISTIC's output needs scale 1/256", A8_NONE, A8_NONE);
    }
    block_t *block = alloc(ctx, &in);
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    a8_multiplier_t m = a8_multiplier(a8_real_scale(a8_real_from_float(in.scale), 31 - LOGISTIC_BITS));
    int32_t radius = logistic_radius(m.shift);
    for (int32_t i = INT8_MIN; i <= INT8_MAX; i++) {
        int32_t x = i - in.zero_point;
        int32_t y;
        if (x <= -radius) {
            y = INT8_MIN;
        } else if (x >= radius) {
            y = INT8_MAX;
        } else {
            y = a8_rounding_shift(logistic(x, m), 31 - 8) + out.zero_point;
            y = y > INT8_MAX ? INT8_MAX : y;
        }
        block->table[(uint8_t)i] = (int8_t)y;
    }
    return A8_OK;
}

// RELU and RELU6: requantize, then clamp as the fused activation of that number would.
static int clamp_prepare(a8_ctx_t *ctx, int32_t activation) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = check(ctx, &in, &out);
    if (code != A8_OK) {
        return code;
    }
    int32_t min = INT8_MIN;
    int32_t max = INT8_MAX;
    a8_activation_range(activation, out.scale, out.zero_point, &min, &max);
    block_t *block = alloc(ctx, &in);
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    a8_multiplier_t m = a8_multiplier(a8_real_div(a8_real_from_float(in.scale), a8_real_from_float(out.scale)));
    if (m.shift > A8_SATURATING_SHIFT) {
        m.shift = A8_SATURATING_SHIFT;
    }
    for (int32_t i = INT8_MIN; i <= INT8_MAX; i++) {
        int32_t y = a8_requantize(i - in.zero_point, m.multiplier, m.shift) + out.zero_point;
        y = y < min ? min : y;
        y = y > max ? max : y;
        block->table[(uint8_t)i] = (int8_t)y;
    }
    return A8_OK;
}

int a8_relu_prepare(a8_ctx_t *ctx) {
    return clamp_prepare(ctx, 1);
}

int a8_relu6_prepare(a8_ctx_t *ctx) {
    return clamp_prepare(ctx, 3);
}

int a8_lookup_eval_s8(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const int8_t *in = a8_ctx_in(ctx, 0);
    int8_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->count;) {
        int32_t end = block->count - i < A8_POLL_ELEMENTS ? block->count : i + A8_POLL_ELEMENTS;
        for (; i < end; i++) {
            out[i] = block->table[(uint8_t)in[i]];
        }
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
