// SPDX-License-Identifier: MIT
#include "add_row_s8.h"

void a8_add_s8_generic(const a8_add_params_t *params, const int8_t *a, int32_t a_step, const int8_t *b,
    int32_t b_step, int8_t *out, int32_t n) {
    a8_add_row_s8(params, a, a_step, b, b_step, out, n, false);
}
