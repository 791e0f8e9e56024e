// SPDX-License-Identifier: MIT
#include <string.h>

#include "../quantize.h"
#include "check.h"

// A dimension with padding; unpadded ones belong to the next outer one.
typedef struct {
    int32_t before;
    int32_t extent; // of the input
    int32_t after;
} dim_t;

// The node's block: this, then n_dims dim_t, outermost first.
typedef struct {
    int32_t zero_point;
    int32_t n_dims;
} block_t;

typedef char a8_assert_pad_block_t[sizeof(block_t) == 8 && sizeof(dim_t) == 12 ? 1 : -1];

static int paddings(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out,
    dim_t dims[A8_MAX_DIMS]) {
    a8_tensor_info_t pads;
    int code = a8_ctx_input(ctx, 1, &pads);
    if (code != A8_OK) {
        return code;
    }
    if (pads.dtype != A8_INT32) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "paddings are not int32 (type 2)", A8_INT32,
            (int32_t)pads.dtype);
    }
    if (pads.data == NULL) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "paddings are not constant", A8_NONE, A8_NONE);
    }
    if (pads.count != 2 * in->rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "paddings are not two for each dimension of the input",
            2 * (int32_t)in->rank, (int32_t)pads.count);
    }
    if (out->rank != in->rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the input's rank", (int32_t)in->rank,
            (int32_t)out->rank);
    }
    for (uint32_t i = 0; i < in->rank; i++) {
        dim_t d = { a8_load_i32(pads.data + 8 * i), in->dims[i], a8_load_i32(pads.data + 8 * i + 4) };
        if (d.before < 0 || d.after < 0) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "a padding is negative", 0, d.before < 0 ? d.before : d.after);
        }
        if ((int64_t)d.before + d.extent + d.after != out->dims[i]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "a dimension of the output is not the input's with its padding",
                (int32_t)((uint32_t)d.before + (uint32_t)d.extent + (uint32_t)d.after), out->dims[i]);
        }
        dims[i] = d;
    }
    return A8_OK;
}

int a8_pad_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    dim_t dims[A8_MAX_DIMS];
    int code = a8_check_node(ctx, 2, &in, &out);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in, A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, A8_INT8)) != A8_OK ||
        (code = paddings(ctx, &in, &out, dims)) != A8_OK) {
        return code;
    }
    // Whole slices of an unpadded dimension are elements of the one around it. Written from the end.
    dim_t merged[A8_MAX_DIMS + 1];
    int32_t n = 0;
    int32_t slice = 1;
    for (uint32_t i = in.rank; i-- > 0;) {
        if (dims[i].before == 0 && dims[i].after == 0) {
            slice *= dims[i].extent;
        } else {
            n++;
            dim_t d = { dims[i].before * slice, dims[i].extent * slice, dims[i].after * slice };
            merged[A8_MAX_DIMS + 1 - n] = d;
            slice = 1;
        }
    }
    if (slice != 1 || n == 0) {
        n++;
        merged[A8_MAX_DIMS + 1 - n] = (dim_t){ 0, slice, 0 };
    }
    block_t *block = a8_ctx_alloc(ctx, (uint32_t)(sizeof(block_t) + (uint32_t)n * sizeof(dim_t)));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->zero_point = out.zero_point;
    block->n_dims = n;
    memcpy(block + 1, &merged[A8_MAX_DIMS + 1 - n], (uint32_t)n * sizeof(dim_t));
    return A8_OK;
}

// Writes n bytes of src, or of the padding if there is no src, and moves out behind them. True: stop.
static bool put(a8_ctx_t *ctx, const block_t *block, int8_t **out, const int8_t *src, int32_t n) {
    bool stop = false;
    while (n > 0 && !stop) {
        int32_t part = n < A8_POLL_BYTES ? n : A8_POLL_BYTES;
        if (src != NULL) {
            memcpy(*out, src, (uint32_t)part);
            src += part;
        } else {
            memset(*out, block->zero_point, (uint32_t)part);
        }
        *out += part;
        n -= part;
        stop = a8_ctx_stop(ctx);
    }
    return stop;
}

int a8_pad_eval_s8(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const dim_t *dims = (const dim_t *)(block + 1);
    const int32_t outer = block->n_dims - 1;
    const dim_t *row = &dims[outer];
    const int8_t *in = a8_ctx_in(ctx, 0);
    int8_t *out = a8_ctx_out(ctx, 0);
    int32_t index[A8_MAX_DIMS + 1] = { 0 }; // of the output row
    for (;;) {
        bool inside = true;
        for (int32_t i = 0; i < outer; i++) {
            inside = inside && index[i] >= dims[i].before && index[i] < dims[i].before + dims[i].extent;
        }
        if (put(ctx, block, &out, NULL, row->before) || put(ctx, block, &out, inside ? in : NULL, row->extent) ||
            put(ctx, block, &out, NULL, row->after)) {
            return A8_ERR_ABORTED;
        }
        if (inside) {
            in += row->extent;
        }
        int32_t i = outer - 1;
        for (; i >= 0; i--) {
            if (++index[i] < dims[i].before + dims[i].extent + dims[i].after) {
                break;
            }
            index[i] = 0;
        }
        if (i < 0) {
            return A8_OK;
        }
    }
}
