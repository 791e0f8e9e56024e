// SPDX-License-Identifier: MIT
#include "arena.h"

#include <string.h>

#include "config.h"

// Sizes near the top of 32 bits saturate here, well above what any region has.
#define SIZE_LIMIT (0x7fffff00u)

static uint32_t align_up(uint32_t value, uint32_t align) {
    return (value + align - 1) & ~(align - 1);
}

void a8_arena_init(a8_arena_t *arena, void *records, uint32_t records_size, void *temp, uint32_t temp_size) {
    memset(arena, 0, sizeof(*arena));
    arena->records = records;
    arena->records_size = records_size;
    arena->temp = temp;
    arena->temp_size = temp_size & ~(uint32_t)(A8_ALIGN - 1);
}

void a8_arena_init_shared(a8_arena_t *arena, void *work, uint32_t size) {
    a8_arena_init(arena, work, size & ~(uint32_t)(A8_ALIGN - 1), work, size);
    arena->shared = true;
}

static bool fits(const a8_arena_t *arena) {
    if (arena->shared) {
        return arena->records_used + arena->temp_used <= arena->temp_size; // each is below 2^31
    }
    return arena->records_used <= arena->records_size && arena->temp_used <= arena->temp_size;
}

void *a8_arena_record(a8_arena_t *arena, uint32_t bytes, uint32_t align) {
    uint32_t at = align_up(arena->records_used, align);
    if (bytes > SIZE_LIMIT - at) {
        arena->records_used = SIZE_LIMIT;
        return NULL;
    }
    arena->records_used = at + bytes;
    if (!fits(arena)) {
        return NULL;
    }
    memset(arena->records + at, 0, bytes);
    return arena->records + at;
}

void *a8_arena_temp(a8_arena_t *arena, uint32_t bytes) {
    if (bytes > SIZE_LIMIT - arena->temp_used) {
        arena->temp_used = SIZE_LIMIT;
        return NULL;
    }
    arena->temp_used = align_up(arena->temp_used + bytes, 4);
    if (!fits(arena)) {
        return NULL;
    }
    if (arena->temp_used > arena->temp_peak) {
        arena->temp_peak = arena->temp_used;
    }
    return arena->temp + arena->temp_size - arena->temp_used;
}

void a8_arena_temp_release(a8_arena_t *arena, uint32_t used) {
    arena->temp_used = used;
}

uint32_t a8_arena_records_bytes(const a8_arena_t *arena) {
    return align_up(arena->records_used, A8_ALIGN);
}

uint32_t a8_arena_temp_bytes(const a8_arena_t *arena) {
    return align_up(arena->temp_peak, A8_ALIGN);
}
