// SPDX-License-Identifier: MIT
#include <string.h>

#include "../quantize.h"
#include "window.h"

// Fields of Pool2DOptions.
enum {
    FILTER_W = A8_OPTION_STRIDE_H + 1,
    FILTER_H,
    ACTIVATION,
};

#define SCALE_TOLERANCE (1e-6f) // the reference's

static int check_quantization(a8_ctx_t *ctx, const a8_tensor_info_t *input, const a8_tensor_info_t *output) {
    const float difference = input->scale - output->scale;
    if (input->zero_point != output->zero_point || difference > SCALE_TOLERANCE || difference < -SCALE_TOLERANCE) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "a pool's input and output need the same scale and zero point",
            input->zero_point, output->zero_point);
    }
    return A8_OK;
}

// All but the quantization and the result.
static int open(a8_ctx_t *ctx, int32_t max_taps, a8_tensor_info_t *input, a8_tensor_info_t *output,
    a8_pool_params_t *params) {
    memset(params, 0, sizeof(*params));
    int code = a8_check_node(ctx, 1, input, output);
    if (code != A8_OK) {
        return code;
    }
    if (input->dtype == A8_FLOAT32) {
        input->n_scales = output->n_scales = 1; // these need none
    }
    if ((code = a8_check_quantized(ctx, input, input->dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, output, input->dtype)) != A8_OK) {
        return code;
    }
    a8_window_t *win = &params->window;
    win->filter_h = a8_ctx_option_int32(ctx, FILTER_H, 0);
    win->filter_w = a8_ctx_option_int32(ctx, FILTER_W, 0);
    code = a8_window_prepare(ctx, input, output, 1, 1, win);
    if (code != A8_OK) {
        return code;
    }
    const int32_t taps_h = win->filter_h < win->in_h ? win->filter_h : win->in_h;
    const int32_t taps_w = win->filter_w < win->in_w ? win->filter_w : win->in_w;
    const int32_t taps = taps_h * taps_w; // no more than elements of the input
    if (taps > max_taps) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a tensor has too many elements", max_taps, taps);
    }
    params->batches = input->dims[0];
    params->channels = input->dims[3];
    if (output->dims[3] != params->channels) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not as many channels as the input", params->channels,
            output->dims[3]);
    }
    return A8_OK;
}

static int close(a8_ctx_t *ctx, const void *params, uint32_t size) {
    void *records = a8_ctx_alloc(ctx, size);
    if (records == NULL) {
        return A8_ERR_MEMORY;
    }
    memcpy(records, params, size);
    return A8_OK;
}

static int prepare(a8_ctx_t *ctx, int32_t max_taps, int32_t min, int32_t max) {
    a8_tensor_info_t input;
    a8_tensor_info_t output;
    a8_pool_params_t params;
    int code = open(ctx, max_taps, &input, &output, &params);
    if (code != A8_OK || (code = check_quantization(ctx, &input, &output)) != A8_OK) {
        return code;
    }
    const int32_t activation = a8_ctx_option_int8(ctx, ACTIVATION, 0);
    if (a8_activation_range(activation, output.scale, output.zero_point, &min, &max) != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ACTIVATION, A8_NONE, activation);
    }
    params.min = (int16_t)min;
    params.max = (int16_t)max;
    return close(ctx, &params, sizeof(params));
}

int a8_pool_prepare_s8(a8_ctx_t *ctx) {
    return prepare(ctx, A8_POOL_MAX_TAPS_S8, INT8_MIN, INT8_MAX);
}

int a8_pool_prepare_s16(a8_ctx_t *ctx) {
    return prepare(ctx, A8_POOL_MAX_TAPS_S16, INT16_MIN, INT16_MAX);
}

int a8_pool_prepare_f32(a8_ctx_t *ctx) {
    a8_tensor_info_t input;
    a8_tensor_info_t output;
    a8_pool_f32_params_t params;
    int code = open(ctx, A8_POOL_MAX_TAPS_F32, &input, &output, &params.pool);
    if (code == A8_OK) {
        code = a8_float_range(ctx, a8_ctx_option_int8(ctx, ACTIVATION, 0), &params.range);
    }
    return code == A8_OK ? close(ctx, &params, sizeof(params)) : code;
}

static int run(a8_ctx_t *ctx, a8_pool_t *kernel, uint32_t element_size) {
    const a8_pool_params_t *params = a8_ctx_data(ctx);
    const a8_window_t *win = &params->window;
    const uint32_t in_bytes = (uint32_t)(win->in_h * win->in_w * params->channels) * element_size;
    const uint32_t out_bytes = (uint32_t)(win->out_h * win->out_w * params->channels) * element_size;
    const uint8_t *input = a8_ctx_in(ctx, 0);
    uint8_t *output = a8_ctx_out(ctx, 0);
    for (int32_t b = 0; b < params->batches; b++) {
        for (int32_t y = 0; y < win->out_h; y++) {
            if (a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
            kernel(params, input, output, y, y + 1);
        }
        input += in_bytes;
        output += out_bytes;
    }
    return A8_OK;
}

int a8_average_pool_eval_s8(a8_ctx_t *ctx) {
    return run(ctx, a8_average_pool_s8, sizeof(int8_t));
}

int a8_max_pool_eval_s8(a8_ctx_t *ctx) {
    return run(ctx, a8_max_pool_s8, sizeof(int8_t));
}

int a8_average_pool_eval_s16(a8_ctx_t *ctx) {
    return run(ctx, a8_average_pool_s16, sizeof(int16_t));
}

int a8_max_pool_eval_s16(a8_ctx_t *ctx) {
    return run(ctx, a8_max_pool_s16, sizeof(int16_t));
}

int a8_average_pool_eval_f32(a8_ctx_t *ctx) {
    return run(ctx, a8_average_pool_f32, sizeof(float));
}

int a8_max_pool_eval_f32(a8_ctx_t *ctx) {
    return run(ctx, a8_max_pool_f32, sizeof(float));
}

int a8_l2_pool_eval_f32(a8_ctx_t *ctx) {
    return run(ctx, a8_l2_pool_f32, sizeof(float));
}
