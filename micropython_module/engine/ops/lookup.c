// SPDX-License-Identifier: MIT
#include "lookup.h"

#include "../functions.h"
#include "../kernels/kernels.h"

int a8_lookup_check(a8_ctx_t *ctx, a8_tensor_info_t *in, a8_tensor_info_t *out) {
    int code = a8_check_node(ctx, 1, in, out);
    if (code != A8_OK || (code = a8_check_quantized(ctx, in, A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, out, A8_INT8)) != A8_OK) {
        return code;
    }
    return a8_check_counts(ctx, in, out);
}

a8_lookup_t *a8_lookup_alloc(a8_ctx_t *ctx, const a8_tensor_info_t *in) {
    a8_lookup_t *lookup = a8_ctx_alloc(ctx, sizeof(a8_lookup_t));
    if (lookup != NULL) {
        lookup->count = (int32_t)in->count;
    }
    return lookup;
}

void a8_lookup_set(a8_lookup_t *lookup, int32_t input, int32_t output) {
    output = output < INT8_MIN ? INT8_MIN : output;
    output = output > INT8_MAX ? INT8_MAX : output;
    lookup->table[(uint8_t)input] = (int8_t)output;
}

int a8_lookup_prepare(a8_ctx_t *ctx, float (*function)(float)) {
    const float far = 1024; // beyond every output
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    int code = a8_lookup_check(ctx, &in, &out);
    if (code != A8_OK) {
        return code;
    }
    a8_lookup_t *lookup = a8_lookup_alloc(ctx, &in);
    if (lookup == NULL) {
        return A8_ERR_MEMORY;
    }
    float inverse = 1.0f / out.scale;
    for (int32_t i = INT8_MIN; i <= INT8_MAX; i++) {
        float y = function(in.scale * (float)(i - in.zero_point)) * inverse;
        // What isn't a number becomes 0, the most harmless value.
        y = (a8_float_bits(y) & INT32_MAX) > A8_INFINITY_BITS ? 0.0f : y;
        y = y > far ? far : y;
        y = y < -far ? -far : y;
        int32_t whole = (int32_t)y;
        float fraction = y - (float)whole;
        whole += (fraction >= 0.5f) - (fraction <= -0.5f);
        a8_lookup_set(lookup, i, whole + out.zero_point);
    }
    return A8_OK;
}

int a8_lookup_eval_s8(a8_ctx_t *ctx) {
    const a8_lookup_t *lookup = a8_ctx_data(ctx);
    const int8_t *in = a8_ctx_in(ctx, 0);
    int8_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0, n; i < lookup->count; i += n) {
        n = lookup->count - i < A8_POLL_ELEMENTS ? lookup->count - i : A8_POLL_ELEMENTS;
        a8_lookup_s8(lookup->table, in + i, out + i, n);
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
