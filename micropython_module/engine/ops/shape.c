// SPDX-License-Identifier: MIT
//
// SHAPE and RANK say what the model says, FILL and ZEROS_LIKE fill the output
// with one value.
#include <string.h>

#include "indices.h"
#include "strided.h"

typedef struct {
    uint32_t bytes;
    uint32_t element;
    uint8_t values[8 * A8_MAX_DIMS];
} block_t;

typedef char a8_assert_shape_block_t[sizeof(block_t) == 8 + 8 * A8_MAX_DIMS ? 1 : -1];

// The output is these numbers, as int32 or int64.
static int numbers(a8_ctx_t *ctx, const a8_tensor_info_t *out, const int32_t *values, uint32_t n) {
    if (out->dtype != A8_INT32 && out->dtype != A8_INT64) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "output is not int32 (type 2) or int64", A8_INT32,
            (int32_t)out->dtype);
    }
    if (out->count != n || n == 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not one element for each dimension", (int32_t)n,
            (int32_t)out->count);
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->bytes = out->bytes;
    block->element = a8_dtype_size(out->dtype);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < 4; k++) {
            block->values[block->element * i + k] = (uint8_t)((uint32_t)values[i] >> 8 * k); // the upper half is 0
        }
    }
    return A8_OK;
}

int a8_shape_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 1, &in, &out);
    return code == A8_OK ? numbers(ctx, &out, in.dims, in.rank) : code;
}

int a8_rank_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK) {
        return code;
    }
    int32_t rank = (int32_t)in.rank;
    return numbers(ctx, &out, &rank, 1);
}

int a8_shape_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    memcpy(a8_ctx_out(ctx, 0), block->values, block->bytes);
    return A8_OK;
}

typedef struct {
    uint32_t bytes;
    uint32_t element;
    int32_t dtype; // of computed dimensions
    int32_t n_dims; // which have to be these; 0: they are constant
    int32_t dims[A8_MAX_DIMS];
} fill_t;

typedef char a8_assert_fill_t[sizeof(fill_t) == 16 + 4 * A8_MAX_DIMS ? 1 : -1];

// The first input, when it is known, only repeats the output's shape, which is in the model already.
static int check_dims(a8_ctx_t *ctx, int code, const fill_t *block, int32_t n, const uint8_t *data) {
    for (int32_t i = 0; i < n; i++) {
        int32_t dim = a8_index((a8_dtype_t)block->dtype, data, (uint32_t)i);
        if (dim != block->dims[i]) {
            return a8_ctx_fail(ctx, code, "output has not the shape of the first input", dim, block->dims[i]);
        }
    }
    return A8_OK;
}

int a8_fill_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t dims;
    a8_tensor_info_t value;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 2, &dims, &out);
    if (code != A8_OK || (code = a8_ctx_input(ctx, 1, &value)) != A8_OK ||
        (code = a8_check_moved(ctx, &value, &out)) != A8_OK ||
        (code = a8_check_indices(ctx, 0, (int32_t)out.rank, &dims)) != A8_OK) {
        return code;
    }
    if (value.count != 1) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the value is not one element", 1, (int32_t)value.count);
    }
    fill_t *block = a8_ctx_alloc(ctx, sizeof(fill_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->bytes = out.bytes;
    block->element = a8_dtype_size(out.dtype);
    block->dtype = (int32_t)dims.dtype;
    block->n_dims = dims.data == NULL ? (int32_t)out.rank : 0;
    memcpy(block->dims, out.dims, out.rank * sizeof(int32_t));
    return dims.data == NULL ? A8_OK : check_dims(ctx, A8_ERR_MODEL, block, (int32_t)out.rank, dims.data);
}

int a8_fill_eval(a8_ctx_t *ctx) {
    const fill_t *block = a8_ctx_data(ctx);
    int32_t left = A8_POLL_BYTES;
    int code = check_dims(ctx, A8_ERR_DATA, block, block->n_dims, a8_ctx_in(ctx, 0));
    if (code != A8_OK) {
        return code;
    }
    return a8_fill(ctx, a8_ctx_in(ctx, 1), block->element, a8_ctx_out(ctx, 0), block->bytes, &left);
}

// Zeros as the reference has them: also where the zero point is another.
int a8_zeros_like_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK || (code = a8_check_moved(ctx, &in, &out)) != A8_OK ||
        (code = a8_check_same_shape(ctx, &in, &out)) != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->bytes = out.bytes;
    block->element = 1;
    return A8_OK;
}

int a8_zeros_like_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    int32_t left = A8_POLL_BYTES;
    return a8_fill(ctx, block->values, 1, a8_ctx_out(ctx, 0), block->bytes, &left);
}
