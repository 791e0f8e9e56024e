// SPDX-License-Identifier: MIT
//
// Reductions over some dimensions of a tensor: which elements make an output, and the loop over them.
#ifndef A8_REDUCE_H
#define A8_REDUCE_H

#include "../op.h"

// Neighbouring dimensions that are both kept or both reduced count as one, so that three of each reach rank 6.
#define A8_REDUCE_GROUPS (3)

// Part of a node's block. Groups are outermost first, unused ones have extent 1; strides are in bytes.
typedef struct {
    int32_t kept[A8_REDUCE_GROUPS];
    int32_t kept_stride[A8_REDUCE_GROUPS];
    int32_t reduced[A8_REDUCE_GROUPS];
    int32_t reduced_stride[A8_REDUCE_GROUPS];
    int32_t outputs;
    int32_t count; // elements that make one output
} a8_reduce_t;

typedef char a8_assert_reduce_t[sizeof(a8_reduce_t) == 56 ? 1 : -1];

// Takes in n elements, stride bytes apart and of any alignment. The state is whatever 32 bits the reducer needs.
typedef int32_t a8_reduce_row_t(int32_t state, int32_t flip, const uint8_t *x, int32_t n, int32_t stride);
// The same for so many states, of elements that lie side by side in one byte each.
#define A8_REDUCE_COLUMNS (8)
typedef void a8_reduce_columns_t(int32_t *states, const int8_t *x, int32_t n, int32_t stride, int32_t columns);
// Turns the state after the last element into output i.
typedef void a8_reduce_put_t(const void *params, int32_t state, int32_t flip, void *out, int32_t i);

typedef struct {
    a8_reduce_row_t *row;
    a8_reduce_put_t *put;
    int32_t init; // state before the first element
    int32_t flip; // for what row and put want
    a8_reduce_columns_t *columns; // NULL: there is none
} a8_reducer_t;

// Reads the node's second input, the constant axes, and checks that the output has one element for each
// group of elements. Neither tensor is empty.
int a8_reduce_prepare(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out, a8_reduce_t *reduce);

// Fills the node's output from its first input. Elements of an output are taken in as they lie in memory.
int a8_reduce_eval(a8_ctx_t *ctx, const a8_reduce_t *reduce, const a8_reducer_t *reducer, const void *params);

// One dimension of a tensor: an element has outer * inner like it, each inner elements from the next.
typedef struct {
    int32_t outer;
    int32_t extent;
    int32_t inner;
} a8_axis_t;

// Reads the node's second input, which must name one dimension of the first, that is not empty.
int a8_reduce_axis(a8_ctx_t *ctx, const a8_tensor_info_t *in, a8_axis_t *axis);

#endif
