// SPDX-License-Identifier: MIT
//
// RESHAPE, EXPAND_DIMS and SQUEEZE: the bytes stay as they are. The converter
// has put the new shape into the output tensor; other inputs and the options
// only repeat it.
#include <string.h>

#include "check.h"

typedef struct {
    uint32_t bytes;
} block_t;

static int prepare(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out) {
    if (in->dtype != out->dtype) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the input's type", (int32_t)in->dtype,
            (int32_t)out->dtype);
    }
    if (in->bytes != out->bytes) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not as many bytes as the input", (int32_t)in->bytes,
            (int32_t)out->bytes);
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->bytes = in->bytes;
    return A8_OK;
}

int a8_reshape_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, a8_ctx_inputs(ctx) == 1 ? 1 : 2, &in, &out);
    if (code != A8_OK || (code = a8_check_counts(ctx, &in, &out)) != A8_OK) {
        return code;
    }
    return prepare(ctx, &in, &out);
}

// Dimensions of 1 come or go.
static int ones(a8_ctx_t *ctx, uint32_t n_inputs) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, n_inputs, &in, &out);
    if (code != A8_OK) {
        return code;
    }
    for (uint32_t i = 0, k = 0;; i++, k++) {
        while (i < in.rank && in.dims[i] == 1) {
            i++;
        }
        while (k < out.rank && out.dims[k] == 1) {
            k++;
        }
        int32_t from = i < in.rank ? in.dims[i] : 1;
        int32_t to = k < out.rank ? out.dims[k] : 1;
        if (from != to) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "output differs from the input in a dimension that is not 1", from,
                to);
        }
        if (i >= in.rank && k >= out.rank) {
            return prepare(ctx, &in, &out);
        }
    }
}

int a8_expand_dims_prepare(a8_ctx_t *ctx) {
    return ones(ctx, 2);
}

int a8_squeeze_prepare(a8_ctx_t *ctx) {
    return ones(ctx, 1);
}

int a8_reshape_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint8_t *out = a8_ctx_out(ctx, 0);
    if (in == out) {
        return A8_OK;
    }
    for (uint32_t i = 0; i < block->bytes; i += A8_POLL_BYTES) {
        uint32_t n = block->bytes - i < A8_POLL_BYTES ? block->bytes - i : A8_POLL_BYTES;
        memmove(out + i, in + i, n);
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
