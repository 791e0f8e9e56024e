// SPDX-License-Identifier: MIT
//
// MEAN and SUM of quantized tensors: a sum of elements less the zero point, requantized.
#include <string.h>

#include "../kernels/kernels.h"
#include "../quantize.h"
#include "check.h"
#include "reduce.h"

typedef struct {
    a8_reduce_t reduce;
    int32_t multiplier; // from a sum to an output; a mean's has the division by the count in it
    int32_t shift;
    int32_t sum_offset; // minus the input's zero point for each element of a sum
    int32_t output_offset;
} block_t;

typedef char a8_assert_mean_block_t[sizeof(block_t) == 72 ? 1 : -1];

// Do count differences of an element and the zero point add up to a number of 32 bits?
static bool fits(const a8_tensor_info_t *in, int32_t count) {
    int32_t half = in->dtype == A8_INT16 ? -INT16_MIN : -INT8_MIN;
    int64_t low = (int64_t)(half + in->zero_point) * count; // of the sign of a negative sum
    int64_t high = (int64_t)(half - 1 - in->zero_point) * count;
    return low <= (int64_t)INT32_MAX + 1 && high <= INT32_MAX;
}

static int prepare(a8_ctx_t *ctx, bool is_mean) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 2, &in, &out);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in, in.dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, in.dtype)) != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    code = a8_reduce_prepare(ctx, &in, &out, &block->reduce);
    if (code != A8_OK) {
        return code;
    }
    int32_t count = block->reduce.count;
    if (!fits(&in, count)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a sum of so many elements may not fit 32 bits", A8_NONE, count);
    }
    a8_multiplier_t m = a8_multiplier(a8_real_div(a8_real_from_float(in.scale), a8_real_from_float(out.scale)));
    if (is_mean) {
        // The division goes into the multiplier, with as many bits as the shift can make up for.
        int32_t shift = 0;
        while (shift < 30 && count >> (shift + 1) != 0) {
            shift++;
        }
        if (shift > m.shift - A8_SHIFT_MIN) {
            shift = m.shift - A8_SHIFT_MIN;
        }
        m.multiplier = (int32_t)(((int64_t)m.multiplier << shift) / count);
        m.shift -= shift;
    }
    block->multiplier = m.multiplier;
    block->shift = m.shift < A8_SATURATING_SHIFT ? m.shift : A8_SATURATING_SHIFT;
    block->sum_offset = (int32_t)((uint32_t)-in.zero_point * (uint32_t)count);
    block->output_offset = out.zero_point;
    return A8_OK;
}

int a8_mean_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, true);
}

int a8_sum_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, false);
}

static int32_t requantize(const block_t *block, int32_t sum, int32_t min, int32_t max) {
    sum = (int32_t)((uint32_t)sum + (uint32_t)block->sum_offset);
    // A larger sum saturates the output, but would wrap around when shifted.
    int32_t up = block->shift > 0 ? block->shift : 0;
    sum = sum > INT32_MAX >> up ? INT32_MAX >> up : sum;
    sum = sum < INT32_MIN >> up ? INT32_MIN >> up : sum;
    int32_t y = a8_requantize(sum, block->multiplier, block->shift);
    int32_t offset = block->output_offset;
    return y < min - offset ? min : y > max - offset ? max
                                                     : y + offset;
}

static int32_t row_s8(int32_t sum, int32_t flip, const uint8_t *x, int32_t n, int32_t stride) {
    (void)flip;
    a8_sum_s8(&sum, (const int8_t *)x, n, stride, 1);
    return sum;
}

static void put_s8(const void *params, int32_t sum, int32_t flip, void *out, int32_t i) {
    (void)flip;
    ((int8_t *)out)[i] = (int8_t)requantize(params, sum, INT8_MIN, INT8_MAX);
}

int a8_mean_eval_s8(a8_ctx_t *ctx) {
    static const a8_reducer_t reducer = { row_s8, put_s8, 0, 0, a8_sum_s8 };
    const block_t *block = a8_ctx_data(ctx);
    return a8_reduce_eval(ctx, &block->reduce, &reducer, block);
}

static int32_t row_s16(int32_t sum, int32_t flip, const uint8_t *x, int32_t n, int32_t stride) {
    (void)flip;
    uint32_t total = (uint32_t)sum; // wraps around until the zero points are subtracted
    for (; n > 0; n--) {
        int16_t v;
        memcpy(&v, x, sizeof(v));
        total += (uint32_t)v;
        x += stride;
    }
    return (int32_t)total;
}

static void put_s16(const void *params, int32_t sum, int32_t flip, void *out, int32_t i) {
    (void)flip;
    ((int16_t *)out)[i] = (int16_t)requantize(params, sum, INT16_MIN, INT16_MAX);
}

int a8_mean_eval_s16(a8_ctx_t *ctx) {
    static const a8_reducer_t reducer = { row_s16, put_s16, 0, 0, NULL };
    const block_t *block = a8_ctx_data(ctx);
    return a8_reduce_eval(ctx, &block->reduce, &reducer, block);
}
