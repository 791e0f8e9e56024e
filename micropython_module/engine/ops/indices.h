// SPDX-License-Identifier: MIT
//
// Tensors of indices, sizes and axes: int32 or int64, constant or computed.
#ifndef A8_INDICES_H
#define A8_INDICES_H

#include "check.h"

// Element i, at any alignment. An int64 that int32 can't hold becomes the nearest int32: it is out of range for
// every tensor all the same.
int32_t a8_index(a8_dtype_t dtype, const uint8_t *data, uint32_t i);

// Gets input i, a tensor of count indices (A8_NONE: any number).
int a8_check_indices(a8_ctx_t *ctx, uint32_t i, int32_t count, a8_tensor_info_t *info);
// The same, and it has to be constant.
int a8_check_constant_indices(a8_ctx_t *ctx, uint32_t i, int32_t count, a8_tensor_info_t *info);

// An axis of rank dimensions may be counted from the end, as a negative number. Returns it, or an error code.
int a8_check_axis(a8_ctx_t *ctx, int32_t axis, uint32_t rank);

#endif
