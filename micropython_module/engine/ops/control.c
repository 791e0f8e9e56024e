// SPDX-License-Identifier: MIT
//
// Operators that have subgraphs run. They only copy tensors; the invoke loop
// runs the subgraph and calls eval again, in the phase that it asked for.
#include <string.h>

#include "check.h"

typedef struct {
    uint32_t callees[2];
    uint32_t n_inputs; // that are copied
    uint32_t n_outputs;
    uint32_t bytes[]; // of the inputs that are copied, then of the outputs
} block_t;

typedef char a8_assert_control_block_t[sizeof(block_t) == 16 ? 1 : -1];

static block_t *alloc(a8_ctx_t *ctx, uint32_t n_inputs, uint32_t n_outputs) {
    block_t *block = a8_ctx_alloc(ctx, (uint32_t)sizeof(block_t) + 4 * (n_inputs + n_outputs));
    if (block != NULL) {
        block->n_inputs = n_inputs;
        block->n_outputs = n_outputs;
    }
    return block;
}

// Gets the i-th callee and checks that it has so many inputs and outputs.
static int get_callee(a8_ctx_t *ctx, block_t *block, uint32_t i, uint32_t n_outputs) {
    uint32_t inputs, outputs;
    int code = a8_ctx_callee(ctx, i, &block->callees[i], &inputs, &outputs);
    if (code != A8_OK) {
        return code;
    }
    if (inputs != block->n_inputs) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the subgraph has not as many inputs as the node gives it",
            (int32_t)block->n_inputs, (int32_t)inputs);
    }
    if (outputs != n_outputs) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the subgraph has not as many outputs as the node takes",
            (int32_t)n_outputs, (int32_t)outputs);
    }
    return A8_OK;
}

// The node's inputs from first on go to the callee.
static int give(a8_ctx_t *ctx, block_t *block, uint32_t callee, uint32_t first) {
    int code = A8_OK;
    for (uint32_t i = 0; i < block->n_inputs && code == A8_OK; i++) {
        code = a8_ctx_give(ctx, first + i, block->callees[callee], i, &block->bytes[i]);
    }
    return code;
}

static int take(a8_ctx_t *ctx, block_t *block, uint32_t callee) {
    int code = A8_OK;
    for (uint32_t i = 0; i < block->n_outputs && code == A8_OK; i++) {
        code = a8_ctx_take(ctx, i, block->callees[callee], i, &block->bytes[block->n_inputs + i]);
    }
    return code;
}

static int copy(a8_ctx_t *ctx, void *to, const void *from, uint32_t bytes) {
    if (to == NULL || from == NULL) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the model changed while it was loaded", A8_NONE, A8_NONE);
    }
    for (uint32_t i = 0; i < bytes; i += A8_POLL_BYTES) {
        memcpy((uint8_t *)to + i, (const uint8_t *)from + i, bytes - i < A8_POLL_BYTES ? bytes - i : A8_POLL_BYTES);
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

static int copy_outputs(a8_ctx_t *ctx, const block_t *block, uint32_t callee) {
    int code = A8_OK;
    for (uint32_t i = 0; i < block->n_outputs && code == A8_OK; i++) {
        uint32_t bytes = block->bytes[block->n_inputs + i];
        code = copy(ctx, a8_ctx_out(ctx, i), a8_ctx_callee_out(ctx, callee, i, bytes), bytes);
    }
    return code;
}

// ---- CALL_ONCE ----------------------------------------------------------------

typedef struct {
    uint32_t has_run;
} once_t;

int a8_call_once_prepare(a8_ctx_t *ctx) {
    if (a8_ctx_inputs(ctx) != 0 || a8_ctx_outputs(ctx) != 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "wrong number of inputs or outputs", 0,
            (int32_t)(a8_ctx_inputs(ctx) + a8_ctx_outputs(ctx)));
    }
    int code = a8_ctx_state(ctx, sizeof(once_t));
    if (code != A8_OK) {
        return code;
    }
    block_t *block = alloc(ctx, 0, 0);
    return block == NULL ? A8_ERR_MEMORY : get_callee(ctx, block, 0, 0);
}

int a8_call_once_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    once_t *once = a8_ctx_state_data(ctx);
    if (once->has_run != 0) {
        return A8_OK;
    }
    if (a8_ctx_phase(ctx) == 0) {
        return a8_ctx_enter(ctx, block->callees[0], 1);
    }
    once->has_run = 1; // not before: if it was stopped inside, it runs again
    return A8_OK;
}

// ---- IF -------------------------------------------------------------------------

int a8_if_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t condition;
    int code = a8_ctx_input(ctx, 0, &condition);
    if (code != A8_OK) {
        return code;
    }
    if (condition.dtype != A8_BOOL || condition.count != 1) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the condition is not one bool", 1, (int32_t)condition.count);
    }
    uint32_t n_inputs = a8_ctx_inputs(ctx) - 1, n_outputs = a8_ctx_outputs(ctx);
    block_t *block = alloc(ctx, n_inputs, n_outputs);
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < 2; i++) {
        if ((code = get_callee(ctx, block, i, n_outputs)) != A8_OK || (code = give(ctx, block, i, 1)) != A8_OK ||
            (code = take(ctx, block, i)) != A8_OK) {
            return code;
        }
    }
    return A8_OK;
}

int a8_if_eval(a8_ctx_t *ctx) {
    enum { BEGIN,
        THEN_DONE,
        ELSE_DONE };
    const block_t *block = a8_ctx_data(ctx);
    uint32_t phase = a8_ctx_phase(ctx);
    if (phase != BEGIN) {
        return copy_outputs(ctx, block, block->callees[phase - THEN_DONE]);
    }
    uint32_t branch = *(const uint8_t *)a8_ctx_in(ctx, 0) != 0 ? 0 : 1;
    for (uint32_t i = 0; i < block->n_inputs; i++) {
        uint32_t bytes = block->bytes[i];
        int code = copy(ctx, a8_ctx_callee_in(ctx, block->callees[branch], i, bytes), a8_ctx_in(ctx, 1 + i), bytes);
        if (code != A8_OK) {
            return code;
        }
    }
    return a8_ctx_enter(ctx, block->callees[branch], THEN_DONE + branch);
}

// ---- WHILE ----------------------------------------------------------------------

enum { CONDITION,
    BODY };

int a8_while_prepare(a8_ctx_t *ctx) {
    uint32_t n = a8_ctx_inputs(ctx);
    if (n != a8_ctx_outputs(ctx)) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "a loop has not as many outputs as inputs", (int32_t)n,
            (int32_t)a8_ctx_outputs(ctx));
    }
    block_t *block = alloc(ctx, n, n);
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    int code;
    a8_tensor_info_t condition;
    if ((code = get_callee(ctx, block, CONDITION, 1)) != A8_OK || (code = get_callee(ctx, block, BODY, n)) != A8_OK ||
        (code = give(ctx, block, CONDITION, 0)) != A8_OK || (code = give(ctx, block, BODY, 0)) != A8_OK ||
        (code = take(ctx, block, BODY)) != A8_OK ||
        (code = a8_ctx_callee_output(ctx, block->callees[CONDITION], 0, &condition)) != A8_OK) {
        return code;
    }
    if (condition.dtype != A8_BOOL || condition.count != 1) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the condition is not one bool", 1, (int32_t)condition.count);
    }
    for (uint32_t i = 0; i < n; i++) {
        a8_tensor_info_t in, out;
        if ((code = a8_ctx_input(ctx, i, &in)) != A8_OK || (code = a8_ctx_output(ctx, i, &out)) != A8_OK) {
            return code;
        }
        if (in.dtype != out.dtype || in.bytes != out.bytes) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "a loop's output has not the type and size of its input",
                (int32_t)in.bytes, (int32_t)out.bytes);
        }
        if (!a8_ctx_same_variable(ctx, i, i)) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a loop exchanges its variables", A8_NONE, A8_NONE);
        }
    }
    return A8_OK;
}

// The outputs hold the loop's values between the runs of its subgraphs.
static int enter(a8_ctx_t *ctx, const block_t *block, uint32_t callee, uint32_t phase) {
    for (uint32_t i = 0; i < block->n_outputs; i++) {
        uint32_t bytes = block->bytes[i];
        int code = copy(ctx, a8_ctx_callee_in(ctx, block->callees[callee], i, bytes), a8_ctx_out(ctx, i), bytes);
        if (code != A8_OK) {
            return code;
        }
    }
    return a8_ctx_enter(ctx, block->callees[callee], phase);
}

int a8_while_eval(a8_ctx_t *ctx) {
    enum { BEGIN,
        CONDITION_DONE,
        BODY_DONE };
    const block_t *block = a8_ctx_data(ctx);
    int code = A8_OK;
    switch (a8_ctx_phase(ctx)) {
        case BEGIN:
            for (uint32_t i = 0; i < block->n_inputs && code == A8_OK; i++) {
                code = copy(ctx, a8_ctx_out(ctx, i), a8_ctx_in(ctx, i), block->bytes[i]);
            }
            break;
        case CONDITION_DONE: {
            const uint8_t *go_on = a8_ctx_callee_out(ctx, block->callees[CONDITION], 0, 1);
            if (go_on == NULL || *go_on == 0) {
                return A8_OK;
            }
            return enter(ctx, block, BODY, BODY_DONE);
        }
        default:
            code = copy_outputs(ctx, block, block->callees[BODY]);
            break;
    }
    return code != A8_OK ? code : enter(ctx, block, CONDITION, CONDITION_DONE);
}
