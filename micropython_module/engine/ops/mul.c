// SPDX-License-Identifier: MIT
//
// MUL of quantized tensors.
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "broadcast.h"

int a8_mul_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_binary_tensors(ctx, true, in, &out);
    if (code != A8_OK) {
        return code;
    }
    if (in[0].dtype == A8_INT16 && (code = a8_broadcast_symmetric(ctx, in, 2, &out)) != A8_OK) {
        return code;
    }
    a8_mul_params_t params = {
        .input_offset = { -in[0].zero_point, -in[1].zero_point },
        .output_offset = out.zero_point,
    };
    code = a8_broadcast_activation(ctx, &out, &params.min, &params.max);
    if (code != A8_OK) {
        return code;
    }
    a8_real_t scale = a8_real_mul(a8_real_from_float(in[0].scale), a8_real_from_float(in[1].scale));
    a8_multiplier_t m = a8_multiplier(a8_real_div(scale, a8_real_from_float(out.scale)));
    if (m.shift > A8_SHIFT_MAX) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_TINY_SCALE, A8_NONE,
            A8_NONE);
    }
    params.multiplier = m.multiplier;
    params.shift = m.shift;
    return a8_broadcast_prepare(ctx, 2, in, &out, &params, sizeof(params));
}

static int row_s8(const void *params, const a8_row_t *row) {
    a8_mul_s8(params, row->in[0], row->step[0], row->in[1], row->step[1], row->out, row->n);
    return A8_OK;
}

static int row_s16(const void *params, const a8_row_t *row) {
    a8_mul_s16(params, row->in[0], row->step[0], row->in[1], row->step[1], row->out, row->n);
    return A8_OK;
}

int a8_mul_eval_s8(a8_ctx_t *ctx) {
    return a8_broadcast_eval(ctx, row_s8, sizeof(a8_mul_params_t));
}

int a8_mul_eval_s16(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, row_s16, sizeof(a8_mul_params_t));
}
