// SPDX-License-Identifier: MIT
//
// CUMSUM: running sums along one dimension, each with its element or (exclusive) without, from the front or
// (reverse) from the end.
#include <string.h>

#include "../quantize.h"
#include "check.h"
#include "reduce.h"

// The reference adds up differences from the zero point shifted to the left by so many bits ...
#define HEADROOM_BITS (19)
// ... and scales the sum, this many bits more, to the output.
#define OUTPUT_BITS (20)

typedef struct {
    a8_axis_t axis;
    int32_t element_size;
    int32_t in_zero_point;
    int32_t out_zero_point;
    int32_t multiplier;
    int32_t shift; // <= 0
    uint8_t exclusive;
    uint8_t reverse;
    uint8_t reserved[2];
} block_t;

typedef char a8_assert_cumsum_block_t[sizeof(block_t) == 36 ? 1 : -1];

static int prepare(a8_ctx_t *ctx, a8_tensor_info_t *in, a8_tensor_info_t *out, block_t **allocated) {
    int code = a8_check_node(ctx, 2, in, out);
    if (code != A8_OK) {
        return code;
    }
    if (out->dtype != in->dtype) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "output has not the input's type", (int32_t)in->dtype,
            (int32_t)out->dtype);
    }
    code = a8_check_counts(ctx, in, out);
    if (code != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *allocated = block;
    code = a8_reduce_axis(ctx, in, &block->axis);
    if (code != A8_OK) {
        return code;
    }
    block->element_size = (int32_t)(in->bytes / in->count);
    block->exclusive = a8_ctx_option_int8(ctx, 0, 0) != 0;
    block->reverse = a8_ctx_option_int8(ctx, 1, 0) != 0;
    return A8_OK;
}

int a8_cumsum_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    block_t *block = NULL;
    return prepare(ctx, &in, &out, &block);
}

int a8_cumsum_prepare_s8(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    block_t *block = NULL;
    int code = prepare(ctx, &in, &out, &block);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in, A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, A8_INT8)) != A8_OK) {
        return code;
    }
    if (block->axis.extent > INT32_MAX >> 9) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a sum of so many elements may not fit 32 bits",
            INT32_MAX >> 9, block->axis.extent);
    }
    a8_real_t twice_in = a8_real_scale(a8_real_from_float(in.scale), 1);
    a8_multiplier_t m = a8_multiplier(a8_real_div(twice_in, a8_real_scale(a8_real_from_float(out.scale), OUTPUT_BITS)));
    if (m.shift > 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "output scale is below 2^-19 of the input's", A8_NONE, A8_NONE);
    }
    block->in_zero_point = in.zero_point;
    block->out_zero_point = out.zero_point;
    block->multiplier = m.multiplier;
    block->shift = m.shift;
    return A8_OK;
}

// Handles n elements, stride bytes apart (stride may be negative), and returns the sum.
typedef int32_t row_t(const block_t *block, int32_t sum, const uint8_t *x, uint8_t *y, int32_t n, int32_t stride);

static int eval(a8_ctx_t *ctx, const block_t *block, row_t *row, int32_t init) {
    const a8_axis_t *axis = &block->axis;
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint8_t *out = a8_ctx_out(ctx, 0);
    int32_t stride = axis->inner * block->element_size;
    int32_t span = (axis->extent - 1) * stride;
    int32_t step = block->reverse ? -stride : stride;
    int32_t done = 0; // elements since the last poll
    for (int32_t o = 0; o < axis->outer; o++) {
        for (int32_t i = 0; i < axis->inner; i++) {
            int32_t sum = init;
            int32_t at = block->reverse ? span : 0;
            for (int32_t rest = axis->extent; rest > 0;) {
                int32_t n = rest < A8_POLL_ELEMENTS ? rest : A8_POLL_ELEMENTS;
                sum = row(block, sum, in + at, out + at, n, step);
                at += n * step;
                rest -= n;
                done += n;
                if (done >= A8_POLL_ELEMENTS) {
                    done = 0;
                    if (a8_ctx_stop(ctx)) {
                        return A8_ERR_ABORTED;
                    }
                }
            }
            in += block->element_size;
            out += block->element_size;
        }
        in += span;
        out += span;
    }
    return A8_OK;
}

// The reference's requantization of sum << HEADROOM_BITS, which doesn't wrap around as there: for sums of
// 13 bits and more it is the same formula in wider numbers.
static int32_t requantize(const block_t *block, int32_t sum) {
    int32_t drop = 31 - HEADROOM_BITS;
    int64_t high = ((int64_t)sum * block->multiplier + (1 << (drop - 1))) >> drop;
    uint64_t magnitude = (uint64_t)(high < 0 ? -high : high);
    int32_t right = -block->shift;
    magnitude = (magnitude + (((uint64_t)1 << right) >> 1)) >> right;
    int32_t y = magnitude > 512 ? 512 : (int32_t)magnitude; // saturates either way
    y = (high < 0 ? -y : y) + block->out_zero_point;
    y = y < INT8_MIN ? INT8_MIN : y;
    return y > INT8_MAX ? INT8_MAX : y;
}

static int32_t row_s8(const block_t *block, int32_t sum, const uint8_t *x, uint8_t *y, int32_t n, int32_t stride) {
    for (; n > 0; n--) {
        int32_t next = sum + (int8_t)*x - block->in_zero_point;
        *y = (uint8_t)requantize(block, block->exclusive ? sum : next);
        sum = next;
        x += stride;
        y += stride;
    }
    return sum;
}

int a8_cumsum_eval_s8(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    // Not 0: so the reference starts.
    return eval(ctx, block, row_s8, -block->in_zero_point);
}

static int32_t row_s32(const block_t *block, int32_t sum, const uint8_t *x, uint8_t *y, int32_t n, int32_t stride) {
    for (; n > 0; n--) {
        uint32_t v;
        memcpy(&v, x, sizeof(v));
        int32_t next = (int32_t)((uint32_t)sum + v);
        memcpy(y, block->exclusive ? &sum : &next, sizeof(sum));
        sum = next;
        x += stride;
        y += stride;
    }
    return sum;
}

int a8_cumsum_eval_s32(a8_ctx_t *ctx) {
    return eval(ctx, a8_ctx_data(ctx), row_s32, 0);
}

static int32_t row_f32(const block_t *block, int32_t sum, const uint8_t *x, uint8_t *y, int32_t n, int32_t stride) {
    float total;
    memcpy(&total, &sum, sizeof(total));
    for (; n > 0; n--) {
        float v;
        memcpy(&v, x, sizeof(v));
        float next = total + v;
        memcpy(y, block->exclusive ? &total : &next, sizeof(total));
        total = next;
        x += stride;
        y += stride;
    }
    memcpy(&sum, &total, sizeof(sum));
    return sum;
}

int a8_cumsum_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, a8_ctx_data(ctx), row_f32, 0);
}
