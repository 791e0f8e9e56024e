// SPDX-License-Identifier: MIT
//
// What the assembly kernels of ARMv6-M take. armv6m.inc and the .S files have the same fields as offsets.
#ifndef A8_ARMV6M_H
#define A8_ARMV6M_H

#include "product_s8.h"

#if A8_KERNELS_ARMV6M

// From sums to outputs. Pointers move along with the channels.
typedef struct {
    int32_t offset; // output zero point less the least output
    uint32_t range; // from the least to the greatest
    int32_t min;
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t per_channel; // 1 or 0
    const int32_t *bias; // aligned
    int32_t channels; // at least one; 0 afterwards
    int8_t *output;
} a8_armv6m_outputs_t;

typedef struct {
    a8_armv6m_outputs_t outputs;
    const void *input;
    const int8_t *filter; // afterwards, that of the next channel
    int32_t depth;
    int32_t quads; // depth, rounded down to a multiple of 4
    int32_t tail; // the rest of it
    int32_t lift;
    int32_t spread;
    int8_t *output2;
} a8_armv6m_product_t;

// What is added to each half of a pair's sums of products, so that the halves don't borrow from each other.
#define A8_ARMV6M_HALF (0x7fff)
#define A8_ARMV6M_SPREAD (0x7fff7fff)

// All channels by two gathered pixels. lift: A8_ARMV6M_HALF for every two taps, and each of the last depth % 4.
void a8_product_pair_armv6m(a8_armv6m_product_t *t);
// All channels by one pixel as it is. lift: the sums' first value but for the bias; spread: minus the zero point.
void a8_product_one_armv6m(a8_armv6m_product_t *t);
// Gathers two pixels of count elements.
void a8_pack_pair_armv6m(uint32_t *words, const int8_t *x0, const int8_t *x1, int32_t count);

static inline void a8_armv6m_outputs(a8_armv6m_outputs_t *t, const a8_requantize_t *rq, const int32_t *multipliers,
    const int8_t *shifts) {
    t->offset = rq->out_zero_point - rq->min;
    t->range = (uint32_t)(rq->max - rq->min);
    t->min = rq->min;
    t->multipliers = multipliers;
    t->shifts = shifts;
    t->per_channel = rq->flags & A8_PER_CHANNEL ? 1 : 0;
}

#endif
#endif
