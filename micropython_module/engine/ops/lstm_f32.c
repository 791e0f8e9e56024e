// SPDX-License-Identifier: MIT
#include "../functions.h"
#include "../kernels/kernels.h"
#include "lstm.h"

typedef struct {
    a8_lstm_sizes_t sizes;
    a8_lstm_gate_params_t gate;
    float cell_clip; // 0: none
} block_t;

typedef char a8_assert_lstm_f32_block_t[sizeof(block_t) == 60 ? 1 : -1];

int a8_lstm_prepare_f32(a8_ctx_t *ctx) {
    a8_lstm_node_t node;
    a8_tensor_info_t weights;
    block_t block = { 0 };
    a8_lstm_sizes_t *sizes = &block.sizes;
    int code;
    if ((code = a8_lstm_node(ctx, &node, sizes)) != A8_OK || (code = a8_check_type(ctx, &node.input, A8_FLOAT32)) != A8_OK ||
        (code = a8_check_type(ctx, &node.hidden, A8_FLOAT32)) != A8_OK || (code = a8_check_type(ctx, &node.cell, A8_FLOAT32)) != A8_OK ||
        (code = a8_check_type(ctx, &node.output, A8_FLOAT32)) != A8_OK) {
        return code;
    }
    for (uint32_t i = 0; i < A8_LSTM_GATES; i++) {
        if ((code = a8_lstm_weights(ctx, A8_LSTM_IN_WEIGHTS + i, sizes->units, sizes->inputs, &weights)) != A8_OK ||
            (code = a8_check_type(ctx, &weights, A8_FLOAT32)) != A8_OK ||
            (code = a8_lstm_weights(ctx, A8_LSTM_HIDDEN_WEIGHTS + i, sizes->units, sizes->units, &weights)) != A8_OK ||
            (code = a8_check_type(ctx, &weights, A8_FLOAT32)) != A8_OK ||
            (code = a8_lstm_bias(ctx, i, sizes->units, A8_FLOAT32)) != A8_OK) {
            return code;
        }
    }
    sizes->element_bytes = sizeof(float);
    block.gate.inputs = sizes->inputs;
    block.gate.units = sizes->units;
    block.cell_clip = node.cell_clip;
    block_t *kept = a8_ctx_alloc(ctx, sizeof(block));
    if (kept == NULL) {
        return A8_ERR_MEMORY;
    }
    *kept = block;
    return A8_OK;
}

// The sums of one unit's gates, which lie A8_LSTM_CHUNK apart, and its cell: returns the output.
static float update_unit(const float *sums, float *cell, float clip) {
    const float kept = a8_logistic_f32(sums[A8_LSTM_FORGET_GATE * A8_LSTM_CHUNK]) * *cell;
    const float added = a8_logistic_f32(sums[A8_LSTM_INPUT_GATE * A8_LSTM_CHUNK]) *
        a8_tanh_f32(sums[A8_LSTM_CANDIDATE * A8_LSTM_CHUNK]);
    float value = kept + added;
    if (clip > 0.0f) {
        value = value > clip ? clip : value;
        value = value < -clip ? -clip : value;
    }
    *cell = value;
    return a8_tanh_f32(value) * a8_logistic_f32(sums[A8_LSTM_OUTPUT_GATE * A8_LSTM_CHUNK]);
}

static int step(a8_ctx_t *ctx, const uint8_t *in, const uint8_t *hidden, uint8_t *cell, uint8_t *out) {
    const block_t *block = a8_ctx_data(ctx);
    const int32_t units = block->sizes.units;
    float *cells = (float *)(void *)cell;
    float *outputs = (float *)(void *)out;
    float sums[A8_LSTM_GATES * A8_LSTM_CHUNK];
    for (int32_t u = 0, end; u < units; u = end) {
        end = units - u < A8_LSTM_CHUNK ? units : u + A8_LSTM_CHUNK;
        for (uint32_t i = 0; i < A8_LSTM_GATES; i++) {
            a8_lstm_gate_f32(&block->gate, in, hidden, a8_ctx_in(ctx, A8_LSTM_IN_WEIGHTS + i),
                a8_ctx_in(ctx, A8_LSTM_HIDDEN_WEIGHTS + i), a8_ctx_in(ctx, A8_LSTM_BIASES + i),
                sums + i * A8_LSTM_CHUNK, u, end);
            if (a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
        }
        for (int32_t i = 0; i < end - u; i++) {
            outputs[u + i] = update_unit(sums + i, &cells[u + i], block->cell_clip);
        }
    }
    return A8_OK;
}

int a8_lstm_eval_f32(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    return a8_lstm_run(ctx, &block->sizes, sizeof(float), step);
}
