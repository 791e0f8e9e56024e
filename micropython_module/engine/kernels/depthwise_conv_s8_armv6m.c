// SPDX-License-Identifier: MIT
//
// Depthwise convolution of int8 for ARMv6-M: filters 3 wide by the assembly of depthwise_s8_armv6m.S, others in C.
#include "armv6m.h"

#if A8_KERNELS_ARMV6M

#include "depthwise_run_s8.h"

static inline const a8_armv6m_record_t *records_of(const a8_depthwise_run_t *run) {
    return run->operands->scratch;
}

#define DEPTHWISE_BLOCK A8_ARMV6M_BLOCK
#define BEGIN_DEPTHWISE_BLOCK
static inline void begin_depthwise_block(const a8_depthwise_run_t *run, bool again) {
    if (!again || run->count != run->channels) {
        a8_armv6m_records(run->requantize, run->operands, run->first, run->count, run->operands->scratch);
    }
}

static inline uint32_t sum_of(const a8_depthwise_run_t *run, int32_t pixel, int32_t c) {
    const int32_t zero_point = run->requantize->in_zero_point;
    uint32_t sum = (uint32_t)records_of(run)[c].bias;
    const int8_t *in = run->input + pixel * run->pixel_step + c;
    const int8_t *filter = run->filter + c;
    for (int32_t fy = 0; fy < run->rows; fy++, in += run->row_step, filter += run->filter_row) {
        const int8_t *x = in;
        const int8_t *w = filter;
        for (int32_t fx = 0; fx < run->columns; fx++, x += run->tap_step, w += run->channels) {
            sum += (uint32_t)((x[0] - zero_point) * *w);
        }
    }
    return sum;
}

// Windows of any form.
static void any_run(const a8_depthwise_run_t *run) {
    const a8_requantize_t *rq = run->requantize;
    for (int32_t p = 0; p < run->pixels; p++) {
        for (int32_t c = 0; c < run->count; c++) {
            const int32_t i = rq->flags & A8_PER_CHANNEL ? run->first + c : 0;
            int32_t value = a8_requantize((int32_t)sum_of(run, p, c), run->operands->multipliers[i],
                run->operands->shifts[i]);
            value = (int32_t)((uint32_t)value + (uint32_t)rq->out_zero_point);
            run->output[p * run->channels + c] = (int8_t)a8_clamp(value, rq->min, rq->max);
        }
    }
}

static inline void run_of_pixels(const a8_depthwise_run_t *run) {
    const int32_t step = run->channels;
    if (run->rows == 0 || run->tap_step != step || run->filter_row != 3 * step) {
        any_run(run);
        return;
    }
    a8_armv6m_depthwise_t args;
    a8_armv6m_outputs(&args.outputs, run->requantize);
    args.outputs.records = records_of(run);
    args.outputs.channels = run->count;
    args.step = step;
    args.span = run->rows * run->row_step;
    args.zero = -run->requantize->in_zero_point;
    const int32_t stride = run->pixel_step / step;
    int32_t pixels;
    for (int32_t p = 0; p < run->pixels; p += pixels) {
        const int32_t left = run->pixels - p;
        a8_depthwise_armv6m_t *kernel = run->columns == 3 ? a8_depthwise_3x1_armv6m : run->columns == 2 ? a8_depthwise_2x1_armv6m
                                                                                                        : a8_depthwise_1x1_armv6m;
        pixels = 1;
        if (run->columns == 3 && left > 1 && stride == 1) {
            kernel = left >= 4 ? a8_depthwise_3x4_armv6m : left == 3 ? a8_depthwise_3x3_armv6m
                                                                     : a8_depthwise_3x2_armv6m;
            pixels = left < 4 ? left : 4;
        } else if (run->columns == 3 && left > 1 && stride == 2) {
            kernel = left >= 4 ? a8_depthwise_3x4_stride2_armv6m : a8_depthwise_3x2_stride2_armv6m;
            pixels = left >= 4 ? 4 : 2;
        }
        args.pixels = pixels;
        args.input = run->input + p * run->pixel_step - step;
        args.to_filter = (int32_t)((uintptr_t)run->filter - step - (uintptr_t)args.input);
        args.to_output = (int32_t)((uintptr_t)run->output + (uint32_t)(p * step) - (uintptr_t)args.input);
        args.row_skip = run->row_step - ((pixels - 1) * stride + run->columns) * step;
        kernel(&args);
    }
}

#define DEPTHWISE_CONV channel_by_channel
#define DEPTHWISE_PLACE static inline
#include "depthwise_conv_s8_tiled.h"

A8_HOT void a8_depthwise_conv_s8_armv6m(const a8_conv_params_t *params, const a8_operands_t *t, int32_t y0,
    int32_t y1) {
    if (a8_depthwise_is_conv(params)) {
        a8_depthwise_as_conv_s8_armv6m(params, t, y0, y1);
    } else {
        channel_by_channel(params, t, y0, y1);
    }
}

#endif
