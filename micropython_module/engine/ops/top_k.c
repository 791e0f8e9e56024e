// SPDX-License-Identifier: MIT
//
// TOPK_V2: the k largest elements of every row and their indices, the largest
// first, of equals the first.
#include <string.h>

#include "../quantize.h"
#include "indices.h"
#include "strided.h"

typedef struct {
    int32_t rows;
    int32_t depth; // of a row
    int32_t k;
    int32_t dtype;
    int32_t element;
} block_t;

typedef char a8_assert_top_k_block_t[sizeof(block_t) == 20 ? 1 : -1];

int a8_top_k_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t k;
    a8_tensor_info_t out[2];
    if (a8_ctx_inputs(ctx) != 2 || a8_ctx_outputs(ctx) != 2) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "wrong number of inputs or outputs", 2,
            (int32_t)(a8_ctx_inputs(ctx) != 2 ? a8_ctx_inputs(ctx) : a8_ctx_outputs(ctx)));
    }
    int code = a8_ctx_input(ctx, 0, &in);
    if (code != A8_OK || (code = a8_check_constant_indices(ctx, 1, 1, &k)) != A8_OK ||
        (code = a8_ctx_output(ctx, 0, &out[0])) != A8_OK || (code = a8_ctx_output(ctx, 1, &out[1])) != A8_OK ||
        (code = a8_check_moved(ctx, &in, &out[0])) != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->depth = in.rank == 0 ? 0 : in.dims[in.rank - 1];
    block->k = a8_index(k.dtype, k.data, 0);
    if (block->k < 1 || block->k > block->depth) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "a row has not so many elements", block->depth, block->k);
    }
    block->rows = (int32_t)in.count / block->depth;
    block->dtype = (int32_t)in.dtype;
    block->element = (int32_t)a8_dtype_size(in.dtype);
    in.dims[in.rank - 1] = block->k;
    if ((code = a8_check_same_shape(ctx, &in, &out[0])) != A8_OK ||
        (code = a8_check_same_shape(ctx, &in, &out[1])) != A8_OK) {
        return code;
    }
    if (out[1].dtype != A8_INT32) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "indices are not int32 (type 2)", A8_INT32,
            (int32_t)out[1].dtype);
    }
    switch (in.dtype) {
        case A8_INT8:
        case A8_UINT8:
        case A8_INT16:
        case A8_INT32:
        case A8_INT64:
        case A8_FLOAT32:
            return A8_OK;
        default:
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ELEMENTS, A8_NONE,
                (int32_t)in.dtype);
    }
}

// A number that grows with the element.
static int64_t key(int32_t dtype, const uint8_t *p) {
    int32_t bits;
    switch (dtype) {
        case A8_INT8:
            return (int8_t)*p;
        case A8_UINT8:
            return *p;
        case A8_INT16:
            return (int16_t)(uint16_t)(p[0] | p[1] << 8);
        case A8_INT32:
            return a8_load_i32(p);
        case A8_INT64:
            return (int64_t)((uint64_t)(uint32_t)a8_load_i32(p + 4) << 32 | (uint32_t)a8_load_i32(p));
        default: // float32: sign and magnitude; both zeros are 0
            bits = a8_load_i32(p);
            return bits < 0 ? -(int64_t)(bits & INT32_MAX) : bits;
    }
}

// Inserts each element of a row among those that are the largest until now. They are compared as they lie in the
// output, so that nothing there is an address.
int a8_top_k_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const uint32_t element = (uint32_t)block->element;
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint8_t *values = a8_ctx_out(ctx, 0);
    int32_t *indices = a8_ctx_out(ctx, 1);
    int32_t left = A8_POLL_ELEMENTS;
    for (int32_t row = 0; row < block->rows; row++) {
        int32_t n = 0;
        for (int32_t i = 0; i < block->depth; i++, in += element) {
            int64_t now = key(block->dtype, in);
            int32_t at = n;
            while (at > 0 && key(block->dtype, values + (uint32_t)(at - 1) * element) < now) {
                at--;
            }
            n += n < block->k;
            if (at < n) {
                uint32_t behind = (uint32_t)(n - 1 - at);
                memmove(values + (uint32_t)(at + 1) * element, values + (uint32_t)at * element, behind * element);
                memmove(indices + at + 1, indices + at, behind * sizeof(*indices));
                memcpy(values + (uint32_t)at * element, in, element);
                indices[at] = i;
            }
            left -= 1 + n - at;
            if (left <= 0) {
                left = A8_POLL_ELEMENTS;
                if (a8_ctx_stop(ctx)) {
                    return A8_ERR_ABORTED;
                }
            }
        }
        values += (uint32_t)block->k * element;
        indices += block->k;
    }
    return A8_OK;
}
