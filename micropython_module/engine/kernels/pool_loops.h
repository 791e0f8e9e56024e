// SPDX-License-Identifier: MIT
//
// Average and maximum pools, for the types of the including file; see matrix_generic.h. It defines either kernel's
// name, or both.

#ifdef AVERAGE_KERNEL
A8_PLACE void AVERAGE_KERNEL(const a8_pool_params_t *params, const void *input, void *output, int32_t y0,
    int32_t y1) {
    const a8_window_t *win = &params->window;
    const int32_t channels = params->channels;
    element_t *out = (element_t *)output + y0 * win->out_w * channels;
    for (int32_t y = y0; y < y1; y++) {
        const int32_t top = y * win->stride_h - win->pad_h;
        const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, 1);
        for (int32_t x = 0; x < win->out_w; x++) {
            const int32_t left = x * win->stride_w - win->pad_w;
            const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, 1);
            const int32_t count = (ty.end - ty.first) * (tx.end - tx.first);
            for (int32_t c0 = 0; c0 < channels; c0 += A8_CHANNEL_BLOCK) {
                const int32_t n = channels - c0 < A8_CHANNEL_BLOCK ? channels - c0 : A8_CHANNEL_BLOCK;
                pool_sum_t sums[A8_CHANNEL_BLOCK] = { 0 };
                for (int32_t fy = ty.first; fy < ty.end; fy++) {
                    const input_t *row = (const input_t *)input + (top + fy) * win->in_w * channels + c0;
                    for (int32_t fx = tx.first; fx < tx.end; fx++) {
                        add_row(sums, row + (left + fx) * channels, n);
                    }
                }
                for (int32_t i = 0; i < n; i++) {
                    *out++ = average(params, sums[i], count);
                }
            }
        }
    }
}
#undef AVERAGE_KERNEL
#endif

#ifdef MAX_KERNEL
A8_PLACE void MAX_KERNEL(const a8_pool_params_t *params, const void *input, void *output, int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const int32_t channels = params->channels;
    element_t *out = (element_t *)output + y0 * win->out_w * channels;
    for (int32_t y = y0; y < y1; y++) {
        const int32_t top = y * win->stride_h - win->pad_h;
        const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, 1);
        for (int32_t x = 0; x < win->out_w; x++) {
            const int32_t left = x * win->stride_w - win->pad_w;
            const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, 1);
            lowest_row(out, channels);
            for (int32_t fy = ty.first; fy < ty.end; fy++) {
                const input_t *row = (const input_t *)input + (top + fy) * win->in_w * channels;
                for (int32_t fx = tx.first; fx < tx.end; fx++) {
                    max_row(out, row + (left + fx) * channels, channels);
                }
            }
            for (int32_t c = 0; c < channels; c++) {
                out[c] = clamp(params, out[c]);
            }
            out += channels;
        }
    }
}
#undef MAX_KERNEL
#endif
