// SPDX-License-Identifier: MIT
//
// REVERSE_SEQUENCE: of every batch the first so many steps, back to front.
#include "indices.h"
#include "strided.h"

typedef struct {
    int32_t rank;
    int32_t element;
    int32_t dtype; // of the lengths
    int32_t sequence; // dimension
    int32_t batch;
    int32_t dims[A8_MAX_DIMS];
} block_t;

typedef char a8_assert_reverse_sequence_block_t[sizeof(block_t) == 20 + 4 * A8_MAX_DIMS ? 1 : -1];

int a8_reverse_sequence_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t lengths;
    int code = a8_check_node(ctx, 2, &in, &out);
    if (code != A8_OK || (code = a8_check_moved(ctx, &in, &out)) != A8_OK ||
        (code = a8_check_same_shape(ctx, &in, &out)) != A8_OK) {
        return code;
    }
    int sequence = a8_check_axis(ctx, a8_ctx_option_int32(ctx, 0, 0), in.rank);
    int batch = a8_check_axis(ctx, a8_ctx_option_int32(ctx, 1, 0), in.rank);
    if (sequence < 0 || batch < 0) {
        return sequence < 0 ? sequence : batch;
    }
    if (sequence == batch) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "sequence and batch are one dimension", A8_NONE, batch);
    }
    code = a8_check_indices(ctx, 1, in.dims[batch], &lengths);
    if (code != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->rank = (int32_t)in.rank;
    block->element = (int32_t)a8_dtype_size(in.dtype);
    block->dtype = (int32_t)lengths.dtype;
    block->sequence = sequence;
    block->batch = batch;
    for (uint32_t i = 0; i < in.rank; i++) {
        block->dims[i] = in.dims[i];
    }
    return A8_OK;
}

// Steps first to first + n - 1 of a batch.
static int part(a8_ctx_t *ctx, const block_t *block, int32_t batch, int32_t first, int32_t n, bool back) {
    if (n == 0) {
        return A8_OK;
    }
    a8_strided_t box = a8_strided(block->element);
    int32_t stride = block->element;
    for (int32_t i = block->rank; i-- > 0;) {
        if (i == block->sequence) {
            box.in += (back ? n - 1 : first) * stride;
            box.out += first * stride;
            a8_strided_add(&box, n, back ? -stride : stride, stride);
        } else if (i == block->batch) {
            box.in += batch * stride;
            box.out += batch * stride;
        } else {
            a8_strided_add(&box, block->dims[i], stride, stride);
        }
        stride *= block->dims[i];
    }
    return a8_strided_copy(ctx, &box, a8_ctx_in(ctx, 0), a8_ctx_out(ctx, 0));
}

int a8_reverse_sequence_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const int32_t steps = block->dims[block->sequence];
    for (int32_t i = 0; i < block->dims[block->batch]; i++) {
        int32_t n = a8_index((a8_dtype_t)block->dtype, a8_ctx_in(ctx, 1), (uint32_t)i);
        if (n < 0 || n > steps) {
            return a8_ctx_fail(ctx, A8_ERR_DATA, "a sequence's length is out of range", steps, n);
        }
        int code = part(ctx, block, i, 0, n, true);
        if (code != A8_OK || (code = part(ctx, block, i, n, steps - n, false)) != A8_OK) {
            return code;
        }
    }
    return A8_OK;
}
