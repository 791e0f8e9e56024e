// SPDX-License-Identifier: MIT
//
// The two-ended arena of load: records grow upwards and stay; load's working
// memory grows downwards from the other end and is given back. At load the
// ends lie in two regions, at measuring in one block. What is used never
// depends on addresses, only on the sizes asked for.
#ifndef A8_ARENA_H
#define A8_ARENA_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint8_t *records;
    uint32_t records_size;
    uint32_t records_used;
    uint8_t *temp;
    uint32_t temp_size; // a multiple of A8_ALIGN
    uint32_t temp_used;
    uint32_t temp_peak;
    bool shared; // both ends lie in the one block
} a8_arena_t;

// Both at addresses aligned to A8_ALIGN. What doesn't make a multiple of A8_ALIGN is left alone.
void a8_arena_init(a8_arena_t *arena, void *records, uint32_t records_size, void *temp, uint32_t temp_size);
void a8_arena_init_shared(a8_arena_t *arena, void *work, uint32_t size);

// Zeroed bytes for good, aligned to 4 or 8 from the start of the records. NULL if there is no room;
// records_used is then the size that would have been needed.
void *a8_arena_record(a8_arena_t *arena, uint32_t bytes, uint32_t align);
// Uninitialised bytes below what was taken before and adjacent to it, rounded up to 4.
// NULL if there is no room; temp_used is then the size that would have been needed.
void *a8_arena_temp(a8_arena_t *arena, uint32_t bytes);
// Gives back all that was taken since temp_used had that value.
void a8_arena_temp_release(a8_arena_t *arena, uint32_t used);

// Bytes so far, in multiples of A8_ALIGN.
uint32_t a8_arena_records_bytes(const a8_arena_t *arena);
uint32_t a8_arena_temp_bytes(const a8_arena_t *arena);

#endif
