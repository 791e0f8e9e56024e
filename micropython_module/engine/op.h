// SPDX-License-Identifier: MIT
//
// What an operator may ask of the interpreter. Only context.c and, what is for
// control flow and variables, subgraphs.c implement it.
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

// ---- Only for control flow and variables (control.c, state.c) ---------------
//
// Variables of the model live in the arena. A handle is a tensor of type RESOURCE that names one; which one
// is known at load, also where handles go through subgraphs.

// In prepare, after a8_ctx_alloc. The i-th subgraph that the node runs, and how many inputs and outputs it has.
int a8_ctx_callee(a8_ctx_t *ctx, uint32_t i, uint32_t *subgraph, uint32_t *inputs, uint32_t *outputs);
int a8_ctx_callee_output(a8_ctx_t *ctx, uint32_t subgraph, uint32_t i, a8_tensor_info_t *info);
// The node's input is to be copied to an input of the subgraph, or the node's output from an output of the
// subgraph: fails if they have not the same type and size. Sets bytes, 0 for a handle.
int a8_ctx_give(a8_ctx_t *ctx, uint32_t input, uint32_t subgraph, uint32_t callee_input, uint32_t *bytes);
int a8_ctx_take(a8_ctx_t *ctx, uint32_t output, uint32_t subgraph, uint32_t callee_output, uint32_t *bytes);
// Whether both are handles of the same variable, or neither is a handle.
bool a8_ctx_same_variable(const a8_ctx_t *ctx, uint32_t input, uint32_t output);
// Output 0 becomes a handle of the variable that the node's options name.
int a8_ctx_make_handle(a8_ctx_t *ctx);
// Input i is a handle, whose variable holds what this tensor does. fill: the byte that it is filled with at
// load and reset, or -1 if this node doesn't know.
int a8_ctx_handle(a8_ctx_t *ctx, uint32_t i, const a8_tensor_info_t *content, int32_t fill);

// In eval. The variable of the handle in input i.
void *a8_ctx_handled(const a8_ctx_t *ctx, uint32_t i);
// Bytes of an input or output of a subgraph; NULL if they are not as many as expected.
void *a8_ctx_callee_in(const a8_ctx_t *ctx, uint32_t subgraph, uint32_t i, uint32_t bytes);
const void *a8_ctx_callee_out(const a8_ctx_t *ctx, uint32_t subgraph, uint32_t i, uint32_t bytes);
// Runs the subgraph and then eval again, in that phase. eval returns at once what this returns.
int a8_ctx_enter(a8_ctx_t *ctx, uint32_t subgraph, uint32_t phase);
// 0 when the node begins.
uint32_t a8_ctx_phase(const a8_ctx_t *ctx);

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
int a8_ctx_error(a8_ctx_t *ctx, int code, const char *message, int32_t needed, int32_t given);
int a8_ctx_model_error(a8_ctx_t *ctx, const char *message, int32_t needed, int32_t given); // A8_ERR_MODEL
int a8_ctx_unsupported(a8_ctx_t *ctx, const char *message, int32_t needed, int32_t given); // A8_ERR_UNSUPPORTED

// The shortest call of these. There are hundreds, with a constant code.
#define a8_ctx_fail(ctx, code, message, needed, given) \
    ((code) == A8_ERR_MODEL                ? a8_ctx_model_error(ctx, message, needed, given) \
            : (code) == A8_ERR_UNSUPPORTED ? a8_ctx_unsupported(ctx, message, needed, given) \
                                           : a8_ctx_error(ctx, code, message, needed, given))

#endif
