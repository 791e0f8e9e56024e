// SPDX-License-Identifier: MIT
//
// LOG_SOFTMAX: every row (along the last dimension) less the logarithm of its sum of exponentials.
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "check.h"
#include "rows.h"

#define SUM_BITS (12) // integer bits of the sum of exponentials
#define OUTPUT_BITS (4) // integer bits of the output
#define MAX_DEPTH ((1 << SUM_BITS) - 1) // more could overflow the sum

typedef struct {
    int32_t rows;
    int32_t depth;
    a8_scaled_diff_t diff;
    int32_t reverse_multiplier; // from a scaled difference to one of inputs
    int32_t reverse_shift;
} block_t;

typedef char a8_assert_log_softmax_block_t[sizeof(block_t) == 28 ? 1 : -1];

int a8_log_softmax_prepare_s8(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int32_t rows;
    int32_t depth;
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in, A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, A8_INT8)) != A8_OK ||
        (code = a8_check_rows(ctx, &in, &out, &rows, &depth)) != A8_OK) {
        return code;
    }
    if (out.zero_point != INT8_MAX || out.scale != 1.0f / 16) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "LOG_SOFTMAX's output needs scale 1/16 and zero point 127",
            A8_NONE, A8_NONE);
    }
    if (depth > MAX_DEPTH) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_LONG_ROWS, MAX_DEPTH, depth);
    }
    a8_scaled_diff_t diff;
    code = a8_scaled_diff(ctx, in.scale, 1.0f, &diff);
    if (code != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->rows = rows;
    block->depth = depth;
    block->diff = diff;
    if (diff.shift > A8_SHIFT_MAX) {
        block->diff.shift = A8_SHIFT_MAX; // only 0 is scaled
    }
    // 2^(31 - shift) / multiplier, a multiplier of 31 bits being a mantissa without its last 22.
    a8_real_t power = a8_real_scale(a8_real_from_float(1.0f), 31 - diff.shift);
    a8_real_t divisor = { (uint64_t)diff.multiplier << 22, -22 };
    a8_multiplier_t m = a8_multiplier(a8_real_div(power, divisor));
    block->reverse_multiplier = m.multiplier;
    block->reverse_shift = m.shift;
    return A8_OK;
}

static void row_s8(const block_t *block, const int8_t *in, int8_t *out) {
    const a8_scaled_diff_t *diff = &block->diff;
    int32_t max = INT8_MIN;
    for (int32_t i = 0; i < block->depth; i++) {
        max = in[i] > max ? in[i] : max;
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < block->depth; i++) {
        int32_t x = in[i] - max;
        if (x >= diff->diff_min) {
            x = a8_requantize(x, diff->multiplier, diff->shift);
            sum += a8_rounding_shift(a8_exp_on_negative(x, A8_SCALED_DIFF_BITS), SUM_BITS);
        }
    }
    int32_t log_sum = a8_log_of_q12(sum);
    // The furthest difference that, less log_sum, is still a number with 5 integer bits.
    int32_t limit = a8_requantize(INT32_MIN + log_sum, block->reverse_multiplier, block->reverse_shift);
    limit = limit < diff->diff_min - 1 ? diff->diff_min - 1 : limit;
    for (int32_t i = 0; i < block->depth; i++) {
        int32_t x = in[i] - max;
        int32_t y = INT8_MIN;
        if (x > limit) {
            x = a8_requantize(x, diff->multiplier, diff->shift);
            x = (int32_t)((uint32_t)x - (uint32_t)log_sum);
            y = a8_rounding_shift(x, 31 - A8_SCALED_DIFF_BITS - OUTPUT_BITS) + INT8_MAX;
            y = y < INT8_MIN ? INT8_MIN : y;
            y = y > INT8_MAX ? INT8_MAX : y;
        }
        out[i] = (int8_t)y;
    }
}

int a8_log_softmax_eval_s8(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const int8_t *in = a8_ctx_in(ctx, 0);
    int8_t *out = a8_ctx_out(ctx, 0);
    for (int32_t row = 0; row < block->rows; row++) {
        row_s8(block, in, out);
        in += block->depth;
        out += block->depth;
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
