// SPDX-License-Identifier: MIT
#include "dot_f32_generic.h"

A8_HOT void a8_svdf_f32_generic(const a8_svdf_params_t *params, const uint8_t *input, const uint8_t *features,
    const uint8_t *times, const uint8_t *bias, float *state, float *output, int32_t u0, int32_t u1) {
    const int32_t memory = params->memory;
    for (int32_t u = u0; u < u1; u++) {
        float sum = bias != NULL ? a8_load_f32(bias, u) : 0.0f;
        for (int32_t f = u * params->rank; f < (u + 1) * params->rank; f++) {
            float *past = state + f * memory;
            memmove(past, past + 1, (size_t)(memory - 1) * sizeof(*past));
            past[memory - 1] = a8_dot_f32(input, features + 4 * f * params->inputs, params->inputs);
            sum += a8_dot_f32(times + 4 * f * memory, (const uint8_t *)past, memory);
        }
        output[u] = sum;
    }
}
