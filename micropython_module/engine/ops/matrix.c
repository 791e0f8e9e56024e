// SPDX-License-Identifier: MIT
#include <string.h>

#include "../quantize.h"
#include "matrix.h"

// The reference's product of a sum of 64 bits has a multiplier of 15 bits, so that right shifts are from 1 on.
#define WIDE_BITS (15)
#define WIDE_SHIFT_MAX (WIDE_BITS - 1)

int a8_weighted_tensors(a8_ctx_t *ctx, const a8_weighted_kind_t *kind, a8_weighted_t *t) {
    const uint32_t n = a8_ctx_inputs(ctx);
    t->kind = kind;
    t->has_bias = a8_ctx_has_input(ctx, kind->bias);
    // The first input may be another one (a shape): only its presence counts.
    int code = a8_check_node(ctx, n == kind->bias ? n : kind->bias + 1u, &t->filter, &t->output);
    if (code != A8_OK || (code = a8_ctx_input(ctx, kind->input, &t->input)) != A8_OK ||
        (code = a8_ctx_input(ctx, kind->filter, &t->filter)) != A8_OK) {
        return code;
    }
    const a8_dtype_t weights = t->filter.dtype;
    a8_dtype_t dtype = t->input.dtype;
    if (dtype == A8_FLOAT32) {
        t->input.n_scales = t->output.n_scales = 1; // these need none
    } else if (dtype != A8_INT16) {
        dtype = A8_INT8;
    }
    if ((code = a8_check_quantized(ctx, &t->input, dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, &t->output, dtype)) != A8_OK) {
        return code;
    }
    if (dtype == A8_INT16 && (t->input.zero_point != 0 || t->output.zero_point != 0)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_INT16_ZERO, 0,
            t->input.zero_point != 0 ? t->input.zero_point : t->output.zero_point);
    }
    const a8_dtype_t usual = dtype == A8_FLOAT32 ? A8_FLOAT32 : A8_INT8;
    if (weights != usual && (weights != A8_INT4 || dtype != A8_INT8)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_TYPE, (int32_t)usual,
            (int32_t)weights);
    }
    if (t->filter.count == 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, A8_NO_ELEMENTS, 1, 0);
    }
    return A8_OK;
}

int a8_check_symmetric(a8_ctx_t *ctx, const a8_tensor_info_t *filter) {
    for (uint32_t i = 0; i < filter->n_scales; i++) {
        const int32_t zero_point = a8_tensor_zero_point(filter, i);
        if (zero_point != 0) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a zero point of weights is not 0", 0, zero_point);
        }
    }
    return A8_OK;
}

int a8_check_bias(a8_ctx_t *ctx, const a8_weighted_t *t, int32_t channels, a8_dtype_t usual, a8_tensor_info_t *bias) {
    int code = a8_ctx_input(ctx, t->kind->bias, bias);
    if (code != A8_OK) {
        return code;
    }
    const bool narrow = bias->dtype == A8_INT32 && t->kind->sums & A8_NARROW_BIAS;
    const bool brief = bias->dtype == A8_INT16 && t->kind->sums & A8_SHORT_BIAS;
    if (bias->dtype != usual && (usual != A8_INT64 || !(narrow || brief))) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_TYPE,
            (int32_t)usual, (int32_t)bias->dtype);
    }
    if (bias->count != (uint32_t)channels) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "bias has not one element an output channel", channels,
            (int32_t)bias->count);
    }
    return A8_OK;
}

// Which sums the kernel makes; see kernels.h.
static int sum_flags(a8_ctx_t *ctx, const a8_weighted_t *t, int32_t channels, uint8_t *flags) {
    a8_tensor_info_t bias;
    const bool wide = t->input.dtype == A8_INT16;
    if (!t->has_bias) {
        *flags = wide ? A8_WIDE : 0;
        return A8_OK;
    }
    int code = a8_check_bias(ctx, t, channels, wide ? A8_INT64 : A8_INT32, &bias);
    *flags = wide && bias.dtype != A8_INT32 ? A8_WIDE : 0;
    *flags |= bias.dtype == A8_INT16 ? A8_BIAS_S16 : 0;
    return code;
}

static int check_scales(a8_ctx_t *ctx, const a8_tensor_info_t *filter, int32_t channels, int32_t axis) {
    if (filter->n_scales == 1) {
        return A8_OK;
    }
    if (filter->n_scales != (uint32_t)channels) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights have not one scale an output channel", channels,
            (int32_t)filter->n_scales);
    }
    if (filter->quantized_dimension != axis) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "scales of weights lie along another dimension than output channels",
            axis, filter->quantized_dimension);
    }
    return A8_OK;
}

// Multipliers and shifts of a filter's scales.
static int derive(a8_ctx_t *ctx, const a8_weighted_t *t, bool wide, int32_t *multipliers, int8_t *shifts) {
    const a8_real_t in_scale = a8_real_from_float(t->input.scale);
    const a8_real_t out_scale = a8_real_from_float(t->output.scale);
    const int32_t shift_max = wide ? WIDE_SHIFT_MAX : A8_SHIFT_MAX;
    for (uint32_t i = 0; i < t->filter.n_scales; i++) {
        const a8_real_t product = a8_real_mul(in_scale, a8_real_from_float(a8_tensor_scale(&t->filter, i)));
        a8_multiplier_t m = a8_multiplier(a8_real_div(product, out_scale));
        if (m.shift > shift_max) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "scales are too far apart (log2 of input times weights by output)",
                shift_max, m.shift);
        }
        if (wide) {
            // As many bits as leave 48 of 64 for the sum, rounded, but not up to the 16th.
            m.multiplier = m.multiplier < 0x7fff0000 ? (m.multiplier + 0x8000) >> 16 : 0x7fff;
            m.shift = WIDE_BITS - m.shift;
        }
        multipliers[i] = m.multiplier;
        shifts[i] = (int8_t)m.shift;
    }
    return A8_OK;
}

int a8_weighted_records(a8_ctx_t *ctx, const a8_weighted_t *t, int32_t channels, int32_t axis, int32_t activation,
    uint32_t params_size, a8_result_t *result, void **params) {
    uint8_t flags;
    int code;
    if ((code = sum_flags(ctx, t, channels, &flags)) != A8_OK ||
        (code = check_scales(ctx, &t->filter, channels, axis)) != A8_OK) {
        return code;
    }
    const bool s16 = t->input.dtype == A8_INT16;
    int32_t min = s16 ? INT16_MIN : INT8_MIN;
    int32_t max = s16 ? INT16_MAX : INT8_MAX;
    if (a8_activation_range(activation, t->output.scale, t->output.zero_point, &min, &max) != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ACTIVATION, A8_NONE, activation);
    }
    const uint32_t count = t->filter.n_scales;
    a8_requantize_t *rq = &result->requantize;
    rq->min = (int16_t)min;
    rq->max = (int16_t)max;
    rq->in_zero_point = (int8_t)t->input.zero_point;
    rq->out_zero_point = (int8_t)t->output.zero_point;
    rq->filter_zero_point = 0;
    rq->flags = (uint8_t)(flags | (count > 1 ? A8_PER_CHANNEL : 0));

    uint8_t *block = a8_ctx_alloc(ctx, params_size + count * ((uint32_t)sizeof(int32_t) + 1));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *params = block;
    int32_t *multipliers = (int32_t *)(void *)(block + params_size);
    return derive(ctx, t, flags & A8_WIDE, multipliers, (int8_t *)(multipliers + count));
}

void a8_weighted_operands(a8_ctx_t *ctx, const a8_weighted_kind_t *kind, const a8_result_t *result, int32_t channels,
    const void *multipliers, a8_operands_t *operands) {
    operands->input = a8_ctx_in(ctx, kind->input);
    operands->filter = a8_ctx_in(ctx, kind->filter);
    operands->bias = a8_ctx_in(ctx, kind->bias);
    operands->output = a8_ctx_out(ctx, 0);
    operands->scratch = a8_ctx_scratch_data(ctx);
    operands->multipliers = multipliers;
    operands->shifts = NULL;
    if (result != NULL) {
        const int32_t count = result->requantize.flags & A8_PER_CHANNEL ? channels : 1;
        operands->shifts = (const int8_t *)(operands->multipliers + count);
    }
}

int a8_conv_open(a8_ctx_t *ctx, const a8_weighted_kind_t *kind, int32_t dilation, a8_weighted_t *t,
    a8_conv_params_t *params) {
    int code = a8_weighted_tensors(ctx, kind, t);
    if (code != A8_OK) {
        return code;
    }
    if (t->filter.rank != 4) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, A8_WRONG_RANK, 4, (int32_t)t->filter.rank);
    }
    memset(params, 0, sizeof(*params));
    params->window.filter_h = t->filter.dims[1];
    params->window.filter_w = t->filter.dims[2];
    const bool transposed = dilation < 0;
    const int32_t dilation_w = transposed ? 1 : a8_ctx_option_int32(ctx, (uint32_t)dilation, 1);
    const int32_t dilation_h = transposed ? 1 : a8_ctx_option_int32(ctx, (uint32_t)dilation + 1, 1);
    code = a8_window_prepare(ctx, transposed ? &t->output : &t->input, transposed ? &t->input : &t->output,
        dilation_h, dilation_w, &params->window);
    if (code != A8_OK) {
        return code;
    }
    params->window.in_h = t->input.dims[1];
    params->window.in_w = t->input.dims[2];
    params->window.out_h = t->output.dims[1];
    params->window.out_w = t->output.dims[2];
    params->batches = t->input.dims[0];
    params->in_c = t->input.dims[3];
    params->out_c = t->output.dims[3];
    return A8_OK;
}

int a8_conv_close(a8_ctx_t *ctx, const a8_weighted_t *t, const a8_conv_params_t *params, int32_t axis,
    int32_t activation, a8_weighted_records_t *records) {
    int code = a8_check_symmetric(ctx, &t->filter);
    if (code != A8_OK) {
        return code;
    }
    void *block;
    a8_conv_params_t filled = *params;
    code = records(ctx, t, params->out_c, axis, activation, sizeof(filled), &filled.result, &block);
    if (code == A8_OK) {
        *(a8_conv_params_t *)block = filled;
    }
    return code;
}

bool a8_weighted_is_s8(const a8_weighted_t *t) {
    return t->input.dtype == A8_INT8 && t->filter.dtype == A8_INT8;
}

int32_t a8_conv_row(const a8_conv_params_t *params) {
    (void)params;
    return 1;
}

int a8_conv_run(a8_ctx_t *ctx, const a8_weighted_kind_t *kind, a8_conv_t *kernel, uint32_t element_size,
    a8_conv_rows_t *rows) {
    const a8_conv_params_t *params = a8_ctx_data(ctx);
    const a8_window_t *win = &params->window;
    const uint32_t in_bytes = (uint32_t)(win->in_h * win->in_w * params->in_c) * element_size;
    const uint32_t out_bytes = (uint32_t)(win->out_h * win->out_w * params->out_c) * element_size;
    const int32_t step = rows(params);
    a8_operands_t operands;
    const bool floats = element_size == sizeof(float);
    a8_weighted_operands(ctx, kind, floats ? NULL : &params->result, params->out_c, floats ? NULL : params + 1,
        &operands);
    for (int32_t b = 0; b < params->batches; b++) {
        for (int32_t y = 0; y < win->out_h; y += step) {
            if (a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
            kernel(params, &operands, y, win->out_h - y < step ? win->out_h : y + step);
        }
        operands.input = (const uint8_t *)operands.input + in_bytes;
        operands.output = (uint8_t *)operands.output + out_bytes;
    }
    return A8_OK;
}
