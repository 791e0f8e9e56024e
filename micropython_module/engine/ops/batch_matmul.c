// SPDX-License-Identifier: MIT
#include <string.h>

#include "../kernels/kernels.h"
#include "../quantize.h"
#include "check.h"

// Fields of BatchMatMulOptions: which inputs hold the transposed matrices.
enum {
    ADJ_X,
    ADJ_Y,
};

#define MAX_RANK (5)
#define BATCH_DIMS (MAX_RANK - 2)

typedef struct {
    a8_batch_matmul_params_t params;
    int32_t rows; // of each product
    int32_t transposed; // the left holds columns, and a row is put together in scratch
    int32_t chunk; // columns between two polls
    int32_t batch[BATCH_DIMS]; // products, outermost dimension first
    int32_t left_batch[BATCH_DIMS]; // elements from one to the next, 0 where one matrix serves all
    int32_t right_batch[BATCH_DIMS];
} block_t;

typedef char a8_assert_batch_matmul_block_t[sizeof(block_t) == 84 ? 1 : -1];

// Size of the i-th dimension of MAX_RANK; those that a tensor lacks are 1.
static int32_t dim(const a8_tensor_info_t *info, uint32_t i) {
    return i + info->rank < MAX_RANK ? 1 : info->dims[i + info->rank - MAX_RANK];
}

static int check_rank(a8_ctx_t *ctx, const a8_tensor_info_t *info) {
    if (info->rank < 2 || info->rank > MAX_RANK) {
        return a8_ctx_fail(ctx, info->rank < 2 ? A8_ERR_MODEL : A8_ERR_UNSUPPORTED,
            "BATCH_MATMUL takes tensors of 2 to 5 dimensions", info->rank < 2 ? 2 : MAX_RANK, (int32_t)info->rank);
    }
    return A8_OK;
}

// Elements from one matrix to the next in each batch dimension.
static void set_strides(const a8_tensor_info_t *info, int32_t *strides) {
    int32_t stride = dim(info, BATCH_DIMS) * dim(info, BATCH_DIMS + 1);
    for (uint32_t i = BATCH_DIMS; i-- > 0;) {
        strides[i] = dim(info, i) == 1 ? 0 : stride;
        stride *= dim(info, i);
    }
}

// The tensors have elements, less than 2^31 of them.
static int check_shapes(a8_ctx_t *ctx, const a8_tensor_info_t *left, const a8_tensor_info_t *right,
    const a8_tensor_info_t *output, block_t *block) {
    a8_batch_matmul_params_t *params = &block->params;
    int code;
    if ((code = check_rank(ctx, left)) != A8_OK || (code = check_rank(ctx, right)) != A8_OK) {
        return code;
    }
    const bool adj_x = a8_ctx_option_int8(ctx, ADJ_X, 0) != 0;
    const bool adj_y = a8_ctx_option_int8(ctx, ADJ_Y, 0) != 0;
    block->rows = dim(left, BATCH_DIMS + adj_x);
    params->depth = dim(left, BATCH_DIMS + !adj_x);
    params->columns = dim(right, BATCH_DIMS + !adj_y);
    block->transposed = adj_x;
    params->right_step = adj_y ? 1 : params->columns;
    params->right_column = adj_y ? params->depth : 1;
    if (dim(right, BATCH_DIMS + adj_y) != params->depth) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "matrices do not fit together: columns of the first, rows of the second",
            params->depth, dim(right, BATCH_DIMS + adj_y));
    }
    set_strides(left, block->left_batch);
    set_strides(right, block->right_batch);
    int32_t expected[MAX_RANK] = { 0, 0, 0, block->rows, params->columns };
    for (uint32_t i = 0; i < BATCH_DIMS; i++) {
        const int32_t a = dim(left, i);
        const int32_t b = dim(right, i);
        if (a != b && a != 1 && b != 1) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "batches of the matrices do not fit together", a, b);
        }
        block->batch[i] = expected[i] = a == 1 ? b : a;
    }
    const uint32_t rank = left->rank > right->rank ? left->rank : right->rank;
    if (output->rank != rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the inputs' rank", (int32_t)rank, (int32_t)output->rank);
    }
    for (uint32_t i = 0; i < MAX_RANK; i++) {
        if (dim(output, i) != expected[i]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the shape of the matrices' product", expected[i],
                dim(output, i));
        }
    }
    block->chunk = params->depth < A8_POLL_ELEMENTS ? A8_POLL_ELEMENTS / params->depth : 1;
    return A8_OK;
}

static int keep(a8_ctx_t *ctx, const block_t *block, uint32_t element_bytes) {
    if (block->transposed) {
        int code = a8_ctx_scratch(ctx, (uint32_t)block->params.depth * element_bytes);
        if (code != A8_OK) {
            return code;
        }
    }
    block_t *kept = a8_ctx_alloc(ctx, sizeof(*block));
    if (kept == NULL) {
        return A8_ERR_MEMORY;
    }
    *kept = *block;
    return A8_OK;
}

int a8_batch_matmul_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t left;
    a8_tensor_info_t right;
    a8_tensor_info_t output;
    block_t block = { 0 };
    int code;
    if ((code = a8_check_node(ctx, 2, &left, &output)) != A8_OK || (code = a8_ctx_input(ctx, 1, &right)) != A8_OK ||
        (code = a8_check_quantized(ctx, &left, left.dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, &right, left.dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, &output, left.dtype)) != A8_OK ||
        (code = check_shapes(ctx, &left, &right, &output, &block)) != A8_OK) {
        return code;
    }
    const bool wide = left.dtype == A8_INT16;
    const a8_tensor_info_t *tensors[] = { &left, &right, &output };
    for (uint32_t i = 0; wide && i < 3; i++) {
        if (tensors[i]->zero_point != 0) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_INT16_ZERO, 0,
                tensors[i]->zero_point);
        }
    }
    const a8_real_t product = a8_real_mul(a8_real_from_float(left.scale), a8_real_from_float(right.scale));
    const a8_multiplier_t m = a8_multiplier(a8_real_div(product, a8_real_from_float(output.scale)));
    const int32_t most = wide ? A8_WIDE_SHIFT_MAX : A8_SHIFT_MAX;
    if (m.shift > most) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "scales are too far apart (log2 of the inputs' product by the output's)",
            most, m.shift);
    }
    block.params.left_zero_point = left.zero_point;
    block.params.right_zero_point = right.zero_point;
    block.params.out_zero_point = output.zero_point;
    block.params.multiplier = m.multiplier;
    block.params.shift = m.shift;
    return keep(ctx, &block, wide ? sizeof(int16_t) : sizeof(int8_t));
}

int a8_batch_matmul_prepare_f32(a8_ctx_t *ctx) {
    a8_tensor_info_t tensors[3];
    block_t block = { 0 };
    int code;
    if ((code = a8_check_node(ctx, 2, &tensors[0], &tensors[2])) != A8_OK ||
        (code = a8_ctx_input(ctx, 1, &tensors[1])) != A8_OK) {
        return code;
    }
    for (uint32_t i = 0; i < 3; i++) {
        if ((code = a8_check_type(ctx, &tensors[i], A8_FLOAT32)) != A8_OK) {
            return code;
        }
    }
    if ((code = check_shapes(ctx, &tensors[0], &tensors[1], &tensors[2], &block)) != A8_OK) {
        return code;
    }
    return keep(ctx, &block, sizeof(float));
}

// Puts together a row of a matrix that lies column by column.
static void gather(uint8_t *row, const uint8_t *from, int32_t n, int32_t step_bytes, int32_t element_bytes) {
    for (int32_t i = 0; i < n; i++) {
        memcpy(row + i * element_bytes, from + i * step_bytes, (size_t)element_bytes);
    }
}

// The rows of one product.
static int multiply(a8_ctx_t *ctx, a8_batch_matmul_t *kernel, const uint8_t *left, const uint8_t *right, uint8_t *out,
    int32_t element_bytes) {
    const block_t *block = a8_ctx_data(ctx);
    const int32_t columns = block->params.columns;
    for (int32_t y = 0; y < block->rows; y++) {
        const uint8_t *row = left + (block->transposed ? y : y * block->params.depth) * element_bytes;
        if (block->transposed) {
            uint8_t *scratch = a8_ctx_scratch_data(ctx);
            gather(scratch, row, block->params.depth, block->rows * element_bytes, element_bytes);
            row = scratch;
        }
        for (int32_t c = 0, end; c < columns; c = end) {
            end = columns - c < block->chunk ? columns : c + block->chunk;
            kernel(&block->params, row, right, out, c, end);
            if (a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
        }
        out += columns * element_bytes;
    }
    return A8_OK;
}

static int run(a8_ctx_t *ctx, a8_batch_matmul_t *kernel, int32_t element_bytes) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *left = a8_ctx_in(ctx, 0);
    const uint8_t *right = a8_ctx_in(ctx, 1);
    uint8_t *out = a8_ctx_out(ctx, 0);
    int32_t at[BATCH_DIMS];
    for (at[0] = 0; at[0] < block->batch[0]; at[0]++) {
        for (at[1] = 0; at[1] < block->batch[1]; at[1]++) {
            for (at[2] = 0; at[2] < block->batch[2]; at[2]++) {
                int32_t a = 0;
                int32_t b = 0;
                for (uint32_t i = 0; i < BATCH_DIMS; i++) {
                    a += at[i] * block->left_batch[i];
                    b += at[i] * block->right_batch[i];
                }
                const int code =
                    multiply(ctx, kernel, left + a * element_bytes, right + b * element_bytes, out, element_bytes);
                if (code != A8_OK) {
                    return code;
                }
                out += block->rows * block->params.columns * element_bytes;
            }
        }
    }
    return A8_OK;
}

int a8_batch_matmul_eval_s8(a8_ctx_t *ctx) {
    return run(ctx, a8_batch_matmul_s8, 1);
}

int a8_batch_matmul_eval_s16(a8_ctx_t *ctx) {
    return run(ctx, a8_batch_matmul_s16, 2);
}

int a8_batch_matmul_eval_f32(a8_ctx_t *ctx) {
    return run(ctx, a8_batch_matmul_f32, 4);
}
