// SPDX-License-Identifier: MIT
#include "kernels.h"

int32_t a8_sum_s8_generic(const int8_t *x, int32_t n, int32_t stride) {
    int32_t sum = 0;
    for (; n > 0; n--) {
        sum += *x;
        x += stride;
    }
    return sum;
}
