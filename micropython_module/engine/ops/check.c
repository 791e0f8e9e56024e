// SPDX-License-Identifier: MIT
#include "check.h"

int a8_check_node(a8_ctx_t *ctx, uint32_t n_inputs, a8_tensor_info_t *input, a8_tensor_info_t *output) {
    if (a8_ctx_inputs(ctx) != n_inputs) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "wrong number of inputs", (int32_t)n_inputs,
            (int32_t)a8_ctx_inputs(ctx));
    }
    if (a8_ctx_outputs(ctx) != 1) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "wrong number of outputs", 1, (int32_t)a8_ctx_outputs(ctx));
    }
    int code = a8_ctx_input(ctx, 0, input);
    return code == A8_OK ? a8_ctx_output(ctx, 0, output) : code;
}

int a8_check_type(a8_ctx_t *ctx, const a8_tensor_info_t *info, a8_dtype_t dtype) {
    if (info->dtype != dtype) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_TYPE,
            (int32_t)dtype, (int32_t)info->dtype);
    }
    if (info->count == 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_NO_ELEMENTS, 1, 0);
    }
    return A8_OK;
}

int a8_check_quantized(a8_ctx_t *ctx, const a8_tensor_info_t *info, a8_dtype_t dtype) {
    int code = a8_check_type(ctx, info, dtype);
    if (code == A8_OK && info->n_scales != 1) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a tensor needs one scale", 1, (int32_t)info->n_scales);
    }
    return code;
}

int a8_check_counts(a8_ctx_t *ctx, const a8_tensor_info_t *input, const a8_tensor_info_t *output) {
    if (input->count != output->count) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not as many elements as the input",
            (int32_t)input->count, (int32_t)output->count);
    }
    return A8_OK;
}
