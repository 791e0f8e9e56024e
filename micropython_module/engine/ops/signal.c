// SPDX-License-Identifier: MIT
#include "signal.h"

int a8_signal_node(a8_ctx_t *ctx, uint32_t n_inputs, uint32_t n_outputs) {
    if (a8_ctx_inputs(ctx) != n_inputs) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "wrong number of inputs", (int32_t)n_inputs,
            (int32_t)a8_ctx_inputs(ctx));
    }
    if (a8_ctx_outputs(ctx) != n_outputs) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "wrong number of outputs", (int32_t)n_outputs,
            (int32_t)a8_ctx_outputs(ctx));
    }
    return A8_OK;
}

static int check(a8_ctx_t *ctx, a8_dtype_t dtype, int32_t rank, const a8_tensor_info_t *info) {
    int code = a8_check_type(ctx, info, dtype);
    if (code == A8_OK && rank >= 0 && (int32_t)info->rank != rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, A8_WRONG_RANK, rank, (int32_t)info->rank);
    }
    return code;
}

int a8_signal_input(a8_ctx_t *ctx, uint32_t i, a8_dtype_t dtype, int32_t rank, a8_tensor_info_t *info) {
    int code = a8_ctx_input(ctx, i, info);
    return code != A8_OK ? code : check(ctx, dtype, rank, info);
}

int a8_signal_output(a8_ctx_t *ctx, uint32_t i, a8_dtype_t dtype, int32_t rank, a8_tensor_info_t *info) {
    int code = a8_ctx_output(ctx, i, info);
    return code != A8_OK ? code : check(ctx, dtype, rank, info);
}

int a8_signal_count(a8_ctx_t *ctx, const a8_tensor_info_t *info, int64_t count) {
    if (info->count != count) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "a tensor has not as many elements as the operator needs",
            count > INT32_MAX ? INT32_MAX : (int32_t)count, (int32_t)info->count);
    }
    return A8_OK;
}

int a8_signal_option(a8_ctx_t *ctx, const char *name, int32_t min, int32_t max, int32_t *value) {
    *value = a8_ctx_custom_int(ctx, name, A8_NONE);
    if (*value == A8_NONE) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "an option is not there", A8_NONE, A8_NONE);
    }
    if (*value < min || *value > max) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "an option is out of range", *value < min ? min : max, *value);
    }
    return A8_OK;
}
