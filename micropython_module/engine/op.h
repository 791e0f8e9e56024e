// SPDX-License-Identifier: MIT
//
// What an operator may ask of the interpreter. Only interpreter.c implements it.
//
// An operator is a pair of functions, listed in ops.def. prepare runs once, at
// load: it checks the node's tensors and options, decides everything that
// depends on the model only, and keeps it in one block of records. eval
// runs at every invoke and computes. eval never looks at model metadata:
// what it indexes with comes from its block.
#ifndef A8_OP_H
#define A8_OP_H

#include "arena8.h"

typedef struct a8_ctx a8_ctx_t;

typedef int (*a8_op_fn_t)(a8_ctx_t *ctx);

// ---- In prepare only ------------------------------------------------------

uint32_t a8_ctx_inputs(const a8_ctx_t *ctx);
uint32_t a8_ctx_outputs(const a8_ctx_t *ctx);
bool a8_ctx_has_input(const a8_ctx_t *ctx, uint32_t i);
// Description of the i-th input or output. Fails if it was left out or isn't there.
int a8_ctx_input(a8_ctx_t *ctx, uint32_t i, a8_tensor_info_t *info);
int a8_ctx_output(a8_ctx_t *ctx, uint32_t i, a8_tensor_info_t *info);

// Fields of the node's options table, by the field's number in the schema (0, 1, ...).
int32_t a8_ctx_option_int8(const a8_ctx_t *ctx, uint32_t field, int32_t otherwise); // also enums and bools
int32_t a8_ctx_option_int32(const a8_ctx_t *ctx, uint32_t field, int32_t otherwise);
float a8_ctx_option_float(const a8_ctx_t *ctx, uint32_t field, float otherwise);
// Numbers and booleans in the map (a FlexBuffer) that a custom operator has as options, by name.
int32_t a8_ctx_custom_int(const a8_ctx_t *ctx, const char *name, int32_t otherwise); // saturated
float a8_ctx_custom_float(const a8_ctx_t *ctx, const char *name, float otherwise);
bool a8_ctx_custom_bool(const a8_ctx_t *ctx, const char *name, bool otherwise);

// The node's block of records: zeroed, aligned to 8, at most one a node, may be given again to eval by
// a8_ctx_data. It holds fixed-width fields and offsets, no pointers, so that its size is the same on every
// machine. NULL when memory is short; then return A8_ERR_MEMORY (the error is already set).
void *a8_ctx_alloc(a8_ctx_t *ctx, uint32_t bytes);

// Asks for bytes of state, aligned to 8 and at most once a node, before a8_ctx_alloc: they keep their content from
// invoke to invoke, and load and a8_reset set them to 0. They lie in the records, where nobody else
// writes, so that an operator may keep indices there. eval gets them by a8_ctx_state_data.
int a8_ctx_state(a8_ctx_t *ctx, uint32_t bytes);

// Asks for bytes of scratch in the arena during this node's eval; once a node.
int a8_ctx_scratch(a8_ctx_t *ctx, uint32_t bytes);

// The target to size scratch for (not always the one this code was compiled for).
a8_target_t a8_ctx_target(const a8_ctx_t *ctx);

// ---- In eval only ---------------------------------------------------------

void *a8_ctx_data(const a8_ctx_t *ctx);
// Bytes of the i-th tensor; a constant input may have any alignment. NULL if it was left out.
const void *a8_ctx_in(const a8_ctx_t *ctx, uint32_t i);
void *a8_ctx_out(const a8_ctx_t *ctx, uint32_t i);
void *a8_ctx_scratch_data(const a8_ctx_t *ctx);
void *a8_ctx_state_data(const a8_ctx_t *ctx);
// Bytes of the i-th input for writing: a variable tensor (prepare has checked info.is_variable), which lies in the
// arena. NULL if it was left out.
void *a8_ctx_variable(const a8_ctx_t *ctx, uint32_t i);
// Call once an output row of long operators. True: return A8_ERR_ABORTED at once.
bool a8_ctx_stop(a8_ctx_t *ctx);

// ---- In both --------------------------------------------------------------

// Records an error about this node and returns code. message is a constant
// sentence; needed and given are its numbers or A8_NONE.
int a8_ctx_fail(a8_ctx_t *ctx, int code, const char *message, int32_t needed, int32_t given);

#endif
