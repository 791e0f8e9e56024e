// SPDX-License-Identifier: MIT
//
// Convolution, for the types of the including file; see matrix_generic.h.

A8_PLACE void KERNEL(const a8_conv_params_t *params, const a8_operands_t *t, int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const a8_result_t *result = &params->result;
    const input_t *input = t->input;
    const filter_t filter = filter_of(t->filter);
    const int32_t group_in = params->group_in;
    const int32_t filter_row = win->filter_w * group_in;
    const int32_t filter_size = win->filter_h * filter_row;
    const int32_t input_row = win->in_w * params->in_c;
    // Taps of a row that lie side by side in the input as they do in the filter are one long dot product.
    const bool runs = win->dilation_w == 1 && group_in == params->in_c;

    element_t *output = (element_t *)t->output + y0 * win->out_w * params->out_c;
    for (int32_t y = y0; y < y1; y++) {
        const int32_t top = y * win->stride_h - win->pad_h;
        const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, win->dilation_h);
        for (int32_t x = 0; x < win->out_w; x++) {
            const int32_t left = x * win->stride_w - win->pad_w;
            const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, win->dilation_w);
            const int32_t rows_end = tx.first < tx.end ? ty.end : ty.first;
            int32_t group_end = params->group_out;
            int32_t channel = 0; // the group's first input channel
            for (int32_t c = 0; c < params->out_c; c++) {
                if (c == group_end) {
                    group_end += params->group_out;
                    channel += group_in;
                }
                const filter_t weights = filter_at(filter, c * filter_size);
                sum_t sum = 0;
                for (int32_t fy = ty.first; fy < rows_end; fy++) {
                    const input_t *in = input + (top + fy * win->dilation_h) * input_row + channel;
                    const filter_t w = filter_at(weights, fy * filter_row);
                    if (runs) {
                        sum = dot(result, sum, in + (left + tx.first) * group_in,
                            filter_at(w, tx.first * group_in), (tx.end - tx.first) * group_in);
                    } else {
                        for (int32_t fx = tx.first; fx < tx.end; fx++) {
                            sum = dot(result, sum, in + (left + fx * win->dilation_w) * params->in_c,
                                filter_at(w, fx * group_in), group_in);
                        }
                    }
                }
                *output++ = to_output(result, t, sum, c);
            }
        }
    }
}

#undef KERNEL
