// SPDX-License-Identifier: MIT
//
// Load: verify, prepare, plan.
//
// Subgraphs that run others have lower levels than these, so that of one level
// only one runs at a time. They are loaded level by level: what a subgraph gets
// from those that run it (handles of variables) is known before, and all of a
// level share one part of the arena, as no subgraph's tensors but variable ones outlive its run.
#include "interpreter.h"

#include <string.h>

#include "registry.h"

#define NEVER (UINT16_MAX) // first of a tensor that nothing has written
#define MAX_NODES (UINT16_MAX - 3)

// An error about a tensor of the subgraph, or about the subgraph itself.
static int graph_error(const a8_ctx_t *ctx, int code, const char *message, int32_t tensor) {
    a8_error(ctx->err, code, message, A8_NONE, A8_NONE);
    if (ctx->err != NULL) {
        ctx->err->subgraph = (int32_t)ctx->subgraph;
        ctx->err->tensor = tensor;
    }
    return code;
}

static int graph_error_numbers(const a8_ctx_t *ctx, int code, const char *message, int32_t needed, int32_t given) {
    graph_error(ctx, code, message, A8_NONE);
    if (ctx->err != NULL) {
        ctx->err->needed = needed;
        ctx->err->given = given;
    }
    return code;
}

// An error about a tensor of the node.
static int operand_error(a8_ctx_t *ctx, const char *message, int32_t tensor) {
    a8_ctx_model_error(ctx, message, A8_NONE, A8_NONE);
    if (ctx->err != NULL) {
        ctx->err->tensor = tensor;
    }
    return A8_ERR_MODEL;
}

int a8_record_error(const a8_ctx_t *ctx) {
    return a8_error(ctx->err, A8_ERR_MEMORY, "the records do not fit", (int32_t)a8_arena_records_bytes(ctx->mem),
        (int32_t)ctx->mem->records_size);
}

static int temp_error(const a8_ctx_t *ctx) {
    return a8_error(ctx->err, A8_ERR_MEMORY, A8_SMALL_ARENA, (int32_t)ctx->mem->temp_used,
        (int32_t)ctx->mem->temp_size);
}

int a8_model_changed(const a8_ctx_t *ctx) {
    return a8_error(ctx->err, A8_ERR_MODEL, "the model changed while it was loaded", A8_NONE, A8_NONE);
}

void *a8_record(const a8_ctx_t *ctx, uint32_t count, uint32_t bytes, uint32_t *position) {
    if (count > INT32_MAX / bytes) {
        count = INT32_MAX / bytes; // fails below
    }
    uint8_t *at = a8_arena_record(ctx->mem, count * bytes, 4);
    if (at != NULL) {
        *position = (uint32_t)(at - ctx->records);
    }
    return at;
}

// Looks at all tensors of the subgraph and notes which have their bytes already.
static int load_tensors(a8_ctx_t *ctx, uint32_t *n_variables) {
    a8_tensor_info_t info;
    *n_variables = 0;
    for (uint32_t i = 0; i < ctx->n_tensors; ++i) {
        a8_buffer_t *tensor = &ctx->tensors[i];
        int ret = a8_model_tensor(ctx->model, ctx->subgraph, i, &info, ctx->err);
        if (ret != A8_OK) {
            return ret;
        }
        tensor->bytes = info.bytes;
        tensor->offset = 0;
        tensor->first = NEVER;
        tensor->last = 0;
        if (info.data != NULL) {
            if (info.is_variable) {
                return graph_error(ctx, A8_ERR_UNSUPPORTED, "a variable tensor with initial data is not supported",
                    (int32_t)i);
            }
            tensor->offset = A8_IN_MODEL | (uint32_t)(info.data - ctx->model->data);
        } else if (info.is_variable) {
            if (info.dtype == A8_RESOURCE) { // a reset would fill it, and it has no bytes
                return graph_error(ctx, A8_ERR_UNSUPPORTED, "a variable tensor is a handle", (int32_t)i);
            }
            tensor->first = A8_TIME_BEFORE;
            tensor->last = A8_TIME_AFTER;
            ++*n_variables;
        }
    }
    return A8_OK;
}

// The i-th tensor of the subgraph's inputs or outputs.
static int load_index(a8_ctx_t *ctx, const a8_vector_t *indices, uint32_t i, uint32_t *index) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(ctx->model);
    *index = a8_flatbuffer_u32(&fb, indices->first + 4 * i);
    if (*index >= ctx->n_tensors) {
        return graph_error_numbers(ctx, A8_ERR_MODEL,
            "an input or output of the subgraph is a tensor that is not there", (int32_t)ctx->n_tensors, (int32_t)*index);
    }
    return A8_OK;
}

static int load_inputs(a8_ctx_t *ctx, const a8_vector_t *inputs) {
    for (uint32_t i = 0; i < inputs->count; ++i) {
        uint32_t index;
        int ret = load_index(ctx, inputs, i, &index);
        if (ret != A8_OK) {
            return ret;
        }
        if (a8_is_constant(&ctx->tensors[index])) {
            return graph_error(ctx, A8_ERR_MODEL, "an input of the subgraph is constant", (int32_t)index);
        }
        ctx->tensors[index].first = A8_TIME_BEFORE;
        if (ctx->given != 0) {
            a8_op_subgraphs()->give(ctx, i, &ctx->tensors[index]);
        }
    }
    return A8_OK;
}

static int load_outputs(a8_ctx_t *ctx, const a8_vector_t *outputs) {
    for (uint32_t i = 0; i < outputs->count; ++i) {
        uint32_t index;
        int ret = load_index(ctx, outputs, i, &index);
        if (ret != A8_OK) {
            return ret;
        }
        a8_buffer_t *tensor = &ctx->tensors[index];
        if (a8_is_constant(tensor)) {
            continue;
        }
        if (tensor->first == NEVER) {
            return graph_error(ctx, A8_ERR_MODEL, "nothing computes an output of the subgraph", (int32_t)index);
        }
        tensor->last = A8_TIME_AFTER;
    }
    return A8_OK;
}

// Checks one operand's index and moves the tensor's lifetime.
static int load_operand(a8_ctx_t *ctx, int32_t index, bool written) {
    if (index == -1) {
        return A8_OK;
    }
    if (index < 0 || (uint32_t)index >= ctx->n_tensors) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the node uses a tensor that is not there", (int32_t)ctx->n_tensors,
            index);
    }
    a8_buffer_t *tensor = &ctx->tensors[index];
    uint16_t now = A8_TIME_OF(ctx->node_index);
    if (written) {
        if (a8_is_constant(tensor) || tensor->first != NEVER) {
            return operand_error(ctx,
                "the node writes to a tensor that is constant, an input, variable or already computed", index);
        }
        tensor->first = now;
        tensor->last = now;
    } else if (!a8_is_constant(tensor)) {
        if (tensor->first == NEVER) {
            return operand_error(ctx, "the node reads a tensor that nothing has computed before", index);
        }
        tensor->last = now > tensor->last ? now : tensor->last;
    }
    return A8_OK;
}

static int load_node(a8_ctx_t *ctx, a8_node_t *node, uint32_t index) {
    a8_node_info_t info;
    int ret = a8_model_node(ctx->model, ctx->subgraph, index, &info, ctx->err);
    if (ret != A8_OK) {
        return ret;
    }
    ctx->node = node;
    ctx->node_index = index;
    ctx->op = a8_op_code(&info);
    ctx->info = &info;
    if (info.n_inputs > UINT8_MAX || info.n_outputs > UINT8_MAX) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "the node has too many tensors", UINT8_MAX,
            (int32_t)(info.n_inputs > info.n_outputs ? info.n_inputs : info.n_outputs));
    }
    uint32_t position;
    ctx->operands = a8_record(ctx, info.n_inputs + info.n_outputs, 4, &position);
    if (ctx->operands == NULL) {
        return a8_record_error(ctx);
    }
    node->n_inputs = (uint8_t)info.n_inputs;
    node->n_outputs = (uint8_t)info.n_outputs;
    node->operands = position;
    // All inputs before any output: what a node writes it can't read.
    for (uint32_t i = 0; i < info.n_inputs + info.n_outputs && ret == A8_OK; ++i) {
        bool written = i >= info.n_inputs;
        int32_t tensor;
        if (written) {
            tensor = a8_node_output(ctx->model, &info, i - info.n_inputs);
        } else {
            tensor = a8_node_input(ctx->model, &info, i);
        }
        ctx->operands[i] = (uint32_t)tensor;
        ret = load_operand(ctx, tensor, written);
    }
    if (ret != A8_OK) {
        return ret;
    }
    a8_dtype_t family;
    a8_reason_t reason;
    bool known = a8_op_family(ctx->model, ctx->subgraph, &info, &family);
    int32_t row = a8_op_find(ctx->op, family, &reason);
    if (!known || row < 0) {
        return a8_model_changed(ctx); // else a tensor or node before this one had failed
    }
    node->row = (uint16_t)row;
    if (ctx->err != NULL) {
        ctx->err->code = A8_OK;
    }
    ret = a8_op_row((uint32_t)row)->prepare(ctx);
    if (ret < 0 && ctx->err != NULL && ctx->err->code == A8_OK) {
        a8_ctx_fail(ctx, ret, "the operator can't be prepared", A8_NONE, A8_NONE);
    }
    return ret;
}

#if A8_TELL_PLAN
void a8_tell(const a8_ctx_t *ctx, int32_t tensor, const a8_buffer_t *buffer) {
    if (ctx->tell != NULL && !a8_is_constant(buffer) && buffer->first <= buffer->last && buffer->bytes != 0) {
        a8_place_t place = { ctx->subgraph, tensor, buffer->bytes, buffer->offset, buffer->first, buffer->last };
        ctx->tell(ctx->tell_arg, &place);
    }
}
#endif

// Gives all tensors and scratch of the subgraph their places.
static int plan_graph(a8_ctx_t *ctx, const a8_graph_t *graph, a8_node_t *nodes) {
    uint32_t n_scratch = 0;
    for (uint32_t i = 0; i < ctx->n_tensors; ++i) {
        if (ctx->tensors[i].bytes == A8_HANDLE) { // the planner leaves it alone
            ctx->tensors[i].first = 1;
            ctx->tensors[i].last = 0;
        }
    }
    for (uint32_t i = 0; i < graph->n_nodes; ++i) {
        n_scratch += nodes[i].scratch != 0;
    }
    // What is taken lies just below the tensors, so that both are one array.
    a8_buffer_t *scratch = ctx->tensors;
    if (n_scratch != 0) {
        scratch = a8_arena_temp(ctx->mem, n_scratch * (uint32_t)sizeof(a8_buffer_t));
        if (scratch == NULL) {
            return temp_error(ctx);
        }
    }
    for (uint32_t i = 0, k = 0; i < graph->n_nodes; ++i) {
        if (nodes[i].scratch != 0) {
            a8_buffer_t buffer = { nodes[i].scratch, 0, A8_TIME_OF(i), A8_TIME_OF(i) };
            scratch[k++] = buffer;
        }
    }
    uint32_t n = n_scratch + ctx->n_tensors;
    uint16_t *work = a8_arena_temp(ctx->mem, a8_plan_work_bytes(scratch, n));
    if (work == NULL) {
        return temp_error(ctx);
    }
    if (graph->n_variables != 0) {
        ctx->base = ctx->planned; // they outlive the run, so nothing is shared
    }
    uint32_t base = ctx->base, bytes = a8_plan(scratch, n, work);
    if (bytes > INT32_MAX - base) {
        return graph_error(ctx, A8_ERR_UNSUPPORTED, A8_TOO_LARGE, A8_NONE);
    }
    for (uint32_t i = 0; i < n; ++i) {
        if (!a8_is_constant(&scratch[i]) && scratch[i].bytes != A8_HANDLE) {
            scratch[i].offset += base;
        }
    }
    if (graph->level != A8_UNREACHED && base + bytes > ctx->planned) {
        ctx->planned = base + bytes;
    }
    if (graph->n_variables != 0) {
        ctx->base = ctx->planned;
    }
#if A8_TELL_PLAN
    for (uint32_t i = 0; i < n && graph->level != A8_UNREACHED; ++i) {
        a8_tell(ctx, i < n_scratch ? A8_NONE : (int32_t)(i - n_scratch), &scratch[i]);
    }
#endif
    for (uint32_t i = 0, k = 0; i < graph->n_nodes; ++i) {
        if (nodes[i].scratch != 0) {
            nodes[i].scratch = scratch[k++].offset;
        }
        uint32_t *operands = (uint32_t *)(void *)(ctx->records + nodes[i].operands);
        for (uint32_t j = 0; j < (uint32_t)nodes[i].n_inputs + nodes[i].n_outputs; ++j) {
            operands[j] = operands[j] == A8_LEFT_OUT ? A8_LEFT_OUT : ctx->tensors[operands[j]].offset;
        }
    }
    return A8_OK;
}

// Keeps where the inputs, outputs and variable tensors are. The tensors' indices were checked before.
static int load_ports(a8_ctx_t *ctx, a8_graph_t *graph, const a8_vector_t info[A8_GRAPH_VECTORS]) {
    const a8_vector_t *indices = &info[A8_GRAPH_INPUTS];
    a8_flatbuffer_t fb = a8_model_flatbuffer(ctx->model);
    a8_port_t *port = a8_record(ctx, indices[0].count + indices[1].count, sizeof(a8_port_t), &graph->ports);
    if (port == NULL) {
        return a8_record_error(ctx);
    }
    graph->n_inputs = (uint16_t)indices[0].count;
    graph->n_outputs = (uint16_t)indices[1].count;
    // The inputs, then the outputs.
    for (uint32_t i = 0, k = 0; k < 2; ++k) {
        for (uint32_t position = indices[k].first, n = indices[k].count; n > 0; --n, ++i, position += 4) {
            const uint32_t index = a8_flatbuffer_u32(&fb, position);
            if (index >= ctx->n_tensors) {
                return a8_model_changed(ctx);
            }
            const a8_buffer_t *tensor = &ctx->tensors[index];
            port[i].tensor = index;
            if (tensor->bytes != A8_HANDLE) { // those are found at load, so nothing is copied
                port[i].location = tensor->offset;
                port[i].bytes = tensor->bytes;
            }
        }
    }
    a8_variable_t *variable = a8_record(ctx, graph->n_variables, sizeof(a8_variable_t), &graph->variables);
    if (variable == NULL) {
        return a8_record_error(ctx);
    }
    for (uint32_t i = 0, k = 0; i < ctx->n_tensors && k < graph->n_variables; ++i) {
        a8_tensor_info_t tensor;
        int ret = a8_model_tensor(ctx->model, ctx->subgraph, i, &tensor, ctx->err);
        if (ret != A8_OK) {
            return ret;
        }
        if (tensor.is_variable) {
            variable[k].location = ctx->tensors[i].offset;
            variable[k].bytes = ctx->tensors[i].bytes;
            // The reference begins with the zero point in int8 tensors and with 0 in others.
            variable[k].fill = tensor.dtype == A8_INT8 ? tensor.zero_point & 0xff : 0;
            ++k;
        }
    }
    return A8_OK;
}

static int load_graph(a8_ctx_t *ctx, uint32_t subgraph) {
    a8_graph_t *graph = a8_graph(ctx->records, subgraph);
    a8_node_t *nodes = a8_node(ctx->records, subgraph, 0);
    a8_vector_t info[A8_GRAPH_VECTORS];
    ctx->subgraph = subgraph;
    int ret = a8_model_graph(ctx->model, ctx->subgraph, info, ctx->err);
    if (ret != A8_OK) {
        return ret;
    }
    if (info[A8_GRAPH_OPERATORS].count != graph->n_nodes) {
        return a8_model_changed(ctx);
    }
    if (info[A8_GRAPH_INPUTS].count > UINT16_MAX || info[A8_GRAPH_OUTPUTS].count > UINT16_MAX ||
        info[A8_GRAPH_TENSORS].count + info[A8_GRAPH_OPERATORS].count > MAX_NODES) {
        return graph_error_numbers(ctx, A8_ERR_UNSUPPORTED, "the subgraph has too many tensors and nodes", MAX_NODES,
            (int32_t)(info[A8_GRAPH_TENSORS].count + info[A8_GRAPH_OPERATORS].count));
    }
    if (ctx->subgraph == 0 && info[A8_GRAPH_OUTPUTS].count == 0) {
        return graph_error_numbers(ctx, A8_ERR_MODEL, "the model has no outputs", 1, 0);
    }
    uint32_t mark = ctx->mem->temp_used, n_variables;
    ctx->n_tensors = info[A8_GRAPH_TENSORS].count;
    ctx->tensors = a8_arena_temp(ctx->mem, ctx->n_tensors * (uint32_t)sizeof(a8_buffer_t));
    if (ctx->tensors == NULL) {
        return temp_error(ctx);
    }
    ret = load_tensors(ctx, &n_variables);
    if (graph->level != A8_UNREACHED) { // else it doesn't run, and needs no place in the arena
        graph->n_variables = (uint16_t)n_variables;
    }
    if (ret == A8_OK) {
        ret = load_inputs(ctx, &info[A8_GRAPH_INPUTS]);
    }
    for (uint32_t i = 0; i < graph->n_nodes && ret == A8_OK; ++i) {
        ret = load_node(ctx, &nodes[i], i);
    }
    if (ret == A8_OK) {
        ret = load_outputs(ctx, &info[A8_GRAPH_OUTPUTS]);
    }
    if (ret == A8_OK) {
        ret = plan_graph(ctx, graph, nodes);
    }
    if (ret == A8_OK) {
        ret = load_ports(ctx, graph, info);
    }
    if (ret == A8_OK) { // else a8_measure looks at what was in use
        a8_arena_temp_release(ctx->mem, mark);
    }
    return ret;
}

static int load_graphs(a8_ctx_t *ctx, const a8_header_t *header, uint32_t level) {
    ctx->base = ctx->planned;
    for (uint32_t i = 0; i < header->n_graphs; ++i) {
        if (a8_graph(ctx->records, i)->level == level) {
            int ret = load_graph(ctx, i);
            if (ret != A8_OK) {
                return ret;
            }
        }
    }
    return A8_OK;
}

static const char *reason_message(a8_reason_t reason) {
    switch (reason) {
        case A8_NO_SUCH_OPERATOR:
            return "there is no such operator";
        case A8_NOT_IN_THIS_BUILD:
            return "the operator is not in this build";
        case A8_NO_SUCH_DTYPE:
            return "the operator does not take this element type";
        case A8_DTYPE_NOT_IN_THIS_BUILD:
            return "the operator's element type is not in this build";
        default: // A8_HYBRID
            return "it has integer weights, float32 activations";
    }
}

int a8_load_records(a8_ctx_t *ctx, a8_sizes_t *sizes) {
    a8_unsupported_t unsupported;
    uint32_t subgraph = 0, node = 0, position;
    if (a8_next_unsupported(ctx->model, &subgraph, &node, &unsupported)) {
        ctx->subgraph = unsupported.subgraph;
        ctx->node_index = unsupported.node;
        ctx->op = unsupported.op;
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, reason_message(unsupported.reason), A8_NONE, (int32_t)unsupported.dtype);
    }
    ctx->records = ctx->mem->records;
    // The header, the subgraphs and the nodes lie next to each other.
    a8_header_t *header = a8_record(ctx, 1, sizeof(a8_header_t), &position);
    if (header == NULL) {
        return a8_record_error(ctx);
    }
    header->n_graphs = (uint16_t)ctx->model->n_subgraphs;
    a8_graph_t *graphs = a8_record(ctx, header->n_graphs, sizeof(a8_graph_t), &position);
    if (graphs == NULL) {
        return a8_record_error(ctx);
    }
    uint32_t n_nodes = 0;
    for (uint32_t i = 0; i < header->n_graphs; ++i) {
        graphs[i].first_node = n_nodes;
        graphs[i].n_nodes = a8_model_nodes(ctx->model, i);
        if (graphs[i].n_nodes > INT32_MAX / sizeof(a8_node_t) - n_nodes) {
            return a8_record_error(ctx);
        }
        n_nodes += graphs[i].n_nodes;
    }
    if (a8_record(ctx, n_nodes, sizeof(a8_node_t), &position) == NULL) {
        return a8_record_error(ctx);
    }
    header->n_levels = 1;
    for (uint32_t i = 1; i < header->n_graphs; ++i) {
        graphs[i].level = A8_UNREACHED;
    }
    int ret = A8_OK;
    const a8_subgraphs_t *subgraphs = a8_op_subgraphs();
    if (subgraphs != NULL) {
        ret = subgraphs->find_levels(ctx, header);
    }
    if (ret == A8_OK && a8_record(ctx, header->n_levels, sizeof(a8_frame_t), &header->frames) == NULL) {
        ret = a8_record_error(ctx);
    }
    for (uint32_t level = 0; level < header->n_levels && ret == A8_OK; ++level) {
        ret = load_graphs(ctx, header, level);
    }
    if (ret == A8_OK) {
        ret = load_graphs(ctx, header, A8_UNREACHED);
    }
    if (ret == A8_OK && header->resources != 0) {
        ret = subgraphs->plan(ctx, header);
    }
    if (ret != A8_OK) {
        return ret;
    }
    uint32_t temp = a8_arena_temp_bytes(ctx->mem);
    sizes->records = a8_arena_records_bytes(ctx->mem);
    sizes->arena = ctx->planned > temp ? ctx->planned : temp;
    return A8_OK;
}
