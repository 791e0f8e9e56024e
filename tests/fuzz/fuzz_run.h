// SPDX-License-Identifier: MIT
//
// For the fuzzers: measures, loads and runs one model of any bytes in regions of exactly the sizes that the engine asks
// for, in all ways that a caller may, and checks what must hold for each model.
#ifndef FUZZ_RUN_H
#define FUZZ_RUN_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena8.h"
#include "check.h"
#include "spread.h"

// Bytes that a mutant may ask for; a larger one counts as too large and isn't run.
#define MEMORY_LIMIT (8u << 20)
// Polls that an invoke may take. Operators poll at least once an output row.
#define POLLS (300)
// CPU time, of a sanitized program, after which something takes too long.
#define SECONDS_BETWEEN_POLLS (0.3)
#define SECONDS_TO_LOAD (3.0)

static uint32_t state;

static uint32_t below(uint32_t n) {
    return n == 0 ? 0 : next_random(&state) % n;
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
static uint32_t memory_limit = MEMORY_LIMIT;

// ---- Time ---------------------------------------------------------------------

static double cpu_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

typedef struct {
    unsigned polls;
    unsigned limit; // polls that an invoke may take
    double last; // CPU time of the last poll, or of the beginning
    // What the hook writes to, as Python may that runs in it. NULL: nothing.
    uint8_t *model;
    uint32_t size;
    const a8_interpreter_t *it;
    const spread_t *spread;
} hooks_t;

static void write_anywhere(const hooks_t *hooks);

static void check_pace(hooks_t *hooks) {
    double now = cpu_seconds();
    CHECK(now - hooks->last < SECONDS_BETWEEN_POLLS);
    hooks->last = now;
}

static bool poll(void *arg) {
    hooks_t *hooks = arg;
    check_pace(hooks);
    if (hooks->model != NULL && below(4) == 0) {
        write_anywhere(hooks);
        hooks->last = cpu_seconds();
    }
    return ++hooks->polls < hooks->limit;
}

// ---- Contents -----------------------------------------------------------------

// Random bytes; or words at which indices, floats and integers go wrong; or one byte everywhere; or small words.
static void scribble(uint8_t *data, uint32_t bytes, uint32_t seed) {
    uint32_t kind = seed % 5, local = seed * 2654435761u | 1;
    next_random(&local);
    for (uint32_t i = 0; i < bytes; i += 4) {
        uint32_t word = kind == 0 ? (local >> 8 & 0xff) * 0x01010101u : next_random(&local);
        if (kind == 1) {
            static const uint32_t words[] = { 0, 1, 0x7fc00000, 0x7f800000, 0xff800000, 0x80000000, 0x7fffffff, 0xffffffff,
                0x00000001, 0x80000001, 0x3f800000, 0x4f000000, 0xcf000000, 0xcf000001, 0x7f7fffff, 0x80008000,
                0x7fff7fff, 0x80808080, 0x01000100, 2, 0xfffffffe, 0x3f000000, 0xff7fffff, 0x5f000000 };
            word = words[word % (sizeof(words) / sizeof(words[0]))];
        } else if (kind == 2) {
            word = (i & 4 & seed >> 8) != 0 ? 0 : word >> 8 & 3;
        }
        for (uint32_t k = i; k < bytes && k < i + 4; ++k) {
            data[k] = (uint8_t)(word >> 8 * (k - i));
        }
    }
}

static void write_anywhere(const hooks_t *hooks) {
    const span_t *span = &hooks->spread->spans[below(hooks->spread->n)];
    uint32_t in_arena = below(span->bytes), in_model = below(hooks->size);
    scribble(hooks->it->arena + span->offset + in_arena, below(span->bytes - in_arena), next_random(&state));
    scribble(hooks->model + in_model, below(hooks->size - in_model), next_random(&state));
}

// Inputs that are good for the model that is mutated, one behind the other.
static const uint8_t *inputs;
static uint32_t input_size;

static void write_inputs(const a8_interpreter_t *it, uint32_t seed) {
    a8_io_t io;
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < a8_inputs(it); ++i) {
        a8_input(it, i, &io);
        CHECK(!io.is_constant);
        bytes += io.bytes;
    }
    bool good = bytes == input_size && (seed >> 4) % 4 != 0;
    for (uint32_t i = 0, at = 0; i < a8_inputs(it); ++i) {
        a8_input(it, i, &io);
        if (good) {
            memcpy(io.data, inputs + at, io.bytes);
            at += io.bytes;
        } else {
            scribble(io.data, io.bytes, seed + 5 * i);
        }
    }
    // One of them may hold something else.
    if (good && seed % 7 == 0 && a8_inputs(it) > 1) {
        a8_input(it, seed / 5 % a8_inputs(it), &io);
        scribble(io.data, io.bytes, seed);
    }
}

static uint32_t read_outputs(const a8_interpreter_t *it) {
    a8_io_t io;
    uint32_t crc = 0;
    for (uint32_t i = 0; i < a8_outputs(it); ++i) {
        a8_output(it, i, &io);
        crc = a8_crc32(crc, io.data, io.bytes);
    }
    return crc;
}

// All of the arena, but not what is poisoned.
static void scribble_arena(a8_interpreter_t *it, const spread_t *spread) {
    for (uint32_t i = 0; i < spread->n; ++i) {
        scribble(it->arena + spread->spans[i].offset, spread->spans[i].bytes, next_random(&state));
    }
}

// ---- Invokes ------------------------------------------------------------------

static int invoke(a8_interpreter_t *it, unsigned limit) {
    a8_error_t err = { 0 };
    hooks_t *hooks = it->arg;
    hooks->polls = 0;
    hooks->limit = limit;
    hooks->last = cpu_seconds();
    int ret = a8_invoke(it, &err);
    check_pace(hooks);
    CHECK(ret == A8_OK || ret == A8_ERR_ABORTED || ret == A8_ERR_DATA);
    CHECK(ret == A8_OK || (err.code == ret && err.message != NULL));
    CHECK(ret != A8_ERR_ABORTED || hooks->polls == limit);
    ++counts[ret == A8_OK ? 3 : ret == A8_ERR_DATA ? 4
                                                   : 5];
    return ret;
}

// Three invokes with fixed inputs. Returns what they gave, all in one number.
static uint32_t run_from_reset(a8_interpreter_t *it, uint32_t seed, bool *ended) {
    uint32_t crc = 0;
    *ended = true;
    for (uint32_t i = 0; i < 3 && *ended; ++i) {
        write_inputs(it, seed + i);
        int ret = invoke(it, POLLS);
        *ended = ret == A8_OK;
        crc = crc * 31 + (ret == A8_OK ? read_outputs(it) : (uint32_t)ret);
    }
    return crc;
}

// A reset interpreter is as good as new, whatever was done with it and whatever its arena holds.
static void check_reset(a8_interpreter_t *it, const spread_t *spread) {
    a8_error_t err;
    bool ended, ended_again;
    uint32_t seed = next_random(&state);
    uint32_t crc = run_from_reset(it, seed, &ended);
    hooks_t *hooks = it->arg;
    unsigned polls = hooks->polls;
    switch (below(3)) {
        case 0: // stopped somewhere
            invoke(it, 1 + below(polls));
            break;
        case 1: // step by step, not to the end
            hooks->polls = 0;
            hooks->limit = POLLS;
            hooks->last = cpu_seconds();
            for (uint32_t i = below(2 * a8_nodes(it)); i > 0 && a8_step(it, &err) == A8_OK; --i) {
            }
            break;
        default:
            break;
    }
    scribble_arena(it, spread);
    a8_reset(it);
    CHECK(run_from_reset(it, seed, &ended_again) == crc && ended == ended_again);
}

// A word of the model's bytes, or many that lie in a row, become others.
static void change(uint8_t *bytes, uint32_t size) {
    if (below(2) == 0) {
        for (uint32_t i = 0; i < 1 + size / 64; ++i) {
            bytes[below(size)] = (uint8_t)next_random(&state);
        }
    } else {
        uint32_t at = below(size);
        scribble(bytes + at, below(size - at), next_random(&state));
    }
}

// Returns the outcome's place in counts, and the code of the error.
static int run(uint8_t *bytes, uint32_t size, bool change_afterwards) {
    a8_model_t model;
    a8_error_t err;
    a8_sizes_t sizes;
    if (a8_model_open(&model, bytes, size, &err) != A8_OK) {
        CHECK(err.code == A8_ERR_MODEL && err.message != NULL);
        ++counts[0];
        return A8_ERR_MODEL;
    }
    a8_target_t target = (a8_target_t)below(A8_TARGET_COUNT);
    uint32_t work_size = 4096;
    int ret;
    double start = cpu_seconds();
    for (;;) {
        uint8_t *work = malloc(work_size);
        ret = a8_measure(&model, target, work, work_size, &sizes, &err);
        free(work);
        if (ret != A8_ERR_MEMORY || err.needed > (int32_t)memory_limit) {
            break;
        }
        CHECK(err.needed > (int32_t)work_size);
        work_size = (uint32_t)err.needed;
    }
    CHECK(cpu_seconds() - start < SECONDS_TO_LOAD);
    if (ret != A8_OK) {
        CHECK(ret == A8_ERR_MODEL || ret == A8_ERR_UNSUPPORTED || ret == A8_ERR_MEMORY);
        CHECK(err.code == ret && err.message != NULL);
        ++counts[ret == A8_ERR_MEMORY ? 2 : 1];
        return ret;
    }
    if (sizes.records > memory_limit || sizes.arena > memory_limit) {
        ++counts[2];
        return A8_ERR_MEMORY;
    }
    a8_interpreter_t it;
    uint8_t *records = malloc(sizes.records), *arena = malloc(sizes.arena == 0 ? 1 : sizes.arena);
    CHECK_EQ(a8_load(&it, &model, target, records, sizes.records, arena, sizes.arena, &err), A8_OK);
    CHECK(it.used.records == sizes.records && it.used.arena == sizes.arena);
    hooks_t hooks = { .limit = POLLS, .last = cpu_seconds() };
    it.poll = poll;
    it.arg = &hooks;
    // Half of the time, the tensors lie apart.
    span_t all = { 0, sizes.arena };
    spread_t spread = { &all, 1, sizes.arena };
    bool apart = below(2) == 0;
    if (apart) {
        spread = spread_begin(&it);
    }
    if (!change_afterwards && below(sizes.arena > 20000 ? 16 : 1) == 0) { // large models take long
        check_reset(&it, &spread);
    }
    uint32_t number_of_steps = below(4) == 0 ? 2 * a8_nodes(&it) : 0;
    for (int round = 0; round < 2; ++round) {
        if (change_afterwards) { // bytes that change under a loaded model: other answers, nothing worse
            change(bytes, size);
            hooks.model = bytes;
            hooks.size = size;
            hooks.it = &it;
            hooks.spread = &spread;
        }
        scribble_arena(&it, &spread);
        hooks.polls = 0;
        hooks.last = cpu_seconds();
        if (number_of_steps != 0) { // from anywhere in the middle
            for (uint32_t i = below(number_of_steps); i > 0 && a8_step(&it, &err) == A8_OK; --i) {
            }
            if (below(2) == 0) {
                a8_reset(&it);
            }
        }
        invoke(&it, POLLS);
        read_outputs(&it);
        a8_io_t io;
        for (uint32_t i = 0; i < a8_nodes(&it); ++i) {
            a8_node_result(&it, i, 0, &io);
        }
        a8_reset(&it);
    }
    a8_model_label(&model, a8_model_labels(&model) / 2);
    it.poll = NULL;
    if (apart) {
        spread_end(&spread, &it);
    }
    free(records);
    free(arena);
    return A8_OK;
}

#endif
