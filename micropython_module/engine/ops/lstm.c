// SPDX-License-Identifier: MIT
#include "lstm.h"

#include <string.h>

// Fields of UnidirectionalSequenceLSTMOptions.
enum {
    ACTIVATION = 0,
    CELL_CLIP = 1,
    TIME_MAJOR = 3,
};

#define ACTIVATION_TANH (4)

static int check_inputs(a8_ctx_t *ctx) {
    for (uint32_t i = 0; i < A8_LSTM_GATES; i++) {
        if (!a8_ctx_has_input(ctx, A8_LSTM_IN_WEIGHTS + i) || !a8_ctx_has_input(ctx, A8_LSTM_HIDDEN_WEIGHTS + i) ||
            !a8_ctx_has_input(ctx, A8_LSTM_BIASES + i)) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "an LSTM lacks a gate's weights or bias", A8_NONE, A8_NONE);
        }
    }
    for (uint32_t i = A8_LSTM_PEEPHOLES; i < A8_LSTM_INPUTS; i++) {
        const bool variant =
            i < A8_LSTM_BIASES || (i >= A8_LSTM_PROJECTION && i < A8_LSTM_HIDDEN) || i >= A8_LSTM_NORMALIZATION;
        if (variant && a8_ctx_has_input(ctx, i)) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED,
                "an LSTM with peepholes, projection or layer normalization is not supported", A8_NONE, (int32_t)i);
        }
    }
    return A8_OK;
}

static int check_shapes(a8_ctx_t *ctx, const a8_lstm_node_t *node, a8_lstm_sizes_t *sizes) {
    const a8_tensor_info_t *input = &node->input;
    const a8_tensor_info_t *output = &node->output;
    if (input->rank != 3 || output->rank != 3) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, A8_WRONG_RANK, 3,
            (int32_t)(input->rank != 3 ? input->rank : output->rank));
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (input->dims[i] != output->dims[i]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "an LSTM's output has not as many batches and steps as its input",
                input->dims[i], output->dims[i]);
        }
    }
    sizes->time_major = a8_ctx_option_int8(ctx, TIME_MAJOR, 0) != 0;
    sizes->batches = input->dims[sizes->time_major];
    sizes->steps = input->dims[!sizes->time_major];
    sizes->inputs = input->dims[2];
    sizes->units = output->dims[2];
    const uint64_t states = (uint64_t)(uint32_t)sizes->batches * (uint32_t)sizes->units;
    if (node->hidden.count != states || node->cell.count != states) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "an LSTM's state has not one element a unit and batch",
            states > INT32_MAX ? INT32_MAX : (int32_t)states,
            (int32_t)(node->hidden.count != states ? node->hidden.count : node->cell.count));
    }
    return A8_OK;
}

int a8_lstm_node(a8_ctx_t *ctx, a8_lstm_node_t *node, a8_lstm_sizes_t *sizes) {
    // Files from before layer normalization have no inputs for it.
    const uint32_t n_inputs = a8_ctx_inputs(ctx) == A8_LSTM_NORMALIZATION ? A8_LSTM_NORMALIZATION : A8_LSTM_INPUTS;
    int code;
    if ((code = a8_check_node(ctx, n_inputs, &node->input, &node->output)) != A8_OK ||
        (code = a8_ctx_input(ctx, A8_LSTM_HIDDEN, &node->hidden)) != A8_OK ||
        (code = a8_ctx_input(ctx, A8_LSTM_CELL, &node->cell)) != A8_OK || (code = check_inputs(ctx)) != A8_OK) {
        return code;
    }
    if (!node->hidden.is_variable || !node->cell.is_variable) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "an LSTM's state is not a variable tensor", A8_NONE, A8_NONE);
    }
    const int32_t activation = a8_ctx_option_int8(ctx, ACTIVATION, 0);
    if (activation != ACTIVATION_TANH) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "an LSTM's activation is not TANH", ACTIVATION_TANH, activation);
    }
    node->cell_clip = a8_ctx_option_float(ctx, CELL_CLIP, 0.0f);
    if (!(node->cell_clip >= 0.0f)) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "an LSTM's cell clip is negative", A8_NONE, A8_NONE);
    }
    return check_shapes(ctx, node, sizes);
}

int a8_lstm_weights(a8_ctx_t *ctx, uint32_t i, int32_t units, int32_t columns, a8_tensor_info_t *weights) {
    int code = a8_ctx_input(ctx, i, weights);
    if (code != A8_OK) {
        return code;
    }
    if (weights->rank != 2) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, A8_WRONG_RANK, 2, (int32_t)weights->rank);
    }
    if (weights->dims[0] != units) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights have not one row a unit", units, weights->dims[0]);
    }
    if (weights->dims[1] != columns) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights have not one column an input", columns, weights->dims[1]);
    }
    return A8_OK;
}

int a8_lstm_bias(a8_ctx_t *ctx, uint32_t gate, int32_t units, a8_dtype_t dtype) {
    a8_tensor_info_t bias;
    int code = a8_ctx_input(ctx, A8_LSTM_BIASES + gate, &bias);
    if (code != A8_OK) {
        return code;
    }
    if (bias.dtype != dtype) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "bias of an LSTM must be int32 (of int16 int64, of float32 float32)",
            (int32_t)dtype, (int32_t)bias.dtype);
    }
    if (bias.count != (uint32_t)units) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "bias has not one element a unit", units, (int32_t)bias.count);
    }
    return A8_OK;
}

int a8_lstm_run(a8_ctx_t *ctx, const a8_lstm_sizes_t *sizes, int32_t cell_bytes, a8_lstm_step_t *step) {
    const int32_t in_bytes = sizes->inputs * sizes->element_bytes;
    const int32_t out_bytes = sizes->units * sizes->element_bytes;
    uint8_t *hidden = a8_ctx_variable(ctx, A8_LSTM_HIDDEN);
    uint8_t *cell = a8_ctx_variable(ctx, A8_LSTM_CELL);
    for (int32_t b = 0; b < sizes->batches; b++) {
        for (int32_t t = 0; t < sizes->steps; t++) {
            const int32_t row = sizes->time_major ? t * sizes->batches + b : b * sizes->steps + t;
            const uint8_t *in = (const uint8_t *)a8_ctx_in(ctx, A8_LSTM_INPUT) + row * in_bytes;
            uint8_t *out = (uint8_t *)a8_ctx_out(ctx, 0) + row * out_bytes;
            const int code = step(ctx, in, hidden, cell, out);
            if (code != A8_OK) {
                return code;
            }
            memcpy(hidden, out, (size_t)out_bytes);
        }
        hidden += out_bytes;
        cell += sizes->units * cell_bytes;
    }
    return A8_OK;
}
