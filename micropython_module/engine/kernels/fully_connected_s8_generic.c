// SPDX-License-Identifier: MIT
#include "matrix_generic.h"

A8_HOT void a8_fully_connected_s8_generic(const a8_fully_connected_params_t *params, const int8_t *input,
    const int8_t *filter, const uint8_t *bias, const int32_t *multipliers, const int8_t *shifts, int8_t *output,
    int32_t y0, int32_t y1) {
    const a8_requantize_t *rq = &params->requantize;
    const int32_t depth = params->depth;
    for (int32_t y = y0; y < y1; y++) {
        const int8_t *in = input + y * depth;
        int8_t *out = output + y * params->out_c;
        // A filter zero point takes as much from every sum of the row.
        uint32_t less = 0;
        if (rq->filter_zero_point != 0) {
            for (int32_t i = 0; i < depth; i++) {
                less += (uint32_t)((in[i] - rq->in_zero_point) * rq->filter_zero_point);
            }
        }
        for (int32_t c = 0; c < params->out_c; c++) {
            uint32_t acc = a8_dot(0 - less, in, filter + c * depth, depth, rq->in_zero_point);
            out[c] = a8_to_output(rq, acc, bias, multipliers, shifts, c);
        }
    }
}
