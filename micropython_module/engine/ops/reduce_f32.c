// SPDX-License-Identifier: MIT
//
// MEAN and SUM of float32: elements are added up as they lie in memory, like the reference does.
#include <string.h>

#include "check.h"
#include "reduce.h"

int a8_reduce_prepare_f32(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 2, &in, &out);
    if (code != A8_OK) {
        return code;
    }
    if (out.dtype != A8_FLOAT32) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "output has not the input's type", A8_FLOAT32,
            (int32_t)out.dtype);
    }
    if (in.count == 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_NO_ELEMENTS, A8_NONE, A8_NONE);
    }
    a8_reduce_t *reduce = a8_ctx_alloc(ctx, sizeof(a8_reduce_t));
    return reduce == NULL ? A8_ERR_MEMORY : a8_reduce_prepare(ctx, &in, &out, reduce);
}

// The state is the sum's bits.
static int32_t row(int32_t state, int32_t flip, const uint8_t *x, int32_t n, int32_t stride) {
    (void)flip;
    float sum;
    memcpy(&sum, &state, sizeof(sum));
    for (; n > 0; n--) {
        float v;
        memcpy(&v, x, sizeof(v));
        sum += v;
        x += stride;
    }
    memcpy(&state, &sum, sizeof(sum));
    return state;
}

static void put_sum(const void *params, int32_t state, int32_t flip, void *out, int32_t i) {
    (void)params;
    (void)flip;
    memcpy((float *)out + i, &state, sizeof(state));
}

static void put_mean(const void *params, int32_t state, int32_t flip, void *out, int32_t i) {
    const a8_reduce_t *reduce = params;
    (void)flip;
    float sum;
    memcpy(&sum, &state, sizeof(sum));
    ((float *)out)[i] = sum / (float)reduce->count;
}

int a8_sum_eval_f32(a8_ctx_t *ctx) {
    static const a8_reducer_t reducer = { row, put_sum, 0, 0, NULL };
    return a8_reduce_eval(ctx, a8_ctx_data(ctx), &reducer, NULL);
}

int a8_mean_eval_f32(a8_ctx_t *ctx) {
    static const a8_reducer_t reducer = { row, put_mean, 0, 0, NULL };
    return a8_reduce_eval(ctx, a8_ctx_data(ctx), &reducer, a8_ctx_data(ctx));
}
