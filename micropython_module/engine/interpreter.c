// SPDX-License-Identifier: MIT
//
// Load (verify, prepare, plan) and the invoke loop.
//
// The records, in the order in which they lie:
//
//   header_t                 and the position of the invoke loop
//   graph_t[]                one a subgraph
//   node_t[]                 of all subgraphs, in order
//   per node                 its operands (a uint32_t a tensor, inputs first), state_t and its state if it has any
//                            (a8_ctx_state), then its block (a8_ctx_alloc)
//   per graph                io_t[] of its inputs and outputs, variable_t[]
//
// While load prepares, an operand is the tensor's index; then it becomes a
// location, which says where the tensor's bytes are without asking the model again.
#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "flexbuffer.h"
#include "model.h"
#include "op.h"
#include "planner.h"
#include "registry.h"

// A location is an offset in the arena, or with this bit an offset in the model's bytes.
#define IN_MODEL (0x80000000u)
#define LEFT_OUT (UINT32_MAX)

// Times of lifetimes: node i runs at i + 1; inputs are written before, outputs read after.
#define TIME_BEFORE (0)
#define TIME_OF(node) ((uint16_t)((node) + 1))
#define TIME_AFTER (UINT16_MAX - 1)
#define NEVER (UINT16_MAX) // first of a tensor that nothing has written
#define MAX_NODES (UINT16_MAX - 3)

// Set in node_t.row of a node with state.
#define HAS_STATE (0x8000u)

typedef struct {
    uint32_t graphs; // positions in the records
    uint32_t nodes;
    uint32_t states; // the last state_t, 0 if there is none
    uint32_t n_graphs;
    uint32_t graph; // the node that runs next: the one frame there is until operators enter other subgraphs
    uint32_t node;
} header_t;

typedef struct {
    uint32_t first_node;
    uint32_t n_nodes;
    uint32_t io;
    uint32_t variables;
    uint16_t n_inputs;
    uint16_t n_outputs;
    uint32_t n_variables;
} graph_t;

// In front of a node's state.
typedef struct {
    uint32_t bytes; // a multiple of 8
    uint32_t before; // position of another node's state_t, 0 if this is the first
} state_t;

typedef struct {
    uint16_t row;
    uint8_t n_inputs;
    uint8_t n_outputs;
    uint32_t operands;
    uint32_t scratch; // bytes while load prepares, then the offset in the arena
    uint32_t microseconds;
} node_t;

typedef struct {
    uint32_t tensor;
    uint32_t location;
    uint32_t bytes;
} io_t;

typedef struct {
    uint32_t location;
    uint32_t bytes;
    int32_t zero_point;
    uint32_t element_bytes;
} variable_t;

// The same on every machine.
typedef char check_header_size[sizeof(header_t) == 24 ? 1 : -1];
typedef char check_graph_size[sizeof(graph_t) == 24 ? 1 : -1];
typedef char check_node_size[sizeof(node_t) == 16 ? 1 : -1];
typedef char check_state_size[sizeof(state_t) == 8 ? 1 : -1];
typedef char check_io_size[sizeof(io_t) == 12 ? 1 : -1];
typedef char check_variable_size[sizeof(variable_t) == 16 ? 1 : -1];
typedef char check_buffer_size[sizeof(a8_buffer_t) == 12 ? 1 : -1];

// One node while its operator prepares or evaluates, and the state of load.
struct a8_ctx {
    a8_error_t *err;
    const a8_model_t *model;
    uint8_t *records;
    node_t *node;
    uint32_t *operands;
    uint32_t subgraph;
    uint32_t node_index; // in the subgraph
    int32_t op;
    // prepare
    a8_arena_t *mem;
    a8_buffer_t *tensors;
    uint32_t n_tensors;
    uint32_t options;
    a8_flatbuffer_t custom_options;
    a8_target_t target;
    uint32_t planned; // bytes of the subgraphs so far
    // eval
    const a8_interpreter_t *it;
};

static int node_error(const a8_ctx_t *ctx, int code, const char *message, int32_t tensor, int32_t needed,
    int32_t given) {
    a8_error_at(ctx->err, code, message, ctx->subgraph, (int32_t)ctx->node_index, tensor, needed, given);
    if (ctx->err != NULL) {
        ctx->err->op = ctx->op;
    }
    return code;
}

// Where a node's operands end: at its state_t, or its block.
static uint32_t behind_operands(const node_t *node) {
    return (node->operands + 4 * ((uint32_t)node->n_inputs + node->n_outputs) + 7) & ~(uint32_t)7;
}

static uint32_t block_position(const uint8_t *records, const node_t *node) {
    uint32_t position = behind_operands(node);
    if ((node->row & HAS_STATE) != 0) {
        position += (uint32_t)sizeof(state_t) + ((const state_t *)(const void *)(records + position))->bytes;
    }
    return position;
}

// ---------------------------------------------------------------------------
// Load.

static int record_error(const a8_ctx_t *ctx) {
    const a8_arena_t *mem = ctx->mem;
    if (mem->shared) {
        uint32_t needed = a8_arena_records_bytes(mem) + ((mem->temp_used + A8_ALIGN - 1) & ~(uint32_t)(A8_ALIGN - 1));
        // Ask for a quarter more than was given, or searching the size would take many rounds.
        uint32_t next = (mem->temp_size + mem->temp_size / 4 + A8_ALIGN) & ~(uint32_t)(A8_ALIGN - 1);
        return a8_error(ctx->err, A8_ERR_MEMORY, "the work memory is too small",
            (int32_t)(needed > next ? needed : next), (int32_t)mem->temp_size);
    }
    return a8_error(ctx->err, A8_ERR_MEMORY, "the records do not fit", (int32_t)a8_arena_records_bytes(mem),
        (int32_t)mem->records_size);
}

static int temp_error(const a8_ctx_t *ctx) {
    const a8_arena_t *mem = ctx->mem;
    if (mem->shared) {
        return record_error(ctx);
    }
    return a8_error(ctx->err, A8_ERR_MEMORY, "the arena is too small", (int32_t)mem->temp_used,
        (int32_t)mem->temp_size);
}

// Load reads some things twice; what depends on it must not rest on two different answers.
static int model_changed(const a8_ctx_t *ctx) {
    return a8_error(ctx->err, A8_ERR_MODEL, "the model changed while it was loaded", A8_NONE, A8_NONE);
}

static void *record(const a8_ctx_t *ctx, uint32_t count, uint32_t bytes, uint32_t *position) {
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
                return a8_error_at(ctx->err, A8_ERR_UNSUPPORTED, "a variable tensor with initial data is not supported",
                    ctx->subgraph, A8_NONE, (int32_t)i, A8_NONE, A8_NONE);
            }
            tensor->offset = IN_MODEL | (uint32_t)(info.data - ctx->model->data);
        } else if (info.is_variable) {
            tensor->first = TIME_BEFORE;
            tensor->last = TIME_AFTER;
            ++*n_variables;
        }
    }
    return A8_OK;
}

static bool is_constant(const a8_buffer_t *tensor) {
    return (tensor->offset & IN_MODEL) != 0;
}

static int load_inputs(a8_ctx_t *ctx, const a8_vector_t *inputs) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(ctx->model);
    for (uint32_t i = 0; i < inputs->count; ++i) {
        uint32_t index = a8_flatbuffer_u32(&fb, inputs->first + 4 * i);
        if (index >= ctx->n_tensors) {
            return a8_error_at(ctx->err, A8_ERR_MODEL, "an input of the subgraph is not one of its tensors",
                ctx->subgraph, A8_NONE, A8_NONE, (int32_t)ctx->n_tensors, (int32_t)index);
        }
        if (is_constant(&ctx->tensors[index])) {
            return a8_error_at(ctx->err, A8_ERR_MODEL, "an input of the subgraph is constant", ctx->subgraph, A8_NONE,
                (int32_t)index, A8_NONE, A8_NONE);
        }
        ctx->tensors[index].first = TIME_BEFORE;
    }
    return A8_OK;
}

static int load_outputs(a8_ctx_t *ctx, const a8_vector_t *outputs) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(ctx->model);
    for (uint32_t i = 0; i < outputs->count; ++i) {
        uint32_t index = a8_flatbuffer_u32(&fb, outputs->first + 4 * i);
        if (index >= ctx->n_tensors) {
            return a8_error_at(ctx->err, A8_ERR_MODEL, "an output of the subgraph is not one of its tensors",
                ctx->subgraph, A8_NONE, A8_NONE, (int32_t)ctx->n_tensors, (int32_t)index);
        }
        a8_buffer_t *tensor = &ctx->tensors[index];
        if (is_constant(tensor)) {
            continue;
        }
        if (tensor->first == NEVER) {
            return a8_error_at(ctx->err, A8_ERR_MODEL, "nothing computes an output of the subgraph", ctx->subgraph,
                A8_NONE, (int32_t)index, A8_NONE, A8_NONE);
        }
        tensor->last = TIME_AFTER;
    }
    return A8_OK;
}

// Checks one operand's index and moves the tensor's lifetime.
static int load_operand(a8_ctx_t *ctx, int32_t index, bool written) {
    if (index == -1) {
        return A8_OK;
    }
    if (index < 0 || (uint32_t)index >= ctx->n_tensors) {
        return node_error(ctx, A8_ERR_MODEL, "the node uses a tensor that is not there", A8_NONE,
            (int32_t)ctx->n_tensors, index);
    }
    a8_buffer_t *tensor = &ctx->tensors[index];
    uint16_t now = TIME_OF(ctx->node_index);
    if (written) {
        if (is_constant(tensor) || tensor->first != NEVER) {
            return node_error(ctx, A8_ERR_MODEL,
                "the node writes to a tensor that is constant, an input, variable or already computed", index, A8_NONE,
                A8_NONE);
        }
        tensor->first = now;
        tensor->last = now;
    } else if (!is_constant(tensor)) {
        if (tensor->first == NEVER) {
            return node_error(ctx, A8_ERR_MODEL, "the node reads a tensor that nothing has computed before", index,
                A8_NONE, A8_NONE);
        }
        tensor->last = now > tensor->last ? now : tensor->last;
    }
    return A8_OK;
}

static int load_node(a8_ctx_t *ctx, node_t *node, uint32_t index) {
    a8_node_info_t info;
    int ret = a8_model_node(ctx->model, ctx->subgraph, index, &info, ctx->err);
    if (ret != A8_OK) {
        return ret;
    }
    ctx->node = node;
    ctx->node_index = index;
    ctx->op = a8_op_code(&info);
    ctx->options = info.options;
    ctx->custom_options.data = ctx->model->data + info.custom_options;
    ctx->custom_options.size = info.n_custom_options;
    if (info.n_inputs > UINT8_MAX || info.n_outputs > UINT8_MAX) {
        return node_error(ctx, A8_ERR_UNSUPPORTED, "the node has too many tensors", A8_NONE, UINT8_MAX,
            (int32_t)(info.n_inputs > info.n_outputs ? info.n_inputs : info.n_outputs));
    }
    uint32_t position;
    ctx->operands = record(ctx, info.n_inputs + info.n_outputs, 4, &position);
    if (ctx->operands == NULL) {
        return record_error(ctx);
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
        return model_changed(ctx); // else a tensor or node before this one had failed
    }
    node->row = (uint16_t)row;
    if (ctx->err != NULL) {
        ctx->err->code = A8_OK;
    }
    ret = a8_op_row((uint32_t)row)->prepare(ctx);
    if (ret < 0 && ctx->err != NULL && ctx->err->code == A8_OK) {
        node_error(ctx, ret, "the operator can't be prepared", A8_NONE, A8_NONE, A8_NONE);
    }
    return ret;
}

// Gives all tensors and scratch of the subgraph their places, behind those of the subgraphs before.
static int plan_graph(a8_ctx_t *ctx, const graph_t *graph, node_t *nodes) {
    uint32_t n_scratch = 0;
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
            a8_buffer_t buffer = { nodes[i].scratch, 0, TIME_OF(i), TIME_OF(i) };
            scratch[k++] = buffer;
        }
    }
    uint32_t n = n_scratch + ctx->n_tensors;
    uint16_t *work = a8_arena_temp(ctx->mem, a8_plan_work_bytes(scratch, n));
    if (work == NULL) {
        return temp_error(ctx);
    }
    uint32_t base = ctx->planned, bytes = a8_plan(scratch, n, work);
    if (bytes > INT32_MAX - base) {
        return a8_error_at(ctx->err, A8_ERR_UNSUPPORTED, "the tensors take more than 2^31 - 1 bytes", ctx->subgraph,
            A8_NONE, A8_NONE, A8_NONE, A8_NONE);
    }
    for (uint32_t i = 0; i < n; ++i) {
        if (!is_constant(&scratch[i])) {
            scratch[i].offset += base;
        }
    }
    ctx->planned += bytes;
    for (uint32_t i = 0, k = 0; i < graph->n_nodes; ++i) {
        if (nodes[i].scratch != 0) {
            nodes[i].scratch = scratch[k++].offset;
        }
        uint32_t *operands = (uint32_t *)(void *)(ctx->records + nodes[i].operands);
        for (uint32_t j = 0; j < (uint32_t)nodes[i].n_inputs + nodes[i].n_outputs; ++j) {
            operands[j] = operands[j] == LEFT_OUT ? LEFT_OUT : ctx->tensors[operands[j]].offset;
        }
    }
    return A8_OK;
}

// Keeps where the inputs, outputs and variables are. The tensors' indices were checked before.
static int load_io(a8_ctx_t *ctx, graph_t *graph, const a8_graph_info_t *info) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(ctx->model);
    io_t *io = record(ctx, info->inputs.count + info->outputs.count, sizeof(io_t), &graph->io);
    if (io == NULL) {
        return record_error(ctx);
    }
    graph->n_inputs = (uint16_t)info->inputs.count;
    graph->n_outputs = (uint16_t)info->outputs.count;
    for (uint32_t i = 0; i < info->inputs.count + info->outputs.count; ++i) {
        uint32_t k = i - info->inputs.count;
        uint32_t position = i < info->inputs.count ? info->inputs.first + 4 * i : info->outputs.first + 4 * k;
        io[i].tensor = a8_flatbuffer_u32(&fb, position);
        if (io[i].tensor >= ctx->n_tensors) {
            return model_changed(ctx);
        }
        io[i].location = ctx->tensors[io[i].tensor].offset;
        io[i].bytes = ctx->tensors[io[i].tensor].bytes;
    }
    variable_t *variable = record(ctx, graph->n_variables, sizeof(variable_t), &graph->variables);
    if (variable == NULL) {
        return record_error(ctx);
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
            variable[k].zero_point = tensor.zero_point;
            variable[k].element_bytes = a8_dtype_size(tensor.dtype);
            ++k;
        }
    }
    return A8_OK;
}

static int load_graph(a8_ctx_t *ctx, graph_t *graph, node_t *nodes) {
    a8_graph_info_t info;
    int ret = a8_model_graph(ctx->model, ctx->subgraph, &info, ctx->err);
    if (ret != A8_OK) {
        return ret;
    }
    if (info.operators.count != graph->n_nodes) {
        return model_changed(ctx);
    }
    if (info.inputs.count > UINT16_MAX || info.outputs.count > UINT16_MAX ||
        info.tensors.count + info.operators.count > MAX_NODES) {
        return a8_error_at(ctx->err, A8_ERR_UNSUPPORTED, "the subgraph has too many tensors and nodes", ctx->subgraph,
            A8_NONE, A8_NONE, MAX_NODES, (int32_t)(info.tensors.count + info.operators.count));
    }
    if (ctx->subgraph == 0 && info.outputs.count == 0) {
        return a8_error_at(ctx->err, A8_ERR_MODEL, "the model has no outputs", 0, A8_NONE, A8_NONE, 1, 0);
    }
    uint32_t mark = ctx->mem->temp_used;
    ctx->n_tensors = info.tensors.count;
    ctx->tensors = a8_arena_temp(ctx->mem, ctx->n_tensors * (uint32_t)sizeof(a8_buffer_t));
    if (ctx->tensors == NULL) {
        return temp_error(ctx);
    }
    ret = load_tensors(ctx, &graph->n_variables);
    if (ret == A8_OK) {
        ret = load_inputs(ctx, &info.inputs);
    }
    for (uint32_t i = 0; i < graph->n_nodes && ret == A8_OK; ++i) {
        ret = load_node(ctx, &nodes[i], i);
    }
    if (ret == A8_OK) {
        ret = load_outputs(ctx, &info.outputs);
    }
    if (ret == A8_OK) {
        ret = plan_graph(ctx, graph, nodes);
    }
    if (ret == A8_OK) {
        ret = load_io(ctx, graph, &info);
    }
    a8_arena_temp_release(ctx->mem, mark);
    return ret;
}

// Everything that load and measure have in common.
static int load(a8_ctx_t *ctx, a8_sizes_t *sizes) {
    a8_unsupported_t unsupported;
    uint32_t subgraph = 0, node = 0, position;
    if (a8_next_unsupported(ctx->model, &subgraph, &node, &unsupported)) {
        static const char messages[4][48] = {
            "there is no such operator",
            "the operator is not in this build",
            "the operator does not take this element type",
            "the operator's element type is not in this build"
        };
        ctx->subgraph = unsupported.subgraph;
        ctx->node_index = unsupported.node;
        ctx->op = unsupported.op;
        return node_error(ctx, A8_ERR_UNSUPPORTED, messages[unsupported.reason], A8_NONE, A8_NONE,
            (int32_t)unsupported.dtype);
    }
    ctx->records = ctx->mem->records;
    header_t *header = record(ctx, 1, sizeof(header_t), &position);
    if (header == NULL) {
        return record_error(ctx);
    }
    header->n_graphs = ctx->model->n_subgraphs;
    graph_t *graphs = record(ctx, header->n_graphs, sizeof(graph_t), &header->graphs);
    if (graphs == NULL) {
        return record_error(ctx);
    }
    uint32_t n_nodes = 0;
    for (uint32_t i = 0; i < header->n_graphs; ++i) {
        graphs[i].first_node = n_nodes;
        graphs[i].n_nodes = a8_model_nodes(ctx->model, i);
        if (graphs[i].n_nodes > INT32_MAX / sizeof(node_t) - n_nodes) {
            return record_error(ctx);
        }
        n_nodes += graphs[i].n_nodes;
    }
    node_t *nodes = record(ctx, n_nodes, sizeof(node_t), &header->nodes);
    if (nodes == NULL) {
        return record_error(ctx);
    }
    for (uint32_t i = 0; i < header->n_graphs; ++i) {
        ctx->subgraph = i;
        int ret = load_graph(ctx, &graphs[i], &nodes[graphs[i].first_node]);
        if (ret != A8_OK) {
            return ret;
        }
    }
    uint32_t temp = a8_arena_temp_bytes(ctx->mem);
    sizes->records = a8_arena_records_bytes(ctx->mem);
    sizes->arena = ctx->planned > temp ? ctx->planned : temp;
    return A8_OK;
}

static bool is_aligned(const void *p) {
    return (uintptr_t)p % A8_ALIGN == 0;
}

int a8_measure(const a8_model_t *model, a8_target_t target, void *work, uint32_t work_size, a8_sizes_t *sizes,
    a8_error_t *err) {
    a8_arena_t mem;
    if (!is_aligned(work)) {
        return a8_error(err, A8_ERR_MEMORY, "the work memory is not aligned", A8_ALIGN,
            (int32_t)((uintptr_t)work % A8_ALIGN));
    }
    a8_arena_init_shared(&mem, work, work_size);
    a8_ctx_t ctx = { .err = err, .model = model, .mem = &mem, .target = target };
    return load(&ctx, sizes);
}

static void fill(uint8_t *data, uint32_t bytes, uint32_t element_bytes, int32_t zero_point) {
    if (element_bytes == 1) {
        memset(data, zero_point & 0xff, bytes);
    } else {
        memset(data, 0, bytes);
        if (element_bytes == 2 && zero_point != 0) {
            for (uint32_t i = 0; i + 1 < bytes; i += 2) {
                data[i] = (uint8_t)zero_point;
                data[i + 1] = (uint8_t)((uint32_t)zero_point >> 8);
            }
        }
    }
}

static const header_t *get_header(const a8_interpreter_t *it) {
    return (const header_t *)(const void *)it->records;
}

static const graph_t *get_graph(const a8_interpreter_t *it, uint32_t i) {
    return (const graph_t *)(const void *)(it->records + get_header(it)->graphs) + i;
}

static node_t *get_node(const a8_interpreter_t *it, uint32_t graph, uint32_t i) {
    return (node_t *)(void *)(it->records + get_header(it)->nodes) + get_graph(it, graph)->first_node + i;
}

int a8_load(a8_interpreter_t *it, const a8_model_t *model, a8_target_t target, void *records, uint32_t records_size,
    void *arena, uint32_t arena_size, a8_error_t *err) {
    a8_arena_t mem;
    memset(it, 0, sizeof(*it));
    if (!is_aligned(records) || !is_aligned(arena)) {
        return a8_error(err, A8_ERR_MEMORY, "the memory is not aligned", A8_ALIGN,
            (int32_t)((uintptr_t)(is_aligned(records) ? arena : records) % A8_ALIGN));
    }
    a8_arena_init(&mem, records, records_size, arena, arena_size);
    a8_ctx_t ctx = { .err = err, .model = model, .mem = &mem, .target = target };
    int ret = load(&ctx, &it->used);
    if (ret != A8_OK) {
        return ret;
    }
    if (ctx.planned > arena_size) {
        return a8_error(err, A8_ERR_MEMORY, "the arena is too small", (int32_t)ctx.planned, (int32_t)arena_size);
    }
    it->model = *model;
    it->records = records;
    it->records_size = records_size;
    it->arena = arena;
    it->arena_size = arena_size;
    it->target = target;
    it->loaded = true;
    memset(arena, 0, ctx.planned);
    const graph_t *graph = get_graph(it, 0);
    const io_t *io = (const io_t *)(const void *)(it->records + graph->io);
    for (uint32_t i = 0; i < graph->n_inputs; ++i) {
        a8_tensor_info_t info;
        if (a8_model_tensor(model, 0, io[i].tensor, &info, NULL) == A8_OK) {
            fill(it->arena + io[i].location, io[i].bytes, a8_dtype_size(info.dtype), info.zero_point);
        }
    }
    a8_reset(it);
    return A8_OK;
}

// ---------------------------------------------------------------------------
// Invoke.

static uint8_t *located(const a8_interpreter_t *it, uint32_t location) {
    if ((location & IN_MODEL) != 0) {
        return (uint8_t *)(uintptr_t)(it->model.data + (location & ~IN_MODEL));
    }
    return it->arena + location;
}

static int run_node(a8_interpreter_t *it, uint32_t subgraph, uint32_t index, a8_error_t *err) {
    a8_ctx_t ctx = { .err = err, .model = &it->model, .records = it->records, .it = it };
    ctx.node = get_node(it, subgraph, index);
    ctx.operands = (uint32_t *)(void *)(it->records + ctx.node->operands);
    ctx.subgraph = subgraph;
    ctx.node_index = index;
    const a8_op_row_t *row = a8_op_row(ctx.node->row & ~HAS_STATE);
    ctx.op = row->op;
    if (a8_ctx_stop(&ctx)) {
        return node_error(&ctx, A8_ERR_ABORTED, "stopped before an operator", A8_NONE, A8_NONE, A8_NONE);
    }
    if (err != NULL) {
        err->code = A8_OK;
    }
    uint32_t start = it->clock != NULL ? it->clock(it->arg) : 0;
    int ret = row->eval(&ctx);
    ctx.node->microseconds = it->clock != NULL ? it->clock(it->arg) - start : 0;
    if (ret < 0 && err != NULL && err->code == A8_OK) {
        node_error(&ctx, ret, ret == A8_ERR_ABORTED ? "stopped inside an operator" : "the operator failed", A8_NONE,
            A8_NONE, A8_NONE);
    }
    return ret;
}

int a8_step(a8_interpreter_t *it, a8_error_t *err) {
    if (!it->loaded) {
        return a8_error(err, A8_ERR_MODEL, "the interpreter has no model", A8_NONE, A8_NONE);
    }
    header_t *header = (header_t *)(void *)it->records;
    uint32_t n_nodes = get_graph(it, header->graph)->n_nodes;
    if (header->node < n_nodes) {
        int ret = run_node(it, header->graph, header->node, err);
        if (ret < 0) {
            header->node = 0;
            return ret;
        }
        ++header->node;
    }
    if (header->node >= n_nodes) {
        header->node = 0;
        return A8_DONE;
    }
    return A8_OK;
}

int a8_invoke(a8_interpreter_t *it, a8_error_t *err) {
    if (it->loaded) {
        ((header_t *)(void *)it->records)->node = 0;
    }
    int ret;
    do {
        ret = a8_step(it, err);
    } while (ret == A8_OK);
    return ret == A8_DONE ? A8_OK : ret;
}

void a8_reset(a8_interpreter_t *it) {
    if (!it->loaded) {
        return;
    }
    header_t *header = (header_t *)(void *)it->records;
    header->graph = 0;
    header->node = 0;
    for (uint32_t position = header->states; position != 0;) {
        const state_t *state = (const state_t *)(const void *)(it->records + position);
        memset(it->records + position + sizeof(state_t), 0, state->bytes);
        position = state->before;
    }
    for (uint32_t i = 0; i < header->n_graphs; ++i) {
        const graph_t *graph = get_graph(it, i);
        const variable_t *variable = (const variable_t *)(const void *)(it->records + graph->variables);
        for (uint32_t k = 0; k < graph->n_variables; ++k) {
            fill(it->arena + variable[k].location, variable[k].bytes, variable[k].element_bytes,
                variable[k].zero_point);
        }
    }
}

// ---------------------------------------------------------------------------
// What is known about a loaded model.

uint32_t a8_inputs(const a8_interpreter_t *it) {
    return it->loaded ? get_graph(it, 0)->n_inputs : 0;
}

uint32_t a8_outputs(const a8_interpreter_t *it) {
    return it->loaded ? get_graph(it, 0)->n_outputs : 0;
}

static void describe(const a8_interpreter_t *it, uint32_t tensor, uint32_t location, uint32_t bytes, a8_io_t *io) {
    io->tensor = tensor;
    io->is_constant = (location & IN_MODEL) != 0;
    io->data = located(it, location);
    io->offset = io->is_constant ? 0 : location;
    io->bytes = bytes;
}

static void get_io(const a8_interpreter_t *it, uint32_t i, a8_io_t *io) {
    const io_t *found = (const io_t *)(const void *)(it->records + get_graph(it, 0)->io) + i;
    describe(it, found->tensor, found->location, found->bytes, io);
}

void a8_input(const a8_interpreter_t *it, uint32_t i, a8_io_t *io) {
    get_io(it, i, io);
}

void a8_output(const a8_interpreter_t *it, uint32_t i, a8_io_t *io) {
    get_io(it, a8_inputs(it) + i, io);
}

uint32_t a8_nodes(const a8_interpreter_t *it) {
    return it->loaded ? get_graph(it, 0)->n_nodes : 0;
}

int32_t a8_node_op(const a8_interpreter_t *it, uint32_t node) {
    return a8_op_row(get_node(it, 0, node)->row & ~HAS_STATE)->op;
}

uint32_t a8_node_microseconds(const a8_interpreter_t *it, uint32_t node) {
    return get_node(it, 0, node)->microseconds;
}

bool a8_node_result(const a8_interpreter_t *it, uint32_t node, uint32_t i, a8_io_t *io) {
    a8_node_info_t info;
    a8_tensor_info_t tensor;
    if (node >= a8_nodes(it) || i >= get_node(it, 0, node)->n_outputs) {
        return false;
    }
    const node_t *at = get_node(it, 0, node);
    uint32_t location = ((const uint32_t *)(const void *)(it->records + at->operands))[at->n_inputs + i];
    if (location == LEFT_OUT || a8_model_node(&it->model, 0, node, &info, NULL) != A8_OK) {
        return false;
    }
    // How many bytes only the model knows, which may have changed: the arena's end bounds them.
    int32_t index = a8_node_output(&it->model, &info, i);
    if (index < 0 || a8_model_tensor(&it->model, 0, (uint32_t)index, &tensor, NULL) != A8_OK ||
        tensor.bytes > it->arena_size - location) {
        return false;
    }
    describe(it, (uint32_t)index, location, tensor.bytes, io);
    return true;
}

// ---------------------------------------------------------------------------
// op.h.

uint32_t a8_ctx_inputs(const a8_ctx_t *ctx) {
    return ctx->node->n_inputs;
}

uint32_t a8_ctx_outputs(const a8_ctx_t *ctx) {
    return ctx->node->n_outputs;
}

bool a8_ctx_has_input(const a8_ctx_t *ctx, uint32_t i) {
    return i < ctx->node->n_inputs && ctx->operands[i] != LEFT_OUT;
}

static int get_operand(a8_ctx_t *ctx, uint32_t i, uint32_t n, uint32_t first, a8_tensor_info_t *info,
    const char *message) {
    if (i >= n || ctx->operands[first + i] == LEFT_OUT) {
        return node_error(ctx, A8_ERR_MODEL, message, A8_NONE, (int32_t)(i + 1), (int32_t)n);
    }
    uint32_t index = ctx->operands[first + i];
    int ret = a8_model_tensor(ctx->model, ctx->subgraph, index, info, ctx->err);
    // Lifetimes and places rest on what load saw first.
    const a8_buffer_t *seen = &ctx->tensors[index];
    if (ret == A8_OK && (info->bytes != seen->bytes || (info->data != NULL) != is_constant(seen))) {
        ret = model_changed(ctx);
    }
    return ret;
}

int a8_ctx_input(a8_ctx_t *ctx, uint32_t i, a8_tensor_info_t *info) {
    return get_operand(ctx, i, ctx->node->n_inputs, 0, info, "the node lacks an input");
}

int a8_ctx_output(a8_ctx_t *ctx, uint32_t i, a8_tensor_info_t *info) {
    return get_operand(ctx, i, ctx->node->n_outputs, ctx->node->n_inputs, info, "the node lacks an output");
}

static bool option(const a8_ctx_t *ctx, uint32_t field, uint32_t bytes, uint32_t *position) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(ctx->model);
    return ctx->options != 0 && a8_flatbuffer_field(&fb, ctx->options, field, bytes, position) && *position != 0;
}

int32_t a8_ctx_option_int8(const a8_ctx_t *ctx, uint32_t field, int32_t otherwise) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(ctx->model);
    uint32_t position;
    return option(ctx, field, 1, &position) ? (int8_t)a8_flatbuffer_u8(&fb, position) : otherwise;
}

int32_t a8_ctx_option_int32(const a8_ctx_t *ctx, uint32_t field, int32_t otherwise) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(ctx->model);
    uint32_t position;
    return option(ctx, field, 4, &position) ? (int32_t)a8_flatbuffer_u32(&fb, position) : otherwise;
}

float a8_ctx_option_float(const a8_ctx_t *ctx, uint32_t field, float otherwise) {
    a8_flatbuffer_t fb = a8_model_flatbuffer(ctx->model);
    uint32_t position;
    if (!option(ctx, field, 4, &position)) {
        return otherwise;
    }
    uint32_t bits = a8_flatbuffer_u32(&fb, position);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

int32_t a8_ctx_custom_int(const a8_ctx_t *ctx, const char *name, int32_t otherwise) {
    a8_flexbuffer_int(&ctx->custom_options, name, &otherwise);
    return otherwise;
}

float a8_ctx_custom_float(const a8_ctx_t *ctx, const char *name, float otherwise) {
    uint32_t bits;
    memcpy(&bits, &otherwise, sizeof(bits));
    a8_flexbuffer_float(&ctx->custom_options, name, &bits);
    memcpy(&otherwise, &bits, sizeof(bits));
    return otherwise;
}

bool a8_ctx_custom_bool(const a8_ctx_t *ctx, const char *name, bool otherwise) {
    int32_t value = otherwise;
    a8_flexbuffer_int(&ctx->custom_options, name, &value);
    return value != 0;
}

void *a8_ctx_alloc(a8_ctx_t *ctx, uint32_t bytes) {
    if (((ctx->mem->records_used + 7) & ~(uint32_t)7) != block_position(ctx->records, ctx->node)) {
        node_error(ctx, A8_ERR_UNSUPPORTED, "the operator asks for a second block of records", A8_NONE, A8_NONE,
            A8_NONE);
        return NULL;
    }
    void *block = a8_arena_record(ctx->mem, bytes, 8);
    if (block == NULL) {
        record_error(ctx);
    }
    return block;
}

int a8_ctx_state(a8_ctx_t *ctx, uint32_t bytes) {
    if (((ctx->mem->records_used + 7) & ~(uint32_t)7) != behind_operands(ctx->node)) {
        return node_error(ctx, A8_ERR_UNSUPPORTED, "the operator asks for state too late, or twice", A8_NONE, A8_NONE,
            A8_NONE);
    }
    bytes = bytes > INT32_MAX ? INT32_MAX : (bytes + 7) & ~(uint32_t)7; // that much fails below
    state_t *state = a8_arena_record(ctx->mem, (uint32_t)sizeof(state_t) + bytes, 8);
    if (state == NULL) {
        return record_error(ctx);
    }
    header_t *header = (header_t *)(void *)ctx->records;
    state->bytes = bytes;
    state->before = header->states;
    header->states = behind_operands(ctx->node);
    ctx->node->row |= HAS_STATE;
    return A8_OK;
}

int a8_ctx_scratch(a8_ctx_t *ctx, uint32_t bytes) {
    if (bytes > INT32_MAX || ctx->node->scratch != 0) {
        return node_error(ctx, A8_ERR_UNSUPPORTED, "the operator asks for too much scratch, or twice", A8_NONE,
            INT32_MAX, A8_NONE);
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
    return ctx->records + behind_operands(ctx->node) + sizeof(state_t);
}

const void *a8_ctx_in(const a8_ctx_t *ctx, uint32_t i) {
    if (i >= ctx->node->n_inputs || ctx->operands[i] == LEFT_OUT) {
        return NULL;
    }
    return located(ctx->it, ctx->operands[i]);
}

void *a8_ctx_variable(const a8_ctx_t *ctx, uint32_t i) {
    if (i >= ctx->node->n_inputs || (ctx->operands[i] & IN_MODEL) != 0) {
        return NULL;
    }
    return located(ctx->it, ctx->operands[i]);
}

void *a8_ctx_out(const a8_ctx_t *ctx, uint32_t i) {
    return located(ctx->it, ctx->operands[ctx->node->n_inputs + i]);
}

void *a8_ctx_scratch_data(const a8_ctx_t *ctx) {
    return ctx->it->arena + ctx->node->scratch;
}

bool a8_ctx_stop(a8_ctx_t *ctx) {
    return ctx->it->poll != NULL && !ctx->it->poll(ctx->it->arg);
}

int a8_ctx_fail(a8_ctx_t *ctx, int code, const char *message, int32_t needed, int32_t given) {
    return node_error(ctx, code, message, A8_NONE, needed, given);
}
