// SPDX-License-Identifier: MIT
//
// Sums of int8, for lanes as pool_lanes_s8.h has them.
#include "kernels.h"

static void add_words(int32_t *sums, const int8_t *x, int32_t n, int32_t stride) {
    while (n > 0) {
        const int32_t terms = n < LANE_SUM_TERMS ? n : LANE_SUM_TERMS;
        lane_sums_t lanes = { 0, 0 };
        for (int32_t i = terms; i > 0; i--, x += stride) {
            add_lanes(&lanes, load_lanes(x));
        }
        for (int32_t i = 0; i < LANES; i++) {
            sums[i] += (int32_t)sum_of_lane(&lanes, i, terms) - RAISED * terms;
        }
        n -= terms;
    }
}

void KERNEL(int32_t *sums, const int8_t *x, int32_t n, int32_t stride, int32_t columns) {
    int32_t c = 0;
    if (has_lanes(x, stride)) {
        for (; c <= columns - LANES; c += LANES) {
            add_words(sums + c, x + c, n, stride);
        }
    }
    for (; c < columns; c++) {
        int32_t sum = 0;
        const int8_t *from = x + c;
        for (int32_t i = n; i > 0; i--, from += stride) {
            sum += *from;
        }
        sums[c] += sum;
    }
}
#undef KERNEL
