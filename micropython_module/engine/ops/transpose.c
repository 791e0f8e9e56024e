// SPDX-License-Identifier: MIT
//
// TRANSPOSE and REVERSE_V2: the output in order, the input in steps of its own.
#include "indices.h"
#include "strided.h"

int a8_transpose_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t perm;
    int code = a8_check_node(ctx, 2, &in, &out);
    if (code != A8_OK || (code = a8_check_moved(ctx, &in, &out)) != A8_OK ||
        (code = a8_check_constant_indices(ctx, 1, (int32_t)in.rank, &perm)) != A8_OK) {
        return code;
    }
    if (out.rank != in.rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the input's rank", (int32_t)in.rank, (int32_t)out.rank);
    }
    int32_t in_strides[A8_MAX_DIMS];
    int32_t out_strides[A8_MAX_DIMS];
    a8_strides(&in, in_strides);
    a8_strides(&out, out_strides);
    a8_strided_t box = a8_strided((int32_t)a8_dtype_size(in.dtype));
    uint32_t seen = 0;
    for (uint32_t i = in.rank; i-- > 0;) {
        int32_t from = a8_index(perm.dtype, perm.data, i);
        if (from < 0 || from >= (int32_t)in.rank || (seen >> from & 1) != 0) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "not a permutation of the input's dimensions", (int32_t)in.rank,
                from);
        }
        seen |= 1u << from;
        if (out.dims[i] != in.dims[from]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "a dimension of the output is not the permuted one of the input",
                in.dims[from], out.dims[i]);
        }
        a8_strided_add(&box, out.dims[i], in_strides[from], out_strides[i]);
    }
    return a8_strided_record(ctx, &box);
}

// REVERSE_V2's axes may be computed. The node's block:
typedef struct {
    int32_t rank;
    int32_t n_axes; // computed ones
    int32_t dtype; // of those
    uint32_t reversed; // bits of the constant ones
    int32_t element;
    int32_t dims[A8_MAX_DIMS];
} reverse_t;

typedef char a8_assert_reverse_t[sizeof(reverse_t) == 20 + 4 * A8_MAX_DIMS ? 1 : -1];

static int axes(a8_ctx_t *ctx, int code, const reverse_t *block, int32_t n, const uint8_t *data, uint32_t *reversed) {
    for (int32_t i = 0; i < n; i++) {
        int32_t axis = a8_index((a8_dtype_t)block->dtype, data, (uint32_t)i);
        int32_t from_start = axis < 0 ? axis + block->rank : axis;
        if (from_start < 0 || from_start >= block->rank || (*reversed >> from_start & 1) != 0) {
            return a8_ctx_fail(ctx, code, "no such axis, or the same twice", block->rank, axis);
        }
        *reversed |= 1u << from_start;
    }
    return A8_OK;
}

int a8_reverse_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t axis;
    int code = a8_check_node(ctx, 2, &in, &out);
    if (code != A8_OK || (code = a8_check_moved(ctx, &in, &out)) != A8_OK ||
        (code = a8_check_same_shape(ctx, &in, &out)) != A8_OK ||
        (code = a8_check_indices(ctx, 1, A8_NONE, &axis)) != A8_OK) {
        return code;
    }
    if (axis.count > in.rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "more axes than dimensions", (int32_t)in.rank, (int32_t)axis.count);
    }
    reverse_t *block = a8_ctx_alloc(ctx, sizeof(reverse_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->rank = (int32_t)in.rank;
    block->n_axes = axis.data == NULL ? (int32_t)axis.count : 0;
    block->dtype = (int32_t)axis.dtype;
    block->element = (int32_t)a8_dtype_size(in.dtype);
    for (uint32_t i = 0; i < in.rank; i++) {
        block->dims[i] = in.dims[i];
    }
    return axis.data == NULL ? A8_OK : axes(ctx, A8_ERR_MODEL, block, (int32_t)axis.count, axis.data, &block->reversed);
}

int a8_reverse_eval(a8_ctx_t *ctx) {
    const reverse_t *block = a8_ctx_data(ctx);
    uint32_t reversed = block->reversed;
    int code = axes(ctx, A8_ERR_DATA, block, block->n_axes, a8_ctx_in(ctx, 1), &reversed);
    if (code != A8_OK) {
        return code;
    }
    a8_strided_t box = a8_strided(block->element);
    int32_t stride = block->element;
    for (int32_t i = block->rank; i-- > 0;) {
        bool back = (reversed >> i & 1) != 0;
        box.in += back ? (block->dims[i] - 1) * stride : 0;
        a8_strided_add(&box, block->dims[i], back ? -stride : stride, stride);
        stride *= block->dims[i];
    }
    return a8_strided_copy(ctx, &box, a8_ctx_in(ctx, 0), a8_ctx_out(ctx, 0));
}
