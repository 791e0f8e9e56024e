// SPDX-License-Identifier: MIT
//
// What the engine itself asks of a model beyond arena8.h.
#ifndef A8_MODEL_H
#define A8_MODEL_H

#include "arena8.h"
#include "flatbuffer.h"

// The vectors of a subgraph, by number.
enum {
    A8_GRAPH_TENSORS,
    A8_GRAPH_INPUTS,
    A8_GRAPH_OUTPUTS,
    A8_GRAPH_OPERATORS,
    A8_GRAPH_VECTORS,
};

int a8_model_graph(const a8_model_t *model, uint32_t subgraph, a8_vector_t graph[A8_GRAPH_VECTORS], a8_error_t *err);

// The subgraphs that a node of control flow runs (IF: then, else; WHILE: condition, body; CALL_ONCE: one), which may
// not be there. Returns how many; 0 for all other nodes.
uint32_t a8_model_callees(const a8_model_t *model, const a8_node_info_t *node, uint32_t callees[2]);
// What names the variable of a VAR_HANDLE node. False if malformed.
bool a8_model_variable(const a8_model_t *model, const a8_node_info_t *node, a8_string_t *container, a8_string_t *name);

// Content of the named entry of the model's metadata; count 0 if there is none.
a8_vector_t a8_model_metadata(const a8_model_t *model, a8_string_t name);

// Fills err (which may be NULL) with this and A8_NONE everywhere else, and returns code.
int a8_error(a8_error_t *err, int code, const char *message, int32_t needed, int32_t given);
// The same with A8_ERR_MODEL or A8_ERR_UNSUPPORTED: a function each, as calls with few arguments are short.
int a8_error_model(a8_error_t *err, const char *message, int32_t needed, int32_t given);
int a8_error_unsupported(a8_error_t *err, const char *message, int32_t needed, int32_t given);
int a8_error_malformed(a8_error_t *err, const char *message); // A8_ERR_MODEL without numbers

static inline a8_flatbuffer_t a8_model_flatbuffer(const a8_model_t *model) {
    a8_flatbuffer_t fb = { model->data, model->size };
    return fb;
}

#endif
