// SPDX-License-Identifier: MIT
//
// TILE: the input again and again along each dimension.
#include "indices.h"
#include "strided.h"

typedef struct {
    int32_t rank;
    int32_t element;
    int32_t in[A8_MAX_DIMS]; // dimensions
    int32_t out[A8_MAX_DIMS];
} block_t;

typedef char a8_assert_tile_block_t[sizeof(block_t) == 8 + 8 * A8_MAX_DIMS ? 1 : -1];

int a8_tile_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t multiples;
    int code = a8_check_node(ctx, 2, &in, &out);
    if (code != A8_OK || (code = a8_check_moved(ctx, &in, &out)) != A8_OK ||
        (code = a8_check_constant_indices(ctx, 1, (int32_t)in.rank, &multiples)) != A8_OK) {
        return code;
    }
    if (out.rank != in.rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the input's rank", (int32_t)in.rank, (int32_t)out.rank);
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->rank = (int32_t)in.rank;
    block->element = (int32_t)a8_dtype_size(in.dtype);
    for (uint32_t i = 0; i < in.rank; i++) {
        int32_t times = a8_index(multiples.dtype, multiples.data, i);
        if ((int64_t)in.dims[i] * times != out.dims[i]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "a dimension of the output is not the input's so many times", times,
                out.dims[i]);
        }
        block->in[i] = in.dims[i];
        block->out[i] = out.dims[i];
    }
    return A8_OK;
}

// The input goes into the output's first corner. Then, from the innermost dimension out, what is there already is
// copied behind itself.
int a8_tile_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint8_t *out = a8_ctx_out(ctx, 0);
    int32_t steps[2][A8_MAX_DIMS];
    int32_t step[2] = { block->element, block->element };
    a8_strided_t box = a8_strided(block->element);
    for (int32_t i = block->rank; i-- > 0;) {
        steps[0][i] = step[0];
        steps[1][i] = step[1];
        a8_strided_add(&box, block->in[i], step[0], step[1]);
        step[0] *= block->in[i];
        step[1] *= block->out[i];
    }
    int code = a8_strided_copy(ctx, &box, in, out);
    for (int32_t i = block->rank; i-- > 0 && code == A8_OK;) {
        int32_t filled = block->in[i] * steps[1][i]; // bytes in a row, as the dimensions inside are full
        int32_t times = block->out[i] / block->in[i];
        if (times == 1) {
            continue;
        }
        box = a8_strided(filled);
        box.out = filled;
        a8_strided_add(&box, times - 1, 0, filled);
        for (int32_t k = i; k-- > 0;) {
            a8_strided_add(&box, block->in[k], steps[1][k], steps[1][k]);
        }
        code = a8_strided_copy(ctx, &box, out, out);
    }
    return code;
}
