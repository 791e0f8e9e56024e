// SPDX-License-Identifier: MIT
//
// What load makes, the invoke loop runs and operators ask for: the records, in
// the order in which they lie:
//
//   a8_header_t
//   a8_graph_t[]      one a subgraph
//   a8_node_t[]       of all subgraphs, in order
//   a8_frame_t[]      one a level of subgraphs that run each other
//   per node          its operands (a uint32_t a tensor, inputs first), a8_state_t and its state if it has any
//                     (a8_ctx_state), then its block (a8_ctx_alloc)
//   per graph         a8_port_t[] of its inputs and outputs, a8_variable_t[] of its variable tensors
//   in between        a8_resource_t, a8_given_t
//
// While load prepares, an operand is the tensor's index; then it becomes a
// location, which says where the tensor's bytes are without asking the model again.
#ifndef A8_INTERPRETER_H
#define A8_INTERPRETER_H

#include <stddef.h>

#include "arena.h"
#include "model.h"
#include "op.h"
#include "planner.h"
#include "registry.h"

// A location is an offset in the arena, or with this bit an offset in the model's bytes. That of a handle
// is the position of its a8_resource_t.
#define A8_IN_MODEL (0x80000000u)
#define A8_LEFT_OUT (UINT32_MAX)

// Levels of subgraphs that run each other, in all.
#define A8_MAX_LEVELS (16)
#define A8_UNREACHED (UINT16_MAX) // level of a subgraph that nothing runs

typedef struct {
    uint32_t frames; // positions in the records
    uint32_t states; // the last a8_state_t, 0 if there is none
    uint32_t resources; // the last a8_resource_t
    uint16_t n_graphs;
    uint16_t n_levels; // frames that there are
    uint16_t level; // of the frame that runs
    uint16_t unused;
} a8_header_t;

typedef struct {
    uint32_t first_node;
    uint32_t n_nodes;
    uint32_t ports;
    uint32_t variables;
    uint16_t n_inputs;
    uint16_t n_outputs;
    uint16_t n_variables;
    uint16_t level; // greater than that of any subgraph that runs this one
} a8_graph_t;

typedef struct {
    uint16_t row; // of the registry, and A8_HAS_STATE
    uint8_t n_inputs;
    uint8_t n_outputs;
    uint32_t operands;
    uint32_t scratch; // bytes while load prepares, then the offset in the arena
    uint32_t microseconds;
} a8_node_t;

#define A8_HAS_STATE (0x8000u)

// A subgraph while it runs: the node that is next, or that has the subgraph of the next frame run.
typedef struct {
    uint16_t graph;
    uint16_t node;
    uint32_t phase; // of that node, see a8_ctx_enter
} a8_frame_t;

// In front of a node's state.
typedef struct {
    uint32_t bytes; // a multiple of 8
    uint32_t before; // position of another node's a8_state_t, 0 if this is the first
} a8_state_t;

// An input or output of a subgraph.
typedef struct {
    uint32_t tensor;
    uint32_t location;
    uint32_t bytes;
} a8_port_t;

typedef struct {
    uint32_t location;
    uint32_t bytes;
    uint32_t fill; // byte that it begins with
} a8_variable_t;

// A variable that handles name.
typedef struct {
    uint32_t before; // position of another one, 0 if this is the first
    uint32_t name_crc32;
    uint32_t location;
    uint32_t bytes;
    uint16_t dtype; // UINT16_MAX: not known yet
    uint16_t fill; // byte that it begins with
    uint16_t fill_subgraph; // that says so
    uint16_t subgraph; // and node that name it
    uint16_t node;
    uint16_t number; // of those before it
} a8_resource_t;

// A handle that a subgraph gets as an input.
typedef struct {
    uint32_t before; // position of another one, 0 if this is the first
    uint32_t resource;
    uint16_t subgraph;
    uint16_t input;
    uint32_t number; // of those before it
} a8_given_t;

// The same on every machine.
typedef char a8_check_header_size[sizeof(a8_header_t) == 20 ? 1 : -1];
typedef char a8_check_graph_size[sizeof(a8_graph_t) == 24 ? 1 : -1];
typedef char a8_check_node_size[sizeof(a8_node_t) == 16 ? 1 : -1];
typedef char a8_check_frame_size[sizeof(a8_frame_t) == 8 ? 1 : -1];
typedef char a8_check_state_size[sizeof(a8_state_t) == 8 ? 1 : -1];
typedef char a8_check_port_size[sizeof(a8_port_t) == 12 ? 1 : -1];
typedef char a8_check_variable_size[sizeof(a8_variable_t) == 12 ? 1 : -1];
typedef char a8_check_resource_size[sizeof(a8_resource_t) == 28 ? 1 : -1];
typedef char a8_check_given_size[sizeof(a8_given_t) == 16 ? 1 : -1];
typedef char a8_check_buffer_size[sizeof(a8_buffer_t) == 12 ? 1 : -1];

// a8_buffer_t.bytes of a handle; its offset is then the position of its a8_resource_t.
#define A8_HANDLE (UINT32_MAX)

// What eval returns, by a8_ctx_enter, to have a subgraph run.
#define A8_ENTERED (1)

// One node while its operator prepares or evaluates, and the state of load.
struct a8_ctx {
    a8_error_t *err;
    const a8_model_t *model;
    uint8_t *records;
    a8_node_t *node;
    uint32_t *operands;
    uint32_t subgraph;
    uint32_t node_index; // in the subgraph
    int32_t op;
    // prepare
    a8_arena_t *mem;
    a8_buffer_t *tensors;
    uint32_t n_tensors;
    const a8_node_info_t *info;
    a8_target_t target;
    uint32_t base; // where the subgraph's part of the arena begins
    uint32_t planned; // bytes of the subgraphs so far
    uint32_t given; // position of the last a8_given_t, 0 if there is none
#if A8_TELL_PLAN
    a8_tell_t tell; // may be NULL
    void *tell_arg;
#endif
    // eval
    const a8_interpreter_t *it;
    bool is_polled; // just now, before eval
    uint32_t phase; // the node's, then that of its next turn
    uint32_t entered; // the subgraph to run before
};

static inline a8_header_t *a8_header(const uint8_t *records) {
    return (a8_header_t *)(uintptr_t)records;
}

static inline a8_graph_t *a8_graph(const uint8_t *records, uint32_t i) {
    return (a8_graph_t *)(uintptr_t)(records + sizeof(a8_header_t)) + i;
}

static inline a8_node_t *a8_node(const uint8_t *records, uint32_t graph, uint32_t i) {
    const a8_graph_t *behind = a8_graph(records, a8_header(records)->n_graphs);
    return (a8_node_t *)(uintptr_t)behind + a8_graph(records, graph)->first_node + i;
}

static inline a8_frame_t *a8_frame(const uint8_t *records, uint32_t level) {
    return (a8_frame_t *)(uintptr_t)(records + a8_header(records)->frames) + level;
}

// The i-th input or output, which follow the inputs.
static inline a8_port_t *a8_port(const uint8_t *records, uint32_t graph, uint32_t i) {
    return (a8_port_t *)(uintptr_t)(records + a8_graph(records, graph)->ports) + i;
}

static inline uint8_t *a8_located(const a8_interpreter_t *it, uint32_t location) {
    if ((location & A8_IN_MODEL) != 0) {
        return (uint8_t *)(uintptr_t)(it->model.data + (location & ~A8_IN_MODEL));
    }
    return it->arena + location;
}

static inline bool a8_is_constant(const a8_buffer_t *tensor) {
    return (tensor->offset & A8_IN_MODEL) != 0;
}

// Everything that load and measure have in common; ctx has err, model, mem and target.
int a8_load_records(a8_ctx_t *ctx, a8_sizes_t *sizes);

// Errors: there is no room for more records; the model changed while it was loaded (load reads some things twice, and
// what depends on it must not rest on two different answers).
int a8_record_error(const a8_ctx_t *ctx);
int a8_model_changed(const a8_ctx_t *ctx);
#define A8_SMALL_ARENA "the arena is too small"
#define A8_TOO_LARGE "the tensors take more than 2^31 - 1 bytes"
// Zeroed bytes of records for so many of so many bytes, and their position. NULL if there is no room.
void *a8_record(const a8_ctx_t *ctx, uint32_t count, uint32_t bytes, uint32_t *position);
#if A8_TELL_PLAN
void a8_tell(const a8_ctx_t *ctx, int32_t tensor, const a8_buffer_t *buffer);
#endif

// Times of lifetimes: node i runs at i + 1; inputs are written before, outputs read after.
#define A8_TIME_BEFORE (0)
#define A8_TIME_OF(node) ((uint16_t)((node) + 1))
#define A8_TIME_AFTER (UINT16_MAX - 1)

// What load does for subgraphs that others run and for variables that handles name.
struct a8_subgraphs {
    // Gives the subgraphs that run their levels; all but subgraph 0 are A8_UNREACHED.
    int (*find_levels)(a8_ctx_t *ctx, a8_header_t *header);
    // If ctx->given: an input of ctx->subgraph becomes the handle that the subgraph gets there.
    void (*give)(const a8_ctx_t *ctx, uint32_t input, a8_buffer_t *tensor);
    // If header->resources: gives them their places in the arena.
    int (*plan)(a8_ctx_t *ctx, const a8_header_t *header);
};

#endif
