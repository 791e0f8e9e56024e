// SPDX-License-Identifier: MIT
//
// Moves the tensors of a loaded model apart: each gets a place of its own in a larger arena, with poisoned bytes around it,
// so that the address sanitizer sees a step from one tensor into its neighbour. Scratch, whose size the records don't
// keep, stays where it was.
#ifndef SPREAD_H
#define SPREAD_H

#include <sanitizer/asan_interface.h>

#include "interpreter.h"

#define GAP (64u)
#define NOWHERE (UINT32_MAX)

typedef struct {
    uint32_t offset;
    uint32_t bytes;
} span_t;

typedef struct {
    span_t *spans;
    uint32_t n;
    uint32_t end; // of the arena so far
} spread_t;

static uint32_t spread_add(spread_t *s, uint32_t bytes) {
    s->spans = realloc(s->spans, (s->n + 1) * sizeof(span_t));
    span_t span = { (s->end + GAP + A8_ALIGN - 1) / A8_ALIGN * A8_ALIGN, bytes };
    s->spans[s->n++] = span;
    s->end = span.offset + bytes;
    return span.offset;
}

// The tensor's new place. Constants and handles stay.
static uint32_t spread_tensor(spread_t *s, const a8_model_t *model, uint32_t graph, uint32_t *places, int32_t tensor,
    uint32_t location) {
    a8_tensor_info_t info;
    if (location == A8_LEFT_OUT || (location & A8_IN_MODEL) != 0) {
        return location;
    }
    CHECK_EQ(a8_model_tensor(model, graph, (uint32_t)tensor, &info, NULL), A8_OK);
    if (info.dtype == A8_RESOURCE) {
        return location;
    }
    if (places[tensor] == NOWHERE) {
        places[tensor] = spread_add(s, info.bytes);
    }
    return places[tensor];
}

static void spread_graph(spread_t *s, const a8_interpreter_t *it, uint32_t number) {
    const a8_model_t *model = &it->model;
    a8_graph_t *graph = a8_graph(it->records, number);
    uint32_t n_tensors = a8_model_tensors(model, number);
    uint32_t *places = malloc((n_tensors + 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i < n_tensors; ++i) {
        places[i] = NOWHERE;
    }
    for (uint32_t i = 0; i < graph->n_nodes; ++i) {
        a8_node_t *node = a8_node(it->records, number, i);
        uint32_t *operands = (uint32_t *)(void *)(it->records + node->operands);
        a8_node_info_t info;
        CHECK_EQ(a8_model_node(model, number, i, &info, NULL), A8_OK);
        for (uint32_t k = 0; k < (uint32_t)node->n_inputs + node->n_outputs; ++k) {
            bool input = k < node->n_inputs;
            int32_t tensor = input ? a8_node_input(model, &info, k) : a8_node_output(model, &info, k - node->n_inputs);
            operands[k] = spread_tensor(s, model, number, places, tensor, operands[k]);
        }
    }
    for (uint32_t i = 0; i < (uint32_t)graph->n_inputs + graph->n_outputs; ++i) {
        a8_port_t *port = a8_port(it->records, number, i);
        port->location = spread_tensor(s, model, number, places, (int32_t)port->tensor, port->location);
    }
    a8_variable_t *variable = (a8_variable_t *)(void *)(it->records + graph->variables);
    for (uint32_t i = 0, k = 0; i < n_tensors && k < graph->n_variables; ++i) {
        a8_tensor_info_t info;
        CHECK_EQ(a8_model_tensor(model, number, i, &info, NULL), A8_OK);
        if (info.is_variable) {
            if (places[i] == NOWHERE) {
                places[i] = spread_add(s, info.bytes);
            }
            variable[k++].location = places[i];
        }
    }
    free(places);
}

// Gives the interpreter a larger arena, which the caller frees with spread_end; the old one is no longer needed.
static spread_t spread_begin(a8_interpreter_t *it) {
    spread_t s = { NULL, 0, 0 };
    span_t scratch = { 0, it->arena_size };
    s.spans = malloc(sizeof(span_t));
    s.spans[s.n++] = scratch;
    s.end = it->arena_size;
    for (uint32_t i = 0; i < a8_header(it->records)->n_graphs; ++i) {
        spread_graph(&s, it, i);
    }
    for (uint32_t position = a8_header(it->records)->resources; position != 0;) {
        a8_resource_t *resource = (a8_resource_t *)(void *)(it->records + position);
        resource->location = spread_add(&s, resource->bytes);
        position = resource->before;
    }
    it->arena_size = (s.end + GAP) / A8_ALIGN * A8_ALIGN;
    it->arena = malloc(it->arena_size);
    memset(it->arena, 0, it->arena_size);
    ASAN_POISON_MEMORY_REGION(it->arena, it->arena_size);
    for (uint32_t i = 0; i < s.n; ++i) {
        ASAN_UNPOISON_MEMORY_REGION(it->arena + s.spans[i].offset, s.spans[i].bytes);
    }
    a8_reset(it);
    return s;
}

static void spread_end(spread_t *s, a8_interpreter_t *it) {
    ASAN_UNPOISON_MEMORY_REGION(it->arena, it->arena_size);
    free(it->arena);
    free(s->spans);
}

#endif
