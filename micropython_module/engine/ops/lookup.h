// SPDX-License-Identifier: MIT
//
// Functions of one int8 element: prepare tries all 256 inputs and keeps the results in a table.
#ifndef A8_LOOKUP_H
#define A8_LOOKUP_H

#include "check.h"

// The node's block.
typedef struct {
    int32_t count;
    int8_t table[256]; // by the input's bits taken as unsigned
} a8_lookup_t;

typedef char a8_assert_lookup_t[sizeof(a8_lookup_t) == 260 ? 1 : -1];

// Gets and checks the one input and the one output of a node.
int a8_lookup_check(a8_ctx_t *ctx, a8_tensor_info_t *in, a8_tensor_info_t *out);
// The node's block, its table still empty; NULL as a8_ctx_alloc.
a8_lookup_t *a8_lookup_alloc(a8_ctx_t *ctx, const a8_tensor_info_t *in);
// Saturates a result and keeps it.
void a8_lookup_set(a8_lookup_t *lookup, int32_t input, int32_t output);

// Both, and the table of a function of real numbers, rounded as the reference does with tables.
int a8_lookup_prepare(a8_ctx_t *ctx, float (*function)(float));

#endif
