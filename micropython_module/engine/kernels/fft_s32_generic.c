// SPDX-License-Identifier: MIT
#include <stdint.h>

typedef int32_t real_t; // with 31 fractional bits
typedef int64_t wide_t;

static inline real_t sum(real_t a, real_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline real_t difference(real_t a, real_t b) {
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

static inline real_t negative(real_t a) {
    return (int32_t)(0 - (uint32_t)a);
}

static inline real_t half(real_t a) {
    return a >> 1;
}

static inline real_t half_sum(real_t a, real_t b) {
    return (int32_t)(sum(a, b) >> 1);
}

static inline real_t half_difference(real_t a, real_t b) {
    return (int32_t)(difference(a, b) >> 1);
}

static inline real_t products(wide_t a, real_t b, wide_t c, real_t d) {
    return (int32_t)((a * b + c * d + ((wide_t)1 << 30)) >> 31);
}

static inline real_t part(real_t a, int32_t k) {
    return products(a, INT32_MAX / k, 0, 0);
}

static inline real_t settled(real_t a, uint32_t state) {
    const real_t tie = INT32_MAX / 2 + 1;
    if (a == tie) {
        return state >= 2 ? a : a - 1;
    }
    return a == -tie && state <= 2 ? a + 1 : a;
}

#include "fft_generic.h"

void a8_rfft_s32_generic(const a8_fft_t *fft, const real_t *table, const uint8_t *in, uint32_t samples, real_t *out) {
    complex_t *x = (complex_t *)(void *)out;
    transform(fft, table, in, samples, x, false);
    take_apart(fft, table, x);
}

void a8_irfft_s32_generic(const a8_fft_t *fft, const real_t *table, const uint8_t *in, real_t *out) {
    transform(fft, table, in, 0, (complex_t *)(void *)out, true);
}
