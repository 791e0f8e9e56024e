// SPDX-License-Identifier: MIT
//
// UNIDIRECTIONAL_SEQUENCE_LSTM without peepholes, projection and layer normalization:
//
//   input, forget, output gate = logistic(W x + R hidden + bias), candidate = tanh(W x + R hidden + bias)
//   cell = forget * cell + input * candidate, hidden = output * tanh(cell)
//
// This is what its element types have in common.
#ifndef A8_LSTM_H
#define A8_LSTM_H

#include "check.h"

// Inputs of the node. The first two kinds of weights and the biases are one a gate.
enum {
    A8_LSTM_INPUT = 0,
    A8_LSTM_IN_WEIGHTS = 1,
    A8_LSTM_HIDDEN_WEIGHTS = 5,
    A8_LSTM_PEEPHOLES = 9,
    A8_LSTM_BIASES = 12,
    A8_LSTM_PROJECTION = 16,
    A8_LSTM_HIDDEN = 18,
    A8_LSTM_CELL = 19,
    A8_LSTM_NORMALIZATION = 20,
    A8_LSTM_INPUTS = 24,
};

// Gates in the order of their weights.
enum {
    A8_LSTM_INPUT_GATE,
    A8_LSTM_FORGET_GATE,
    A8_LSTM_CANDIDATE,
    A8_LSTM_OUTPUT_GATE,
    A8_LSTM_GATES,
};

#define A8_LSTM_CHUNK (16) // units at a time

typedef struct {
    a8_tensor_info_t input;
    a8_tensor_info_t hidden;
    a8_tensor_info_t cell;
    a8_tensor_info_t output;
    float cell_clip; // 0: none
} a8_lstm_node_t;

typedef struct {
    int32_t batches;
    int32_t steps;
    int32_t inputs;
    int32_t units;
    int32_t time_major; // all batches of a step lie together, not all steps of a batch
    int32_t element_bytes; // of input, hidden and output
} a8_lstm_sizes_t;

typedef char a8_assert_lstm_sizes_t[sizeof(a8_lstm_sizes_t) == 24 ? 1 : -1];

// Reads the node and checks its options, which tensors it has, and their shapes. The caller has to check all types, and
// that tensors have elements, less than 2^31 bytes of them.
int a8_lstm_node(a8_ctx_t *ctx, a8_lstm_node_t *node, a8_lstm_sizes_t *sizes);

// Reads the weights at input i, and checks their shape: one row a unit.
int a8_lstm_weights(a8_ctx_t *ctx, uint32_t i, int32_t units, int32_t columns, a8_tensor_info_t *weights);

// Checks the bias of a gate.
int a8_lstm_bias(a8_ctx_t *ctx, uint32_t gate, int32_t units, a8_dtype_t dtype);

// One time step of one batch: fills out, the new hidden state, and updates cell, of int16 or float32.
typedef int a8_lstm_step_t(a8_ctx_t *ctx, const uint8_t *in, const uint8_t *hidden, uint8_t *cell, uint8_t *out);

// All steps of all batches. The new hidden state grows in the output, since all gates still need the one before.
int a8_lstm_run(a8_ctx_t *ctx, const a8_lstm_sizes_t *sizes, int32_t cell_bytes, a8_lstm_step_t *step);

#endif
