// SPDX-License-Identifier: MIT
//
// Subgraphs that run others, and variables that handles name: what load does for them, and op.h's part for their
// operators. Builds without these operators leave all of it out.
#include <string.h>

#include "interpreter.h"

// Handles that load keeps track of, and variables: more than any real model has, few enough to search.
#define MAX_HANDLES (1024)
// Bytes of a variable's name; many nodes may have the same long one.
#define MAX_NAME (1000)

// Finds the levels of the subgraphs that subgraph 0 runs, at once or through others: one more than the highest
// level of those that run it. As paths have at most A8_MAX_LEVELS subgraphs, so many rounds do.
static int find_levels(a8_ctx_t *ctx, a8_header_t *header) {
    for (bool changed = header->n_graphs > 1; changed;) {
        changed = false;
        for (uint32_t i = 0; i < header->n_graphs; ++i) {
            const a8_graph_t *graph = a8_graph(ctx->records, i);
            for (uint32_t k = 0; k < graph->n_nodes && graph->level != A8_UNREACHED; ++k) {
                a8_node_info_t info;
                uint32_t callees[2];
                int ret = a8_model_node(ctx->model, i, k, &info, ctx->err);
                if (ret != A8_OK) {
                    return ret;
                }
                for (uint32_t n = a8_model_callees(ctx->model, &info, callees); n-- > 0;) {
                    if (callees[n] >= header->n_graphs) {
                        continue; // the operator says so
                    }
                    a8_graph_t *callee = a8_graph(ctx->records, callees[n]);
                    if (callee->level != A8_UNREACHED && callee->level > graph->level) {
                        continue;
                    }
                    callee->level = graph->level + 1;
                    changed = true;
                    if (callee->level >= A8_MAX_LEVELS) {
                        ctx->subgraph = i;
                        ctx->node_index = k;
                        ctx->op = info.op;
                        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED,
                            "subgraphs run each other in a circle, or too many levels deep", A8_MAX_LEVELS, A8_NONE);
                    }
                    if (callee->level >= header->n_levels) {
                        header->n_levels = callee->level + 1;
                    }
                }
            }
        }
    }
    return A8_OK;
}

// Gives variables that handles name their places, behind all else.
static int plan(a8_ctx_t *ctx, const a8_header_t *header) {
    for (uint32_t position = header->resources; position != 0;) {
        a8_resource_t *resource = (a8_resource_t *)(void *)(ctx->records + position);
        if (resource->bytes > INT32_MAX - A8_ALIGN - ctx->planned) {
            return a8_error_unsupported(ctx->err, A8_TOO_LARGE, A8_NONE, A8_NONE);
        }
        resource->location = ctx->planned;
#if A8_TELL_PLAN
        ctx->subgraph = resource->subgraph;
        a8_tell(ctx, A8_NONE, &(a8_buffer_t){ resource->bytes, ctx->planned, A8_TIME_BEFORE, A8_TIME_AFTER });
#endif
        ctx->planned += (resource->bytes + A8_ALIGN - 1) & ~(uint32_t)(A8_ALIGN - 1);
        position = resource->before;
    }
    return A8_OK;
}

// ---------------------------------------------------------------------------
// Control flow.

// Reads an input, or with output an output, of a subgraph. Returns the tensor's number, or an error.
static int32_t callee_tensor(a8_ctx_t *ctx, uint32_t subgraph, uint32_t i, bool output, a8_tensor_info_t *info) {
    int32_t index = output ? a8_model_output(ctx->model, subgraph, i) : a8_model_input(ctx->model, subgraph, i);
    if (index < 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the subgraph lacks an input or output", (int32_t)(i + 1),
            (int32_t)subgraph);
    }
    int ret = a8_model_tensor(ctx->model, subgraph, (uint32_t)index, info, ctx->err);
    return ret != A8_OK ? ret : index;
}

int a8_ctx_callee_output(a8_ctx_t *ctx, uint32_t subgraph, uint32_t i, a8_tensor_info_t *info) {
    int32_t index = callee_tensor(ctx, subgraph, i, true, info);
    return index < 0 ? index : A8_OK;
}

// Reads an input, or with output an output, of the node, which is to be like that one of a subgraph. Returns the
// number of the subgraph's tensor, or an error.
static int32_t compare(a8_ctx_t *ctx, bool output, uint32_t i, uint32_t subgraph, uint32_t callee_i,
    uint32_t *bytes) {
    a8_tensor_info_t mine, theirs;
    int ret = output ? a8_ctx_output(ctx, i, &mine) : a8_ctx_input(ctx, i, &mine);
    int32_t index = ret != A8_OK ? ret : callee_tensor(ctx, subgraph, callee_i, output, &theirs);
    if (index < 0) {
        return index;
    }
    if (mine.dtype != theirs.dtype) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "a tensor has another type in the subgraph that the node runs",
            (int32_t)mine.dtype, (int32_t)theirs.dtype);
    }
    if (mine.bytes != theirs.bytes) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "a tensor has another size in the subgraph that the node runs",
            (int32_t)mine.bytes, (int32_t)theirs.bytes);
    }
    *bytes = mine.bytes;
    return index;
}

int a8_ctx_callee(a8_ctx_t *ctx, uint32_t i, uint32_t *subgraph, uint32_t *inputs, uint32_t *outputs) {
    uint32_t callees[2], n_graphs = a8_header(ctx->records)->n_graphs;
    *subgraph = i < a8_model_callees(ctx->model, ctx->info, callees) ? callees[i] : UINT32_MAX;
    if (*subgraph >= n_graphs) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the node runs a subgraph that is not there", (int32_t)n_graphs,
            (int32_t)*subgraph);
    }
    uint32_t level = a8_graph(ctx->records, ctx->subgraph)->level;
    if (level != A8_UNREACHED && a8_graph(ctx->records, *subgraph)->level <= level) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "the node runs its own subgraph", A8_NONE, (int32_t)*subgraph);
    }
    *inputs = a8_model_inputs(ctx->model, *subgraph);
    *outputs = a8_model_outputs(ctx->model, *subgraph);
    return A8_OK;
}

static a8_resource_t *get_resource(const uint8_t *records, uint32_t position) {
    return (a8_resource_t *)(uintptr_t)(records + position);
}

static uint32_t given_resource(const a8_ctx_t *ctx, uint32_t subgraph, uint32_t input) {
    for (uint32_t position = ctx->given; position != 0;) {
        const a8_given_t *given = (const a8_given_t *)(const void *)(ctx->records + position);
        if (given->subgraph == subgraph && given->input == input) {
            return given->resource;
        }
        position = given->before;
    }
    return 0;
}

static int too_many(a8_ctx_t *ctx) {
    return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "the model has too many variables", MAX_HANDLES, A8_NONE);
}

// Notes that the subgraph gets this handle.
static int give_handle(a8_ctx_t *ctx, uint32_t resource, uint32_t subgraph, uint32_t input) {
    uint32_t other = given_resource(ctx, subgraph, input), position;
    if (other != 0 && other != resource) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a subgraph is run with different variables", A8_NONE,
            (int32_t)subgraph);
    }
    if (other != 0) {
        return A8_OK;
    }
    uint32_t number = 0;
    if (ctx->given != 0) {
        number = ((const a8_given_t *)(const void *)(ctx->records + ctx->given))->number + 1;
    }
    if (number >= MAX_HANDLES || input > UINT16_MAX) {
        return too_many(ctx);
    }
    a8_given_t *given = a8_record(ctx, 1, sizeof(a8_given_t), &position);
    if (given == NULL) {
        return a8_record_error(ctx);
    }
    given->before = ctx->given;
    given->resource = resource;
    given->subgraph = (uint16_t)subgraph;
    given->input = (uint16_t)input;
    given->number = number;
    ctx->given = position;
    return A8_OK;
}

int a8_ctx_give(a8_ctx_t *ctx, uint32_t input, uint32_t subgraph, uint32_t callee_input, uint32_t *bytes) {
    int32_t index = compare(ctx, false, input, subgraph, callee_input, bytes);
    if (index < 0) {
        return index;
    }
    const a8_buffer_t *tensor = &ctx->tensors[ctx->operands[input]];
    return tensor->bytes == A8_HANDLE ? give_handle(ctx, tensor->offset, subgraph, callee_input) : A8_OK;
}

// An output becomes a handle.
static int take_handle(a8_ctx_t *ctx, uint32_t resource, uint32_t output) {
    a8_buffer_t *tensor = &ctx->tensors[ctx->operands[ctx->node->n_inputs + output]];
    if (tensor->bytes == A8_HANDLE && tensor->offset != resource) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "which variable an output names is not known at load", A8_NONE,
            A8_NONE);
    }
    tensor->bytes = A8_HANDLE;
    tensor->offset = resource;
    return A8_OK;
}

int a8_ctx_take(a8_ctx_t *ctx, uint32_t output, uint32_t subgraph, uint32_t callee_output, uint32_t *bytes) {
    int32_t index = compare(ctx, true, output, subgraph, callee_output, bytes);
    if (index < 0) {
        return index;
    }
    // A handle, which has no bytes, keeps its variable if the subgraph only hands it through; else it stays unknown.
    for (uint32_t i = 0; *bytes == 0 && i < UINT8_MAX; ++i) {
        if (a8_model_input(ctx->model, subgraph, i) == index) {
            uint32_t resource = given_resource(ctx, subgraph, i);
            return resource == 0 ? A8_OK : take_handle(ctx, resource, output);
        }
    }
    return A8_OK;
}

bool a8_ctx_same_variable(const a8_ctx_t *ctx, uint32_t input, uint32_t output) {
    const a8_buffer_t *in = &ctx->tensors[ctx->operands[input]];
    const a8_buffer_t *out = &ctx->tensors[ctx->operands[ctx->node->n_inputs + output]];
    return in->bytes != A8_HANDLE || (out->bytes == A8_HANDLE && out->offset == in->offset);
}

void *a8_ctx_callee_in(const a8_ctx_t *ctx, uint32_t subgraph, uint32_t i, uint32_t bytes) {
    const a8_port_t *port = a8_port(ctx->records, subgraph, i);
    bool good = i < a8_graph(ctx->records, subgraph)->n_inputs && port->bytes == bytes;
    return good ? a8_located(ctx->it, port->location) : NULL;
}

const void *a8_ctx_callee_out(const a8_ctx_t *ctx, uint32_t subgraph, uint32_t i, uint32_t bytes) {
    const a8_graph_t *graph = a8_graph(ctx->records, subgraph);
    const a8_port_t *port = a8_port(ctx->records, subgraph, graph->n_inputs + i);
    return i < graph->n_outputs && port->bytes == bytes ? a8_located(ctx->it, port->location) : NULL;
}

int a8_ctx_enter(a8_ctx_t *ctx, uint32_t subgraph, uint32_t phase) {
    ctx->entered = subgraph;
    ctx->phase = phase;
    return A8_ENTERED;
}

uint32_t a8_ctx_phase(const a8_ctx_t *ctx) {
    return ctx->phase;
}

// ---------------------------------------------------------------------------
// Variables.

static bool same_string(a8_string_t a, a8_string_t b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.str, b.str, a.len) == 0);
}

// Position of the variable with that name; 0 if there is none yet. One without a container is in any.
static uint32_t find_resource(a8_ctx_t *ctx, a8_string_t container, a8_string_t name, uint32_t crc32) {
    for (uint32_t position = a8_header(ctx->records)->resources; position != 0;) {
        const a8_resource_t *resource = get_resource(ctx->records, position);
        a8_node_info_t info;
        a8_string_t its_container, its_name;
        if (resource->name_crc32 == crc32 &&
            a8_model_node(ctx->model, resource->subgraph, resource->node, &info, NULL) == A8_OK &&
            a8_model_variable(ctx->model, &info, &its_container, &its_name) && same_string(its_name, name) &&
            (its_container.len == 0 || container.len == 0 || same_string(its_container, container))) {
            return position;
        }
        position = resource->before;
    }
    return 0;
}

int a8_ctx_make_handle(a8_ctx_t *ctx) {
    a8_tensor_info_t info;
    a8_string_t container, name;
    int ret = a8_ctx_output(ctx, 0, &info);
    if (ret != A8_OK) {
        return ret;
    }
    if (info.dtype != A8_RESOURCE || !a8_model_variable(ctx->model, ctx->info, &container, &name)) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the node does not name a variable", A8_RESOURCE, (int32_t)info.dtype);
    }
    if (container.len > MAX_NAME || name.len > MAX_NAME) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "the name of the variable is too long", MAX_NAME,
            (int32_t)(name.len > container.len ? name.len : container.len));
    }
    uint32_t crc32 = a8_crc32(0, name.str, name.len);
    uint32_t position = find_resource(ctx, container, name, crc32);
    if (position == 0) {
        a8_header_t *header = a8_header(ctx->records);
        uint32_t number = header->resources == 0 ? 0 : get_resource(ctx->records, header->resources)->number + 1;
        if (number >= MAX_HANDLES) {
            return too_many(ctx);
        }
        a8_resource_t *resource = a8_record(ctx, 1, sizeof(a8_resource_t), &position);
        if (resource == NULL) {
            return a8_record_error(ctx);
        }
        resource->before = header->resources;
        resource->name_crc32 = crc32;
        resource->dtype = UINT16_MAX;
        resource->fill_subgraph = UINT16_MAX;
        resource->subgraph = (uint16_t)ctx->subgraph;
        resource->node = (uint16_t)ctx->node_index;
        resource->number = (uint16_t)number;
        header->resources = position;
    }
    return take_handle(ctx, position, 0);
}

int a8_ctx_handle(a8_ctx_t *ctx, uint32_t i, const a8_tensor_info_t *content, int32_t fill) {
    a8_tensor_info_t info;
    int ret = a8_ctx_input(ctx, i, &info);
    if (ret != A8_OK) {
        return ret;
    }
    const a8_buffer_t *tensor = &ctx->tensors[ctx->operands[i]];
    if (tensor->bytes != A8_HANDLE && a8_graph(ctx->records, ctx->subgraph)->level == A8_UNREACHED) {
        return A8_OK; // never runs, so there is nobody to know it from
    }
    if (tensor->bytes != A8_HANDLE) {
        a8_ctx_unsupported(ctx, "which variable the node uses is not known at load", A8_NONE, A8_NONE);
        if (ctx->err != NULL) {
            ctx->err->tensor = (int32_t)ctx->operands[i];
        }
        return A8_ERR_UNSUPPORTED;
    }
    a8_resource_t *resource = get_resource(ctx->records, tensor->offset);
    if (resource->dtype == UINT16_MAX) {
        resource->dtype = (uint16_t)content->dtype;
        resource->bytes = content->bytes;
    }
    if (resource->dtype != (uint16_t)content->dtype) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the variable has another type elsewhere", (int32_t)resource->dtype,
            (int32_t)content->dtype);
    }
    if (resource->bytes != content->bytes) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the variable has another size elsewhere", (int32_t)resource->bytes,
            (int32_t)content->bytes);
    }
    // The first node says it, in the order of subgraphs.
    if (fill >= 0 && ctx->subgraph < resource->fill_subgraph) {
        resource->fill_subgraph = (uint16_t)ctx->subgraph;
        resource->fill = (uint16_t)fill;
    }
    return A8_OK;
}

void *a8_ctx_handled(const a8_ctx_t *ctx, uint32_t i) {
    return ctx->it->arena + get_resource(ctx->records, ctx->operands[i])->location;
}

// ---------------------------------------------------------------------------

// An input that the subgraph gets a handle in becomes that handle.
static void give(const a8_ctx_t *ctx, uint32_t input, a8_buffer_t *tensor) {
    uint32_t resource = given_resource(ctx, ctx->subgraph, input);
    if (resource != 0) {
        tensor->bytes = A8_HANDLE;
        tensor->offset = resource;
    }
}

const a8_subgraphs_t a8_subgraphs = { find_levels, give, plan };
