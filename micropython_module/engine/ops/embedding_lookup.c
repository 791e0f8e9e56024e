// SPDX-License-Identifier: MIT
#include <string.h>

#include "../quantize.h"
#include "check.h"

// Inputs.
enum {
    IDS,
    ROWS,
};

typedef struct {
    uint32_t lookups;
    uint32_t rows;
    uint32_t row_bytes;
    float scale; // of int8 rows that become float32; 0 if rows are copied
} block_t;

typedef char a8_assert_embedding_lookup_block_t[sizeof(block_t) == 16 ? 1 : -1];

int a8_embedding_lookup_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t ids;
    a8_tensor_info_t rows;
    a8_tensor_info_t output;
    int code = a8_check_node(ctx, 2, &ids, &output);
    if (code != A8_OK || (code = a8_ctx_input(ctx, ROWS, &rows)) != A8_OK) {
        return code;
    }
    if (ids.rank != 1) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "EMBEDDING_LOOKUP's ids have not one dimension", 1, (int32_t)ids.rank);
    }
    if (rows.dtype != A8_INT8 && rows.dtype != A8_FLOAT32) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "EMBEDDING_LOOKUP takes rows of int8 (type 9) or float32 (type 0)",
            A8_INT8, (int32_t)rows.dtype);
    }
    const bool dequantize = rows.dtype == A8_INT8 && output.dtype == A8_FLOAT32;
    if (output.dtype != rows.dtype && !dequantize) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "output has not the rows' type", (int32_t)rows.dtype,
            (int32_t)output.dtype);
    }
    if (rows.rank < 2 || output.rank != rows.rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "EMBEDDING_LOOKUP's rows and output need the same rank, 2 or more",
            rows.rank < 2 ? 2 : (int32_t)rows.rank, rows.rank < 2 ? (int32_t)rows.rank : (int32_t)output.rank);
    }
    for (uint32_t i = 0; i < rows.rank; i++) {
        const int32_t expected = i == 0 ? ids.dims[0] : rows.dims[i];
        if (output.dims[i] != expected) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not one row an id", expected, output.dims[i]);
        }
    }
    if (output.count == 0 || rows.count == 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_NO_ELEMENTS, 1, 0);
    }
    if (dequantize && (rows.n_scales != 1 || rows.zero_point != 0)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "rows that become float32 need one scale and zero point 0", 0,
            rows.zero_point);
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->lookups = ids.count;
    block->rows = (uint32_t)rows.dims[0];
    block->row_bytes = rows.bytes / block->rows;
    block->scale = dequantize ? rows.scale : 0.0f;
    return A8_OK;
}

int a8_embedding_lookup_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *ids = a8_ctx_in(ctx, IDS);
    const uint8_t *rows = a8_ctx_in(ctx, ROWS);
    uint8_t *out = a8_ctx_out(ctx, 0);
    uint32_t bytes = 0; // since the last poll
    for (uint32_t i = 0; i < block->lookups; i++) {
        const int32_t id = a8_load_i32(ids + 4 * i);
        if (id < 0 || (uint32_t)id >= block->rows) {
            return a8_ctx_fail(ctx, A8_ERR_DATA, "an id is not one of EMBEDDING_LOOKUP's rows",
                (int32_t)block->rows - 1, id);
        }
        const uint8_t *row = rows + (uint32_t)id * block->row_bytes;
        if (block->scale == 0.0f) {
            memcpy(out, row, block->row_bytes);
            out += block->row_bytes;
        } else {
            float *values = (float *)(void *)out;
            for (uint32_t k = 0; k < block->row_bytes; k++) {
                values[k] = (float)(int8_t)row[k] * block->scale;
            }
            out += 4 * block->row_bytes;
        }
        bytes += block->row_bytes;
        if (bytes >= A8_POLL_BYTES) {
            bytes = 0;
            if (a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
        }
    }
    return A8_OK;
}
