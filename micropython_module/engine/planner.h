// SPDX-License-Identifier: MIT
//
// Gives buffers their places in the arena: lifetimes in, offsets out. A pure
// function, the same on every machine.
#ifndef A8_PLANNER_H
#define A8_PLANNER_H

#include <stdint.h>

// A buffer lives from time first to time last, both included. One with first > last is
// left alone.
typedef struct {
    uint32_t bytes;
    uint32_t offset;
    uint16_t first;
    uint16_t last;
} a8_buffer_t;

// Bytes of working memory that a8_plan needs.
uint32_t a8_plan_work_bytes(const a8_buffer_t *buffers, uint32_t n);
// Does not fit in 2^31 - 1 bytes.
#define A8_PLAN_TOO_LARGE (UINT32_MAX)

// Sets the offsets, multiples of A8_ALIGN, and returns the bytes that all take together: never less
// than a8_plan_bound. n is at most 65535.
uint32_t a8_plan(a8_buffer_t *buffers, uint32_t n, uint16_t *work);

// The largest sum of the bytes, rounded up to A8_ALIGN, of buffers that live at the same time.
uint32_t a8_plan_bound(const a8_buffer_t *buffers, uint32_t n);

#endif
