// SPDX-License-Identifier: MIT
//
// Functions that are one line below zero and another one above it, between two limits, of int8 and int16: RELU and its
// kin, LEAKY_RELU, NEG, ABS. Where scales are far apart, scaled inputs of int16 wrap around, as in the reference.
#include "../functions.h"
#include "../quantize.h"
#include "lookup.h"

typedef struct {
    int32_t input_zero_point;
    int32_t output_zero_point;
    a8_multiplier_t above; // zero
    a8_multiplier_t below;
    int32_t min; // of results without the zero point
    int32_t max;
} lines_t;

// Of int16; int8 goes through a table.
typedef struct {
    int32_t count;
    lines_t lines;
} block_t;

typedef char a8_assert_piecewise_block_t[sizeof(block_t) == 36 ? 1 : -1];

static int32_t result(const lines_t *lines, int32_t x) {
    x -= lines->input_zero_point;
    const a8_multiplier_t *m = x < 0 ? &lines->below : &lines->above;
    x = a8_requantize(x, m->multiplier, m->shift);
    x = x < lines->min ? lines->min : x;
    x = x > lines->max ? lines->max : x;
    return x + lines->output_zero_point;
}

static a8_multiplier_t slope(a8_real_t factor, const a8_tensor_info_t *in, const a8_tensor_info_t *out) {
    a8_real_t real = a8_real_mul(a8_real_from_float(in->scale), factor);
    a8_multiplier_t m = a8_multiplier(a8_real_div(real, a8_real_from_float(out->scale)));
    int32_t most = in->dtype == A8_INT8 ? A8_SATURATING_SHIFT : A8_SHIFT_MAX;
    m.shift = m.shift < most ? m.shift : most;
    return m;
}

// Checks the tensors and fills in what both families need; both lines rise as the identity does.
static int prepare(a8_ctx_t *ctx, a8_dtype_t dtype, a8_tensor_info_t *in, a8_tensor_info_t *out, lines_t *lines,
    bool may_lack_scales) {
    int code = a8_check_node(ctx, 1, in, out);
    if (code != A8_OK) {
        return code;
    }
    a8_tensor_info_t scaled_in = *in;
    a8_tensor_info_t scaled_out = *out;
    if (may_lack_scales && in->n_scales == 0 && out->n_scales == 0) {
        scaled_in.n_scales = scaled_out.n_scales = 1;
        scaled_in.scale = scaled_out.scale = 1.0f;
    }
    if ((code = a8_check_quantized(ctx, &scaled_in, dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, &scaled_out, dtype)) != A8_OK ||
        (code = a8_check_counts(ctx, in, out)) != A8_OK) {
        return code;
    }
    lines->input_zero_point = in->zero_point;
    lines->output_zero_point = out->zero_point;
    lines->above = slope(a8_real_from_float(1.0f), &scaled_in, &scaled_out);
    lines->below = lines->above;
    lines->min = dtype == A8_INT8 ? INT8_MIN : INT16_MIN;
    lines->max = dtype == A8_INT8 ? INT8_MAX : INT16_MAX;
    return A8_OK;
}

// These take the limits with the zero point still in them.
static int finish_s8(a8_ctx_t *ctx, const a8_tensor_info_t *in, lines_t *lines) {
    lines->min -= lines->output_zero_point;
    lines->max -= lines->output_zero_point;
    a8_lookup_t *lookup = a8_lookup_alloc(ctx, in);
    if (lookup == NULL) {
        return A8_ERR_MEMORY;
    }
    for (int32_t i = INT8_MIN; i <= INT8_MAX; i++) {
        a8_lookup_set(lookup, i, result(lines, i));
    }
    return A8_OK;
}

static int finish_s16(a8_ctx_t *ctx, const a8_tensor_info_t *in, lines_t *lines) {
    lines->min -= lines->output_zero_point;
    lines->max -= lines->output_zero_point;
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->count = (int32_t)in->count;
    block->lines = *lines;
    return A8_OK;
}

typedef int finish_t(a8_ctx_t *ctx, const a8_tensor_info_t *in, lines_t *lines);

int a8_piecewise_eval_s16(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    int16_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->count; i++) {
        int16_t x = (int16_t)(in[2 * i] | in[2 * i + 1] << 8); // a constant may have any alignment
        out[i] = (int16_t)result(&block->lines, x);
        if (i % A8_POLL_ELEMENTS == A8_POLL_ELEMENTS - 1 && a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

// ---- RELU and its kin: the range of the fused activations of these numbers --

static int clamp(a8_ctx_t *ctx, a8_dtype_t dtype, finish_t *finish, int32_t activation, int32_t another) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    lines_t lines;
    int code = prepare(ctx, dtype, &in, &out, &lines, false);
    if (code != A8_OK) {
        return code;
    }
    a8_activation_range(activation, out.scale, out.zero_point, &lines.min, &lines.max);
    a8_activation_range(another, out.scale, out.zero_point, &lines.min, &lines.max);
    return finish(ctx, &in, &lines);
}

int a8_relu_prepare_s8(a8_ctx_t *ctx) {
    return clamp(ctx, A8_INT8, finish_s8, 1, 0);
}

int a8_relu_prepare_s16(a8_ctx_t *ctx) {
    return clamp(ctx, A8_INT16, finish_s16, 1, 0);
}

int a8_relu6_prepare_s8(a8_ctx_t *ctx) {
    return clamp(ctx, A8_INT8, finish_s8, 3, 0);
}

int a8_relu6_prepare_s16(a8_ctx_t *ctx) {
    return clamp(ctx, A8_INT16, finish_s16, 3, 0);
}

int a8_relu_n1_to_1_prepare_s8(a8_ctx_t *ctx) {
    return clamp(ctx, A8_INT8, finish_s8, 2, 0);
}

int a8_relu_n1_to_1_prepare_s16(a8_ctx_t *ctx) {
    return clamp(ctx, A8_INT16, finish_s16, 2, 0);
}

int a8_relu_0_to_1_prepare_s8(a8_ctx_t *ctx) {
    return clamp(ctx, A8_INT8, finish_s8, 2, 1);
}

int a8_relu_0_to_1_prepare_s16(a8_ctx_t *ctx) {
    return clamp(ctx, A8_INT16, finish_s16, 2, 1);
}

// ---- LEAKY_RELU -------------------------------------------------------------

static int leaky_relu(a8_ctx_t *ctx, a8_dtype_t dtype, finish_t *finish) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    lines_t lines;
    int code = prepare(ctx, dtype, &in, &out, &lines, false);
    if (code != A8_OK) {
        return code;
    }
    uint32_t alpha = a8_float_bits(a8_ctx_option_float(ctx, 0, 0.0f));
    uint32_t magnitude = alpha & INT32_MAX;
    if (magnitude >= A8_INFINITY_BITS) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "LEAKY_RELU's alpha is not a number", A8_NONE, A8_NONE);
    }
    lines.below = slope(a8_real_from_float(a8_bits_float(magnitude)), &in, &out);
    if (alpha != magnitude) {
        lines.below.multiplier = -lines.below.multiplier;
    }
    return finish(ctx, &in, &lines);
}

int a8_leaky_relu_prepare_s8(a8_ctx_t *ctx) {
    return leaky_relu(ctx, A8_INT8, finish_s8);
}

int a8_leaky_relu_prepare_s16(a8_ctx_t *ctx) {
    return leaky_relu(ctx, A8_INT16, finish_s16);
}

// ---- NEG, ABS ---------------------------------------------------------------

static int negate(a8_ctx_t *ctx, a8_dtype_t dtype, finish_t *finish, bool above, bool may_lack_scales) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    lines_t lines;
    int code = prepare(ctx, dtype, &in, &out, &lines, may_lack_scales);
    if (code != A8_OK) {
        return code;
    }
    lines.below.multiplier = -lines.below.multiplier;
    if (above) {
        lines.above.multiplier = -lines.above.multiplier;
    }
    if (dtype == A8_INT16 && in.n_scales == 0) {
        lines.min = INT32_MIN; // the reference takes -32768 as its own magnitude
        lines.max = INT32_MAX;
    } else if (dtype == A8_INT16 && (in.zero_point != 0 || out.zero_point != 0)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_INT16_ZERO, 0,
            in.zero_point != 0 ? in.zero_point : out.zero_point);
    }
    return finish(ctx, &in, &lines);
}

int a8_neg_prepare_s8(a8_ctx_t *ctx) {
    return negate(ctx, A8_INT8, finish_s8, true, false);
}

int a8_abs_prepare_s8(a8_ctx_t *ctx) {
    return negate(ctx, A8_INT8, finish_s8, false, false);
}

int a8_abs_prepare_s16(a8_ctx_t *ctx) {
    return negate(ctx, A8_INT16, finish_s16, false, true);
}
