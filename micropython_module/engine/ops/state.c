// SPDX-License-Identifier: MIT
//
// Variables that keep their content from invoke to invoke, named by handles.
#include <string.h>

#include "check.h"

typedef struct {
    uint32_t bytes;
} block_t;

int a8_var_handle_prepare(a8_ctx_t *ctx) {
    if (a8_ctx_inputs(ctx) != 0 || a8_ctx_outputs(ctx) != 1) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "wrong number of inputs or outputs", 1, (int32_t)a8_ctx_outputs(ctx));
    }
    return a8_ctx_make_handle(ctx);
}

int a8_var_handle_eval(a8_ctx_t *ctx) {
    (void)ctx; // all is known at load
    return A8_OK;
}

static int alloc(a8_ctx_t *ctx, const a8_tensor_info_t *content) {
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->bytes = content->bytes;
    return A8_OK;
}

static int copy(a8_ctx_t *ctx, void *to, const void *from) {
    const block_t *block = a8_ctx_data(ctx);
    for (uint32_t i = 0; i < block->bytes; i += A8_POLL_BYTES) {
        uint32_t n = block->bytes - i < A8_POLL_BYTES ? block->bytes - i : A8_POLL_BYTES;
        memcpy((uint8_t *)to + i, (const uint8_t *)from + i, n);
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

int a8_read_variable_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t handle, out;
    int code = a8_check_node(ctx, 1, &handle, &out);
    if (code != A8_OK || (code = a8_ctx_handle(ctx, 0, &out, -1)) != A8_OK) {
        return code;
    }
    return alloc(ctx, &out);
}

int a8_read_variable_eval(a8_ctx_t *ctx) {
    return copy(ctx, a8_ctx_out(ctx, 0), a8_ctx_handled(ctx, 0));
}

int a8_assign_variable_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t value;
    if (a8_ctx_inputs(ctx) != 2 || a8_ctx_outputs(ctx) != 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "wrong number of inputs or outputs", 2, (int32_t)a8_ctx_inputs(ctx));
    }
    int code = a8_ctx_input(ctx, 1, &value);
    // Before the first assignment the reference has all bytes equal to the zero point, whatever the type.
    if (code != A8_OK || (code = a8_ctx_handle(ctx, 0, &value, value.zero_point & 0xff)) != A8_OK) {
        return code;
    }
    return alloc(ctx, &value);
}

int a8_assign_variable_eval(a8_ctx_t *ctx) {
    return copy(ctx, a8_ctx_handled(ctx, 0), a8_ctx_in(ctx, 1));
}
