// SPDX-License-Identifier: MIT
//
// LOGICAL_AND, LOGICAL_OR and LOGICAL_NOT. Any byte but 0 is true; answers are 0 or 1.
#include "broadcast.h"

int a8_logical_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_binary_tensors(ctx, false, in, &out);
    return code == A8_OK ? a8_broadcast_prepare(ctx, 2, in, &out, NULL, 0) : code;
}

int a8_logical_not_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_broadcast_tensors(ctx, 1, &in, &out);
    if (code != A8_OK || (code = a8_check_type(ctx, &out, in.dtype)) != A8_OK) {
        return code;
    }
    return a8_broadcast_prepare(ctx, 1, &in, &out, NULL, 0);
}

static int and_row(const void *params, const a8_row_t *row) {
    (void)params;
    const uint8_t *a = row->in[0];
    const uint8_t *b = row->in[1];
    uint8_t *out = row->out;
    for (int32_t i = 0; i < row->n; i++) {
        out[i] = a[i * row->step[0]] != 0 && b[i * row->step[1]] != 0;
    }
    return A8_OK;
}

static int or_row(const void *params, const a8_row_t *row) {
    (void)params;
    const uint8_t *a = row->in[0];
    const uint8_t *b = row->in[1];
    uint8_t *out = row->out;
    for (int32_t i = 0; i < row->n; i++) {
        out[i] = (a[i * row->step[0]] | b[i * row->step[1]]) != 0;
    }
    return A8_OK;
}

static int not_row(const void *params, const a8_row_t *row) {
    (void)params;
    const uint8_t *a = row->in[0];
    uint8_t *out = row->out;
    for (int32_t i = 0; i < row->n; i++) {
        out[i] = a[i * row->step[0]] == 0;
    }
    return A8_OK;
}

int a8_logical_and_eval(a8_ctx_t *ctx) {
    return a8_broadcast_eval(ctx, and_row, 0);
}

int a8_logical_or_eval(a8_ctx_t *ctx) {
    return a8_broadcast_eval(ctx, or_row, 0);
}

int a8_logical_not_eval(a8_ctx_t *ctx) {
    return a8_broadcast_eval(ctx, not_row, 0);
}
