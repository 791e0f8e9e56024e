// SPDX-License-Identifier: MIT
#include "matrix.h"

int a8_weighted_records_f32(a8_ctx_t *ctx, const a8_weighted_t *t, int32_t channels, int32_t axis,
    int32_t activation, uint32_t params_size, a8_result_t *result, void **params) {
    (void)axis;
    a8_tensor_info_t bias;
    int code;
    if ((t->has_bias && (code = a8_check_bias(ctx, t, channels, A8_FLOAT32, &bias)) != A8_OK) ||
        (code = a8_float_range(ctx, activation, &result->range)) != A8_OK) {
        return code;
    }
    *params = a8_ctx_alloc(ctx, params_size);
    return *params == NULL ? A8_ERR_MEMORY : A8_OK;
}
