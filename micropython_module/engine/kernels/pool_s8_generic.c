// SPDX-License-Identifier: MIT
#include <string.h>

#include "matrix_generic.h"

static inline int8_t clamp(const a8_pool_params_t *params, int32_t value) {
    if (value < params->min) {
        value = params->min;
    }
    return (int8_t)(value > params->max ? params->max : value);
}

A8_HOT void a8_average_pool_s8_generic(const a8_pool_params_t *params, const int8_t *input, int8_t *output,
    int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const int32_t channels = params->channels;
    output += y0 * win->out_w * channels;
    for (int32_t y = y0; y < y1; y++) {
        const int32_t top = y * win->stride_h - win->pad_h;
        const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, 1);
        for (int32_t x = 0; x < win->out_w; x++) {
            const int32_t left = x * win->stride_w - win->pad_w;
            const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, 1);
            const int32_t count = (ty.end - ty.first) * (tx.end - tx.first);
            for (int32_t c0 = 0; c0 < channels; c0 += A8_CHANNEL_BLOCK) {
                const int32_t n = channels - c0 < A8_CHANNEL_BLOCK ? channels - c0 : A8_CHANNEL_BLOCK;
                int32_t acc[A8_CHANNEL_BLOCK] = { 0 };
                for (int32_t fy = ty.first; fy < ty.end; fy++) {
                    const int8_t *row = input + (top + fy) * win->in_w * channels + c0;
                    for (int32_t fx = tx.first; fx < tx.end; fx++) {
                        const int8_t *in = row + (left + fx) * channels;
                        for (int32_t i = 0; i < n; i++) {
                            acc[i] += in[i];
                        }
                    }
                }
                for (int32_t i = 0; i < n; i++) {
                    // Half away from zero.
                    const int32_t half = acc[i] > 0 ? count / 2 : -(count / 2);
                    *output++ = clamp(params, (acc[i] + half) / count);
                }
            }
        }
    }
}

A8_HOT void a8_max_pool_s8_generic(const a8_pool_params_t *params, const int8_t *input, int8_t *output,
    int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const int32_t channels = params->channels;
    output += y0 * win->out_w * channels;
    for (int32_t y = y0; y < y1; y++) {
        const int32_t top = y * win->stride_h - win->pad_h;
        const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, 1);
        for (int32_t x = 0; x < win->out_w; x++) {
            const int32_t left = x * win->stride_w - win->pad_w;
            const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, 1);
            memset(output, INT8_MIN, (size_t)channels);
            for (int32_t fy = ty.first; fy < ty.end; fy++) {
                const int8_t *row = input + (top + fy) * win->in_w * channels;
                for (int32_t fx = tx.first; fx < tx.end; fx++) {
                    const int8_t *in = row + (left + fx) * channels;
                    for (int32_t c = 0; c < channels; c++) {
                        if (in[c] > output[c]) {
                            output[c] = in[c];
                        }
                    }
                }
            }
            for (int32_t c = 0; c < channels; c++) {
                output[c] = clamp(params, output[c]);
            }
            output += channels;
        }
    }
}
