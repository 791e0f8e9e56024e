// SPDX-License-Identifier: MIT
//
// The planner against its contract: no two buffers that live at the same time
// overlap, offsets are aligned, the answer is deterministic, never below the bound and for
// graphs like those of real models at or near it.
#include <stdbool.h>
#include <string.h>

#include "check.h"
#include "config.h"
#include "planner.h"

#define MAX (400)

static uint32_t round_up(uint32_t bytes) {
    return (bytes + A8_ALIGN - 1) / A8_ALIGN * A8_ALIGN;
}

// The bound, written differently: for every moment, what lives.
static uint32_t slow_bound(const a8_buffer_t *b, uint32_t n, uint32_t times) {
    uint32_t bound = 0;
    for (uint32_t t = 0; t < times; ++t) {
        uint32_t sum = 0;
        for (uint32_t i = 0; i < n; ++i) {
            sum += b[i].first <= t && t <= b[i].last ? round_up(b[i].bytes) : 0;
        }
        bound = sum > bound ? sum : bound;
    }
    return bound;
}

static uint32_t plan(a8_buffer_t *b, uint32_t n) {
    uint32_t work_bytes = a8_plan_work_bytes(b, n);
    uint16_t *work = malloc(work_bytes == 0 ? 1 : work_bytes); // exactly, for the sanitizer
    uint32_t bytes = a8_plan(b, n, work);
    free(work);
    return bytes;
}

static uint32_t check_plan(a8_buffer_t *b, uint32_t n, uint32_t times) {
    a8_buffer_t before[MAX];
    memcpy(before, b, n * sizeof(*b));
    uint32_t bytes = plan(b, n);
    CHECK(bytes != A8_PLAN_TOO_LARGE);
    uint32_t bound = slow_bound(b, n, times), end = 0;
    CHECK_EQ(a8_plan_bound(b, n), bound);
    CHECK(bytes >= bound);
    for (uint32_t i = 0; i < n; ++i) {
        CHECK(b[i].bytes == before[i].bytes && b[i].first == before[i].first && b[i].last == before[i].last);
        if (b[i].first > b[i].last) {
            CHECK_EQ(b[i].offset, before[i].offset);
            continue;
        }
        CHECK_EQ(b[i].offset % A8_ALIGN, 0);
        CHECK(b[i].offset <= bytes && round_up(b[i].bytes) <= bytes - b[i].offset);
        end = b[i].offset + round_up(b[i].bytes) > end ? b[i].offset + round_up(b[i].bytes) : end;
        for (uint32_t k = 0; k < i; ++k) {
            bool together = b[i].first <= b[k].last && b[k].first <= b[i].last;
            bool apart = b[i].offset + b[i].bytes <= b[k].offset || b[k].offset + b[k].bytes <= b[i].offset;
            CHECK(!together || apart || b[i].bytes == 0 || b[k].bytes == 0);
        }
    }
    CHECK_EQ(end, bytes);
    // Again, from other offsets: the same.
    for (uint32_t i = 0; i < n; ++i) {
        uint32_t offset = b[i].offset;
        before[i].offset = offset;
        b[i].offset = b[i].first > b[i].last ? offset : 0xdeadbeef;
    }
    CHECK_EQ(plan(b, n), bytes);
    CHECK(memcmp(b, before, n * sizeof(*b)) == 0);
    return bytes;
}

// The least bytes by trying every order of placing, for few buffers.
static uint32_t best_of_all_orders(a8_buffer_t *b, uint32_t n, uint32_t done, uint32_t best) {
    if (done == n) {
        uint32_t end = 0;
        for (uint32_t i = 0; i < n; ++i) {
            end = b[i].offset + round_up(b[i].bytes) > end ? b[i].offset + round_up(b[i].bytes) : end;
        }
        return end < best ? end : best;
    }
    for (uint32_t i = done; i < n; ++i) {
        a8_buffer_t swap = b[i];
        b[i] = b[done];
        b[done] = swap;
        uint32_t offset = 0;
        for (bool moved = true; moved;) {
            moved = false;
            for (uint32_t k = 0; k < done; ++k) {
                if (b[done].first <= b[k].last && b[k].first <= b[done].last &&
                    offset < b[k].offset + round_up(b[k].bytes) && b[k].offset < offset + round_up(b[done].bytes)) {
                    offset = b[k].offset + round_up(b[k].bytes);
                    moved = true;
                }
            }
        }
        b[done].offset = offset;
        best = best_of_all_orders(b, n, done + 1, best);
        swap = b[i];
        b[i] = b[done];
        b[done] = swap;
    }
    return best;
}

static void test_edges(void) {
    a8_buffer_t none = { 100, 7, 1, 0 }, empty = { 0, 7, 0, 5 }, one = { 1, 7, 0, 0xffff };
    CHECK_EQ(plan(&none, 0), 0);
    CHECK_EQ(check_plan(&none, 1, 2), 0);
    CHECK_EQ(none.offset, 7);
    CHECK_EQ(check_plan(&empty, 1, 2), 0);
    CHECK_EQ(empty.offset, 0);
    CHECK_EQ(check_plan(&one, 1, 2), 16);
    a8_buffer_t huge[3] = { { 0x40000000, 0, 0, 1 }, { 0x3ffffff0, 0, 0, 1 }, { 1, 0, 2, 3 } };
    CHECK_EQ(check_plan(huge, 3, 4), 0x7ffffff0);
    huge[2].first = 1;
    CHECK_EQ(plan(huge, 3), A8_PLAN_TOO_LARGE);
    huge[2].bytes = UINT32_MAX >> 1;
    CHECK_EQ(plan(huge, 3), A8_PLAN_TOO_LARGE);
}

int main(void) {
    test_edges();
    a8_buffer_t b[MAX];
    uint32_t state = 8, optimal = 0, above = 0, runs = 0;
    // Few buffers: against the best of all orders.
    for (int run = 0; run < 600; ++run) {
        uint32_t n = 1 + next_random(&state) % 7, times = 2 + next_random(&state) % 7;
        for (uint32_t i = 0; i < n; ++i) {
            uint32_t first = next_random(&state) % times, last = first + next_random(&state) % 4;
            b[i].bytes = 1 + next_random(&state) % 300;
            b[i].first = (uint16_t)first;
            b[i].last = (uint16_t)(last < times ? last : times - 1);
            b[i].offset = 0;
        }
        uint32_t bytes = check_plan(b, n, times), best = best_of_all_orders(b, n, 0, UINT32_MAX);
        optimal += bytes == best;
        CHECK(bytes >= best);
        ++runs;
    }
    printf("%u of %u small plans are the best of all orders\n", (unsigned)optimal, (unsigned)runs);
    CHECK(optimal * 100 >= runs * 98);
    // Chains with skips, as in residual networks: at the bound, nearly always.
    optimal = runs = 0;
    for (int run = 0; run < 300; ++run) {
        uint32_t n = 5 + next_random(&state) % 80;
        for (uint32_t i = 0; i < n; ++i) {
            uint32_t skip = next_random(&state) % 5 == 0 ? 3 : 1;
            b[i].bytes = 16 * (1 + next_random(&state) % 100) * (next_random(&state) % 3 == 0 ? 8 : 1);
            b[i].first = (uint16_t)i;
            b[i].last = (uint16_t)(i + skip < n ? i + skip : n - 1);
            b[i].offset = 0;
        }
        uint32_t bytes = check_plan(b, n, n), bound = a8_plan_bound(b, n);
        optimal += bytes == bound;
        above += (bytes - bound) * 100 / bound;
        CHECK(bytes <= bound + bound / 4);
        ++runs;
    }
    printf("%u of %u chains are at the bound, %u %% above it on average\n", (unsigned)optimal, (unsigned)runs,
        (unsigned)(above / runs));
    CHECK(optimal * 100 >= runs * 90);
    // Anything.
    for (int run = 0; run < 60; ++run) {
        uint32_t n = next_random(&state) % MAX, times = 1 + next_random(&state) % 200;
        for (uint32_t i = 0; i < n; ++i) {
            b[i].bytes = next_random(&state) % 7 == 0 ? 0 : next_random(&state) % 10000;
            b[i].first = (uint16_t)(next_random(&state) % times);
            b[i].last = (uint16_t)(next_random(&state) % times);
            b[i].offset = next_random(&state);
        }
        check_plan(b, n, times);
    }
    return 0;
}
