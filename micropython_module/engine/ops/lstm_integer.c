// SPDX-License-Identifier: MIT
//
// LSTM of int8 and int16 activations, with int8 weights and an int16 cell. Gates have 15 fractional bits.
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "../sigmoid.h"
#include "lstm.h"

#define GATE_BITS (15) // fractional ones of a gate
#define SUM_BITS (12) // of what goes into one

typedef struct {
    a8_lstm_sizes_t sizes;
    a8_lstm_gate_params_t gates[A8_LSTM_GATES];
    a8_sigmoid_params_t cell_to_tanh;
    a8_multiplier_t forget; // from products of two numbers to the cell's or the output's scale
    a8_multiplier_t update;
    a8_multiplier_t output;
    int32_t cell_clip; // of the cell; INT16_MAX + 1: none
} block_t;

typedef char a8_assert_lstm_block_t[sizeof(block_t) == 192 ? 1 : -1];

static int check_types(a8_ctx_t *ctx, const a8_lstm_node_t *node) {
    const a8_dtype_t dtype = node->input.dtype;
    int code;
    if ((code = a8_check_quantized(ctx, &node->input, dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, &node->hidden, dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, &node->cell, A8_INT16)) != A8_OK ||
        (code = a8_check_quantized(ctx, &node->output, dtype)) != A8_OK) {
        return code;
    }
    const a8_tensor_info_t *symmetric[] = { &node->cell, &node->input, &node->hidden };
    for (uint32_t i = 0; i < (dtype == A8_INT16 ? 3 : 1); i++) {
        if (symmetric[i]->zero_point != 0) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_INT16_ZERO, 0,
                symmetric[i]->zero_point);
        }
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

// One half of a gate's sum: weights at input i of the node, and the multiplier to the sum's scale.
static int prepare_half(a8_ctx_t *ctx, uint32_t i, int32_t units, int32_t columns, const a8_tensor_info_t *input,
    int32_t *multiplier, int32_t *shift) {
    a8_tensor_info_t weights;
    int code;
    if ((code = a8_lstm_weights(ctx, i, units, columns, &weights)) != A8_OK ||
        (code = a8_check_quantized(ctx, &weights, A8_INT8)) != A8_OK) {
        return code;
    }
    if (weights.zero_point != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a zero point of weights is not 0", 0, weights.zero_point);
    }
    const a8_real_t scale = a8_real_mul(a8_real_from_float(input->scale), a8_real_from_float(weights.scale));
    return set_multiplier(ctx, a8_real_scale(scale, SUM_BITS),
        input->dtype == A8_INT16 ? A8_WIDE_SHIFT_MAX : A8_SHIFT_MAX, multiplier, shift);
}

static int prepare_gate(a8_ctx_t *ctx, uint32_t i, const a8_lstm_node_t *node, const a8_lstm_sizes_t *sizes,
    a8_lstm_gate_params_t *gate) {
    gate->inputs = sizes->inputs;
    gate->units = sizes->units;
    gate->in_zero_point = node->input.zero_point;
    gate->hidden_zero_point = node->hidden.zero_point;
    int code = prepare_half(ctx, A8_LSTM_IN_WEIGHTS + i, sizes->units, sizes->inputs, &node->input,
        &gate->in_multiplier, &gate->in_shift);
    if (code != A8_OK) {
        return code;
    }
    code = prepare_half(ctx, A8_LSTM_HIDDEN_WEIGHTS + i, sizes->units, sizes->units, &node->hidden,
        &gate->hidden_multiplier, &gate->hidden_shift);
    if (code != A8_OK) {
        return code;
    }
    return a8_lstm_bias(ctx, i, sizes->units, node->input.dtype == A8_INT16 ? A8_INT64 : A8_INT32);
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

int a8_lstm_prepare(a8_ctx_t *ctx) {
    a8_lstm_node_t node;
    block_t block = { 0 };
    int code;
    if ((code = a8_lstm_node(ctx, &node, &block.sizes)) != A8_OK || (code = check_types(ctx, &node)) != A8_OK) {
        return code;
    }
    for (uint32_t i = 0; i < A8_LSTM_GATES; i++) {
        if ((code = prepare_gate(ctx, i, &node, &block.sizes, &block.gates[i])) != A8_OK) {
            return code;
        }
    }
    block.sizes.element_bytes = node.input.dtype == A8_INT16 ? 2 : 1;
    block.cell_clip = node.cell_clip > 0.0f ? in_steps(node.cell_clip, node.cell.scale) : INT16_MAX + 1;
    block.cell_to_tanh = tanh_of_cell(node.cell.scale);
    block.forget = a8_multiplier(a8_real_scale(a8_real_from_float(1.0f), -GATE_BITS));
    const a8_real_t of_gates = a8_real_scale(a8_real_from_float(1.0f), -2 * GATE_BITS); // the scale of a product of two
    if ((code = set_multiplier(ctx, a8_real_div(of_gates, a8_real_from_float(node.cell.scale)), A8_SHIFT_MAX,
             &block.update.multiplier, &block.update.shift)) != A8_OK ||
        (code = set_multiplier(ctx, a8_real_div(of_gates, a8_real_from_float(node.hidden.scale)), A8_SHIFT_MAX,
             &block.output.multiplier, &block.output.shift)) != A8_OK) {
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
static void update_cell(const block_t *block, int16_t sums[A8_LSTM_GATES][A8_LSTM_CHUNK], int16_t *cell, int32_t n) {
    const a8_sigmoid_params_t of_sum = a8_sigmoid_params(3, 0);
    for (uint32_t i = 0; i < A8_LSTM_GATES; i++) {
        (i == A8_LSTM_CANDIDATE ? a8_tanh_s16 : a8_logistic_s16)(&of_sum, sums[i], sums[i], n);
    }
    for (int32_t i = 0; i < n; i++) {
        int32_t kept = saturated(product(sums[A8_LSTM_FORGET_GATE][i], cell[i], &block->forget), INT16_MAX);
        int32_t added = product(sums[A8_LSTM_INPUT_GATE][i], sums[A8_LSTM_CANDIDATE][i], &block->update);
        int32_t value = saturated(kept + saturated(added, INT16_MAX), INT16_MAX);
        value = value > block->cell_clip ? block->cell_clip : value;
        cell[i] = (int16_t)(value < -block->cell_clip ? -block->cell_clip : value);
    }
    a8_tanh_s16(&block->cell_to_tanh, cell, sums[A8_LSTM_CANDIDATE], n);
}

static void store(const block_t *block, int16_t sums[A8_LSTM_GATES][A8_LSTM_CHUNK], void *out, int32_t first,
    int32_t n) {
    const uint32_t zero_point = (uint32_t)block->gates[0].hidden_zero_point;
    for (int32_t i = 0; i < n; i++) {
        int32_t scaled = product(sums[A8_LSTM_CANDIDATE][i], sums[A8_LSTM_OUTPUT_GATE][i], &block->output);
        int32_t value = (int32_t)((uint32_t)scaled + zero_point);
        if (block->sizes.element_bytes == 1) {
            ((int8_t *)out)[first + i] = (int8_t)saturated(value, INT8_MAX);
        } else {
            ((int16_t *)out)[first + i] = (int16_t)saturated(value, INT16_MAX);
        }
    }
}

static int step(a8_ctx_t *ctx, a8_lstm_gate_t *gate, const uint8_t *in, const uint8_t *hidden, uint8_t *cell,
    uint8_t *out) {
    const block_t *block = a8_ctx_data(ctx);
    const int32_t units = block->sizes.units;
    int16_t sums[A8_LSTM_GATES][A8_LSTM_CHUNK];
    for (int32_t u = 0, end; u < units; u = end) {
        end = units - u < A8_LSTM_CHUNK ? units : u + A8_LSTM_CHUNK;
        for (uint32_t i = 0; i < A8_LSTM_GATES; i++) {
            gate(&block->gates[i], in, hidden, a8_ctx_in(ctx, A8_LSTM_IN_WEIGHTS + i),
                a8_ctx_in(ctx, A8_LSTM_HIDDEN_WEIGHTS + i), a8_ctx_in(ctx, A8_LSTM_BIASES + i), sums[i], u, end);
            if (a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
        }
        update_cell(block, sums, (int16_t *)(void *)cell + u, end - u);
        store(block, sums, out, u, end - u);
    }
    return A8_OK;
}

static int step_s8(a8_ctx_t *ctx, const uint8_t *in, const uint8_t *hidden, uint8_t *cell, uint8_t *out) {
    return step(ctx, a8_lstm_gate_s8, in, hidden, cell, out);
}

static int step_s16(a8_ctx_t *ctx, const uint8_t *in, const uint8_t *hidden, uint8_t *cell, uint8_t *out) {
    return step(ctx, a8_lstm_gate_s16, in, hidden, cell, out);
}

int a8_lstm_eval_s8(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    return a8_lstm_run(ctx, &block->sizes, sizeof(int16_t), step_s8);
}

int a8_lstm_eval_s16(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    return a8_lstm_run(ctx, &block->sizes, sizeof(int16_t), step_s16);
}
