// SPDX-License-Identifier: MIT
//
// op.h: what operators ask for while they prepare and evaluate.
#include <string.h>

#include "flexbuffer.h"
#include "interpreter.h"

// Where a node's operands end: at its a8_state_t, or its block.
static uint32_t behind_operands(const a8_node_t *node) {
    return (node->operands + 4 * ((uint32_t)node->n_inputs + node->n_outputs) + 7) & ~(uint32_t)7;
}

static uint32_t block_position(const uint8_t *records, const a8_node_t *node) {
    uint32_t position = behind_operands(node);
    if ((node->row & A8_HAS_STATE) != 0) {
        position += (uint32_t)sizeof(a8_state_t) + ((const a8_state_t *)(const void *)(records + position))->bytes;
    }
    return position;
}

uint32_t a8_ctx_inputs(const a8_ctx_t *ctx) {
    return ctx->node->n_inputs;
}

uint32_t a8_ctx_outputs(const a8_ctx_t *ctx) {
    return ctx->node->n_outputs;
}

bool a8_ctx_has_input(const a8_ctx_t *ctx, uint32_t i) {
    return i < ctx->node->n_inputs && ctx->operands[i] != A8_LEFT_OUT;
}

static int get_operand(a8_ctx_t *ctx, uint32_t i, uint32_t n, uint32_t first, a8_tensor_info_t *info,
    const char *message) {
    if (i >= n || ctx->operands[first + i] == A8_LEFT_OUT) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, message, (int32_t)(i + 1), (int32_t)n);
    }
    uint32_t index = ctx->operands[first + i];
    int ret = a8_model_tensor(ctx->model, ctx->subgraph, index, info, ctx->err);
    // Lifetimes and places rest on what load saw first.
    const a8_buffer_t *seen = &ctx->tensors[index];
    bool handle = seen->bytes == A8_HANDLE, constant = !handle && a8_is_constant(seen);
    if (ret == A8_OK && (info->bytes != (handle ? 0 : seen->bytes) || (info->data != NULL) != constant)) {
        ret = a8_model_changed(ctx);
    }
    return ret;
}

int a8_ctx_input(a8_ctx_t *ctx, uint32_t i, a8_tensor_info_t *info) {
    return get_operand(ctx, i, ctx->node->n_inputs, 0, info, "the node lacks an input");
}

int a8_ctx_output(a8_ctx_t *ctx, uint32_t i, a8_tensor_info_t *info) {
    return get_operand(ctx, i, ctx->node->n_outputs, ctx->node->n_inputs, info, "the node lacks an output");
}

// Reads an option, which stays as it is if the model doesn't say.
static void option(const a8_ctx_t *ctx, uint32_t field, uint32_t bytes, uint32_t *value) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(ctx->model);
    uint32_t position;
    if (ctx->info->options != 0 && a8_flatbuffer_field(&fb, ctx->info->options, field, bytes, &position) &&
        position != 0) {
        *value = bytes == 1 ? (uint32_t)(int8_t)a8_flatbuffer_u8(&fb, position) : a8_flatbuffer_u32(&fb, position);
    }
}

int32_t a8_ctx_option_int8(const a8_ctx_t *ctx, uint32_t field, int32_t otherwise) {
    uint32_t value = (uint32_t)otherwise;
    option(ctx, field, 1, &value);
    return (int32_t)value;
}

int32_t a8_ctx_option_int32(const a8_ctx_t *ctx, uint32_t field, int32_t otherwise) {
    uint32_t value = (uint32_t)otherwise;
    option(ctx, field, 4, &value);
    return (int32_t)value;
}

float a8_ctx_option_float(const a8_ctx_t *ctx, uint32_t field, float otherwise) {
    uint32_t value;
    memcpy(&value, &otherwise, sizeof(value));
    option(ctx, field, 4, &value);
    memcpy(&otherwise, &value, sizeof(value));
    return otherwise;
}

static a8_flatbuffer_t custom_options(const a8_ctx_t *ctx) {
    a8_flatbuffer_t fb = { ctx->model->data + ctx->info->custom_options, ctx->info->n_custom_options };
    return fb;
}

int32_t a8_ctx_custom_int(const a8_ctx_t *ctx, const char *name, int32_t otherwise) {
    a8_flatbuffer_t fb = custom_options(ctx);
    a8_flexbuffer_int(&fb, name, &otherwise);
    return otherwise;
}

float a8_ctx_custom_float(const a8_ctx_t *ctx, const char *name, float otherwise) {
    uint32_t bits;
    memcpy(&bits, &otherwise, sizeof(bits));
    a8_flatbuffer_t fb = custom_options(ctx);
    a8_flexbuffer_float(&fb, name, &bits);
    memcpy(&otherwise, &bits, sizeof(bits));
    return otherwise;
}

bool a8_ctx_custom_bool(const a8_ctx_t *ctx, const char *name, bool otherwise) {
    int32_t value = otherwise;
    a8_flatbuffer_t fb = custom_options(ctx);
    a8_flexbuffer_int(&fb, name, &value);
    return value != 0;
}

void *a8_ctx_alloc(a8_ctx_t *ctx, uint32_t bytes) {
    if (((ctx->mem->records_used + 7) & ~(uint32_t)7) != block_position(ctx->records, ctx->node)) {
        a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "the operator asks for a second block of records", A8_NONE, A8_NONE);
        return NULL;
    }
    void *block = a8_arena_record(ctx->mem, bytes, 8);
    if (block == NULL) {
        a8_record_error(ctx);
    }
    return block;
}

int a8_ctx_state(a8_ctx_t *ctx, uint32_t bytes) {
    if (((ctx->mem->records_used + 7) & ~(uint32_t)7) != behind_operands(ctx->node)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "the operator asks for state too late, or twice", A8_NONE,
            A8_NONE);
    }
    bytes = bytes > INT32_MAX ? INT32_MAX : (bytes + 7) & ~(uint32_t)7; // that much fails below
    a8_state_t *state = a8_arena_record(ctx->mem, (uint32_t)sizeof(a8_state_t) + bytes, 8);
    if (state == NULL) {
        return a8_record_error(ctx);
    }
    a8_header_t *header = (a8_header_t *)(void *)ctx->records;
    state->bytes = bytes;
    state->before = header->states;
    header->states = behind_operands(ctx->node);
    ctx->node->row |= A8_HAS_STATE;
    return A8_OK;
}

int a8_ctx_scratch(a8_ctx_t *ctx, uint32_t bytes) {
    if (bytes > INT32_MAX || ctx->node->scratch != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "the operator asks for too much scratch, or twice", INT32_MAX,
            A8_NONE);
    }
    ctx->node->scratch = bytes;
    return A8_OK;
}

a8_target_t a8_ctx_target(const a8_ctx_t *ctx) {
    return ctx->target;
}

void *a8_ctx_data(const a8_ctx_t *ctx) {
    return ctx->records + block_position(ctx->records, ctx->node);
}

void *a8_ctx_state_data(const a8_ctx_t *ctx) {
    return ctx->records + behind_operands(ctx->node) + sizeof(a8_state_t);
}

const void *a8_ctx_in(const a8_ctx_t *ctx, uint32_t i) {
    if (i >= ctx->node->n_inputs || ctx->operands[i] == A8_LEFT_OUT) {
        return NULL;
    }
    return a8_located(ctx->it, ctx->operands[i]);
}

void *a8_ctx_variable(const a8_ctx_t *ctx, uint32_t i) {
    if (i >= ctx->node->n_inputs || (ctx->operands[i] & A8_IN_MODEL) != 0) {
        return NULL;
    }
    return a8_located(ctx->it, ctx->operands[i]);
}

void *a8_ctx_out(const a8_ctx_t *ctx, uint32_t i) {
    return a8_located(ctx->it, ctx->operands[ctx->node->n_inputs + i]);
}

void *a8_ctx_scratch_data(const a8_ctx_t *ctx) {
    return ctx->it->arena + ctx->node->scratch;
}

bool a8_ctx_stop(a8_ctx_t *ctx) {
    if (ctx->is_polled) {
        ctx->is_polled = false;
        return false;
    }
    return ctx->it->poll != NULL && !ctx->it->poll(ctx->it->arg);
}

int a8_ctx_error(a8_ctx_t *ctx, int code, const char *message, int32_t needed, int32_t given) {
    a8_error_t *err = ctx->err;
    a8_error(err, code, message, needed, given);
    if (err != NULL) {
        err->subgraph = (int32_t)ctx->subgraph;
        err->node = (int32_t)ctx->node_index;
        err->op = ctx->op;
    }
    return code;
}

int a8_ctx_model_error(a8_ctx_t *ctx, const char *message, int32_t needed, int32_t given) {
    return a8_ctx_error(ctx, A8_ERR_MODEL, message, needed, given);
}

int a8_ctx_unsupported(a8_ctx_t *ctx, const char *message, int32_t needed, int32_t given) {
    return a8_ctx_error(ctx, A8_ERR_UNSUPPORTED, message, needed, given);
}
