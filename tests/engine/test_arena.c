// SPDX-License-Identifier: MIT
//
// The two-ended arena: both ends, both layouts, and what is left when it is full.
#include <string.h>

#include "arena.h"
#include "check.h"
#include "config.h"

static void test_two_regions(void) {
    uint8_t *records = malloc(100), *temp = malloc(70);
    memset(records, 0xee, 100);
    a8_arena_t arena;
    a8_arena_init(&arena, records, 100, temp, 70);
    uint8_t *a = a8_arena_record(&arena, 3, 4), *b = a8_arena_record(&arena, 8, 8), *c = a8_arena_record(&arena, 1, 4);
    CHECK_EQ(a - records, 0);
    CHECK_EQ(b - records, 8);
    CHECK_EQ(c - records, 16);
    for (int i = 0; i < 8; ++i) {
        CHECK_EQ(b[i], 0);
    }
    CHECK_EQ(records[17], 0xee);
    CHECK_EQ(a8_arena_records_bytes(&arena), 32);
    // temp_size is 64: what doesn't make a multiple of A8_ALIGN is left alone
    uint8_t *d = a8_arena_temp(&arena, 6), *e = a8_arena_temp(&arena, 12);
    CHECK_EQ(d - temp, 56);
    CHECK_EQ(e - temp, 44);
    uint32_t mark = arena.temp_used;
    CHECK(a8_arena_temp(&arena, 44) == temp);
    a8_arena_temp_release(&arena, mark);
    CHECK(a8_arena_temp(&arena, 44) == temp);
    a8_arena_temp_release(&arena, 0);
    CHECK_EQ(a8_arena_temp_bytes(&arena), 64);
    // What doesn't fit is NULL and says how much it would have been.
    CHECK(a8_arena_temp(&arena, 65) == NULL);
    CHECK_EQ(arena.temp_used, 68);
    CHECK_EQ(a8_arena_temp_bytes(&arena), 64);
    a8_arena_temp_release(&arena, 0);
    CHECK(a8_arena_record(&arena, 81, 4) == NULL);
    CHECK_EQ(arena.records_used, 101);
    CHECK(a8_arena_record(&arena, UINT32_MAX, 8) == NULL);
    CHECK(arena.records_used > 0x7f000000);
    CHECK(a8_arena_record(&arena, 1, 4) == NULL);
    CHECK(a8_arena_temp(&arena, UINT32_MAX) == NULL);
    CHECK(a8_arena_temp(&arena, 1) == NULL);
    free(records);
    free(temp);
}

static void test_one_block(void) {
    uint8_t *work = malloc(64);
    a8_arena_t arena;
    a8_arena_init_shared(&arena, work, 64 + A8_ALIGN - 1);
    CHECK(a8_arena_record(&arena, 20, 4) == work);
    CHECK(a8_arena_temp(&arena, 40) == work + 24);
    CHECK(a8_arena_record(&arena, 4, 4) == work + 20);
    CHECK(a8_arena_record(&arena, 1, 4) == NULL); // they meet
    a8_arena_init_shared(&arena, work, 64);
    CHECK(a8_arena_record(&arena, 20, 4) == work);
    CHECK(a8_arena_temp(&arena, 44) == work + 20);
    CHECK(a8_arena_temp(&arena, 4) == NULL);
    a8_arena_init_shared(&arena, work, 0);
    CHECK(a8_arena_record(&arena, 1, 4) == NULL);
    CHECK(a8_arena_temp(&arena, 1) == NULL);
    free(work);
}

int main(void) {
    test_two_regions();
    test_one_block();
    return 0;
}
