// SPDX-License-Identifier: MIT
//
// Copying a box of elements: what most operators that move elements do. Both
// sides are walked with steps of their own in every dimension, so slices,
// transpositions, reversals, splits and stacks are one loop.
#ifndef A8_STRIDED_H
#define A8_STRIDED_H

#include "check.h"

// The most that any operator needs: a block of each of two spatial dimensions is one more.
#define A8_STRIDED_DIMS (A8_MAX_DIMS > 5 ? A8_MAX_DIMS : 5)

typedef struct {
    int32_t extent; // at least 2
    int32_t in; // bytes from one unit to the next
    int32_t out;
} a8_strided_dim_t;

// Build it from the innermost dimension to the outermost: start with a8_strided, then a8_strided_add.
typedef struct {
    int32_t in; // bytes before the first unit; for its owner to set
    int32_t out;
    int32_t unit; // bytes that lie together on both sides
    int32_t n_dims;
    a8_strided_dim_t dims[A8_STRIDED_DIMS]; // innermost first
} a8_strided_t;

// A single unit of so many bytes.
a8_strided_t a8_strided(int32_t unit);
// So many of what it is until now. Dimensions along which both sides move as along the one inside become one.
void a8_strided_add(a8_strided_t *box, int32_t extent, int32_t in, int32_t out);

// Bytes that it takes in a record: dimensions that it doesn't have are left off.
uint32_t a8_strided_bytes(const a8_strided_t *box);
// Keeps it as the node's block. Returns A8_OK or A8_ERR_MEMORY.
int a8_strided_record(a8_ctx_t *ctx, const a8_strided_t *box);

// Copies and polls, at least once. in may have any alignment and does not overlap out.
// Returns A8_OK or A8_ERR_ABORTED.
int a8_strided_copy(a8_ctx_t *ctx, const a8_strided_t *box, const uint8_t *in, uint8_t *out);
// Eval of operators whose block is the box: input 0 to output 0.
int a8_strided_eval(a8_ctx_t *ctx);
// Bytes in a row. *left are those until the next poll, A8_POLL_BYTES at first.
int a8_copy(a8_ctx_t *ctx, const uint8_t *in, uint8_t *out, uint32_t bytes, int32_t *left);
// Fills bytes, a multiple of the element's, with one element; the rest as above.
int a8_fill(a8_ctx_t *ctx, const uint8_t *value, uint32_t element, uint8_t *out, uint32_t bytes, int32_t *left);

// Do both tensors have elements, of the same type and of whole bytes?
int a8_check_moved(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out);
// Has the output the input's shape?
int a8_check_same_shape(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out);
// If elements are int8 or uint8: do they stand for the same numbers in both, as where the reference moves without
// rescaling and insists on it? Of int16 it doesn't look at scales.
int a8_check_same_scale(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out);
// Bytes from one element to the next along each dimension.
void a8_strides(const a8_tensor_info_t *info, int32_t strides[A8_MAX_DIMS]);

#endif
