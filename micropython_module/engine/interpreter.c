// SPDX-License-Identifier: MIT
//
// Measuring, loading, the invoke loop, and what is known about a loaded model.
#include "interpreter.h"

#include <string.h>

#include "registry.h"

static bool is_aligned(const void *p) {
    return (uintptr_t)p % A8_ALIGN == 0;
}

static int measure(a8_ctx_t *ctx, void *work, uint32_t work_size, a8_sizes_t *sizes) {
    a8_arena_t mem;
    if (!is_aligned(work)) {
        return a8_error(ctx->err, A8_ERR_MEMORY, "the memory is not aligned", A8_ALIGN,
            (int32_t)((uintptr_t)work % A8_ALIGN));
    }
    a8_arena_init_shared(&mem, work, work_size);
    ctx->mem = &mem;
    int ret = a8_load_records(ctx, sizes);
    if (ret != A8_ERR_MEMORY) {
        return ret;
    }
    // Records and temporary memory share the work memory, and load has met its end.
    uint32_t needed = a8_arena_records_bytes(&mem) + ((mem.temp_used + A8_ALIGN - 1) & ~(uint32_t)(A8_ALIGN - 1));
    // Ask for a quarter more than was given, or searching the size would take many rounds.
    uint32_t next = (mem.temp_size + mem.temp_size / 4 + A8_ALIGN) & ~(uint32_t)(A8_ALIGN - 1);
    return a8_error(ctx->err, ret, "the work memory is too small", (int32_t)(needed > next ? needed : next),
        (int32_t)mem.temp_size);
}

int a8_measure(const a8_model_t *model, a8_target_t target, void *work, uint32_t work_size, a8_sizes_t *sizes,
    a8_error_t *err) {
    a8_ctx_t ctx = { .err = err, .model = model, .target = target };
    return measure(&ctx, work, work_size, sizes);
}

#if A8_TELL_PLAN
int a8_measure_plan(const a8_model_t *model, a8_target_t target, void *work, uint32_t work_size, a8_sizes_t *sizes,
    a8_tell_t tell, void *arg, a8_error_t *err) {
    a8_ctx_t ctx = { .err = err, .model = model, .target = target, .tell = tell, .tell_arg = arg };
    return measure(&ctx, work, work_size, sizes);
}
#endif

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
    int ret = a8_load_records(&ctx, &it->used);
    if (ret != A8_OK) {
        return ret;
    }
    if (ctx.planned > arena_size) {
        return a8_error(err, A8_ERR_MEMORY, A8_SMALL_ARENA, (int32_t)ctx.planned, (int32_t)arena_size);
    }
    it->model = *model;
    it->records = records;
    it->records_size = records_size;
    it->arena = arena;
    it->arena_size = arena_size;
    it->target = target;
    it->loaded = true;
    memset(arena, 0, ctx.planned);
    const a8_graph_t *graph = a8_graph(it->records, 0);
    for (uint32_t i = 0; i < graph->n_inputs; ++i) {
        const a8_port_t *port = a8_port(records, 0, i);
        a8_tensor_info_t info;
        if (a8_model_tensor(model, 0, port->tensor, &info, NULL) == A8_OK) {
            fill(it->arena + port->location, port->bytes, a8_dtype_size(info.dtype), info.zero_point);
        }
    }
    a8_reset(it);
    return A8_OK;
}

// ---------------------------------------------------------------------------
// Invoke.

// Runs the node of a frame, or its next turn. A8_ENTERED: *entered is the subgraph to run before the turn after.
static int run_node(a8_interpreter_t *it, a8_frame_t *frame, uint32_t *entered, a8_error_t *err) {
    a8_ctx_t ctx; // what prepare alone uses stays unset: clearing it takes as long as a small operator
    ctx.err = err;
    ctx.model = &it->model;
    ctx.records = it->records;
    ctx.it = it;
    ctx.entered = 0;
    ctx.node = a8_node(it->records, frame->graph, frame->node);
    ctx.operands = (uint32_t *)(void *)(it->records + ctx.node->operands);
    ctx.subgraph = frame->graph;
    ctx.node_index = frame->node;
    ctx.phase = frame->phase;
    const uint32_t row = ctx.node->row & ~A8_HAS_STATE;
    ctx.op = a8_op_row_code(row);
    if (it->poll != NULL && !it->poll(it->arg)) {
        return a8_ctx_fail(&ctx, A8_ERR_ABORTED, "stopped before an operator", A8_NONE, A8_NONE);
    }
    ctx.is_polled = true;
    if (err != NULL) {
        err->code = A8_OK;
    }
    uint32_t start = it->clock != NULL ? it->clock(it->arg) : 0;
    int ret = a8_op_row(row)->eval(&ctx);
    // The time counts for the node of subgraph 0, which may have had this one's subgraph run.
    if (it->clock != NULL) {
        const a8_frame_t *first = a8_frame(it->records, 0);
        a8_node_t *node = a8_node(it->records, 0, first->node);
        if (frame == first && frame->phase == 0) {
            node->microseconds = 0;
        }
        node->microseconds += it->clock(it->arg) - start;
    }
    if (ret < 0 && err != NULL && err->code == A8_OK) {
        a8_ctx_fail(&ctx, ret, ret == A8_ERR_ABORTED ? "stopped inside an operator" : "the operator failed", A8_NONE,
            A8_NONE);
    }
    frame->phase = ctx.phase;
    *entered = ctx.entered;
    return ret;
}

static void enter(a8_interpreter_t *it, uint32_t level, uint32_t subgraph) {
    a8_frame_t frame = { (uint16_t)subgraph, 0, 0 };
    a8_header(it->records)->level = (uint16_t)level;
    *a8_frame(it->records, level) = frame;
}

static bool has_ended(const a8_interpreter_t *it, const a8_frame_t *frame) {
    return frame->node >= a8_graph(it->records, frame->graph)->n_nodes;
}

int a8_step(a8_interpreter_t *it, a8_error_t *err) {
    if (!it->loaded) {
        return a8_error(err, A8_ERR_MODEL, "the interpreter has no model", A8_NONE, A8_NONE);
    }
    a8_header_t *header = a8_header(it->records);
    a8_frame_t *frame = a8_frame(it->records, header->level);
    if (!has_ended(it, frame)) {
        uint32_t subgraph = 0;
        int ret = run_node(it, frame, &subgraph, err);
        if (ret < 0) {
            enter(it, 0, 0);
            return ret;
        }
        if (ret == A8_ENTERED && header->level + 1 < header->n_levels) {
            enter(it, header->level + 1, subgraph);
        } else {
            ++frame->node;
            frame->phase = 0;
        }
    }
    // Subgraphs that have ended give way to the nodes that had them run.
    while (has_ended(it, a8_frame(it->records, header->level))) {
        if (header->level == 0) {
            enter(it, 0, 0);
            return A8_DONE;
        }
        --header->level;
    }
    return A8_OK;
}

int a8_invoke(a8_interpreter_t *it, a8_error_t *err) {
    if (it->loaded) {
        enter(it, 0, 0);
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
    const a8_header_t *header = a8_header(it->records);
    enter(it, 0, 0);
    for (uint32_t position = header->states; position != 0;) {
        const a8_state_t *state = (const a8_state_t *)(const void *)(it->records + position);
        memset(it->records + position + sizeof(a8_state_t), 0, state->bytes);
        position = state->before;
    }
    for (uint32_t position = header->resources; position != 0;) {
        const a8_resource_t *resource = (const a8_resource_t *)(const void *)(it->records + position);
        memset(it->arena + resource->location, resource->fill, resource->bytes);
        position = resource->before;
    }
    for (uint32_t i = 0; i < header->n_graphs; ++i) {
        const a8_graph_t *graph = a8_graph(it->records, i);
        const a8_variable_t *variable = (const a8_variable_t *)(const void *)(it->records + graph->variables);
        for (uint32_t k = 0; k < graph->n_variables; ++k) {
            memset(it->arena + variable[k].location, (int)variable[k].fill, variable[k].bytes);
        }
    }
}

// ---------------------------------------------------------------------------
// What is known about a loaded model.

uint32_t a8_inputs(const a8_interpreter_t *it) {
    return it->loaded ? a8_graph(it->records, 0)->n_inputs : 0;
}

uint32_t a8_outputs(const a8_interpreter_t *it) {
    return it->loaded ? a8_graph(it->records, 0)->n_outputs : 0;
}

static void describe(const a8_interpreter_t *it, uint32_t tensor, uint32_t location, uint32_t bytes, a8_io_t *io) {
    io->tensor = tensor;
    io->is_constant = (location & A8_IN_MODEL) != 0;
    io->data = a8_located(it, location);
    io->offset = io->is_constant ? 0 : location;
    io->bytes = bytes;
}

static void get_io(const a8_interpreter_t *it, uint32_t i, a8_io_t *io) {
    const a8_port_t *port = a8_port(it->records, 0, i);
    describe(it, port->tensor, port->location, port->bytes, io);
}

void a8_input(const a8_interpreter_t *it, uint32_t i, a8_io_t *io) {
    get_io(it, i, io);
}

void a8_output(const a8_interpreter_t *it, uint32_t i, a8_io_t *io) {
    get_io(it, a8_inputs(it) + i, io);
}

uint32_t a8_nodes(const a8_interpreter_t *it) {
    return it->loaded ? a8_graph(it->records, 0)->n_nodes : 0;
}

int32_t a8_node_op(const a8_interpreter_t *it, uint32_t node) {
    return a8_op_row_code(a8_node(it->records, 0, node)->row & ~A8_HAS_STATE);
}

uint32_t a8_node_microseconds(const a8_interpreter_t *it, uint32_t node) {
    return a8_node(it->records, 0, node)->microseconds;
}

uint32_t a8_next_node(const a8_interpreter_t *it) {
    return it->loaded ? a8_frame(it->records, 0)->node : 0;
}

bool a8_node_result(const a8_interpreter_t *it, uint32_t node, uint32_t i, a8_io_t *io) {
    a8_node_info_t info;
    a8_tensor_info_t tensor;
    if (node >= a8_nodes(it) || i >= a8_node(it->records, 0, node)->n_outputs) {
        return false;
    }
    const a8_node_t *at = a8_node(it->records, 0, node);
    uint32_t location = ((const uint32_t *)(const void *)(it->records + at->operands))[at->n_inputs + i];
    if (location == A8_LEFT_OUT || a8_model_node(&it->model, 0, node, &info, NULL) != A8_OK) {
        return false;
    }
    // How many bytes only the model knows, which may have changed: the arena's end bounds them.
    int32_t index = a8_node_output(&it->model, &info, i);
    if (index < 0 || a8_model_tensor(&it->model, 0, (uint32_t)index, &tensor, NULL) != A8_OK) {
        return false;
    }
    if (tensor.bytes == 0) {
        location = 0; // a handle's location is not one in the arena
    }
    if (location > it->arena_size || tensor.bytes > it->arena_size - location) {
        return false;
    }
    describe(it, (uint32_t)index, location, tensor.bytes, io);
    return true;
}
