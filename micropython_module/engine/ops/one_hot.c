// SPDX-License-Identifier: MIT
//
// ONE_HOT: along a new axis, one value where the index says and another
// everywhere else. An index out of range has only the other.
#include <string.h>

#include "indices.h"
#include "strided.h"

typedef struct {
    int32_t outer; // elements of the indices before the new axis
    int32_t inner; // and behind it
    int32_t depth;
    int32_t element;
    int32_t dtype; // of the indices
} block_t;

typedef char a8_assert_one_hot_block_t[sizeof(block_t) == 20 ? 1 : -1];

int a8_one_hot_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t indices;
    a8_tensor_info_t depth;
    a8_tensor_info_t values[2];
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 4, &indices, &out);
    if (code != A8_OK || (code = a8_check_indices(ctx, 0, A8_NONE, &indices)) != A8_OK ||
        (code = a8_check_constant_indices(ctx, 1, 1, &depth)) != A8_OK) {
        return code;
    }
    for (uint32_t i = 0; i < 2; i++) {
        if ((code = a8_ctx_input(ctx, 2 + i, &values[i])) != A8_OK ||
            (code = a8_check_moved(ctx, &values[i], &out)) != A8_OK) {
            return code;
        }
        if (values[i].count != 1) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "the value is not one element", 1, (int32_t)values[i].count);
        }
    }
    int axis = a8_check_axis(ctx, a8_ctx_option_int32(ctx, 0, 0), indices.rank + 1);
    if (axis < 0) {
        return axis;
    }
    int32_t n = a8_index(depth.dtype, depth.data, 0);
    bool same = out.rank == indices.rank + 1;
    for (uint32_t i = 0, k = 0; i < out.rank && same; i++) {
        same = out.dims[i] == (i == (uint32_t)axis ? n : indices.dims[k++]);
    }
    if (!same) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the shape of the indices and their depth", n, A8_NONE);
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *block = (block_t){ 1, 1, n, (int32_t)a8_dtype_size(out.dtype), (int32_t)indices.dtype };
    for (uint32_t i = 0; i < indices.rank; i++) {
        *(i < (uint32_t)axis ? &block->outer : &block->inner) *= indices.dims[i];
    }
    return A8_OK;
}

int a8_one_hot_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *indices = a8_ctx_in(ctx, 0);
    const uint8_t *on = a8_ctx_in(ctx, 2);
    const uint32_t element = (uint32_t)block->element;
    const uint32_t row = (uint32_t)block->inner * element;
    uint8_t *out = a8_ctx_out(ctx, 0);
    int32_t left = A8_POLL_BYTES;
    uint32_t at = 0;
    for (int32_t i = 0; i < block->outer; i++, out += row * (uint32_t)block->depth) {
        int code = a8_fill(ctx, a8_ctx_in(ctx, 3), element, out, row * (uint32_t)block->depth, &left);
        for (int32_t k = 0; k < block->inner && code == A8_OK; k++) {
            int32_t index = a8_index((a8_dtype_t)block->dtype, indices, at++);
            if (index >= 0 && index < block->depth) {
                code = a8_copy(ctx, on, out + row * (uint32_t)index + (uint32_t)k * element, element, &left);
            }
        }
        if (code != A8_OK) {
            return code;
        }
    }
    return A8_OK;
}
