// SPDX-License-Identifier: MIT
//
// Depthwise convolution, four output channels at a time over all pixels of a call: their weights are widened once,
// and what requantizes them is in registers or near. Fewer than four channels go the portable way.
#include "dsp_armdsp.h"
#include "scratch.h"

#if A8_KERNELS_ARMDSP

#define LANES (4)

typedef struct {
    const a8_conv_params_t *params;
    const uint32_t *weights; // two words a tap: channels 0 and 2, 1 and 3
    uint32_t bias[LANES];
    a8_brief_t brief[LANES];
    bool is_brief;
    const int32_t *multipliers; // of the four channels, or of all
    const int8_t *shifts;
    int32_t per_channel;
} lanes_t;

static inline void widen_weights(const int8_t *w, int32_t taps, int32_t step, uint32_t *widened) {
    for (int32_t i = 0; i < taps; i++, w += step) {
        const uint32_t four = a8_load_word(w);
        *widened++ = a8_even_bytes(0, four);
        *widened++ = a8_odd_bytes(0, four);
    }
}

static inline void prepare_lanes(lanes_t *l, const a8_operands_t *operands, int32_t c) {
    const a8_requantize_t *rq = &l->params->result.requantize;
    const a8_window_t *win = &l->params->window;
    l->per_channel = rq->flags & A8_PER_CHANNEL ? 1 : 0;
    l->multipliers = operands->multipliers + c * l->per_channel;
    l->shifts = operands->shifts + c * l->per_channel;
    l->is_brief = win->filter_h * win->filter_w <= A8_BRIEF_TERMS;
    for (int32_t i = 0; i < LANES; i++) {
        const int32_t shift = l->shifts[i * l->per_channel];
        l->bias[i] = operands->bias != NULL ? a8_load_word(operands->bias + 4 * (c + i)) : 0;
        l->is_brief = l->is_brief && a8_is_brief(shift, (int32_t)l->bias[i]);
        if (l->is_brief) {
            l->brief[i] = a8_brief(l->multipliers[i * l->per_channel], shift, rq->out_zero_point);
        }
    }
}

static inline void put(const lanes_t *l, const uint32_t *sums, int8_t *output) {
    const a8_requantize_t *rq = &l->params->result.requantize;
    for (int32_t i = 0; i < LANES; i++) {
        if (!l->is_brief) {
            const int32_t value = a8_requantize((int32_t)sums[i], l->multipliers[i * l->per_channel],
                l->shifts[i * l->per_channel]);
            output[i] = (int8_t)a8_clamp((int32_t)((uint32_t)value + (uint32_t)(int32_t)rq->out_zero_point), rq->min,
                rq->max);
        } else {
            output[i] = (int8_t)a8_clamp(a8_brief_output(&l->brief[i], sums[i]), rq->min, rq->max);
        }
    }
}

// One pixel. from_one: all four channels come from one input channel.
static inline void sum_lanes(const lanes_t *l, const int8_t *input, int32_t y, int32_t x, bool from_one,
    uint32_t *sums) {
    const a8_window_t *win = &l->params->window;
    const int32_t in_c = l->params->in_c;
    const int32_t zero_point = l->params->result.requantize.in_zero_point;
    const uint32_t base = a8_twice(-zero_point);
    const int32_t top = y * win->stride_h - win->pad_h;
    const int32_t left = x * win->stride_w - win->pad_w;
    const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, win->dilation_h);
    const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, win->dilation_w);
    uint32_t sum0 = l->bias[0], sum1 = l->bias[1], sum2 = l->bias[2], sum3 = l->bias[3];
    for (int32_t fy = ty.first; fy < ty.end; fy++) {
        const int8_t *in = input + ((top + fy * win->dilation_h) * win->in_w + left + tx.first * win->dilation_w) * in_c;
        const uint32_t *w = l->weights + 2 * (fy * win->filter_w + tx.first);
        for (int32_t fx = tx.first; fx < tx.end; fx++, in += win->dilation_w * in_c, w += 2) {
            uint32_t even, odd;
            if (from_one) {
                even = odd = a8_twice(*in - zero_point);
            } else {
                const uint32_t four = a8_load_word(in);
                even = a8_even_bytes(base, four);
                odd = a8_odd_bytes(base, four);
            }
            sum0 = a8_add_low(sum0, even, w[0]);
            sum2 = a8_add_high(sum2, even, w[0]);
            sum1 = a8_add_low(sum1, odd, w[1]);
            sum3 = a8_add_high(sum3, odd, w[1]);
        }
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

A8_HOT void a8_depthwise_conv_s8_armdsp(const a8_conv_params_t *params, const a8_operands_t *operands, int32_t y0,
    int32_t y1) {
    const a8_window_t *win = &params->window;
    const int32_t out_c = params->out_c;
    const int32_t group = params->group_out;
    const int32_t together = group == 1 ? out_c : group; // channels in a row that blocks are made of
    if (together < LANES) {
        a8_depthwise_conv_s8_generic(params, operands, y0, y1);
        return;
    }
    lanes_t l = { .params = params, .weights = operands->scratch };
    for (int32_t first = 0; first < out_c; first += together) {
        for (int32_t i = 0; i < together; i += LANES) {
            const int32_t c = first + (i + LANES <= together ? i : together - LANES); // some once more
            widen_weights((const int8_t *)operands->filter + c, win->filter_h * win->filter_w, out_c, operands->scratch);
            prepare_lanes(&l, operands, c);
            const int8_t *input = (const int8_t *)operands->input + (group == 1 ? c : c / group);
            int8_t *output = (int8_t *)operands->output + y0 * win->out_w * out_c + c;
            for (int32_t y = y0; y < y1; y++) {
                for (int32_t x = 0; x < win->out_w; x++, output += out_c) {
                    uint32_t sums[LANES];
                    if (group == 1) {
                        sum_lanes(&l, input, y, x, false, sums);
                    } else {
                        sum_lanes(&l, input, y, x, true, sums);
                    }
                    put(&l, sums, output);
                }
            }
        }
    }
}

#endif
