// SPDX-License-Identifier: MIT
#include "../quantize.h"
#include "broadcast.h"

// Room that keeps the square of a difference within 32 bits.
#define LEFT_SHIFT_S8 (7)
#define LEFT_SHIFT_S16 (0)

// Both inputs are rescaled to twice the larger scale, subtracted, squared, rescaled to the output's.
typedef struct {
    int32_t input_offset[2]; // minus the zero points
    int32_t input_multiplier[2];
    int32_t input_shift[2]; // <= 0
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_offset;
} params_t;

typedef char a8_assert_squared_difference_t[sizeof(params_t) == 36 ? 1 : -1];

int a8_squared_difference_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_binary_tensors(ctx, true, in, &out);
    if (code != A8_OK) {
        return code;
    }
    bool wide = in[0].dtype == A8_INT16;
    if (wide && (code = a8_broadcast_symmetric(ctx, in, 2, &out)) != A8_OK) {
        return code;
    }
    params_t params = { .output_offset = out.zero_point };
    float max_scale = in[0].scale > in[1].scale ? in[0].scale : in[1].scale;
    a8_real_t twice_max = a8_real_scale(a8_real_from_float(max_scale), 1);
    for (int i = 0; i < 2; i++) {
        a8_multiplier_t m = a8_multiplier(a8_real_div(a8_real_from_float(in[i].scale), twice_max));
        params.input_offset[i] = -in[i].zero_point;
        params.input_multiplier[i] = m.multiplier;
        params.input_shift[i] = m.shift;
    }
    a8_real_t unit = a8_real_scale(a8_real_from_float(out.scale), 2 * (wide ? LEFT_SHIFT_S16 : LEFT_SHIFT_S8));
    a8_multiplier_t m = a8_multiplier(a8_real_div(a8_real_mul(twice_max, twice_max), unit));
    if (m.shift > A8_SHIFT_MAX) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_TINY_SCALE, A8_NONE,
            A8_NONE);
    }
    params.output_multiplier = m.multiplier;
    params.output_shift = m.shift;
    return a8_broadcast_prepare(ctx, 2, in, &out, &params, sizeof(params));
}

static inline int32_t difference(const params_t *p, int32_t a, int32_t b, int32_t left_shift) {
    int32_t x = (a + p->input_offset[0]) * (1 << left_shift);
    int32_t y = (b + p->input_offset[1]) * (1 << left_shift);
    return a8_requantize(x, p->input_multiplier[0], p->input_shift[0]) -
        a8_requantize(y, p->input_multiplier[1], p->input_shift[1]);
}

static int32_t squared(const params_t *p, int32_t d, int32_t min, int32_t max) {
    int32_t y = a8_requantize(d * d, p->output_multiplier, p->output_shift);
    y = (int32_t)((uint32_t)y + (uint32_t)p->output_offset);
    y = y < min ? min : y;
    return y > max ? max : y;
}

static int row_s8(const void *params, const a8_row_t *row) {
    const int8_t *a = row->in[0];
    const int8_t *b = row->in[1];
    int8_t *out = row->out;
    for (int32_t i = 0; i < row->n; i++) {
        *out++ = (int8_t)squared(params, difference(params, *a, *b, LEFT_SHIFT_S8), INT8_MIN, INT8_MAX);
        a += row->step[0];
        b += row->step[1];
    }
    return A8_OK;
}

static int row_s16(const void *params, const a8_row_t *row) {
    const int16_t *a = row->in[0];
    const int16_t *b = row->in[1];
    int16_t *out = row->out;
    for (int32_t i = 0; i < row->n; i++) {
        *out++ = (int16_t)squared(params, difference(params, *a, *b, LEFT_SHIFT_S16), INT16_MIN, INT16_MAX);
        a += row->step[0];
        b += row->step[1];
    }
    return A8_OK;
}

int a8_squared_difference_eval_s8(a8_ctx_t *ctx) {
    return a8_broadcast_eval(ctx, row_s8, sizeof(params_t));
}

int a8_squared_difference_eval_s16(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, row_s16, sizeof(params_t));
}
