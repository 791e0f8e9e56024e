// SPDX-License-Identifier: MIT
//
// UNIDIRECTIONAL_SEQUENCE_LSTM without peepholes, projection and layer normalization:
//
//   input, forget, output gate = logistic(W x + R hidden + bias), candidate = tanh(W x + R hidden + bias)
//   cell = forget * cell + input * candidate, hidden = output * tanh(cell)
//
// Gates have 15 fractional bits. The new hidden state grows in the output, since all gates still need the one before.
#include <string.h>

#include "../kernels/kernels.h"
#include "../quantize.h"
#include "../sigmoid.h"
#include "check.h"

// Inputs; of the first three and of the biases there is one a gate.
enum {
    INPUT = 0,
    IN_WEIGHTS = 1,
    HIDDEN_WEIGHTS = 5,
    PEEPHOLES = 9,
    BIASES = 12,
    PROJECTION = 16,
    HIDDEN = 18,
    CELL = 19,
    NORMALIZATION = 20,
    INPUTS = 24,
};

// Gates in the order of their weights.
enum {
    INPUT_GATE,
    FORGET_GATE,
    CANDIDATE,
    OUTPUT_GATE,
    GATES,
};

// Fields of UnidirectionalSequenceLSTMOptions.
enum {
    ACTIVATION = 0,
    CELL_CLIP = 1,
    TIME_MAJOR = 3,
};

#define ACTIVATION_TANH (4)
#define GATE_BITS (15) // fractional ones of a gate
#define SUM_BITS (12) // of what goes into one
#define CHUNK (16) // units at a time

typedef struct {
    a8_lstm_gate_params_t gates[GATES];
    a8_sigmoid_params_t cell_to_tanh;
    int32_t batches;
    int32_t steps;
    int32_t time_major;
    int32_t element_bytes; // of input and output
    a8_multiplier_t forget; // from products of two numbers to the cell's or the output's scale
    a8_multiplier_t update;
    a8_multiplier_t output;
    int32_t cell_clip; // of the cell; INT16_MAX + 1: none
} block_t;

typedef char a8_assert_lstm_block_t[sizeof(block_t) == 184 ? 1 : -1];

static int check_types(a8_ctx_t *ctx, const a8_tensor_info_t *input, const a8_tensor_info_t *hidden,
    const a8_tensor_info_t *cell, const a8_tensor_info_t *output) {
    int code;
    if ((code = a8_check_quantized(ctx, input, input->dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, hidden, input->dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, cell, A8_INT16)) != A8_OK ||
        (code = a8_check_quantized(ctx, output, input->dtype)) != A8_OK) {
        return code;
    }
    if (!hidden->is_variable || !cell->is_variable) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "an LSTM's state is not a variable tensor", A8_NONE, A8_NONE);
    }
    const a8_tensor_info_t *symmetric[] = { cell, input, hidden };
    for (uint32_t i = 0; i < (input->dtype == A8_INT16 ? 3 : 1); i++) {
        if (symmetric[i]->zero_point != 0) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "zero point of an int16 tensor is not 0", 0,
                symmetric[i]->zero_point);
        }
    }
    return A8_OK;
}

static int check_options(a8_ctx_t *ctx) {
    const int32_t activation = a8_ctx_option_int8(ctx, ACTIVATION, 0);
    if (activation != ACTIVATION_TANH) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "an LSTM's activation is not TANH", ACTIVATION_TANH, activation);
    }
    for (uint32_t i = 0; i < GATES; i++) {
        if (!a8_ctx_has_input(ctx, IN_WEIGHTS + i) || !a8_ctx_has_input(ctx, HIDDEN_WEIGHTS + i) ||
            !a8_ctx_has_input(ctx, BIASES + i)) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "an LSTM lacks a gate's weights or bias", A8_NONE, A8_NONE);
        }
    }
    for (uint32_t i = PEEPHOLES; i < INPUTS; i++) {
        const bool variant = i < BIASES || (i >= PROJECTION && i < HIDDEN) || i >= NORMALIZATION;
        if (variant && a8_ctx_has_input(ctx, i)) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED,
                "an LSTM with peepholes, projection or layer normalization is not supported", A8_NONE, (int32_t)i);
        }
    }
    return A8_OK;
}

// Is it a constant or computed int8 matrix of rows x columns with one scale and no zero point?
static int check_weights(a8_ctx_t *ctx, uint32_t i, int32_t rows, int32_t columns, a8_tensor_info_t *weights) {
    int code = a8_ctx_input(ctx, i, weights);
    if (code != A8_OK || (code = a8_check_quantized(ctx, weights, A8_INT8)) != A8_OK) {
        return code;
    }
    if (weights->zero_point != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a zero point of weights is not 0", 0, weights->zero_point);
    }
    if (weights->rank != 2) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights have not two dimensions", 2, (int32_t)weights->rank);
    }
    if (weights->dims[0] != rows || weights->dims[1] != columns) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights have not one row a unit and one column an input",
            weights->dims[0] != rows ? rows : columns,
            weights->dims[0] != rows ? weights->dims[0] : weights->dims[1]);
    }
    return A8_OK;
}

static int check_bias(a8_ctx_t *ctx, uint32_t i, int32_t units, a8_dtype_t dtype) {
    a8_tensor_info_t bias;
    int code = a8_ctx_input(ctx, i, &bias);
    if (code != A8_OK) {
        return code;
    }
    if (bias.dtype != dtype) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "bias of an LSTM must be int32 (with int16 inputs int64)",
            (int32_t)dtype, (int32_t)bias.dtype);
    }
    if (bias.count != (uint32_t)units) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "bias has not one element a unit", units, (int32_t)bias.count);
    }
    return A8_OK;
}

static int set_multiplier(a8_ctx_t *ctx, a8_real_t value, int32_t most, int32_t *multiplier, int32_t *shift) {
    const a8_multiplier_t m = a8_multiplier(value);
    if (m.shift > most) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "scales are too far apart (log2 of input times weights by output)", most,
            m.shift);
    }
    *multiplier = m.multiplier;
    *shift = m.shift;
    return A8_OK;
}

static int prepare_gate(a8_ctx_t *ctx, uint32_t i, const a8_tensor_info_t *input, const a8_tensor_info_t *hidden,
    a8_lstm_gate_params_t *gate) {
    const bool wide = input->dtype == A8_INT16;
    const int32_t most = wide ? A8_WIDE_SHIFT_MAX : A8_SHIFT_MAX;
    a8_tensor_info_t in_weights;
    a8_tensor_info_t hidden_weights;
    int code;
    if ((code = check_weights(ctx, IN_WEIGHTS + i, gate->units, gate->inputs, &in_weights)) != A8_OK ||
        (code = check_weights(ctx, HIDDEN_WEIGHTS + i, gate->units, gate->units, &hidden_weights)) != A8_OK ||
        (code = check_bias(ctx, BIASES + i, gate->units, wide ? A8_INT64 : A8_INT32)) != A8_OK) {
        return code;
    }
    gate->in_zero_point = input->zero_point;
    gate->hidden_zero_point = hidden->zero_point;
    a8_real_t scale = a8_real_mul(a8_real_from_float(input->scale), a8_real_from_float(in_weights.scale));
    code = set_multiplier(ctx, a8_real_scale(scale, SUM_BITS), most, &gate->in_multiplier, &gate->in_shift);
    if (code != A8_OK) {
        return code;
    }
    scale = a8_real_mul(a8_real_from_float(hidden->scale), a8_real_from_float(hidden_weights.scale));
    return set_multiplier(ctx, a8_real_scale(scale, SUM_BITS), most, &gate->hidden_multiplier, &gate->hidden_shift);
}

// The reference takes the cell's scale for the nearest power of 2 (on a logarithmic scale) here, and only here.
static a8_sigmoid_params_t tanh_of_cell(float cell_scale) {
    const a8_real_t scale = a8_real_from_float(cell_scale);
    const uint64_t root = 0x16a09e667f3bcd; // of 2
    int32_t shift = scale.exponent + 52 + (scale.mantissa >= root) + SUM_BITS;
    if (shift < 0) {
        return a8_sigmoid_params(3, shift < -31 ? 31 : -shift);
    }
    return a8_sigmoid_params(3 << (shift < 16 ? shift : 16), 0);
}

// How many steps of scale a number (not negative, perhaps infinite) is, rounded down, at most INT16_MAX.
static int32_t in_steps(float number, float scale) {
    const a8_real_t steps = a8_real_div(a8_real_from_float(number), a8_real_from_float(scale));
    if (a8_real_cmp(steps, a8_real_from_float(INT16_MAX)) >= 0) {
        return INT16_MAX;
    }
    return steps.exponent <= -64 ? 0 : (int32_t)(steps.mantissa >> -steps.exponent);
}

static int prepare_cell(a8_ctx_t *ctx, float cell_scale, float out_scale, block_t *block) {
    const a8_real_t product = a8_real_scale(a8_real_from_float(1.0f), -2 * GATE_BITS); // of two gates
    const float clip = a8_ctx_option_float(ctx, CELL_CLIP, 0.0f);
    if (!(clip >= 0.0f)) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "an LSTM's cell clip is negative", A8_NONE, A8_NONE);
    }
    block->cell_clip = clip > 0.0f ? in_steps(clip, cell_scale) : INT16_MAX + 1;
    block->cell_to_tanh = tanh_of_cell(cell_scale);
    block->forget = a8_multiplier(a8_real_scale(a8_real_from_float(1.0f), -GATE_BITS));
    int code = set_multiplier(ctx, a8_real_div(product, a8_real_from_float(cell_scale)), A8_SHIFT_MAX,
        &block->update.multiplier, &block->update.shift);
    if (code != A8_OK) {
        return code;
    }
    return set_multiplier(ctx, a8_real_div(product, a8_real_from_float(out_scale)), A8_SHIFT_MAX,
        &block->output.multiplier, &block->output.shift);
}

int a8_lstm_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t input;
    a8_tensor_info_t hidden;
    a8_tensor_info_t cell;
    a8_tensor_info_t output;
    // Files from before layer normalization have no inputs for it.
    const uint32_t n_inputs = a8_ctx_inputs(ctx) == NORMALIZATION ? NORMALIZATION : INPUTS;
    int code;
    if ((code = a8_check_node(ctx, n_inputs, &input, &output)) != A8_OK ||
        (code = a8_ctx_input(ctx, HIDDEN, &hidden)) != A8_OK || (code = a8_ctx_input(ctx, CELL, &cell)) != A8_OK ||
        (code = check_options(ctx)) != A8_OK || (code = check_types(ctx, &input, &hidden, &cell, &output)) != A8_OK) {
        return code;
    }
    if (input.rank != 3 || output.rank != 3) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "an LSTM's input or output has not three dimensions", 3,
            (int32_t)(input.rank != 3 ? input.rank : output.rank));
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (input.dims[i] != output.dims[i]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "an LSTM's output has not as many batches and steps as its input",
                input.dims[i], output.dims[i]);
        }
    }
    block_t block = { 0 };
    block.time_major = a8_ctx_option_int8(ctx, TIME_MAJOR, 0) != 0;
    block.batches = input.dims[block.time_major];
    block.steps = input.dims[!block.time_major];
    block.element_bytes = input.dtype == A8_INT16 ? 2 : 1;
    const int32_t units = output.dims[2];
    const uint64_t states = (uint64_t)(uint32_t)block.batches * (uint32_t)units;
    if (hidden.count != states || cell.count != states) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "an LSTM's state has not one element a unit and batch",
            (int32_t)(output.count / (uint32_t)block.steps),
            (int32_t)(hidden.count != states ? hidden.count : cell.count));
    }
    for (uint32_t i = 0; i < GATES; i++) {
        block.gates[i].inputs = input.dims[2];
        block.gates[i].units = units;
        if ((code = prepare_gate(ctx, i, &input, &hidden, &block.gates[i])) != A8_OK) {
            return code;
        }
    }
    if ((code = prepare_cell(ctx, cell.scale, hidden.scale, &block)) != A8_OK) {
        return code;
    }
    block_t *kept = a8_ctx_alloc(ctx, sizeof(block));
    if (kept == NULL) {
        return A8_ERR_MEMORY;
    }
    *kept = block;
    return A8_OK;
}

static int32_t saturated(int32_t value, int32_t max) {
    if (value < -max - 1) {
        value = -max - 1;
    }
    return value > max ? max : value;
}

static int32_t product(int32_t a, int32_t b, const a8_multiplier_t *m) {
    return a8_requantize(a * b, m->multiplier, m->shift);
}

// The sums of the gates of n units become their new cell state, then what the output is made of.
static void update_cell(const block_t *block, int16_t sums[GATES][CHUNK], int16_t *cell, int32_t n) {
    const a8_sigmoid_params_t of_sum = a8_sigmoid_params(3, 0);
    a8_tanh_s16(&of_sum, sums[CANDIDATE], sums[CANDIDATE], n);
    a8_logistic_s16(&of_sum, sums[INPUT_GATE], sums[INPUT_GATE], n);
    a8_logistic_s16(&of_sum, sums[FORGET_GATE], sums[FORGET_GATE], n);
    a8_logistic_s16(&of_sum, sums[OUTPUT_GATE], sums[OUTPUT_GATE], n);
    for (int32_t i = 0; i < n; i++) {
        int32_t kept = saturated(product(sums[FORGET_GATE][i], cell[i], &block->forget), INT16_MAX);
        int32_t added = saturated(product(sums[INPUT_GATE][i], sums[CANDIDATE][i], &block->update), INT16_MAX);
        int32_t value = saturated(kept + added, INT16_MAX);
        value = value > block->cell_clip ? block->cell_clip : value;
        cell[i] = (int16_t)(value < -block->cell_clip ? -block->cell_clip : value);
    }
    a8_tanh_s16(&block->cell_to_tanh, cell, sums[CANDIDATE], n);
}

static void store(const block_t *block, int16_t sums[GATES][CHUNK], void *out, int32_t first, int32_t n) {
    const uint32_t zero_point = (uint32_t)block->gates[0].hidden_zero_point;
    for (int32_t i = 0; i < n; i++) {
        int32_t scaled = product(sums[CANDIDATE][i], sums[OUTPUT_GATE][i], &block->output);
        int32_t value = (int32_t)((uint32_t)scaled + zero_point);
        if (block->element_bytes == 1) {
            ((int8_t *)out)[first + i] = (int8_t)saturated(value, INT8_MAX);
        } else {
            ((int16_t *)out)[first + i] = (int16_t)saturated(value, INT16_MAX);
        }
    }
}

// One time step of one batch.
static int step(a8_ctx_t *ctx, a8_lstm_gate_t *gate, const void *in, const void *hidden, int16_t *cell, void *out) {
    const block_t *block = a8_ctx_data(ctx);
    const int32_t units = block->gates[0].units;
    int16_t sums[GATES][CHUNK];
    for (int32_t u = 0, end; u < units; u = end) {
        end = units - u < CHUNK ? units : u + CHUNK;
        for (uint32_t i = 0; i < GATES; i++) {
            gate(&block->gates[i], in, hidden, a8_ctx_in(ctx, IN_WEIGHTS + i), a8_ctx_in(ctx, HIDDEN_WEIGHTS + i),
                a8_ctx_in(ctx, BIASES + i), sums[i], u, end);
            if (a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
        }
        update_cell(block, sums, cell + u, end - u);
        store(block, sums, out, u, end - u);
    }
    return A8_OK;
}

static int run(a8_ctx_t *ctx, a8_lstm_gate_t *gate) {
    const block_t *block = a8_ctx_data(ctx);
    const int32_t units = block->gates[0].units;
    const int32_t in_bytes = block->gates[0].inputs * block->element_bytes;
    const int32_t out_bytes = units * block->element_bytes;
    uint8_t *hidden = a8_ctx_variable(ctx, HIDDEN);
    int16_t *cell = a8_ctx_variable(ctx, CELL);
    for (int32_t b = 0; b < block->batches; b++) {
        for (int32_t t = 0; t < block->steps; t++) {
            const int32_t row = block->time_major ? t * block->batches + b : b * block->steps + t;
            const uint8_t *in = (const uint8_t *)a8_ctx_in(ctx, INPUT) + row * in_bytes;
            uint8_t *out = (uint8_t *)a8_ctx_out(ctx, 0) + row * out_bytes;
            const int code = step(ctx, gate, in, hidden, cell, out);
            if (code != A8_OK) {
                return code;
            }
            memcpy(hidden, out, (size_t)out_bytes);
        }
        hidden += out_bytes;
        cell += units;
    }
    return A8_OK;
}

int a8_lstm_eval_s8(a8_ctx_t *ctx) {
    return run(ctx, a8_lstm_gate_s8);
}

int a8_lstm_eval_s16(a8_ctx_t *ctx) {
    return run(ctx, a8_lstm_gate_s16);
}
