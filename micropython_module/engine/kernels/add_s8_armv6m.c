// SPDX-License-Identifier: MIT
//
// Sum of two int8 tensors for ARMv6-M, around the assembly of add_row_s8_armv6m.S.
#include "armv6m.h"

#if A8_KERNELS_ARMV6M

static void halves(int32_t multiplier, int32_t *low, int32_t *high) {
    *low = (int16_t)(uint16_t)multiplier;
    *high = (multiplier >> 16) + (*low < 0 ? 1 : 0);
}

void a8_add_s8_armv6m(const a8_add_params_t *params, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step,
    int8_t *out, int32_t n) {
    if (a_step == 0 || b_step == 0 || n < 1) {
        a8_add_s8_generic(params, a, a_step, b, b_step, out, n);
        return;
    }
    a8_armv6m_add_t t;
    const int8_t *ends[2] = { a + n, b + n };
    t.outputs.offset = params->output_offset - params->min;
    t.outputs.range = (uint32_t)(params->max - params->min);
    t.outputs.min = params->min;
    t.output_end = out + n;
    t.before = -n;
    halves(params->output_multiplier, &t.low, &t.high);
    t.right = -params->output_shift;
    for (int32_t i = 0; i < 2; i++) {
        t.end[i] = ends[i];
        t.offset[i] = params->input_offset[i];
        halves(params->input_multiplier[i], &t.input[i].low, &t.input[i].high);
        // The element is shifted up by 20 bits, and the product down by 31.
        t.input[i].high *= 1 << (16 + A8_ADD_SHIFT_S8 - 31);
        t.input[i].right = -params->input_shift[i];
    }
    a8_add_row_armv6m(&t);
}

#endif
