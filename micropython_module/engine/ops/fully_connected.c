// SPDX-License-Identifier: MIT
#include "../kernels/scratch.h"
#include "matrix.h"

// Fields of FullyConnectedOptions. What keep_num_dims and its absence decide shows in the output's shape.
enum {
    ACTIVATION,
    WEIGHTS_FORMAT,
};

static const a8_weighted_kind_t kind = { 0, 1, 2, A8_NARROW_BIAS };

static int check_shapes(a8_ctx_t *ctx, const a8_weighted_t *t, a8_fully_connected_params_t *params) {
    const a8_tensor_info_t *filter = &t->filter;
    const a8_tensor_info_t *output = &t->output;
    if (filter->rank < 2) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, A8_WRONG_RANK, 2, (int32_t)filter->rank);
    }
    params->depth = filter->dims[filter->rank - 1];
    params->out_c = filter->dims[filter->rank - 2];
    if (filter->count != (uint64_t)params->depth * (uint32_t)params->out_c) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "weights have more than two dimensions above 1", 2,
            (int32_t)filter->rank);
    }
    if (t->input.count % (uint32_t)params->depth != 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "input elements are no multiple of the weights' columns",
            params->depth, (int32_t)t->input.count);
    }
    params->batches = (int32_t)(t->input.count / (uint32_t)params->depth);
    if (output->rank < 1 || output->dims[output->rank - 1] != params->out_c) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "last dimension of the output is not the weights' rows", params->out_c,
            output->rank < 1 ? 0 : output->dims[output->rank - 1]);
    }
    const uint64_t expected = (uint64_t)params->batches * (uint32_t)params->out_c;
    if (output->count != expected) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not one row of elements a row of the input",
            expected > INT32_MAX ? INT32_MAX : (int32_t)expected, (int32_t)output->count);
    }
    return A8_OK;
}

static int prepare(a8_ctx_t *ctx, a8_weighted_records_t *records) {
    a8_weighted_t t;
    a8_fully_connected_params_t params = { 0 };
    int code = a8_weighted_tensors(ctx, &kind, &t);
    if (code != A8_OK || (code = check_shapes(ctx, &t, &params)) != A8_OK) {
        return code;
    }
    const int32_t format = a8_ctx_option_int8(ctx, WEIGHTS_FORMAT, 0);
    if (format != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "shuffled weights are not supported", 0, format);
    }
    // With one scale the reference takes a zero point of the weights, with several it ignores them.
    const bool zero_point = t.filter.n_scales == 1 && t.filter.dtype != A8_FLOAT32;
    if (!zero_point && (code = a8_check_symmetric(ctx, &t.filter)) != A8_OK) {
        return code;
    }
    if (a8_weighted_is_s8(&t) &&
        (code = a8_ctx_scratch(ctx, a8_fully_connected_s8_scratch(a8_ctx_target(ctx), &params))) != A8_OK) {
        return code;
    }
    void *block;
    code = records(ctx, &t, params.out_c, (int32_t)t.filter.rank - 2, a8_ctx_option_int8(ctx, ACTIVATION, 0),
        sizeof(params), &params.result, &block);
    if (code == A8_OK) {
        if (zero_point) {
            params.result.requantize.filter_zero_point = (int8_t)t.filter.zero_point;
        }
        *(a8_fully_connected_params_t *)block = params;
    }
    return code;
}

// many: rows of one call are as many as make sense for int8, else one.
static int run(a8_ctx_t *ctx, a8_fully_connected_t *kernel, bool many, bool floats) {
    const a8_fully_connected_params_t *params = a8_ctx_data(ctx);
    const int32_t rows = many ? a8_fully_connected_s8_rows(params) : 1;
    a8_operands_t operands;
    a8_weighted_operands(ctx, &kind, floats ? NULL : &params->result, params->out_c, floats ? NULL : params + 1,
        &operands);
    for (int32_t y = 0; y < params->batches; y += rows) {
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
        kernel(params, &operands, y, params->batches - y < rows ? params->batches : y + rows);
    }
    return A8_OK;
}

int a8_fully_connected_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, a8_weighted_records);
}

int a8_fully_connected_eval_s8(a8_ctx_t *ctx) {
    return run(ctx, a8_fully_connected_s8, true, false);
}

int a8_fully_connected_eval_s8_s4(a8_ctx_t *ctx) {
    return run(ctx, a8_fully_connected_s8_s4, false, false);
}

int a8_fully_connected_eval_s16(a8_ctx_t *ctx) {
    return run(ctx, a8_fully_connected_s16, false, false);
}

int a8_fully_connected_prepare_f32(a8_ctx_t *ctx) {
    return prepare(ctx, a8_weighted_records_f32);
}

int a8_fully_connected_eval_f32(a8_ctx_t *ctx) {
    return run(ctx, a8_fully_connected_f32, false, true);
}
