// SPDX-License-Identifier: MIT
//
// What lanes_generic.h has, with the DSP extension: words at any address, and sums that are signed.
#ifndef A8_LANES_ARMDSP_H
#define A8_LANES_ARMDSP_H

#include "dsp_armdsp.h"

#define LANES (4)
#define RAISED (128)
#define LANE_SUM_TERMS (256)

typedef struct {
    uint32_t even;
    uint32_t odd;
} lane_sums_t;

static inline bool has_lanes(const void *p, int32_t n) {
    (void)p;
    (void)n;
    return true;
}

static inline uint32_t load_lanes(const int8_t *p) {
    return a8_load_word(p);
}

static inline void store_lanes(int8_t *p, uint32_t word) {
    memcpy(p, &word, sizeof(word));
}

static inline uint32_t max_lanes(uint32_t a, uint32_t b) {
    uint32_t result;
    __asm("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(result) : "r"(a), "r"(b) : "cc");
    return result;
}

static inline void add_lanes(lane_sums_t *sums, uint32_t word) {
    sums->even = a8_even_bytes(sums->even, word);
    sums->odd = a8_odd_bytes(sums->odd, word);
}

static inline uint32_t sum_of_lane(const lane_sums_t *sums, int32_t lane, int32_t count) {
    const uint32_t both = lane % 2 == 0 ? sums->even : sums->odd;
    return (uint32_t)((int16_t)(uint16_t)(lane < 2 ? both : both >> 16) + RAISED * count);
}

#endif
