// SPDX-License-Identifier: MIT
//
// SOFTMAX, LOG_SOFTMAX and L2_NORMALIZATION of float32, each operation in the reference's order.
#include <string.h>

#include "../functions.h"
#include "check.h"
#include "floats.h"
#include "rows.h"

#define EPSILON (1e-6f) // the least norm to divide by

typedef struct {
    int32_t rows;
    int32_t depth;
    float beta; // of SOFTMAX
} block_t;

typedef char a8_assert_rows_f32_block_t[sizeof(block_t) == 12 ? 1 : -1];

static int prepare(a8_ctx_t *ctx, float beta) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int32_t rows;
    int32_t depth;
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK) {
        return code;
    }
    if (out.dtype != A8_FLOAT32) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "output has not the input's type", A8_FLOAT32,
            (int32_t)out.dtype);
    }
    code = a8_check_rows(ctx, &in, &out, &rows, &depth);
    if (code != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->rows = rows;
    block->depth = depth;
    block->beta = beta;
    return A8_OK;
}

int a8_softmax_prepare_f32(a8_ctx_t *ctx) {
    float beta;
    int code = a8_softmax_beta(ctx, &beta);
    return code != A8_OK ? code : prepare(ctx, beta);
}

int a8_log_softmax_prepare_f32(a8_ctx_t *ctx) {
    return prepare(ctx, 1.0f);
}

int a8_l2_normalization_prepare_f32(a8_ctx_t *ctx) {
    int32_t activation = a8_ctx_option_int8(ctx, 0, 0);
    if (activation != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ACTIVATION, 0, activation);
    }
    return prepare(ctx, 1.0f);
}

static float load(const uint8_t *in, int32_t i) {
    float x;
    memcpy(&x, in + (uint32_t)i * sizeof(x), sizeof(x));
    return x;
}

typedef void row_t(const block_t *block, const uint8_t *in, float *out);

static int eval(a8_ctx_t *ctx, row_t *row) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    float *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->rows; i++) {
        row(block, in, out);
        in += (uint32_t)block->depth * sizeof(float);
        out += block->depth;
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

// The largest number of a row. NaN isn't, and the least is the lowest finite one.
static float largest(const block_t *block, const uint8_t *in) {
    float max = -3.4028234663852886e38f;
    int32_t order = a8_float_order(a8_float_bits(max), INT32_MIN);
    for (int32_t i = 0; i < block->depth; i++) {
        float x = load(in, i);
        int32_t candidate = a8_float_order(a8_float_bits(x), INT32_MIN);
        if (candidate > order) {
            order = candidate;
            max = x;
        }
    }
    return max;
}

static void softmax_row(const block_t *block, const uint8_t *in, float *out) {
    float max = largest(block, in);
    float sum = 0.0f;
    for (int32_t i = 0; i < block->depth; i++) {
        out[i] = a8_exp_rounded_f32((load(in, i) - max) * block->beta);
        sum += out[i];
    }
    for (int32_t i = 0; i < block->depth; i++) {
        out[i] = out[i] / sum;
    }
}

static void log_softmax_row(const block_t *block, const uint8_t *in, float *out) {
    float max = largest(block, in);
    float sum = 0.0f;
    for (int32_t i = 0; i < block->depth; i++) {
        sum += a8_exp_rounded_f32(load(in, i) - max);
    }
    float log_sum = a8_log_f32(sum);
    for (int32_t i = 0; i < block->depth; i++) {
        out[i] = load(in, i) - max - log_sum;
    }
}

static void l2_normalization_row(const block_t *block, const uint8_t *in, float *out) {
    float squares = 0.0f;
    for (int32_t i = 0; i < block->depth; i++) {
        float x = load(in, i);
        squares += x * x;
    }
    float norm = a8_sqrt_f32(squares);
    norm = norm < EPSILON ? EPSILON : norm;
    for (int32_t i = 0; i < block->depth; i++) {
        out[i] = load(in, i) / norm;
    }
}

int a8_softmax_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, softmax_row);
}

int a8_log_softmax_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, log_softmax_row);
}

int a8_l2_normalization_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, l2_normalization_row);
}
