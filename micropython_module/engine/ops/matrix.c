// SPDX-License-Identifier: MIT
#include "../quantize.h"
#include "matrix.h"

#define MAX_STEP (UINT16_MAX) // of a stride or dilation, as a8_window_t holds them

#define MAX_ELEMENTS (INT32_MAX / 2) // so that no position in a tensor, or in the padding around it, leaves int32

int a8_weighted_tensors(a8_ctx_t *ctx, a8_weighted_t *t) {
    const uint32_t n = a8_ctx_inputs(ctx);
    t->has_bias = a8_ctx_has_input(ctx, 2);
    int code;
    if ((code = a8_check_node(ctx, n == 2 ? 2 : 3, &t->input, &t->output)) != A8_OK ||
        (code = a8_ctx_input(ctx, 1, &t->filter)) != A8_OK ||
        (code = a8_check_quantized(ctx, &t->input, A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &t->output, A8_INT8)) != A8_OK) {
        return code;
    }
    if (t->filter.dtype != A8_INT8) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "weights of an int8 operator must be int8 (type 9)", A8_INT8,
            (int32_t)t->filter.dtype);
    }
    if (t->filter.count == 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights have no elements", 1, 0);
    }
    return A8_OK;
}

static int check_bias(a8_ctx_t *ctx, int32_t channels) {
    a8_tensor_info_t bias;
    int code = a8_ctx_input(ctx, 2, &bias);
    if (code != A8_OK) {
        return code;
    }
    if (bias.dtype != A8_INT32) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "bias of an int8 operator must be int32 (type 2)", A8_INT32,
            (int32_t)bias.dtype);
    }
    if (bias.count != (uint32_t)channels) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "bias has not one element an output channel", channels,
            (int32_t)bias.count);
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

int a8_weighted_records(a8_ctx_t *ctx, const a8_weighted_t *t, int32_t channels, int32_t axis, int32_t activation,
    uint32_t params_size, a8_requantize_t *requantize, void **params) {
    const a8_tensor_info_t *filter = &t->filter;
    if (t->has_bias) {
        int code = check_bias(ctx, channels);
        if (code != A8_OK) {
            return code;
        }
    }
    if (filter->n_scales == 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights have no scale", 1, 0);
    }
    const bool per_channel = filter->n_scales > 1;
    if (per_channel && filter->n_scales != (uint32_t)channels) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "weights have not one scale an output channel", channels,
            (int32_t)filter->n_scales);
    }
    if (per_channel && filter->quantized_dimension != axis) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "scales of weights lie along another dimension than output channels",
            axis, filter->quantized_dimension);
    }
    int32_t min = INT8_MIN;
    int32_t max = INT8_MAX;
    if (a8_activation_range(activation, t->output.scale, t->output.zero_point, &min, &max) != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "fused activation is not supported", A8_NONE, activation);
    }
    requantize->in_zero_point = (int8_t)t->input.zero_point;
    requantize->filter_zero_point = 0;
    requantize->out_zero_point = (int8_t)t->output.zero_point;
    requantize->min = (int8_t)min;
    requantize->max = (int8_t)max;
    requantize->per_channel = per_channel;

    const uint32_t count = filter->n_scales;
    if (count > (UINT32_MAX - params_size) / (sizeof(int32_t) + 1)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "too many output channels", A8_NONE, channels);
    }
    uint8_t *block = a8_ctx_alloc(ctx, params_size + count * ((uint32_t)sizeof(int32_t) + 1));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    int32_t *multipliers = (int32_t *)(void *)(block + params_size);
    int8_t *shifts = (int8_t *)(multipliers + count);
    const a8_real_t in_scale = a8_real_from_float(t->input.scale);
    const a8_real_t out_scale = a8_real_from_float(t->output.scale);
    for (uint32_t i = 0; i < count; i++) {
        const a8_real_t product = a8_real_mul(in_scale, a8_real_from_float(a8_tensor_scale(filter, i)));
        const a8_multiplier_t m = a8_multiplier(a8_real_div(product, out_scale));
        if (m.shift > A8_SHIFT_MAX) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "scales are too far apart (log2 of input times weights by output)",
                A8_SHIFT_MAX, m.shift);
        }
        multipliers[i] = m.multiplier;
        shifts[i] = (int8_t)m.shift;
    }
    *params = block;
    return A8_OK;
}

// One axis of a window: checks it and finds the padding before the input.
static int check_axis(a8_ctx_t *ctx, int32_t padding, int32_t in, int32_t filter, int32_t stride, int32_t dilation,
    int32_t out, int32_t *pad) {
    if (stride < 1 || stride > MAX_STEP) {
        return a8_ctx_fail(ctx, stride < 1 ? A8_ERR_MODEL : A8_ERR_UNSUPPORTED, "stride is not from 1 to 65535",
            A8_NONE, stride);
    }
    if (dilation < 1 || dilation > MAX_STEP) {
        return a8_ctx_fail(ctx, dilation < 1 ? A8_ERR_MODEL : A8_ERR_UNSUPPORTED, "dilation is not from 1 to 65535",
            A8_NONE, dilation);
    }
    if (filter < 1) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "filter size is not positive", 1, filter);
    }
    const int64_t span = (int64_t)(filter - 1) * dilation + 1;
    int64_t expected;
    if (padding == A8_PADDING_SAME) {
        expected = ((int64_t)in + stride - 1) / stride;
    } else if (padding == A8_PADDING_VALID) {
        if (span > in) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "input is smaller than the filter",
                span > INT32_MAX ? INT32_MAX : (int32_t)span, in);
        }
        expected = (in - span) / stride + 1;
    } else {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "padding is neither SAME nor VALID", A8_NONE, padding);
    }
    if (out != expected) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output height or width is not what input, filter and stride give",
            (int32_t)expected, out);
    }
    const int64_t total = (expected - 1) * stride + span - in;
    if (total > MAX_ELEMENTS) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "filter is too large", A8_NONE, filter);
    }
    *pad = total > 0 ? (int32_t)(total / 2) : 0;
    return A8_OK;
}

int a8_window_prepare(a8_ctx_t *ctx, const a8_tensor_info_t *input, const a8_tensor_info_t *output,
    int32_t padding, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w, a8_window_t *win) {
    if (input->rank != 4 || output->rank != 4) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "input and output need four dimensions", 4,
            (int32_t)(input->rank != 4 ? input->rank : output->rank));
    }
    if (input->dims[0] != output->dims[0]) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "input and output have not the same batch size", input->dims[0],
            output->dims[0]);
    }
    if (input->count > MAX_ELEMENTS || output->count > MAX_ELEMENTS) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "input or output has too many elements", MAX_ELEMENTS,
            (int32_t)(input->count > MAX_ELEMENTS ? input->count : output->count));
    }
    win->in_h = input->dims[1];
    win->in_w = input->dims[2];
    win->out_h = output->dims[1];
    win->out_w = output->dims[2];
    int code = check_axis(ctx, padding, win->in_h, win->filter_h, stride_h, dilation_h, win->out_h, &win->pad_h);
    if (code != A8_OK) {
        return code;
    }
    code = check_axis(ctx, padding, win->in_w, win->filter_w, stride_w, dilation_w, win->out_w, &win->pad_w);
    if (code != A8_OK) {
        return code;
    }
    win->stride_h = (uint16_t)stride_h;
    win->stride_w = (uint16_t)stride_w;
    win->dilation_h = (uint16_t)dilation_h;
    win->dilation_w = (uint16_t)dilation_w;
    return A8_OK;
}

int a8_conv_run(a8_ctx_t *ctx, a8_conv_s8_t *kernel) {
    const a8_conv_params_t *params = a8_ctx_data(ctx);
    const int32_t *multipliers = a8_weighted_multipliers(params, sizeof(*params));
    const int8_t *shifts =
        a8_weighted_shifts(multipliers, a8_weighted_count(&params->requantize, params->out_c));
    const int8_t *input = a8_ctx_in(ctx, 0);
    const int8_t *filter = a8_ctx_in(ctx, 1);
    const uint8_t *bias = a8_ctx_in(ctx, 2);
    int8_t *output = a8_ctx_out(ctx, 0);
    const a8_window_t *win = &params->window;
    for (int32_t b = 0; b < params->batches; b++) {
        for (int32_t y = 0; y < win->out_h; y++) {
            if (a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
            kernel(params, input, filter, bias, multipliers, shifts, output, y, y + 1);
        }
        input += win->in_h * win->in_w * params->in_c;
        output += win->out_h * win->out_w * params->out_c;
    }
    return A8_OK;
}
