// SPDX-License-Identifier: MIT
//
// What operators check alike in prepare.
#ifndef A8_CHECK_H
#define A8_CHECK_H

#include <stddef.h>

#include "../op.h"

// Elements that an eval handles between two calls of a8_ctx_stop.
#define A8_POLL_ELEMENTS (4096)
// Bytes likewise that are only copied or set.
#define A8_POLL_BYTES (16384)

// No multiplier with a larger shift is needed for outputs of 8 or 16 bits: any input but the zero point
// saturates them, and no scaled input wraps around.
#define A8_SATURATING_SHIFT (20)

// Sentences of many operators.
#define A8_WRONG_TYPE "a tensor has another type than the operator takes"
#define A8_WRONG_RANK "a tensor has another rank than the operator takes"
#define A8_NO_ELEMENTS "a tensor has no elements"
#define A8_WRONG_CHANNELS "a number of channels is no multiple of another"
#define A8_WRONG_ACTIVATION "fused activation is not supported"
#define A8_WRONG_ELEMENTS "the operator takes no elements of this type"
#define A8_INT16_ZERO "int16 tensors need zero point 0 here"
#define A8_TINY_SCALE "output scale is far too small for an input's"
#define A8_LONG_ROWS "last dimension is too large"

// Gets input 0 and output 0 of a node with n_inputs inputs and one output.
int a8_check_node(a8_ctx_t *ctx, uint32_t n_inputs, a8_tensor_info_t *input, a8_tensor_info_t *output);

// Has the tensor this type, and elements?
int a8_check_type(a8_ctx_t *ctx, const a8_tensor_info_t *info, a8_dtype_t dtype);

// Has it one scale as well? The model view has
// checked that scales are positive and finite, and that zero points fit the type.
int a8_check_quantized(a8_ctx_t *ctx, const a8_tensor_info_t *info, a8_dtype_t dtype);

// Has the output as many elements as the input?
int a8_check_counts(a8_ctx_t *ctx, const a8_tensor_info_t *input, const a8_tensor_info_t *output);

#endif
