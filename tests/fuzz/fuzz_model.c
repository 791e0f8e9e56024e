// SPDX-License-Identifier: MIT
//
// Loads and runs mutants of models, under ASan and UBSan, in regions of exactly
// the sizes that the engine asks for. Whatever the bytes are, nothing may be read
// or written outside of them, and every call returns.
//
//   fuzz_model SEED MUTANTS SECONDS MODEL.tflite...
//
// Stops after so many mutants a model, or seconds in all, whichever is first; 0: no such limit.
// Before a mutant runs, what makes it goes to the variable that a crash handler prints: with
// SEED, model and number the same mutant comes back ("fuzz_model SEED =NUMBER 0 MODEL").
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena8.h"
#include "check.h"

// Bytes that a mutant may ask for; a larger one counts as too large and isn't run.
#define MEMORY_LIMIT (8u << 20)
// Polls that an invoke may take. Operators poll at least once an output row.
#define POLLS (300)

void __asan_set_death_callback(void (*callback)(void));

static const char *now_model;
static unsigned now_seed, now_number;

static void on_death(void) {
    fprintf(stderr, "\nagain: fuzz_model %u =%u 0 %s\n", now_seed, now_number, now_model);
}

static uint32_t state;

static uint32_t below(uint32_t n) {
    return n == 0 ? 0 : next_random(&state) % n;
}

typedef struct {
    unsigned polls;
} hooks_t;

static bool poll(void *arg) {
    return ++((hooks_t *)arg)->polls < POLLS;
}

static void put_u32(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)(value >> 16);
    at[3] = (uint8_t)(value >> 24);
}

static uint32_t get_u32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

// Values at which arithmetic goes wrong first, and small ones, which are valid sizes, indices and codes.
static uint32_t nasty(void) {
    static const uint32_t values[] = { 0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 63, 64, 127, 128, 255, 256, 1000, 32767, 32768,
        65535, 65536, 0x00ffffff, 0x10000000, 0x3fffffff, 0x40000000, 0x55555556, 0x7f7fffff, 0x7f800000, 0x7fc00000,
        0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xc0000000, 0xfffffff0, 0xfffffffe, 0xffffffff };
    return below(4) == 0 ? next_random(&state) : values[below(sizeof(values) / sizeof(values[0]))];
}

// The model's structure lies before and behind its constant data, mostly: a position is more often where
// 32-bit words are small, as offsets, sizes and indices are.
static uint32_t pick(const uint8_t *data, uint32_t size) {
    uint32_t at = 0;
    for (int attempt = 0; attempt < 6; ++attempt) {
        at = below(size - 3) & ~(uint32_t)3;
        if (get_u32(data + at) < 4096) {
            break;
        }
    }
    return at;
}

static uint32_t mutate(uint8_t *data, uint32_t size) {
    uint32_t times = 1 + (below(3) == 0 ? below(6) : 0);
    while (times-- > 0) {
        uint32_t at = pick(data, size), other;
        switch (below(8)) {
            case 0: // one bit
                data[at + below(4)] ^= (uint8_t)(1u << below(8));
                break;
            case 1: // one byte
                data[at + below(4)] = (uint8_t)nasty();
                break;
            case 2:
            case 3: // a word: offsets, counts, dims, options
                put_u32(data + at, nasty());
                break;
            case 4: // near what it was
                put_u32(data + at, get_u32(data + at) + below(9) - 4);
                break;
            case 5: // 16 bits: vtables
                data[at] = (uint8_t)nasty();
                data[at + 1] = (uint8_t)below(2);
                break;
            case 6: // a word from elsewhere: offsets that lead to other tables
                other = pick(data, size);
                put_u32(data + at, get_u32(data + other) + (below(2) == 0 ? other - at : 0));
                break;
            default: // cut off
                if (below(4) == 0) {
                    size = 4 + below(size - 4);
                    if (size < 64) {
                        return size;
                    }
                }
                break;
        }
    }
    return size;
}

static unsigned counts[6]; // by outcome: refused at open, at load, too large, ran, error at invoke, stopped

// Returns false if the model is of a kind that the engine doesn't run.
static bool run(uint8_t *bytes, uint32_t size, bool change_afterwards) {
    a8_model_t model;
    a8_error_t err;
    a8_sizes_t sizes;
    if (a8_model_open(&model, bytes, size, &err) != A8_OK) {
        CHECK(err.code == A8_ERR_MODEL && err.message != NULL);
        ++counts[0];
        return true;
    }
    a8_target_t target = (a8_target_t)below(A8_TARGET_COUNT);
    uint32_t work_size = 4096;
    int ret;
    for (;;) {
        uint8_t *work = malloc(work_size);
        ret = a8_measure(&model, target, work, work_size, &sizes, &err);
        free(work);
        if (ret != A8_ERR_MEMORY || err.needed > (int32_t)MEMORY_LIMIT) {
            break;
        }
        CHECK(err.needed > (int32_t)work_size);
        work_size = (uint32_t)err.needed;
    }
    if (ret != A8_OK) {
        CHECK(ret == A8_ERR_MODEL || ret == A8_ERR_UNSUPPORTED || ret == A8_ERR_MEMORY);
        CHECK(err.code == ret && err.message != NULL);
        ++counts[ret == A8_ERR_MEMORY ? 2 : 1];
        return ret != A8_ERR_UNSUPPORTED;
    }
    if (sizes.records > MEMORY_LIMIT || sizes.arena > MEMORY_LIMIT) {
        ++counts[2];
        return true;
    }
    a8_interpreter_t it;
    uint8_t *records = malloc(sizes.records), *arena = malloc(sizes.arena == 0 ? 1 : sizes.arena);
    CHECK_EQ(a8_load(&it, &model, target, records, sizes.records, arena, sizes.arena, &err), A8_OK);
    CHECK(it.used.records == sizes.records && it.used.arena == sizes.arena);
    hooks_t hooks = { 0 };
    it.poll = poll;
    it.arg = &hooks;
    uint32_t number_of_steps = below(4) == 0 ? 2 * a8_nodes(&it) : 0;
    for (int round = 0; round < 2; ++round) {
        if (change_afterwards) { // bytes that change under a loaded model: other answers, nothing worse
            for (uint32_t i = 0; i < 1 + size / 64; ++i) {
                bytes[below(size)] = (uint8_t)next_random(&state);
            }
        }
        for (uint32_t i = 0; i < sizes.arena; ++i) { // any bytes, in all of the arena
            arena[i] = (uint8_t)next_random(&state);
        }
        hooks.polls = 0;
        if (number_of_steps != 0) { // from anywhere in the middle
            for (uint32_t i = below(number_of_steps); i > 0 && a8_step(&it, &err) == A8_OK; --i) {
            }
            if (below(2) == 0) {
                a8_reset(&it);
            }
        }
        ret = a8_invoke(&it, &err);
        CHECK(ret == A8_OK || ret == A8_ERR_ABORTED || ret == A8_ERR_DATA);
        if (ret == A8_OK) {
            ++counts[3];
        } else {
            ++counts[ret == A8_ERR_DATA ? 4 : 5];
        }
        a8_io_t io;
        for (uint32_t i = 0; i < a8_outputs(&it); ++i) {
            a8_output(&it, i, &io);
            a8_crc32(0, io.data, io.bytes);
        }
        for (uint32_t i = 0; i < a8_nodes(&it); ++i) {
            a8_node_result(&it, i, 0, &io);
        }
        a8_reset(&it);
    }
    a8_model_label(&model, a8_model_labels(&model) / 2);
    free(records);
    free(arena);
    return true;
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: fuzz_model SEED MUTANTS|=NUMBER SECONDS MODEL.tflite...\n");
        return 2;
    }
    bool only = argv[2][0] == '=';
    unsigned seed = (unsigned)atoi(argv[1]), mutants = (unsigned)atoi(argv[2] + only);
    unsigned seconds = (unsigned)atoi(argv[3]);
    time_t start = time(NULL);
    __asan_set_death_callback(on_death);
    unsigned total = 0;
    bool *skipped = calloc((size_t)argc, sizeof(bool)); // mutants of what can't run seldom run either: fewer of them
    for (unsigned number = only ? mutants : 0; only ? number == mutants : mutants == 0 || number < mutants; ++number) {
        for (int k = 4; k < argc; ++k) {
            if (skipped[k] && number % 64 != 0) {
                continue;
            }
            if (seconds != 0 && (unsigned)(time(NULL) - start) >= seconds) {
                goto done;
            }
            FILE *file = fopen(argv[k], "rb");
            CHECK(file != NULL);
            fseek(file, 0, SEEK_END);
            uint32_t size = (uint32_t)ftell(file), length = 0, name = 0;
            rewind(file);
            uint8_t *original = malloc(size);
            CHECK(fread(original, 1, size, file) == size);
            fclose(file);
            for (const char *p = argv[k]; *p != '\0'; ++p) {
                name = *p == '/' ? 0 : 31 * name + (unsigned char)*p; // the file's name, wherever it lies
            }
            now_model = argv[k];
            now_seed = seed;
            now_number = number;
            state = (seed * 2654435761u ^ number * 40503u ^ name) | 1;
            for (int i = 0; i < 8; ++i) {
                next_random(&state);
            }
            length = number == 0 ? size : mutate(original, size); // the first is the model itself
            uint8_t *exact = malloc(length + 1);
            memcpy(exact + (number & 1), original, length);
            bool runs = run(exact + (number & 1), length, number % 4 == 3);
            skipped[k] = skipped[k] || (number == 0 && !runs);
            free(exact);
            free(original);
            ++total;
        }
    }
done:
    free(skipped);
    printf("%u mutants: %u refused at open, %u at load, %u too large; invokes: %u ran, %u with an error, %u stopped\n",
        total, counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]);
    return total == 0;
}
