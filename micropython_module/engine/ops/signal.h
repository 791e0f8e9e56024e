// SPDX-License-Identifier: MIT
//
// What the operators of the audio front end check alike in prepare. They are custom operators without quantization,
// whose options are maps.
#ifndef A8_SIGNAL_H
#define A8_SIGNAL_H

#include "../quantize.h"
#include "check.h"

int a8_signal_node(a8_ctx_t *ctx, uint32_t n_inputs, uint32_t n_outputs);

// Gets the i-th input or output, which has this type, elements, less than 2 GB, and this rank (-1: any).
int a8_signal_input(a8_ctx_t *ctx, uint32_t i, a8_dtype_t dtype, int32_t rank, a8_tensor_info_t *info);
int a8_signal_output(a8_ctx_t *ctx, uint32_t i, a8_dtype_t dtype, int32_t rank, a8_tensor_info_t *info);

// Has the tensor this many elements?
int a8_signal_count(a8_ctx_t *ctx, const a8_tensor_info_t *info, int64_t count);

// Gets an option that has to be there, from min to max.
int a8_signal_option(a8_ctx_t *ctx, const char *name, int32_t min, int32_t max, int32_t *value);

// Loads of elements of any alignment.
static inline int16_t a8_signal_i16(const uint8_t *p, int32_t i) {
    return (int16_t)(p[2 * i] | p[2 * i + 1] << 8);
}

static inline uint32_t a8_signal_u32(const uint8_t *p, int32_t i) {
    return (uint32_t)a8_load_i32(p + 4 * i);
}

// Called for each element of a loop: time to stop?
static inline bool a8_signal_stop(a8_ctx_t *ctx, int32_t i) {
    return i % A8_POLL_ELEMENTS == A8_POLL_ELEMENTS - 1 && a8_ctx_stop(ctx);
}

// Position of the highest bit that is set, from 1; 0 if none is.
static inline int32_t a8_signal_bits(uint32_t x) {
    int32_t bits = 0;
    for (int32_t step = 16; step != 0; step >>= 1) {
        if (x >> step != 0) {
            x >>= step;
            bits += step;
        }
    }
    return bits + (x != 0);
}

#endif
