// SPDX-License-Identifier: MIT
#include "../quantize.h"

typedef int32_t real_t; // with 31 fractional bits
typedef int32_t word_t;
typedef int64_t wide_t;

#define ONE (INT32_MAX)

static inline word_t sum(word_t a, word_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline word_t difference(word_t a, word_t b) {
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

static inline real_t negative(word_t a) {
    return (real_t)(0 - (uint32_t)a);
}

static inline real_t half(word_t a) {
    return (real_t)(a >> 1);
}

static inline real_t product(wide_t a, word_t b) {
    return (real_t)((a * b + ((wide_t)1 << 30)) >> 31);
}

static inline real_t products(wide_t a, word_t b, wide_t c, word_t d) {
    return (real_t)((a * b + c * d + ((wide_t)1 << 30)) >> 31);
}

static inline real_t part(word_t a, word_t factor) {
    return product(a, factor);
}

static inline real_t settled(word_t a, uint32_t state) {
    const word_t tie = ONE / 2 + 1;
    if (a == tie && state < 2) {
        a--;
    } else if (a == -tie && state <= 2) {
        a++;
    }
    return (real_t)a;
}

static inline real_t load(const uint8_t *in) {
    return a8_load_i32(in);
}

#include "fft_generic.h"

void a8_rfft_s32_generic(const a8_fft_t *fft, const real_t *table, const uint8_t *in, uint32_t samples, real_t *out) {
    stored_t *x = (stored_t *)(void *)out;
    transform(fft, table, in, samples, x, false);
    take_apart(fft, table, x);
}

void a8_irfft_s32_generic(const a8_fft_t *fft, const real_t *table, const uint8_t *in, real_t *out) {
    transform(fft, table, in, 0, (stored_t *)(void *)out, true);
}
