// SPDX-License-Identifier: MIT
//
// Transposed convolution, for the types of the including file; see matrix_generic.h. It is defined by what every
// input pixel adds to the outputs around it; here each output gathers what was meant for it, so that nothing
// but one sum is kept. Terms come in the order in which they would have been added: floats depend on it.

#ifndef A8_TRANSPOSE_CONV_LOOPS_H
#define A8_TRANSPOSE_CONV_LOOPS_H

// Along one axis the positions first .. end - 1 of the input meet an output: position first by tap, the next one by
// tap - stride and so on.
typedef struct {
    int32_t first;
    int32_t end;
    int32_t tap;
} meeting_t;

// at is the output's position with the padding before it.
static inline meeting_t meet(int32_t at, int32_t size, int32_t filter, int32_t stride) {
    meeting_t m;
    m.first = at < filter ? 0 : (at - filter) / stride + 1;
    m.tap = at - m.first * stride;
    const int32_t last = at / stride;
    m.end = last < size ? last + 1 : size;
    return m;
}

#endif

A8_PLACE void KERNEL(const a8_conv_params_t *params, const a8_operands_t *t, int32_t y0, int32_t y1) {
    const a8_window_t *win = &params->window;
    const a8_result_t *result = &params->result;
    const input_t *input = t->input;
    const filter_t filter = filter_of(t->filter);
    const int32_t in_c = params->in_c;
    const int32_t filter_row = win->filter_w * in_c;
    const int32_t filter_size = win->filter_h * filter_row;

    element_t *output = (element_t *)t->output + y0 * win->out_w * params->out_c;
    for (int32_t y = y0; y < y1; y++) {
        const meeting_t my = meet(y + win->pad_h, win->in_h, win->filter_h, win->stride_h);
        for (int32_t x = 0; x < win->out_w; x++) {
            const meeting_t mx = meet(x + win->pad_w, win->in_w, win->filter_w, win->stride_w);
            for (int32_t c = 0; c < params->out_c; c++) {
                const filter_t weights = filter_at(filter, c * filter_size);
                sum_t sum = 0;
                for (int32_t iy = my.first, fy = my.tap; iy < my.end; iy++, fy -= win->stride_h) {
                    for (int32_t ix = mx.first, fx = mx.tap; ix < mx.end; ix++, fx -= win->stride_w) {
                        sum = dot(result, sum, input + (iy * win->in_w + ix) * in_c,
                            filter_at(weights, fy * filter_row + fx * in_c), in_c);
                    }
                }
                *output++ = to_output(result, t, sum, c);
            }
        }
    }
}

#undef KERNEL
