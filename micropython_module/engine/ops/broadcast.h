// SPDX-License-Identifier: MIT
//
// Operators that go element by element through one, two or three inputs whose
// shapes are broadcast against each other. An operator is a prepare, which
// leaves its parameters and the walk through the shapes in the node's block,
// and a function for a row of elements.
#ifndef A8_BROADCAST_H
#define A8_BROADCAST_H

#include "check.h"

#define A8_BROADCAST_INPUTS (3)

// A stretch of outputs that lie one behind the other. A step is 1, or 0 for an input that is the same for all.
typedef struct {
    const void *in[A8_BROADCAST_INPUTS];
    int32_t step[A8_BROADCAST_INPUTS];
    void *out;
    int32_t n; // at least 1
} a8_row_t;

// Computes a row. Returns A8_OK, or A8_ERR_DATA to end the invoke; its eval then says why.
typedef int a8_row_fn_t(const void *params, const a8_row_t *row);

// ---- In prepare -----------------------------------------------------------

// Gets n inputs and one output, of which each has elements (less than 2^31 bytes). Types are not looked at.
int a8_broadcast_tensors(a8_ctx_t *ctx, int32_t n, a8_tensor_info_t *in, a8_tensor_info_t *out);

// As a8_broadcast_tensors for two inputs, and all three tensors are of the first one's type. quantized: each has
// one scale.
int a8_binary_tensors(a8_ctx_t *ctx, bool quantized, a8_tensor_info_t in[2], a8_tensor_info_t *out);

// Range of a quantized output with the fused activation that the node's options name in their first field.
int a8_broadcast_activation(a8_ctx_t *ctx, const a8_tensor_info_t *out, int32_t *min, int32_t *max);

// Have all these tensors zero point 0?
int a8_broadcast_symmetric(a8_ctx_t *ctx, const a8_tensor_info_t *in, int32_t n, const a8_tensor_info_t *out);

// Has an element 1 to 8 bytes that an operator may move without knowing what they mean?
int a8_broadcast_movable(a8_ctx_t *ctx, const a8_tensor_info_t *info);

// Checks that the shapes fit, and allocates the node's block: a copy of params, whose size is a multiple of 4
// (it may be 0), and the walk.
int a8_broadcast_prepare(a8_ctx_t *ctx, int32_t n, const a8_tensor_info_t *in, const a8_tensor_info_t *out,
    const void *params, uint32_t params_size);

// The same for one input that is broadcast to the output's shape. (Otherwise the output is as large as the inputs
// together.)
int a8_broadcast_prepare_to(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out,
    const void *params, uint32_t params_size);

// ---- In eval --------------------------------------------------------------

// Goes through all rows, in pieces, and polls.
int a8_broadcast_eval(a8_ctx_t *ctx, a8_row_fn_t *fn, uint32_t params_size);

// The same for elements of more than a byte: fn finds them aligned to their size, wherever the inputs lie.
int a8_broadcast_eval_aligned(a8_ctx_t *ctx, a8_row_fn_t *fn, uint32_t params_size);

#endif
