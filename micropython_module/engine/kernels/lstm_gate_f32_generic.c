// SPDX-License-Identifier: MIT
#include "dot_f32_generic.h"

A8_HOT void a8_lstm_gate_f32_generic(const a8_lstm_gate_params_t *params, const uint8_t *input, const uint8_t *hidden,
    const uint8_t *in_weights, const uint8_t *hidden_weights, const uint8_t *bias, float *output, int32_t u0,
    int32_t u1) {
    const int32_t inputs = params->inputs;
    const int32_t units = params->units;
    for (int32_t u = u0; u < u1; u++) {
        const float of_input = a8_dot_f32(input, in_weights + 4 * u * inputs, inputs) + a8_load_f32(bias, u);
        *output++ = of_input + a8_dot_f32(hidden, hidden_weights + 4 * u * units, units);
    }
}
