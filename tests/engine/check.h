// SPDX-License-Identifier: MIT
//
// For the C tests: a check that says where it failed, and numbers that are random and the same everywhere.
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

#define CHECK_EQ(value, expected) \
    do { \
        long long value_ = (long long)(value), expected_ = (long long)(expected); \
        if (value_ != expected_) { \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #value, value_, expected_); \
            exit(1); \
        } \
    } while (0)

// xorshift32
static inline uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

#endif
