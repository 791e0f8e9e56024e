// SPDX-License-Identifier: MIT
//
// GATHER and GATHER_ND: slices of the input that computed or constant indices
// name.
#include "indices.h"
#include "strided.h"

// The node's block. An index of GATHER_ND has several digits, each with a limit and the bytes of a step.
typedef struct {
    int32_t batches;
    int32_t outer; // dimensions between the batches and the axis
    int32_t indices; // of a batch
    int32_t slice; // bytes
    int32_t batch_bytes; // of the input, from one batch to the next
    int32_t outer_bytes;
    int32_t dtype; // of the indices
    int32_t n_digits;
    struct {
        int32_t limit;
        int32_t step;
    } digits[A8_MAX_DIMS];
} block_t;

typedef char a8_assert_gather_block_t[sizeof(block_t) == 32 + 8 * A8_MAX_DIMS ? 1 : -1];

static int32_t product(const a8_tensor_info_t *info, uint32_t from, uint32_t to) {
    int32_t n = 1;
    for (uint32_t i = from; i < to; i++) {
        n *= info->dims[i];
    }
    return n;
}

// Dimensions [from, to) of info are the output's from *at on.
static int follows(a8_ctx_t *ctx, const a8_tensor_info_t *out, uint32_t *at, const a8_tensor_info_t *info,
    uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++, ++*at) {
        if (*at >= out->rank || out->dims[*at] != info->dims[i]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the shape of what is gathered", info->dims[i],
                *at < out->rank ? out->dims[*at] : A8_NONE);
        }
    }
    return A8_OK;
}

static int rank_of(a8_ctx_t *ctx, const a8_tensor_info_t *out, uint32_t rank) {
    if (out->rank != rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the rank of what is gathered", (int32_t)rank,
            (int32_t)out->rank);
    }
    return A8_OK;
}

static int tensors(a8_ctx_t *ctx, a8_tensor_info_t *in, a8_tensor_info_t *indices, a8_tensor_info_t *out) {
    int code = a8_check_node(ctx, 2, in, out);
    if (code != A8_OK || (code = a8_check_moved(ctx, in, out)) != A8_OK ||
        (code = a8_check_indices(ctx, 1, A8_NONE, indices)) != A8_OK) {
        return code;
    }
    if (indices->count == 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_NO_ELEMENTS, 1, 0);
    }
    return A8_OK;
}

static int record(a8_ctx_t *ctx, const block_t *block) {
    block_t *to = a8_ctx_alloc(ctx, sizeof(block_t));
    if (to == NULL) {
        return A8_ERR_MEMORY;
    }
    *to = *block;
    return A8_OK;
}

int a8_gather_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t indices;
    a8_tensor_info_t out;
    int code = tensors(ctx, &in, &indices, &out);
    int axis = code == A8_OK ? a8_check_axis(ctx, a8_ctx_option_int32(ctx, 0, 0), in.rank) : code;
    if (axis < 0) {
        return axis;
    }
    int32_t batch_dims = a8_ctx_option_int32(ctx, 1, 0);
    batch_dims += batch_dims < 0 ? (int32_t)indices.rank : 0;
    if (batch_dims < 0 || batch_dims > axis || batch_dims > (int32_t)indices.rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "no such number of batch dimensions", axis, batch_dims);
    }
    uint32_t batch = (uint32_t)batch_dims;
    uint32_t along = (uint32_t)axis;
    for (uint32_t i = 0; i < batch; i++) {
        if (in.dims[i] != indices.dims[i]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "input and indices differ in a batch dimension", in.dims[i],
                indices.dims[i]);
        }
    }
    uint32_t at = 0;
    if ((code = follows(ctx, &out, &at, &in, 0, along)) != A8_OK ||
        (code = follows(ctx, &out, &at, &indices, batch, indices.rank)) != A8_OK ||
        (code = follows(ctx, &out, &at, &in, along + 1, in.rank)) != A8_OK ||
        (code = rank_of(ctx, &out, at)) != A8_OK) {
        return code;
    }
    int32_t strides[A8_MAX_DIMS];
    a8_strides(&in, strides);
    block_t block = {
        .batches = product(&in, 0, batch),
        .outer = product(&in, batch, along),
        .indices = product(&indices, batch, indices.rank),
        .slice = strides[along],
        .outer_bytes = in.dims[along] * strides[along],
        .dtype = (int32_t)indices.dtype,
        .n_digits = 1,
        .digits = { { in.dims[along], strides[along] } },
    };
    block.batch_bytes = block.outer * block.outer_bytes;
    return record(ctx, &block);
}

int a8_gather_nd_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t indices;
    a8_tensor_info_t out;
    int code = tensors(ctx, &in, &indices, &out);
    if (code != A8_OK) {
        return code;
    }
    if (indices.rank == 0 || indices.dims[indices.rank - 1] > (int32_t)in.rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "an index has more digits than the input has dimensions",
            (int32_t)in.rank, indices.rank == 0 ? A8_NONE : indices.dims[indices.rank - 1]);
    }
    uint32_t n = (uint32_t)indices.dims[indices.rank - 1];
    uint32_t at = 0;
    if ((code = follows(ctx, &out, &at, &indices, 0, indices.rank - 1)) != A8_OK ||
        (code = follows(ctx, &out, &at, &in, n, in.rank)) != A8_OK || (code = rank_of(ctx, &out, at)) != A8_OK) {
        return code;
    }
    int32_t strides[A8_MAX_DIMS];
    a8_strides(&in, strides);
    block_t block = {
        .batches = 1,
        .outer = 1,
        .indices = (int32_t)(indices.count / n),
        .slice = strides[n - 1],
        .dtype = (int32_t)indices.dtype,
        .n_digits = (int32_t)n,
    };
    for (uint32_t i = 0; i < n; i++) {
        block.digits[i].limit = in.dims[i];
        block.digits[i].step = strides[i];
    }
    return record(ctx, &block);
}

int a8_gather_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    const uint8_t *indices = a8_ctx_in(ctx, 1);
    uint8_t *out = a8_ctx_out(ctx, 0);
    int32_t left = A8_POLL_BYTES;
    uint32_t first = 0; // index of the batch
    for (int32_t batch = 0; batch < block->batches; batch++) {
        for (int32_t outer = 0; outer < block->outer; outer++) {
            const uint8_t *from = in + batch * block->batch_bytes + outer * block->outer_bytes;
            uint32_t at = first;
            for (int32_t i = 0; i < block->indices; i++) {
                const uint8_t *slice = from;
                for (int32_t k = 0; k < block->n_digits; k++) {
                    int32_t index = a8_index((a8_dtype_t)block->dtype, indices, at++);
                    if (index < 0 || index >= block->digits[k].limit) {
                        return a8_ctx_fail(ctx, A8_ERR_DATA, "an index is out of range", block->digits[k].limit,
                            index);
                    }
                    slice += index * block->digits[k].step;
                }
                int code = a8_copy(ctx, slice, out, (uint32_t)block->slice, &left);
                if (code != A8_OK) {
                    return code;
                }
                out += block->slice;
            }
        }
        first += (uint32_t)block->indices;
    }
    return A8_OK;
}
