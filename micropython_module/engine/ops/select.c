// SPDX-License-Identifier: MIT
//
// SELECT and SELECT_V2: elements of one input where the condition is true, of another where it isn't.
#include <string.h>

#include "broadcast.h"

typedef struct {
    int32_t size; // bytes of an element
} params_t;

static int tensors(a8_ctx_t *ctx, a8_tensor_info_t in[3], a8_tensor_info_t *out) {
    int code = a8_broadcast_tensors(ctx, 3, in, out);
    if (code != A8_OK || (code = a8_broadcast_movable(ctx, &in[1])) != A8_OK ||
        (code = a8_check_type(ctx, &in[2], in[1].dtype)) != A8_OK) {
        return code;
    }
    return a8_check_type(ctx, out, in[1].dtype);
}

static int prepare(a8_ctx_t *ctx, const a8_tensor_info_t in[3], const a8_tensor_info_t *out) {
    params_t params = { (int32_t)a8_dtype_size(in[1].dtype) };
    return a8_broadcast_prepare(ctx, 3, in, out, &params, sizeof(params));
}

int a8_select_v2_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in[3];
    a8_tensor_info_t out;
    int code = tensors(ctx, in, &out);
    return code == A8_OK ? prepare(ctx, in, &out) : code;
}

static bool same_shape(const a8_tensor_info_t *a, const a8_tensor_info_t *b) {
    return a->rank == b->rank && memcmp(a->dims, b->dims, a->rank * sizeof(a->dims[0])) == 0;
}

// Nothing is broadcast but the condition: a scalar, or a vector of one element for each row of the inputs.
int a8_select_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in[3];
    a8_tensor_info_t out;
    int code = tensors(ctx, in, &out);
    if (code != A8_OK) {
        return code;
    }
    if (!same_shape(&in[1], &in[2])) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "SELECT's inputs differ in shape", A8_NONE, A8_NONE);
    }
    if (!same_shape(&in[0], &in[1]) && in[0].rank != 0) {
        if (in[0].rank != 1 || in[1].rank == 0 || in[0].dims[0] != in[1].dims[0]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "SELECT's condition is not one for each row of the inputs",
                in[1].rank == 0 ? 1 : in[1].dims[0], in[0].rank == 1 ? in[0].dims[0] : A8_NONE);
        }
        for (; in[0].rank < in[1].rank; in[0].rank++) {
            in[0].dims[in[0].rank] = 1;
        }
    }
    return prepare(ctx, in, &out);
}

static int select_row(const void *params, const a8_row_t *row) {
    const uint32_t size = (uint32_t)((const params_t *)params)->size;
    const uint8_t *condition = row->in[0];
    const uint8_t *from[2] = { row->in[2], row->in[1] };
    const int32_t step[2] = { row->step[2] != 0 ? (int32_t)size : 0, row->step[1] != 0 ? (int32_t)size : 0 };
    uint8_t *out = row->out;
    if (row->step[0] == 0 && step[*condition != 0] != 0) {
        memcpy(out, from[*condition != 0], size * (uint32_t)row->n);
        return A8_OK;
    }
    for (int32_t i = 0; i < row->n; i++) {
        const uint8_t *element = from[*condition != 0];
        for (uint32_t k = 0; k < size; k++) {
            *out++ = element[k];
        }
        condition += row->step[0];
        from[0] += step[0];
        from[1] += step[1];
    }
    return A8_OK;
}

int a8_select_eval(a8_ctx_t *ctx) {
    return a8_broadcast_eval(ctx, select_row, sizeof(params_t));
}
