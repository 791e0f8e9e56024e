// SPDX-License-Identifier: MIT
//
// Functions of a real number: of float32 directly, of int8 through a table.
#include <string.h>

#include "../functions.h"
#include "lookup.h"

typedef float function_t(float x);

static float square(float x) {
    return x * x;
}

static float rsqrt(float x) {
    return 1.0f / a8_sqrt_f32(x);
}

static float absolute(float x) {
    return a8_bits_float(a8_float_bits(x) & INT32_MAX);
}

static float negative(float x) {
    return -x;
}

static float sign(float x) {
    return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f
                                      : x;
}

static float relu(float x) {
    return x < 0.0f ? 0.0f : x;
}

static float relu6(float x) {
    return x > 6.0f ? 6.0f : relu(x);
}

static float relu_0_to_1(float x) {
    return x > 1.0f ? 1.0f : relu(x);
}

static float relu_n1_to_1(float x) {
    return x > 1.0f ? 1.0f : x < -1.0f ? -1.0f
                                       : x;
}

static float hard_swish(float x) {
    return x * relu6(x + 3.0f) / 6.0f;
}

static float elu(float x) {
    return x < 0.0f ? a8_expm1_f32(x) : x;
}

// As the reference has it for int8, where single steps are seen.
static float elu_rounded(float x) {
    return x < 0.0f ? a8_exp_rounded_f32(x) - 1.0f : x;
}

// With the least value for what has no logarithm.
static float log_or_least(float x) {
    return a8_log_f32(x < 0.0f ? 0.0f : x);
}

static float gelu(float x) {
    return 0.5f * x * (1.0f + a8_erf_f32(x * 0.707106781f));
}

static float gelu_approximate(float x) {
    return 0.5f * x * (1.0f + a8_tanh_f32(0.797884561f * (x + 0.044715f * x * x * x)));
}

static bool is_approximate(const a8_ctx_t *ctx) {
    return a8_ctx_option_int8(ctx, 0, 0) != 0;
}

// ---- float32 ----------------------------------------------------------------

typedef struct {
    int32_t count;
    float alpha; // option 0 of LEAKY_RELU
    int32_t approximate; // and of GELU
} block_t;

typedef char a8_assert_real_block_t[sizeof(block_t) == 12 ? 1 : -1];

int a8_real_prepare_f32(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK || (code = a8_check_type(ctx, &in, A8_FLOAT32)) != A8_OK ||
        (code = a8_check_type(ctx, &out, A8_FLOAT32)) != A8_OK || (code = a8_check_counts(ctx, &in, &out)) != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->count = (int32_t)in.count;
    block->alpha = a8_ctx_option_float(ctx, 0, 0.0f);
    block->approximate = is_approximate(ctx);
    return A8_OK;
}

static int eval(a8_ctx_t *ctx, function_t *function) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    float *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->count; i++) {
        float x;
        memcpy(&x, in + 4 * i, sizeof(x)); // a constant may have any alignment
        if (function != NULL) {
            out[i] = function(x);
        } else {
            out[i] = x > 0.0f ? x : x * block->alpha; // LEAKY_RELU
        }
        if (i % A8_POLL_ELEMENTS == A8_POLL_ELEMENTS - 1 && a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

int a8_leaky_relu_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, NULL);
}

int a8_gelu_eval_f32(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    return eval(ctx, block->approximate ? gelu_approximate : gelu);
}


int a8_abs_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, absolute);
}

int a8_ceil_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, a8_ceil_f32);
}

int a8_cos_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, a8_cos_f32);
}

int a8_elu_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, elu);
}

int a8_exp_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, a8_exp_f32);
}

int a8_floor_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, a8_floor_f32);
}

int a8_hard_swish_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, hard_swish);
}

int a8_log_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, a8_log_f32);
}

int a8_logistic_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, a8_logistic_f32);
}

int a8_neg_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, negative);
}

int a8_relu_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, relu);
}

int a8_relu6_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, relu6);
}

int a8_relu_0_to_1_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, relu_0_to_1);
}

int a8_relu_n1_to_1_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, relu_n1_to_1);
}

int a8_round_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, a8_round_f32);
}

int a8_rsqrt_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, rsqrt);
}

int a8_sign_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, sign);
}

int a8_sin_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, a8_sin_f32);
}

int a8_sqrt_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, a8_sqrt_f32);
}

int a8_square_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, square);
}

int a8_tanh_eval_f32(a8_ctx_t *ctx) {
    return eval(ctx, a8_tanh_f32);
}

// ---- int8 -------------------------------------------------------------------

int a8_gelu_prepare_s8(a8_ctx_t *ctx) {
    return a8_lookup_prepare(ctx, is_approximate(ctx) ? gelu_approximate : gelu);
}

int a8_ceil_prepare_s8(a8_ctx_t *ctx) {
    return a8_lookup_prepare(ctx, a8_ceil_f32);
}

int a8_cos_prepare_s8(a8_ctx_t *ctx) {
    return a8_lookup_prepare(ctx, a8_cos_f32);
}

int a8_elu_prepare_s8(a8_ctx_t *ctx) {
    return a8_lookup_prepare(ctx, elu_rounded);
}

int a8_exp_prepare_s8(a8_ctx_t *ctx) {
    return a8_lookup_prepare(ctx, a8_exp_f32);
}

int a8_floor_prepare_s8(a8_ctx_t *ctx) {
    return a8_lookup_prepare(ctx, a8_floor_f32);
}

int a8_log_prepare_s8(a8_ctx_t *ctx) {
    return a8_lookup_prepare(ctx, log_or_least);
}

int a8_round_prepare_s8(a8_ctx_t *ctx) {
    return a8_lookup_prepare(ctx, a8_round_f32);
}

int a8_sign_prepare_s8(a8_ctx_t *ctx) {
    return a8_lookup_prepare(ctx, sign);
}

int a8_sin_prepare_s8(a8_ctx_t *ctx) {
    return a8_lookup_prepare(ctx, a8_sin_f32);
}

int a8_sqrt_prepare_s8(a8_ctx_t *ctx) {
    return a8_lookup_prepare(ctx, a8_sqrt_f32);
}

int a8_square_prepare_s8(a8_ctx_t *ctx) {
    return a8_lookup_prepare(ctx, square);
}
