// SPDX-License-Identifier: MIT
//
// What the operators with windows and weights check and derive alike in prepare, and their walk over rows.
#ifndef A8_MATRIX_H
#define A8_MATRIX_H

#include "../kernels/kernels.h"
#include "check.h"
#include "window.h"

// What operators with weights differ in: the numbers of their inputs, and which sums the reference has for int16
// activations. These are of 64 bits, with a bias of int64, unless:
#define A8_NARROW_BIAS (1) // the bias may be int32: then sums are of 32 bits
#define A8_SHORT_BIAS (2) // the bias may be int16, of sums of 64 bits
typedef struct {
    uint8_t input;
    uint8_t filter;
    uint8_t bias;
    uint8_t sums;
} a8_weighted_kind_t;

// The tensors of an operator with weights.
typedef struct {
    const a8_weighted_kind_t *kind;
    a8_tensor_info_t input;
    a8_tensor_info_t filter;
    a8_tensor_info_t output;
    bool has_bias;
} a8_weighted_t;

// Reads them, and checks types and sizes, and quantization of input and output.
int a8_weighted_tensors(a8_ctx_t *ctx, const a8_weighted_kind_t *kind, a8_weighted_t *t);

// Checks that all zero points of the filter are 0.
int a8_check_symmetric(a8_ctx_t *ctx, const a8_tensor_info_t *filter);

// Reads the bias and checks it; usual is its type where kind doesn't say more.
int a8_check_bias(a8_ctx_t *ctx, const a8_weighted_t *t, int32_t channels, a8_dtype_t usual, a8_tensor_info_t *bias);

// Checks the filter's quantization and the bias for that many output channels, which are dimension axis of the
// filter, and the fused activation. Allocates the node's records: params_size bytes for the caller's struct, then
// of integers multipliers and shifts. Fills result, with a filter_zero_point of 0. *params is the records.
typedef int a8_weighted_records_t(a8_ctx_t *ctx, const a8_weighted_t *t, int32_t channels, int32_t axis,
    int32_t activation, uint32_t params_size, a8_result_t *result, void **params);
a8_weighted_records_t a8_weighted_records;
a8_weighted_records_t a8_weighted_records_f32;

// In eval. multipliers is what lies behind the params in the node's records, and result in these; both NULL of floats,
// which have none.
void a8_weighted_operands(a8_ctx_t *ctx, const a8_weighted_kind_t *kind, const a8_result_t *result, int32_t channels,
    const void *multipliers, a8_operands_t *operands);

// The opening of a convolution's prepare: reads the tensors, and fills all of params but groups and result.
// dilation: number of the first option of dilation (across). -1: a transposed convolution, which has none.
int a8_conv_open(a8_ctx_t *ctx, const a8_weighted_kind_t *kind, int32_t dilation, a8_weighted_t *t,
    a8_conv_params_t *params);
// And its closing: makes the records, with params and a result.
int a8_conv_close(a8_ctx_t *ctx, const a8_weighted_t *t, const a8_conv_params_t *params, int32_t axis,
    int32_t activation, a8_weighted_records_t *records);

// Whether the kernel is one of int8 with int8 weights, which may want scratch.
bool a8_weighted_is_s8(const a8_weighted_t *t);

// Runs a convolution's kernel over all rows of all batches. Elements of input and output of 4 bytes are floats.
// rows: of the output, for one call of the kernel; a8_conv_row where one is as good as another.
typedef int32_t a8_conv_rows_t(const a8_conv_params_t *params);
a8_conv_rows_t a8_conv_row;
int a8_conv_run(a8_ctx_t *ctx, const a8_weighted_kind_t *kind, a8_conv_t *kernel, uint32_t element_size,
    a8_conv_rows_t *rows);

#endif
