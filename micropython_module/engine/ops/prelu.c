// SPDX-License-Identifier: MIT
//
// PRELU: x, or x * alpha where x is negative. alpha is int8 for int16 tensors too.
#include "../quantize.h"
#include "broadcast.h"

typedef struct {
    int32_t input_offset; // minus the zero points
    int32_t alpha_offset;
    int32_t output_offset;
    int32_t multiplier[2]; // of x, of x * alpha
    int32_t shift[2];
} params_t;

typedef char a8_assert_prelu_t[sizeof(params_t) == 28 ? 1 : -1];

int a8_prelu_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_broadcast_tensors(ctx, 2, in, &out);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in[0], in[0].dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, &in[1], A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, in[0].dtype)) != A8_OK) {
        return code;
    }
    params_t params = {
        .input_offset = -in[0].zero_point,
        .alpha_offset = -in[1].zero_point,
        .output_offset = out.zero_point,
    };
    a8_real_t scale = a8_real_from_float(in[0].scale);
    for (int i = 0; i < 2; i++) {
        a8_multiplier_t m = a8_multiplier(a8_real_div(scale, a8_real_from_float(out.scale)));
        if (m.shift > A8_SHIFT_MAX) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_TINY_SCALE, A8_NONE,
                A8_NONE);
        }
        params.multiplier[i] = m.multiplier;
        params.shift[i] = m.shift;
        scale = a8_real_mul(scale, a8_real_from_float(in[1].scale));
    }
    return a8_broadcast_prepare(ctx, 2, in, &out, &params, sizeof(params));
}

static int32_t prelu(const params_t *p, int32_t x, int32_t alpha, int32_t min, int32_t max) {
    x += p->input_offset;
    int32_t which = x < 0;
    if (which) {
        x *= alpha + p->alpha_offset;
    }
    int32_t y = a8_requantize(x, p->multiplier[which], p->shift[which]);
    y = (int32_t)((uint32_t)y + (uint32_t)p->output_offset);
    y = y < min ? min : y;
    return y > max ? max : y;
}

static int row_s8(const void *params, const a8_row_t *row) {
    const int8_t *in = row->in[0];
    const int8_t *alpha = row->in[1];
    int8_t *out = row->out;
    for (int32_t i = 0; i < row->n; i++) {
        *out++ = (int8_t)prelu(params, *in, *alpha, INT8_MIN, INT8_MAX);
        in += row->step[0];
        alpha += row->step[1];
    }
    return A8_OK;
}

static int row_s16(const void *params, const a8_row_t *row) {
    const int16_t *in = row->in[0];
    const int8_t *alpha = row->in[1];
    int16_t *out = row->out;
    for (int32_t i = 0; i < row->n; i++) {
        *out++ = (int16_t)prelu(params, *in, *alpha, INT16_MIN, INT16_MAX);
        in += row->step[0];
        alpha += row->step[1];
    }
    return A8_OK;
}

int a8_prelu_eval_s8(a8_ctx_t *ctx) {
    return a8_broadcast_eval(ctx, row_s8, sizeof(params_t));
}

int a8_prelu_eval_s16(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, row_s16, sizeof(params_t));
}
