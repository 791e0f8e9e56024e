// SPDX-License-Identifier: MIT
#include "dot_generic.h"

A8_HOT void a8_lstm_gate_s8_generic(const a8_lstm_gate_params_t *params, const void *input, const void *hidden,
    const int8_t *in_weights, const int8_t *hidden_weights, const uint8_t *bias, int16_t *output, int32_t u0,
    int32_t u1) {
    const int32_t inputs = params->inputs;
    const int32_t units = params->units;
    for (int32_t u = u0; u < u1; u++) {
        uint32_t acc = a8_dot_s8((uint32_t)a8_load_i32(bias + 4 * u), input, in_weights + u * inputs, inputs,
            params->in_zero_point);
        int32_t value = a8_clamped_sum(a8_requantize((int32_t)acc, params->in_multiplier, params->in_shift), 0,
            INT16_MIN, INT16_MAX);
        acc = a8_dot_s8(0, hidden, hidden_weights + u * units, units, params->hidden_zero_point);
        value += a8_clamped_sum(a8_requantize((int32_t)acc, params->hidden_multiplier, params->hidden_shift), 0,
            INT16_MIN, INT16_MAX);
        *output++ = (int16_t)a8_clamped_sum(value, 0, INT16_MIN, INT16_MAX);
    }
}
