// SPDX-License-Identifier: MIT
#include <stdint.h>

typedef float real_t;
typedef float wide_t;

static inline real_t sum(real_t a, real_t b) {
    return a + b;
}

static inline real_t difference(real_t a, real_t b) {
    return a - b;
}

static inline real_t negative(real_t a) {
    return -a;
}

static inline real_t half(real_t a) {
    return a * 0.5f;
}

static inline real_t half_sum(real_t a, real_t b) {
    return (a + b) * 0.5f;
}

static inline real_t half_difference(real_t a, real_t b) {
    return (a - b) * 0.5f;
}

static inline real_t products(real_t a, real_t b, real_t c, real_t d) {
    return a * b + c * d;
}

static inline real_t part(real_t a, int32_t k) {
    (void)k;
    return a;
}

static inline real_t settled(real_t a, uint32_t state) {
    (void)state;
    return a;
}

#include "fft_generic.h"

void a8_rfft_f32_generic(const a8_fft_t *fft, const float *table, const uint8_t *in, uint32_t samples, float *out) {
    complex_t *x = (complex_t *)(void *)out;
    transform(fft, table, in, samples, x, false);
    take_apart(fft, table, x);
}

void a8_irfft_f32_generic(const a8_fft_t *fft, const float *table, const uint8_t *in, float *out) {
    transform(fft, table, in, 0, (complex_t *)(void *)out, true);
    for (uint32_t i = 0; i < 2 * fft->n; i++) {
        out[i] /= (float)(2 * fft->n);
    }
}
