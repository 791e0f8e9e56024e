// SPDX-License-Identifier: MIT
#include "rows.h"

#include "../quantize.h"
#include "check.h"

int a8_check_rows(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out, int32_t *rows,
    int32_t *depth) {
    int code = a8_check_counts(ctx, in, out);
    if (code != A8_OK) {
        return code;
    }
    if (in->rank == 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, A8_WRONG_RANK, 1, 0);
    }
    if (in->count == 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_NO_ELEMENTS, 1, 0);
    }
    *depth = in->dims[in->rank - 1];
    *rows = (int32_t)in->count / *depth;
    if (out->rank == 0 || out->dims[out->rank - 1] != *depth) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the input's last dimension", *depth,
            out->rank == 0 ? 0 : out->dims[out->rank - 1]);
    }
    return A8_OK;
}

int a8_softmax_beta(a8_ctx_t *ctx, float *beta) {
    *beta = a8_ctx_option_float(ctx, 0, 0.0f);
    if (!(*beta > 0.0f && *beta <= 3.4028234663852886e38f)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "SOFTMAX's beta is not a positive number", A8_NONE, A8_NONE);
    }
    return A8_OK;
}

int a8_scaled_diff(a8_ctx_t *ctx, float scale, float beta, a8_scaled_diff_t *diff) {
    int32_t fraction_bits = 31 - A8_SCALED_DIFF_BITS;
    a8_real_t steps = a8_real_mul(a8_real_from_float(beta), a8_real_from_float(scale));
    steps.exponent += fraction_bits;
    // steps is a mantissa from 2^52 to below 2^53, times 2^exponent.
    const uint64_t one = (uint64_t)1 << 52;
    if (steps.exponent < -52 || (steps.exponent == -52 && steps.mantissa == one)) { // not above 1
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "input scale (times beta) is 2^-26 or less", A8_NONE, A8_NONE);
    }
    a8_multiplier_t m = a8_multiplier(steps);
    if (m.shift > 31) { // with a larger factor, all but the largest input vanish anyway
        m = (a8_multiplier_t){ INT32_MAX, 31 };
    }
    diff->multiplier = m.multiplier;
    diff->shift = m.shift;
    // The furthest difference that still fits the scaled one's integer bits.
    diff->diff_min = -(int32_t)((((uint32_t)1 << A8_SCALED_DIFF_BITS) - 1) << fraction_bits >> m.shift);
    return A8_OK;
}
