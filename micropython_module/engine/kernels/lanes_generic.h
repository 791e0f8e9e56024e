// SPDX-License-Identifier: MIT
//
// Four int8 in a word, for pools and sums of channels that lie side by side. Sums of lanes are of elements raised by
// 128, so that no lane borrows from another.
#ifndef A8_LANES_GENERIC_H
#define A8_LANES_GENERIC_H

#include <stdbool.h>
#include <stdint.h>

#define LANES (4)
#define RAISED (128)
#define LANE_SUM_TERMS (256) // of which a sum of lanes has room

typedef struct {
    uint32_t even; // lanes 0 and 2, 16 bits each
    uint32_t odd; // lanes 1 and 3
} lane_sums_t;

// A word of bytes. (GCC calls memcpy for it on some cores.)
typedef uint32_t __attribute__((may_alias)) lanes_word_t;

// Whether words may begin here, n bytes apart too.
static inline bool has_lanes(const void *p, int32_t n) {
    return ((uintptr_t)p | (uintptr_t)n) % LANES == 0;
}

static inline uint32_t load_lanes(const int8_t *p) {
    return *(const lanes_word_t *)(const void *)p;
}

static inline void store_lanes(int8_t *p, uint32_t word) {
    *(lanes_word_t *)(void *)p = word;
}

// The larger of each two lanes. The low 7 bits are compared by a difference that can't borrow, then the signs.
static inline uint32_t max_lanes(uint32_t a, uint32_t b) {
    const uint32_t signs = 0x80808080;
    const uint32_t differ = a ^ b;
    const uint32_t low = (a | signs) - (b & ~signs);
    const uint32_t first = ((b & differ) | (low & ~differ)) & signs; // a is not the smaller one
    return b ^ (differ & ((first - (first >> 7)) | first));
}

static inline void add_lanes(lane_sums_t *sums, uint32_t word) {
    word ^= 0x80808080;
    sums->even += word & 0xff00ff;
    sums->odd += word >> 8 & 0xff00ff;
}

// Sum of count elements of a lane, raised.
static inline uint32_t sum_of_lane(const lane_sums_t *sums, int32_t lane, int32_t count) {
    (void)count;
    const uint32_t both = lane % 2 == 0 ? sums->even : sums->odd;
    return lane < 2 ? both & 0xffff : both >> 16;
}

#endif
