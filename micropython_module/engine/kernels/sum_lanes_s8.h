// SPDX-License-Identifier: MIT
//
// Sums of int8, for lanes as pool_lanes_s8.h has them.
#include "kernels.h"

static inline void add_words(int32_t *sums, const int8_t *x, int32_t n, int32_t stride) {
    while (n > 0) {
        const int32_t terms = n < LANE_SUM_TERMS ? n : LANE_SUM_TERMS;
        lane_sums_t lanes = { 0, 0 };
        for (int32_t i = terms; i > 0; i--, x += stride) {
            add_lanes(&lanes, load_lanes(x));
        }
        sums[0] += (int32_t)sum_of_lane(&lanes, 0, terms) - RAISED * terms;
        sums[1] += (int32_t)sum_of_lane(&lanes, 1, terms) - RAISED * terms;
        sums[2] += (int32_t)sum_of_lane(&lanes, 2, terms) - RAISED * terms;
        sums[3] += (int32_t)sum_of_lane(&lanes, 3, terms) - RAISED * terms;
        n -= terms;
    }
}

// The stride of a single element is anything.
static int32_t sum_of_row(const int8_t *x, int32_t n, int32_t stride) {
    int32_t sum = 0;
    if (stride == 1) {
        for (; n > 0 && !has_lanes(x, 0); n--) {
            sum += *x++;
        }
        const int32_t words = n / LANES;
        int32_t sums[LANES] = { 0 };
        add_words(sums, x, words, LANES);
        sum += sums[0] + sums[1] + sums[2] + sums[3];
        x += LANES * words;
        n -= LANES * words;
    }
    for (; n > 0; n--, x += stride) {
        sum += *x;
    }
    return sum;
}

void KERNEL(int32_t *sums, const int8_t *x, int32_t n, int32_t stride, int32_t columns) {
    int32_t c = 0;
    if (has_lanes(x, stride)) {
        for (; c <= columns - LANES; c += LANES) {
            add_words(sums + c, x + c, n, stride);
        }
    }
    for (; c < columns; c++) {
        sums[c] += sum_of_row(x + c, n, stride);
    }
}
#undef KERNEL
