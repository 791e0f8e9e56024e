// SPDX-License-Identifier: MIT
//
// What the operators with windows and weights check and derive alike in prepare.
#ifndef A8_MATRIX_H
#define A8_MATRIX_H

#include "../kernels/kernels.h"
#include "check.h"

// TFLite's Padding.
enum {
    A8_PADDING_SAME = 0,
    A8_PADDING_VALID = 1,
};

// The tensors of an operator with weights: input 0, filter 1, perhaps a bias 2, output 0.
typedef struct {
    a8_tensor_info_t input;
    a8_tensor_info_t filter;
    a8_tensor_info_t output;
    bool has_bias;
} a8_weighted_t;

// Reads them, and checks types, sizes and quantization of all but the filter.
int a8_weighted_tensors(a8_ctx_t *ctx, a8_weighted_t *t);

// Checks the filter's quantization and the bias for that many output channels, which are dimension axis of the
// filter. Allocates the node's records: params_size bytes for the caller's struct, then multipliers, then
// shifts, one of each a scale. Fills requantize, with a filter_zero_point of 0. *params is the records.
int a8_weighted_records(a8_ctx_t *ctx, const a8_weighted_t *t, int32_t channels, int32_t axis, int32_t activation,
    uint32_t params_size, a8_requantize_t *requantize, void **params);

// Checks that all zero points of the filter are 0.
int a8_check_symmetric(a8_ctx_t *ctx, const a8_tensor_info_t *filter);

// Runs a convolution's kernel over all rows of all batches.
int a8_conv_run(a8_ctx_t *ctx, a8_conv_s8_t *kernel);

// Where a8_weighted_records has put them.
static inline uint32_t a8_weighted_count(const a8_requantize_t *requantize, int32_t channels) {
    return requantize->per_channel ? (uint32_t)channels : 1;
}

static inline const int32_t *a8_weighted_multipliers(const void *params, uint32_t params_size) {
    return (const int32_t *)(const void *)((const uint8_t *)params + params_size);
}

static inline const int8_t *a8_weighted_shifts(const int32_t *multipliers, uint32_t count) {
    return (const int8_t *)(multipliers + count);
}

// Checks that input and output are images of rank 4 and as many, and the window's sizes, strides, dilations and
// padding against them; win holds filter_h and filter_w, and gets all the rest.
int a8_window_prepare(a8_ctx_t *ctx, const a8_tensor_info_t *input, const a8_tensor_info_t *output,
    int32_t padding, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w, a8_window_t *win);

#endif
