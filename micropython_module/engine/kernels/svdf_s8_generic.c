// SPDX-License-Identifier: MIT
#include "dot_generic.h"

// What a filter makes of the input, in the state's scale.
static int32_t feature(const a8_svdf_params_t *params, const int8_t *input, const int8_t *weights, int32_t min,
    int32_t max) {
    uint32_t acc = a8_dot_s8(0, input, weights, params->inputs, params->in_zero_point);
    int32_t value = a8_requantize((int32_t)acc, params->state_multiplier, params->state_shift);
    return a8_clamped_sum(value, 0, min, max);
}

static uint32_t first_sum(const uint8_t *bias, int32_t unit) {
    return bias != NULL ? (uint32_t)a8_load_i32(bias + 4 * unit) : 0;
}

static int8_t to_output(const a8_svdf_params_t *params, uint32_t acc) {
    int32_t scaled = a8_requantize((int32_t)acc, params->out_multiplier, params->out_shift);
    return (int8_t)a8_clamped_sum(scaled, params->out_zero_point, INT8_MIN, INT8_MAX);
}

// A filter's memory moves by one in the same pass that weighs it. Sums wrap around like the reference's.
A8_HOT void a8_svdf_s8_generic(const a8_svdf_params_t *params, const int8_t *input, const int8_t *features,
    const int8_t *times, const uint8_t *bias, int8_t *state, int8_t *output, int32_t u0, int32_t u1) {
    const int32_t memory = params->memory;
    const int32_t last = memory - 1;
    const int32_t zero_point = params->state_zero_point;
    for (int32_t u = u0; u < u1; u++) {
        uint32_t acc = first_sum(bias, u);
        for (int32_t f = u * params->rank; f < (u + 1) * params->rank; f++) {
            int8_t *past = state + f * memory;
            const int8_t *w = times + f * memory;
            // Clamped first, then the zero point is added and wraps around: so does the reference.
            int32_t newest = feature(params, input, features + f * params->inputs, INT8_MIN, INT8_MAX);
            newest = (int8_t)(newest + zero_point);
            for (int32_t i = 0; i < last; i++) {
                int32_t value = past[i + 1];
                past[i] = (int8_t)value;
                acc += (uint32_t)(w[i] * (value - zero_point));
            }
            past[last] = (int8_t)newest;
            acc += (uint32_t)(w[last] * (newest - zero_point));
        }
        output[u] = to_output(params, acc);
    }
}

A8_HOT void a8_svdf_s8_s16_generic(const a8_svdf_params_t *params, const int8_t *input, const int8_t *features,
    const uint8_t *times, const uint8_t *bias, int16_t *state, int8_t *output, int32_t u0, int32_t u1) {
    const int32_t memory = params->memory;
    const int32_t last = memory - 1;
    for (int32_t u = u0; u < u1; u++) {
        uint32_t acc = first_sum(bias, u);
        for (int32_t f = u * params->rank; f < (u + 1) * params->rank; f++) {
            int16_t *past = state + f * memory;
            const uint8_t *w = times + 2 * f * memory;
            int32_t newest = feature(params, input, features + f * params->inputs, INT16_MIN, INT16_MAX);
            for (int32_t i = 0; i < last; i++) {
                int32_t value = past[i + 1];
                past[i] = (int16_t)value;
                acc += (uint32_t)(a8_load_i16(w, i) * value);
            }
            past[last] = (int16_t)newest;
            acc += (uint32_t)(a8_load_i16(w, last) * newest);
        }
        output[u] = to_output(params, acc);
    }
}
