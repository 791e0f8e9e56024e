// SPDX-License-Identifier: MIT
//
// BROADCAST_TO, and BROADCAST_ARGS, which computes the shape that two shapes come to.
#include <string.h>

#include "broadcast.h"

// The output's shape is known; the shape that the node is given is held against it, at invoke if it is computed.
typedef struct {
    int32_t size; // bytes of an element
    int16_t rank; // of a computed shape, else 0
    int16_t is_int64;
    int32_t dims[A8_MAX_DIMS];
} params_t;

static bool is_shape(const params_t *params, const uint8_t *shape, int32_t rank) {
    for (int32_t i = 0; i < rank; i++) {
        int64_t dim;
        if (params->is_int64) {
            memcpy(&dim, shape + 8 * i, sizeof(dim));
        } else {
            int32_t narrow;
            memcpy(&narrow, shape + 4 * i, sizeof(narrow));
            dim = narrow;
        }
        if (dim != params->dims[i]) {
            return false;
        }
    }
    return true;
}

int a8_broadcast_to_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in[2]; // the second is the shape
    a8_tensor_info_t out;
    int code = a8_broadcast_tensors(ctx, 2, in, &out);
    if (code != A8_OK || (code = a8_broadcast_movable(ctx, &in[0])) != A8_OK ||
        (code = a8_check_type(ctx, &out, in[0].dtype)) != A8_OK) {
        return code;
    }
    params_t params = { .size = (int32_t)a8_dtype_size(in[0].dtype), .is_int64 = in[1].dtype == A8_INT64 };
    if (!params.is_int64 && (code = a8_check_type(ctx, &in[1], A8_INT32)) != A8_OK) {
        return code;
    }
    if (in[1].rank != 1 || in[1].count != out.rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the shape has not one element for each dimension of the output",
            (int32_t)out.rank, (int32_t)in[1].count);
    }
    memcpy(params.dims, out.dims, out.rank * sizeof(params.dims[0]));
    if (in[1].data == NULL) {
        params.rank = (int16_t)out.rank;
    } else if (!is_shape(&params, in[1].data, (int32_t)out.rank)) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output's shape is not the one to broadcast to", A8_NONE, A8_NONE);
    }
    return a8_broadcast_prepare_to(ctx, in, &out, &params, sizeof(params));
}

static int fill_row(const void *params, const a8_row_t *row) {
    const uint32_t size = (uint32_t)((const params_t *)params)->size;
    uint8_t *out = row->out;
    if (row->step[0] != 0) {
        memcpy(out, row->in[0], size * (uint32_t)row->n);
        return A8_OK;
    }
    memcpy(out, row->in[0], size);
    for (uint32_t i = size; i < size * (uint32_t)row->n; i++) {
        out[i] = out[i - size];
    }
    return A8_OK;
}

int a8_broadcast_to_eval(a8_ctx_t *ctx) {
    const params_t *params = a8_ctx_data(ctx);
    if (!is_shape(params, a8_ctx_in(ctx, 1), params->rank)) {
        return a8_ctx_fail(ctx, A8_ERR_DATA, "the shape to broadcast to is not the output's", A8_NONE, A8_NONE);
    }
    return a8_broadcast_eval(ctx, fill_row, sizeof(params_t));
}

// ---- BROADCAST_ARGS -----------------------------------------------------------

typedef struct {
    int32_t count[2]; // dimensions of the shapes
} args_t;

int a8_broadcast_args_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_binary_tensors(ctx, false, in, &out);
    if (code != A8_OK) {
        return code;
    }
    uint32_t count = in[0].count > in[1].count ? in[0].count : in[1].count;
    if (in[0].rank != 1 || in[1].rank != 1 || out.rank != 1 || out.count != count) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not as many dimensions as the longer shape", (int32_t)count,
            (int32_t)out.count);
    }
    if (count > A8_MAX_DIMS) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a shape has too many dimensions", A8_MAX_DIMS, (int32_t)count);
    }
    args_t *args = a8_ctx_alloc(ctx, sizeof(args_t));
    if (args == NULL) {
        return A8_ERR_MEMORY;
    }
    args->count[0] = (int32_t)in[0].count;
    args->count[1] = (int32_t)in[1].count;
    return A8_OK;
}

// Dimension i from the last one, of a shape of words of this size; missing ones are 1.
static int64_t dimension(const uint8_t *shape, int32_t count, int32_t i, int32_t size) {
    if (i >= count) {
        return 1;
    }
    const uint8_t *at = shape + (count - 1 - i) * size;
    int64_t wide;
    int32_t narrow;
    if (size == (int32_t)sizeof(wide)) {
        memcpy(&wide, at, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, at, sizeof(narrow));
    return narrow;
}

static int args_eval(a8_ctx_t *ctx, int32_t size) {
    const args_t *args = a8_ctx_data(ctx);
    const int32_t count = args->count[0] > args->count[1] ? args->count[0] : args->count[1];
    uint8_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < count; i++) {
        int64_t a = dimension(a8_ctx_in(ctx, 0), args->count[0], i, size);
        int64_t b = dimension(a8_ctx_in(ctx, 1), args->count[1], i, size);
        if (a != b && a != 1 && b != 1) {
            return a8_ctx_fail(ctx, A8_ERR_DATA, "shapes don't match in a dimension", A8_NONE, A8_NONE);
        }
        // The low bytes come first.
        int64_t dim = a != 1 ? a : b;
        memcpy(out + (count - 1 - i) * size, &dim, (uint32_t)size);
    }
    return A8_OK;
}

int a8_broadcast_args_eval_s32(a8_ctx_t *ctx) {
    return args_eval(ctx, 4);
}

int a8_broadcast_args_eval_s64(a8_ctx_t *ctx) {
    return args_eval(ctx, 8);
}
