// SPDX-License-Identifier: MIT
#include "product_s8_armdsp.h"

#if A8_KERNELS_ARMDSP

// Rows of the batch one by one: each is a pixel. A long one is not widened before it is multiplied, nor is one of a few elements.
A8_HOT void a8_fully_connected_s8_armdsp(const a8_fully_connected_params_t *params, const a8_operands_t *operands,
    int32_t y0, int32_t y1) {
    const a8_requantize_t *rq = &params->result.requantize;
    const int32_t depth = params->depth;
    const int8_t *input = (const int8_t *)operands->input + y0 * depth;
    uint32_t *pixel = operands->scratch;
    a8_product_armdsp_t t; // assigned by field: an initializer would clear it first
    t.pixels = pixel;
    t.raw = NULL;
    t.tile = 1;
    t.filter = operands->filter;
    t.depth = depth;
    t.channels = params->out_c;
    t.bias = operands->bias;
    t.is_brief = depth <= A8_BRIEF_TERMS;
    t.lanes = NULL;
    t.multipliers = operands->multipliers;
    t.shifts = operands->shifts;
    t.per_channel = rq->flags & A8_PER_CHANNEL ? 1 : 0;
    t.requantize = rq;
    t.output = (int8_t *)operands->output + y0 * params->out_c;
    t.output_step = params->out_c;
    for (int32_t y = y0; y < y1; y++, input += depth, t.output += params->out_c) {
        t.before = 0;
        if (rq->filter_zero_point != 0) {
            uint32_t sum = 0;
            for (int32_t k = 0; k < depth; k++) {
                sum += (uint32_t)(input[k] - rq->in_zero_point);
            }
            t.before -= sum * (uint32_t)(int32_t)rq->filter_zero_point;
        }
        if (depth > A8_WIDENED_DEPTH_ARMDSP || depth < A8_GATHER_MULTIPLE) {
            t.raw = input;
        } else {
            a8_widen_s8_armdsp(pixel, 1, 0, input, depth, rq->in_zero_point);
        }
        a8_product_s8_armdsp(&t);
    }
}

#endif
