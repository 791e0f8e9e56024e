// SPDX-License-Identifier: MIT
//
// Operators that handle each row, along the last dimension, on its own.
#ifndef A8_ROWS_H
#define A8_ROWS_H

#include "../op.h"

// Number and length of the rows of a tensor, which has elements. The output has its type, count and last dimension.
int a8_check_rows(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out, int32_t *rows,
    int32_t *depth);

// SOFTMAX's option, which must be positive and finite.
int a8_softmax_beta(a8_ctx_t *ctx, float *beta);

// How SOFTMAX and LOG_SOFTMAX scale a difference of inputs, which is never positive, to a number with 5 integer bits.
#define A8_SCALED_DIFF_BITS (5)

typedef struct {
    int32_t multiplier;
    int32_t shift; // from 1 to 31
    int32_t diff_min; // differences below it count as minus infinity
} a8_scaled_diff_t;

// For inputs of a scale, times SOFTMAX's beta.
int a8_scaled_diff(a8_ctx_t *ctx, float scale, float beta, a8_scaled_diff_t *diff);

#endif
