// SPDX-License-Identifier: MIT
#include "indices.h"

#include "../quantize.h"

int32_t a8_index(a8_dtype_t dtype, const uint8_t *data, uint32_t i) {
    if (dtype == A8_INT32) {
        return a8_load_i32(data + 4 * i);
    }
    int32_t low = a8_load_i32(data + 8 * i);
    int32_t high = a8_load_i32(data + 8 * i + 4);
    if (high != (low < 0 ? -1 : 0)) {
        return high < 0 ? INT32_MIN : INT32_MAX;
    }
    return low;
}

int a8_check_indices(a8_ctx_t *ctx, uint32_t i, int32_t count, a8_tensor_info_t *info) {
    int code = a8_ctx_input(ctx, i, info);
    if (code != A8_OK) {
        return code;
    }
    if (info->dtype != A8_INT32 && info->dtype != A8_INT64) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "indices are not int32 (type 2) or int64", A8_INT32,
            (int32_t)info->dtype);
    }
    if (count != A8_NONE && info->count != (uint32_t)count) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "an input has not as many indices as it needs", count,
            (int32_t)info->count);
    }
    return A8_OK;
}

int a8_check_constant_indices(a8_ctx_t *ctx, uint32_t i, int32_t count, a8_tensor_info_t *info) {
    int code = a8_check_indices(ctx, i, count, info);
    if (code == A8_OK && info->data == NULL) {
        code = a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "an input that has to be constant is not", A8_NONE, A8_NONE);
    }
    return code;
}

int a8_check_axis(a8_ctx_t *ctx, int32_t axis, uint32_t rank) {
    int32_t from_start = axis < 0 ? axis + (int32_t)rank : axis;
    if (from_start < 0 || from_start >= (int32_t)rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "no such axis", (int32_t)rank, axis);
    }
    return from_start;
}
