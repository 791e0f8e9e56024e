// SPDX-License-Identifier: MIT
//
// Pixels in blocks: SPACE_TO_DEPTH, DEPTH_TO_SPACE, SPACE_TO_BATCH_ND and
// BATCH_TO_SPACE_ND.
#include "indices.h"
#include "strided.h"

// space is (batch, height, width, depth), blocks (batch, height / n, width / n, depth * n * n).
static int depth(a8_ctx_t *ctx, bool to_depth) {
    a8_tensor_info_t space;
    a8_tensor_info_t blocks;
    int code = a8_check_node(ctx, 1, to_depth ? &space : &blocks, to_depth ? &blocks : &space);
    if (code != A8_OK || (code = a8_check_moved(ctx, &space, &blocks)) != A8_OK) {
        return code;
    }
    int32_t n = a8_ctx_option_int32(ctx, 0, 0);
    if (space.rank != 4 || blocks.rank != 4) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_RANK, 4,
            (int32_t)(space.rank != 4 ? space.rank : blocks.rank));
    }
    if (n <= 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the block is empty", 1, n);
    }
    if (space.dims[0] != blocks.dims[0] || (int64_t)blocks.dims[1] * n != space.dims[1] ||
        (int64_t)blocks.dims[2] * n != space.dims[2] || (int64_t)space.dims[3] * n != blocks.dims[3] / n ||
        blocks.dims[3] % n != 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output is not the input in blocks of this size", A8_NONE, n);
    }
    int32_t s[A8_MAX_DIMS];
    int32_t b[A8_MAX_DIMS];
    a8_strides(&space, s);
    a8_strides(&blocks, b);
    const int32_t element = s[3];
    // Innermost first, in space and in blocks; in the output's order, which makes longer rows.
    const int32_t dims[6][3] = {
        { space.dims[3], element, element },
        { n, s[2], space.dims[3] * element },
        { to_depth ? n : blocks.dims[2], to_depth ? s[1] : n * s[2], to_depth ? n * space.dims[3] * element : b[2] },
        { to_depth ? blocks.dims[2] : n, to_depth ? n * s[2] : s[1], to_depth ? b[2] : n * space.dims[3] * element },
        { blocks.dims[1], n * s[1], b[1] },
        { space.dims[0], s[0], b[0] },
    };
    a8_strided_t box = a8_strided(element);
    for (uint32_t i = 0; i < 6; i++) {
        a8_strided_add(&box, dims[i][0], dims[i][to_depth ? 1 : 2], dims[i][to_depth ? 2 : 1]);
    }
    return a8_strided_record(ctx, &box);
}

int a8_space_to_depth_prepare(a8_ctx_t *ctx) {
    return depth(ctx, true);
}

int a8_depth_to_space_prepare(a8_ctx_t *ctx) {
    return depth(ctx, false);
}

// One or two dimensions behind the batch are in blocks (with one, the second is 1 and so is its block).
typedef struct {
    int32_t batches[2]; // in space and in blocks
    int32_t depth; // bytes of a pixel
    int32_t space[2]; // height and width
    int32_t blocks[2];
    int32_t block[2];
    int32_t before[2]; // padding of space, above and to the left
    uint8_t n_dims; // in blocks: 1 or 2
    uint8_t computed; // 1: block and before are in the inputs
    uint8_t dtypes[2]; // of those
    uint8_t fill; // 1: there is padding, unless block and before are computed, when there may be
    uint8_t value; // of it, the lowest byte; the others are 0
    uint8_t reserved[2];
} batch_t;

typedef char a8_assert_space_batch_t[sizeof(batch_t) == 52 ? 1 : -1];

// Reads block and padding.
static int fit(a8_ctx_t *ctx, int code, batch_t *b, const uint8_t *block, const uint8_t *pads) {
    int64_t batches = b->batches[0];
    for (uint32_t i = 0; i < b->n_dims; i++) {
        int32_t size = a8_index((a8_dtype_t)b->dtypes[0], block, i);
        int32_t before = a8_index((a8_dtype_t)b->dtypes[1], pads, 2 * i);
        int32_t after = a8_index((a8_dtype_t)b->dtypes[1], pads, 2 * i + 1);
        if (size <= 0 || before < 0 || after < 0) {
            return a8_ctx_fail(ctx, code, "a block is empty or a padding negative", A8_NONE, A8_NONE);
        }
        if ((int64_t)b->space[i] + before + after != (int64_t)b->blocks[i] * size) {
            return a8_ctx_fail(ctx, code, "a padded dimension is not the other's times the block", b->space[i],
                b->blocks[i]);
        }
        batches *= size;
        if (batches > b->batches[1]) {
            break;
        }
        b->fill |= before != 0 || after != 0;
        b->block[i] = size;
        b->before[i] = before;
    }
    if (batches != b->batches[1]) {
        return a8_ctx_fail(ctx, code, "the batches are not one for each pixel of a block", b->batches[0],
            b->batches[1]);
    }
    return A8_OK;
}

static int batch(a8_ctx_t *ctx, bool to_batch) {
    a8_tensor_info_t space;
    a8_tensor_info_t blocks;
    a8_tensor_info_t block;
    a8_tensor_info_t pads;
    int code = a8_check_node(ctx, 3, to_batch ? &space : &blocks, to_batch ? &blocks : &space);
    if (code != A8_OK || (code = a8_check_moved(ctx, &space, &blocks)) != A8_OK ||
        (code = a8_check_indices(ctx, 1, A8_NONE, &block)) != A8_OK ||
        (code = a8_check_indices(ctx, 2, 2 * (int32_t)block.count, &pads)) != A8_OK) {
        return code;
    }
    uint32_t n = block.count;
    if (n < 1 || n > 2) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "blocks have neither one nor two dimensions", 2, (int32_t)n);
    }
    if (space.rank < n + 1 || blocks.rank != space.rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, A8_WRONG_RANK, (int32_t)n + 1,
            (int32_t)(to_batch ? space.rank : blocks.rank));
    }
    batch_t *to = a8_ctx_alloc(ctx, sizeof(batch_t));
    if (to == NULL) {
        return A8_ERR_MEMORY;
    }
    to->batches[0] = space.dims[0];
    to->batches[1] = blocks.dims[0];
    to->depth = (int32_t)a8_dtype_size(space.dtype);
    to->n_dims = (uint8_t)n;
    to->dtypes[0] = (uint8_t)block.dtype;
    to->dtypes[1] = (uint8_t)pads.dtype;
    to->value = to->depth == 1 ? (uint8_t)blocks.zero_point : 0;
    to->space[1] = to->blocks[1] = to->block[1] = 1;
    for (uint32_t i = 0; i < n; i++) {
        to->space[i] = space.dims[i + 1];
        to->blocks[i] = blocks.dims[i + 1];
    }
    for (uint32_t i = n + 1; i < space.rank; i++) {
        if (space.dims[i] != blocks.dims[i]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "output and input differ behind the blocks", space.dims[i],
                blocks.dims[i]);
        }
        to->depth *= space.dims[i];
    }
    to->computed = block.data == NULL || pads.data == NULL;
    return to->computed != 0 ? A8_OK : fit(ctx, A8_ERR_MODEL, to, block.data, pads.data);
}

int a8_space_to_batch_prepare(a8_ctx_t *ctx) {
    return batch(ctx, true);
}

int a8_batch_to_space_prepare(a8_ctx_t *ctx) {
    return batch(ctx, false);
}

// Where the k-th pixel of blocks along a dimension meets space: steps first to first + count - 1 in blocks.
// Returns the place in space of the first.
static int32_t meet(const batch_t *b, int32_t dim, int32_t k, int32_t *first, int32_t *count) {
    int32_t size = b->block[dim];
    int32_t away = b->before[dim] - k; // of step 0, counted backwards in space
    // Both divisions round up; a negative dividend would be 0 anyway.
    *first = away > 0 ? (away - 1) / size + 1 : 0;
    int32_t end = b->space[dim] + away;
    end = end > 0 ? (end - 1) / size + 1 : 0;
    end = end < b->blocks[dim] ? end : b->blocks[dim];
    *count = end - *first;
    return *first * size - away;
}

static int move(a8_ctx_t *ctx, bool to_batch) {
    batch_t copy = *(const batch_t *)a8_ctx_data(ctx);
    const batch_t *b = &copy;
    int code = b->computed == 0 ? A8_OK : fit(ctx, A8_ERR_DATA, &copy, a8_ctx_in(ctx, 1), a8_ctx_in(ctx, 2));
    const int32_t row[2] = { b->space[1] * b->depth, b->blocks[1] * b->depth }; // in space and in blocks
    const int32_t image[2] = { b->space[0] * row[0], b->blocks[0] * row[1] };
    if (code == A8_OK && to_batch && b->fill != 0) {
        int32_t left = A8_POLL_BYTES;
        code = a8_fill(ctx, &b->value, 1, a8_ctx_out(ctx, 0), (uint32_t)(b->batches[1] * image[1]), &left);
    }
    if (code != A8_OK) {
        return code;
    }
    int32_t at = 0; // in blocks
    for (int32_t y = 0; y < b->block[0]; y++) {
        for (int32_t x = 0; x < b->block[1]; x++, at += b->batches[0] * image[1]) {
            int32_t y0, x0, h, w;
            int32_t space_y = meet(b, 0, y, &y0, &h);
            int32_t space_x = meet(b, 1, x, &x0, &w);
            if (h <= 0 || w <= 0) {
                if (a8_ctx_stop(ctx)) {
                    return A8_ERR_ABORTED;
                }
                continue;
            }
            int32_t in_space = space_y * row[0] + space_x * b->depth;
            int32_t in_blocks = at + y0 * row[1] + x0 * b->depth;
            const int32_t dims[3][3] = {
                { w, b->block[1] * b->depth, b->depth },
                { h, b->block[0] * row[0], row[1] },
                { b->batches[0], image[0], image[1] },
            };
            a8_strided_t box = a8_strided(b->depth);
            box.in = to_batch ? in_space : in_blocks;
            box.out = to_batch ? in_blocks : in_space;
            for (uint32_t i = 0; i < 3; i++) {
                a8_strided_add(&box, dims[i][0], dims[i][to_batch ? 1 : 2], dims[i][to_batch ? 2 : 1]);
            }
            code = a8_strided_copy(ctx, &box, a8_ctx_in(ctx, 0), a8_ctx_out(ctx, 0));
            if (code != A8_OK) {
                return code;
            }
        }
    }
    return A8_OK;
}

int a8_space_to_batch_eval(a8_ctx_t *ctx) {
    return move(ctx, true);
}

int a8_batch_to_space_eval(a8_ctx_t *ctx) {
    return move(ctx, false);
}
