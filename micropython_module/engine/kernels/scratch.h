// SPDX-License-Identifier: MIT
//
// What kernels of int8 need besides their tensors, for every target and known on all: plain functions, so that a
// host can tell the arena of a board. Each target's numbers are in scratch_<target>.h.
#ifndef A8_SCRATCH_H
#define A8_SCRATCH_H

#include "../target.h"
#include "kernels.h"

// Bytes of scratch, aligned to A8_ALIGN, that a kernel finds in its operands. What the first call of an image
// (y0 is 0) leaves there is there in the next calls, which follow in ascending order.
uint32_t a8_conv_s8_scratch(a8_target_t target, const a8_conv_params_t *params);
uint32_t a8_depthwise_conv_s8_scratch(a8_target_t target, const a8_conv_params_t *params);
uint32_t a8_fully_connected_s8_scratch(a8_target_t target, const a8_fully_connected_params_t *params);

// Output rows of one call, on every target: enough work that weights are not fetched from flash for few pixels,
// not so much that a poll waits for long.
int32_t a8_conv_s8_rows(const a8_conv_params_t *params);
int32_t a8_depthwise_conv_s8_rows(const a8_conv_params_t *params);
int32_t a8_fully_connected_s8_rows(const a8_fully_connected_params_t *params);

// How many bytes in front of the input an output may begin, at least, that shares its memory: no call writes what
// it or a later call reads, as long as each takes that many rows. One image.
int32_t a8_conv_s8_lag(const a8_conv_params_t *params, int32_t rows);
int32_t a8_fully_connected_s8_lag(const a8_fully_connected_params_t *params, int32_t rows);

#endif
