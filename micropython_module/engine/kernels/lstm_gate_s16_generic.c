// SPDX-License-Identifier: MIT
#include "dot_generic.h"

#define CHUNK (256) // products of int16 and int8 whose sum stays in 32 bits

static int32_t dot_chunk(const uint8_t *x, const int8_t *w, int32_t n) {
    int32_t sum = 0;
    if (((uintptr_t)x & 1) != 0) {
        for (int32_t i = 0; i < n; i++) {
            sum += a8_load_i16(x, i) * w[i];
        }
    } else {
        const int16_t *aligned = (const int16_t *)(const void *)x;
        for (int32_t i = 0; i < n; i++) {
            sum += aligned[i] * w[i];
        }
    }
    return sum;
}

static uint64_t dot(uint64_t acc, const uint8_t *x, const int8_t *w, int32_t n) {
    while (n > 0) {
        int32_t count = n < CHUNK ? n : CHUNK;
        acc += (uint64_t)(int64_t)dot_chunk(x, w, count);
        x += 2 * count;
        w += count;
        n -= count;
    }
    return acc;
}

static int32_t scaled(uint64_t acc, int32_t multiplier, int32_t shift) {
    return a8_clamped_sum(a8_requantize_wide(acc, multiplier, shift), 0, INT16_MIN, INT16_MAX);
}

A8_HOT void a8_lstm_gate_s16_generic(const a8_lstm_gate_params_t *params, const void *input, const void *hidden,
    const int8_t *in_weights, const int8_t *hidden_weights, const uint8_t *bias, int16_t *output, int32_t u0,
    int32_t u1) {
    const int32_t inputs = params->inputs;
    const int32_t units = params->units;
    for (int32_t u = u0; u < u1; u++) {
        uint64_t first = (uint32_t)a8_load_i32(bias + 8 * u) | (uint64_t)(uint32_t)a8_load_i32(bias + 8 * u + 4) << 32;
        uint64_t acc = dot(first, input, in_weights + u * inputs, inputs);
        int32_t value = scaled(acc, params->in_multiplier, params->in_shift);
        acc = dot(0, hidden, hidden_weights + u * units, units);
        value += scaled(acc, params->hidden_multiplier, params->hidden_shift);
        *output++ = (int16_t)a8_clamped_sum(value, 0, INT16_MIN, INT16_MAX);
    }
}
