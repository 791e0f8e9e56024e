// SPDX-License-Identifier: MIT
//
// ADD and SUB of quantized tensors.
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "broadcast.h"

int a8_add_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_binary_tensors(ctx, true, in, &out);
    if (code != A8_OK) {
        return code;
    }
    a8_add_params_t params = { .output_offset = out.zero_point };
    code = a8_broadcast_activation(ctx, &out, &params.min, &params.max);
    if (code != A8_OK) {
        return code;
    }
    float max_scale = in[0].scale > in[1].scale ? in[0].scale : in[1].scale;
    a8_real_t twice_max = a8_real_scale(a8_real_from_float(max_scale), 1);
    for (int i = 0; i < 2; i++) {
        a8_real_t ratio = a8_real_div(a8_real_from_float(in[i].scale), twice_max);
        a8_multiplier_t m = a8_multiplier(ratio);
        params.input_offset[i] = -in[i].zero_point;
        params.input_multiplier[i] = m.multiplier;
        params.input_shift[i] = m.shift;
    }
    int32_t left_shift = in[0].dtype == A8_INT16 ? A8_ADD_SHIFT_S16 : A8_ADD_SHIFT_S8;
    a8_real_t ratio = a8_real_div(twice_max, a8_real_scale(a8_real_from_float(out.scale), left_shift));
    a8_multiplier_t m = a8_multiplier(ratio);
    if (m.shift > 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_TINY_SCALE, A8_NONE,
            A8_NONE);
    }
    params.output_multiplier = m.multiplier;
    params.output_shift = m.shift;
    return a8_broadcast_prepare(ctx, 2, in, &out, &params, sizeof(params));
}

static int add_row_s8(const void *params, const a8_row_t *row) {
    a8_add_s8(params, row->in[0], row->step[0], row->in[1], row->step[1], row->out, row->n);
    return A8_OK;
}

static int add_row_s16(const void *params, const a8_row_t *row) {
    a8_add_s16(params, row->in[0], row->step[0], row->in[1], row->step[1], row->out, row->n);
    return A8_OK;
}

static int sub_row_s8(const void *params, const a8_row_t *row) {
    a8_sub_s8(params, row->in[0], row->step[0], row->in[1], row->step[1], row->out, row->n);
    return A8_OK;
}

static int sub_row_s16(const void *params, const a8_row_t *row) {
    a8_sub_s16(params, row->in[0], row->step[0], row->in[1], row->step[1], row->out, row->n);
    return A8_OK;
}

int a8_add_eval_s8(a8_ctx_t *ctx) {
    return a8_broadcast_eval(ctx, add_row_s8, sizeof(a8_add_params_t));
}

int a8_add_eval_s16(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, add_row_s16, sizeof(a8_add_params_t));
}

int a8_sub_eval_s8(a8_ctx_t *ctx) {
    return a8_broadcast_eval(ctx, sub_row_s8, sizeof(a8_add_params_t));
}

int a8_sub_eval_s16(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, sub_row_s16, sizeof(a8_add_params_t));
}
