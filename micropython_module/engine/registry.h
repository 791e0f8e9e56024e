// SPDX-License-Identifier: MIT
//
// The rows of ops.def, as this build has them.
#ifndef A8_REGISTRY_H
#define A8_REGISTRY_H

#include "op.h"

typedef struct {
    a8_op_fn_t prepare;
    a8_op_fn_t eval;
} a8_op_row_t;

#define A8_FAMILY_ANY (-1)
// Float activations with integer weights: the family of "dynamic range" nodes, which no row has.
#define A8_FAMILY_HYBRID (127)
#define A8_CODE_CUSTOM_FIRST (0x400)

typedef struct a8_subgraphs a8_subgraphs_t; // of interpreter.h
extern const a8_subgraphs_t a8_subgraphs;
// These, or NULL if this build has no operator that runs subgraphs or names variables.
const a8_subgraphs_t *a8_op_subgraphs(void);

// The functions of the i-th row that this build has.
const a8_op_row_t *a8_op_row(uint32_t i);
// Its builtin operator code, or that of a custom operator, from A8_CODE_CUSTOM_FIRST on.
int32_t a8_op_row_code(uint32_t i);

// The node's operator code: its builtin one, or the one that arena8 gives to a custom operator's name
// (the schema's CUSTOM if it doesn't know that name).
int32_t a8_op_code(const a8_node_info_t *node);

// Index of the row that runs a node, or -1 and *reason says why there is none.
int32_t a8_op_find(int32_t op, a8_dtype_t family, a8_reason_t *reason);

// The family a node's row is chosen by: the element type of its first present input (float32 if it has none),
// which is the third of TRANSPOSE_CONV; but for operators with weights INT4 if these are int4, and A8_FAMILY_HYBRID
// if they are integers and the input is float32. Returns false if a tensor is malformed.
bool a8_op_family(const a8_model_t *model, uint32_t subgraph, const a8_node_info_t *node, a8_dtype_t *family);

#endif
