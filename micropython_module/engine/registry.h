// SPDX-License-Identifier: MIT
//
// The rows of ops.def, as this build has them.
#ifndef A8_REGISTRY_H
#define A8_REGISTRY_H

#include "op.h"

typedef struct {
    int16_t op; // builtin operator code
    int16_t family; // a8_dtype_t of the first input, or A8_FAMILY_ANY
    a8_op_fn_t prepare; // NULL, as eval, if the build was made without this row
    a8_op_fn_t eval;
} a8_op_row_t;

#define A8_FAMILY_ANY (-1)

// The i-th row; i is less than a8_op_rows().
const a8_op_row_t *a8_op_row(uint32_t i);
uint32_t a8_op_rows(void);

// Index of the row that runs a node, or -1 and *reason says why there is none.
int32_t a8_op_find(int32_t op, a8_dtype_t dtype, a8_reason_t *reason);

// Element type of a node's first present input, from which its row is chosen; float32 if it has none.
// Returns false if that tensor is malformed.
bool a8_op_dtype(const a8_model_t *model, uint32_t subgraph, const a8_node_info_t *node, a8_dtype_t *dtype);

#endif
