// SPDX-License-Identifier: MIT
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "check.h"

// Inputs.
enum {
    INPUT,
    FEATURES,
    TIMES,
    BIAS,
    STATE,
    INPUTS,
};

// Fields of SVDFOptions.
enum {
    RANK,
    ACTIVATION,
};

#define ACTIVATION_NONE (0)
#define ACTIVATION_RELU (1)
#define ACTIVATION_RELU_N1_TO_1 (2)
#define ACTIVATION_RELU6 (3)

typedef struct {
    a8_svdf_params_t params;
    int32_t chunk; // units between two polls
    int16_t is_int16; // the state
    int16_t activation; // of float32
} block_t;

typedef char a8_assert_svdf_block_t[sizeof(block_t) == 56 ? 1 : -1];

typedef struct {
    a8_tensor_info_t input;
    a8_tensor_info_t features;
    a8_tensor_info_t times;
    a8_tensor_info_t state;
    a8_tensor_info_t output;
} tensors_t;

static int get_tensors(a8_ctx_t *ctx, tensors_t *t) {
    int code;
    if ((code = a8_check_node(ctx, INPUTS, &t->input, &t->output)) != A8_OK ||
        (code = a8_ctx_input(ctx, FEATURES, &t->features)) != A8_OK ||
        (code = a8_ctx_input(ctx, TIMES, &t->times)) != A8_OK ||
        (code = a8_ctx_input(ctx, STATE, &t->state)) != A8_OK) {
        return code;
    }
    if (!t->state.is_variable) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "SVDF's state is not a variable tensor", A8_NONE, A8_NONE);
    }
    const a8_tensor_info_t *matrices[] = { &t->input, &t->features, &t->times, &t->state, &t->output };
    for (uint32_t i = 0; i < sizeof(matrices) / sizeof(matrices[0]); i++) {
        if (matrices[i]->rank != 2) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, A8_WRONG_RANK, 2,
                (int32_t)matrices[i]->rank);
        }
    }
    return A8_OK;
}

static int check_quantization(a8_ctx_t *ctx, const tensors_t *t) {
    int code;
    if ((code = a8_check_quantized(ctx, &t->input, A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &t->features, A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &t->state, t->state.dtype == A8_INT16 ? A8_INT16 : A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &t->times, t->state.dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, &t->output, A8_INT8)) != A8_OK) {
        return code;
    }
    if (t->features.zero_point != 0 || t->times.zero_point != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a zero point of weights is not 0", 0,
            t->features.zero_point != 0 ? t->features.zero_point : t->times.zero_point);
    }
    if (t->state.dtype == A8_INT16 && t->state.zero_point != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_INT16_ZERO, 0, t->state.zero_point);
    }
    return A8_OK;
}

static int check_floats(a8_ctx_t *ctx, const tensors_t *t) {
    const a8_tensor_info_t *tensors[] = { &t->input, &t->features, &t->times, &t->state, &t->output };
    for (uint32_t i = 0; i < sizeof(tensors) / sizeof(tensors[0]); i++) {
        int code = a8_check_type(ctx, tensors[i], A8_FLOAT32);
        if (code != A8_OK) {
            return code;
        }
    }
    return A8_OK;
}

static int check_shapes(a8_ctx_t *ctx, const tensors_t *t, a8_dtype_t bias_type, block_t *block) {
    a8_svdf_params_t *params = &block->params;
    const int32_t filters = t->features.dims[0];
    params->batches = t->input.dims[0];
    params->inputs = t->input.dims[1];
    params->memory = t->times.dims[1];
    params->rank = a8_ctx_option_int32(ctx, RANK, 0);
    if (params->rank < 1 || filters % params->rank != 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "SVDF's rank doesn't divide the number of filters", filters,
            params->rank);
    }
    params->units = filters / params->rank;
    if (t->features.dims[1] != params->inputs) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "SVDF's feature weights have not one column an input", params->inputs,
            t->features.dims[1]);
    }
    if (t->times.dims[0] != filters) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "SVDF's time weights have not one row a filter", filters,
            t->times.dims[0]);
    }
    if (t->state.dims[0] != params->batches || (uint32_t)t->state.dims[1] != t->times.count) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "SVDF's state has not one element a time weight and batch",
            (int32_t)t->times.count, t->state.dims[1]);
    }
    if (t->output.dims[0] != params->batches || t->output.dims[1] != params->units) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "SVDF's output has not one element a unit and batch", params->units,
            t->output.dims[1]);
    }
    if (a8_ctx_has_input(ctx, BIAS)) {
        a8_tensor_info_t bias;
        int code = a8_ctx_input(ctx, BIAS, &bias);
        if (code != A8_OK) {
            return code;
        }
        if (bias.dtype != bias_type) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "bias must be int32 (of a float32 operator float32)",
                (int32_t)bias_type, (int32_t)bias.dtype);
        }
        if (bias.count != (uint32_t)params->units) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "bias has not one element a unit", params->units,
                (int32_t)bias.count);
        }
    }
    const uint32_t work = (t->features.count + t->times.count) / (uint32_t)params->units;
    block->chunk = work < A8_POLL_ELEMENTS ? (int32_t)(A8_POLL_ELEMENTS / work) : 1;
    return A8_OK;
}

// a * b / c of scales.
static int set_multiplier(a8_ctx_t *ctx, float a, float b, float c, int32_t *multiplier, int32_t *shift) {
    a8_real_t product = a8_real_mul(a8_real_from_float(a), a8_real_from_float(b));
    a8_multiplier_t m = a8_multiplier(a8_real_div(product, a8_real_from_float(c)));
    if (m.shift > A8_SHIFT_MAX) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "scales are too far apart (log2 of input times weights by output)",
            A8_SHIFT_MAX, m.shift);
    }
    *multiplier = m.multiplier;
    *shift = m.shift;
    return A8_OK;
}

static int keep(a8_ctx_t *ctx, const block_t *block) {
    block_t *kept = a8_ctx_alloc(ctx, sizeof(*block));
    if (kept == NULL) {
        return A8_ERR_MEMORY;
    }
    *kept = *block;
    return A8_OK;
}

int a8_svdf_prepare(a8_ctx_t *ctx) {
    tensors_t t;
    block_t block = { 0 };
    a8_svdf_params_t *params = &block.params;
    int code;
    if ((code = get_tensors(ctx, &t)) != A8_OK || (code = check_quantization(ctx, &t)) != A8_OK ||
        (code = check_shapes(ctx, &t, A8_INT32, &block)) != A8_OK ||
        (code = set_multiplier(ctx, t.input.scale, t.features.scale, t.state.scale, &params->state_multiplier,
             &params->state_shift)) != A8_OK ||
        (code = set_multiplier(ctx, t.state.scale, t.times.scale, t.output.scale, &params->out_multiplier,
             &params->out_shift)) != A8_OK) {
        return code;
    }
    // The reference leaves RELU to the output's range.
    const int32_t activation = a8_ctx_option_int8(ctx, ACTIVATION, ACTIVATION_NONE);
    if (activation != ACTIVATION_NONE && activation != ACTIVATION_RELU) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ACTIVATION, A8_NONE, activation);
    }
    params->in_zero_point = t.input.zero_point;
    params->state_zero_point = t.state.zero_point;
    params->out_zero_point = t.output.zero_point;
    block.is_int16 = t.state.dtype == A8_INT16;
    return keep(ctx, &block);
}

int a8_svdf_eval_s8(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const a8_svdf_params_t *params = &block->params;
    const int8_t *features = a8_ctx_in(ctx, FEATURES);
    const void *times = a8_ctx_in(ctx, TIMES);
    const uint8_t *bias = a8_ctx_in(ctx, BIAS);
    void *state = a8_ctx_variable(ctx, STATE);
    for (int32_t b = 0; b < params->batches; b++) {
        const int8_t *in = (const int8_t *)a8_ctx_in(ctx, INPUT) + b * params->inputs;
        int8_t *out = (int8_t *)a8_ctx_out(ctx, 0) + b * params->units;
        const int32_t past = b * params->units * params->rank * params->memory;
        for (int32_t u = 0, end; u < params->units; u = end) {
            end = params->units - u < block->chunk ? params->units : u + block->chunk;
            if (block->is_int16) {
                a8_svdf_s8_s16(params, in, features, times, bias, (int16_t *)state + past, out, u, end);
            } else {
                a8_svdf_s8(params, in, features, times, bias, (int8_t *)state + past, out, u, end);
            }
            if (a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
        }
    }
    return A8_OK;
}

int a8_svdf_prepare_f32(a8_ctx_t *ctx) {
    tensors_t t;
    block_t block = { 0 };
    int code;
    if ((code = get_tensors(ctx, &t)) != A8_OK || (code = check_floats(ctx, &t)) != A8_OK ||
        (code = check_shapes(ctx, &t, A8_FLOAT32, &block)) != A8_OK) {
        return code;
    }
    const int32_t activation = a8_ctx_option_int8(ctx, ACTIVATION, ACTIVATION_NONE);
    if (activation < ACTIVATION_NONE || activation > ACTIVATION_RELU6) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ACTIVATION, A8_NONE, activation);
    }
    block.activation = (int16_t)activation;
    return keep(ctx, &block);
}

static void activate(int32_t activation, float *values, int32_t n) {
    const float low = activation == ACTIVATION_RELU_N1_TO_1 ? -1.0f : 0.0f;
    const float high = activation == ACTIVATION_RELU_N1_TO_1 ? 1.0f : 6.0f;
    for (int32_t i = 0; i < n; i++) {
        if (activation != ACTIVATION_RELU && values[i] > high) {
            values[i] = high;
        }
        values[i] = values[i] > low ? values[i] : low;
    }
}

int a8_svdf_eval_f32(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const a8_svdf_params_t *params = &block->params;
    float *state = a8_ctx_variable(ctx, STATE);
    for (int32_t b = 0; b < params->batches; b++) {
        const uint8_t *in = (const uint8_t *)a8_ctx_in(ctx, INPUT) + b * params->inputs * 4;
        float *out = (float *)a8_ctx_out(ctx, 0) + b * params->units;
        for (int32_t u = 0, end; u < params->units; u = end) {
            end = params->units - u < block->chunk ? params->units : u + block->chunk;
            a8_svdf_f32(params, in, a8_ctx_in(ctx, FEATURES), a8_ctx_in(ctx, TIMES), a8_ctx_in(ctx, BIAS), state, out,
                u, end);
            if (block->activation != ACTIVATION_NONE) {
                activate(block->activation, out + u, end - u);
            }
            if (a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
        }
        state += params->units * params->rank * params->memory;
    }
    return A8_OK;
}
