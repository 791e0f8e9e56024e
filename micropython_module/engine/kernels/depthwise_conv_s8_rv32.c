// SPDX-License-Identifier: MIT
//
// Depthwise convolution of int8 in plain C: the weights of a tap are read once for two pixels.
#include "scratch.h"

#if A8_KERNELS_RV32

#include "depthwise_run_s8.h"

static inline void output_of(const a8_depthwise_run_t *run, int32_t pixel, int32_t c, uint32_t sum) {
    const a8_requantize_t *rq = run->requantize;
    const int32_t i = rq->flags & A8_PER_CHANNEL ? c : 0;
    int32_t value = a8_requantized((int32_t)sum, run->operands->multipliers[i], run->operands->shifts[i]);
    value = a8_clamp(value + rq->out_zero_point, rq->min, rq->max);
    run->output[pixel * run->channels + c] = (int8_t)value;
}

static inline void run_of_pixels(const a8_depthwise_run_t *run) {
    const int32_t zero_point = run->requantize->in_zero_point;
    const uint8_t *bias = run->operands->bias;
    for (int32_t p = 0; p < run->pixels; p += 2) {
        const int32_t second = p + 1 < run->pixels ? run->pixel_step : 0; // a last one alone is summed twice
        for (int32_t c = 0; c < run->channels; c++) {
            const int8_t *in = run->input + p * run->pixel_step + c;
            const int8_t *filter = run->filter + c;
            uint32_t s0 = bias != NULL ? (uint32_t)a8_load_i32(bias + 4 * c) : 0;
            uint32_t s1 = s0;
            for (int32_t fy = 0; fy < run->rows; fy++, in += run->row_step, filter += run->filter_row) {
                const int8_t *x = in;
                const int8_t *w = filter;
                for (int32_t fx = 0; fx < run->columns; fx++, x += run->tap_step, w += run->channels) {
                    s0 += (uint32_t)((x[0] - zero_point) * *w);
                    s1 += (uint32_t)((x[second] - zero_point) * *w);
                }
            }
            output_of(run, p, c, s0);
            if (second != 0) {
                output_of(run, p + 1, c, s1);
            }
        }
    }
}

#define DEPTHWISE_CONV a8_depthwise_conv_s8_rv32
#include "depthwise_conv_s8_tiled.h"

#endif
