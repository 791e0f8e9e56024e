// SPDX-License-Identifier: MIT
#include "add_generic.h"

void a8_sub_s16_generic(const a8_add_params_t *params, const int16_t *a, int32_t a_step, const int16_t *b, int32_t b_step,
    int16_t *out, int32_t n) {
    int32_t x = 0;
    int32_t y = 0;
    for (int32_t i = 0; i < n; i++) {
        if (i == 0 || a_step != 0) {
            x = a8_add_input(params, 0, *a, A8_ADD_SHIFT_S16);
        }
        if (i == 0 || b_step != 0) {
            y = a8_add_input(params, 1, *b, A8_ADD_SHIFT_S16);
        }
        *out++ = (int16_t)a8_add_output(params, x - y);
        a += a_step;
        b += b_step;
    }
}
