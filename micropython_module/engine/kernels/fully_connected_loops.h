// SPDX-License-Identifier: MIT
//
// Fully connected, for the types of the including file; see matrix_generic.h.

A8_PLACE void KERNEL(const a8_fully_connected_params_t *params, const a8_operands_t *t, int32_t y0, int32_t y1) {
    const a8_result_t *result = &params->result;
    const filter_t filter = filter_of(t->filter);
    const int32_t depth = params->depth;
    for (int32_t y = y0; y < y1; y++) {
        const input_t *in = (const input_t *)t->input + y * depth;
        element_t *out = (element_t *)t->output + y * params->out_c;
        const sum_t before = sum_before(result, in, depth);
        for (int32_t c = 0; c < params->out_c; c++) {
            out[c] = to_output(result, t, dot(result, before, in, filter_at(filter, c * depth), depth), c);
        }
    }
}

#undef KERNEL
