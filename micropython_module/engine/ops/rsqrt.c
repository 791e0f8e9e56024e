// SPDX-License-Identifier: MIT
//
// RSQRT of int8 and int16: 1 / sqrt(x), in the reference's fixed-point arithmetic.
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "check.h"

#define DATA_BITS (20) // fraction of the unscaled result
// 2^12 is the least unscaled result: with a larger shift all saturate, but some would wrap around.
#define MAX_SHIFT (10)

typedef struct {
    int32_t count;
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t multiplier;
    int32_t shift;
    int32_t max;
} block_t;

typedef char a8_assert_rsqrt_block_t[sizeof(block_t) == 24 ? 1 : -1];

// Of int8, behind the block: results by the input's bits taken as unsigned.
static int8_t *table(block_t *block) {
    return (int8_t *)(block + 1);
}

// The square root, correctly rounded.
static a8_real_t square_root(a8_real_t a) {
    // a = m * 2^even. Digit by digit the root of m * 2^54, which has 54 bits: one more than wanted.
    int32_t odd = a.exponent & 1;
    uint64_t m = a.mantissa << odd;
    uint64_t root = 0;
    uint64_t rest = 0; // of the digits so far, minus root^2
    for (int32_t shift = 52; shift > -56; shift -= 2) {
        rest = rest << 2 | (shift >= 0 ? m >> shift & 3 : 0);
        root <<= 1;
        if (2 * root + 1 <= rest) {
            rest -= 2 * root + 1;
            root++;
        }
    }
    return (a8_real_t){ (root + 1) >> 1, (a.exponent - odd - 54) / 2 + 1 };
}

static int32_t result(const block_t *block, int32_t x) {
    x -= block->input_zero_point;
    if (x <= 0) {
        return block->max;
    }
    a8_multiplier_t m = a8_inverse_sqrt(x);
    int32_t y = a8_requantize(1, m.multiplier, m.shift + DATA_BITS);
    y = a8_requantize(y, block->multiplier, block->shift) + block->output_zero_point;
    y = y > block->max ? block->max : y;
    return y < -block->max - 1 ? -block->max - 1 : y;
}

static int prepare(a8_ctx_t *ctx, a8_dtype_t dtype) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in, dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, dtype)) != A8_OK || (code = a8_check_counts(ctx, &in, &out)) != A8_OK) {
        return code;
    }
    if (dtype == A8_INT16 && (in.zero_point != 0 || out.zero_point != 0)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_INT16_ZERO, 0,
            in.zero_point != 0 ? in.zero_point : out.zero_point);
    }
    bool is_int8 = dtype == A8_INT8;
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t) + (is_int8 ? 256 : 0));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->count = (int32_t)in.count;
    block->input_zero_point = in.zero_point;
    block->output_zero_point = out.zero_point;
    block->max = is_int8 ? INT8_MAX : INT16_MAX;
    a8_real_t scale = a8_real_mul(square_root(a8_real_from_float(in.scale)), a8_real_from_float(out.scale));
    a8_multiplier_t m = a8_multiplier(a8_real_div(a8_real_from_float(1.0f), scale));
    m.shift = m.shift - DATA_BITS < MAX_SHIFT ? m.shift - DATA_BITS : MAX_SHIFT;
    if (m.shift >= A8_SHIFT_MIN) { // else all results are the zero point
        block->multiplier = m.multiplier;
        block->shift = m.shift;
    }
    for (int32_t i = INT8_MIN; is_int8 && i <= INT8_MAX; i++) {
        table(block)[(uint8_t)i] = (int8_t)result(block, i);
    }
    return A8_OK;
}

int a8_rsqrt_prepare_s8(a8_ctx_t *ctx) {
    return prepare(ctx, A8_INT8);
}

int a8_rsqrt_prepare_s16(a8_ctx_t *ctx) {
    return prepare(ctx, A8_INT16);
}

static int eval(a8_ctx_t *ctx, bool is_int8) {
    block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    int8_t *out8 = a8_ctx_out(ctx, 0);
    int16_t *out16 = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->count; i++) {
        // A constant may have any alignment.
        int32_t x = is_int8 ? (int8_t)in[i] : (int16_t)(in[2 * i] | in[2 * i + 1] << 8);
        if (x < block->input_zero_point) {
            return a8_ctx_fail(ctx, A8_ERR_DATA, "RSQRT met a negative number at this element", A8_NONE, i);
        }
        if (is_int8) {
            out8[i] = table(block)[(uint8_t)x];
        } else {
            out16[i] = (int16_t)result(block, x);
        }
        if (i % A8_POLL_ELEMENTS == A8_POLL_ELEMENTS - 1 && a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

int a8_rsqrt_eval_s8(a8_ctx_t *ctx) {
    return eval(ctx, true);
}

int a8_rsqrt_eval_s16(a8_ctx_t *ctx) {
    return eval(ctx, false);
}
