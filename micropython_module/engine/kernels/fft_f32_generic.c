// SPDX-License-Identifier: MIT
#include <stdint.h>
#include <string.h>

typedef float real_t;
typedef float word_t;
typedef float wide_t;

#define ONE (1)

static inline float sum(float a, float b) {
    return a + b;
}

static inline float difference(float a, float b) {
    return a - b;
}

static inline float negative(float a) {
    return -a;
}

static inline float half(float a) {
    return a * 0.5f;
}

static inline float product(float a, float b) {
    return a * b;
}

static inline float products(float a, float b, float c, float d) {
    return a * b + c * d;
}

static inline float part(float a, float factor) {
    (void)factor;
    return a;
}

static inline float settled(float a, uint32_t state) {
    (void)state;
    return a;
}

static inline float load(const uint8_t *in) {
    float a;
    memcpy(&a, in, sizeof(a));
    return a;
}

#include "fft_generic.h"

void a8_rfft_f32_generic(const a8_fft_t *fft, const float *table, const uint8_t *in, uint32_t samples, float *out) {
    stored_t *x = (stored_t *)(void *)out;
    transform(fft, table, in, samples, x, false);
    take_apart(fft, table, x);
}

void a8_irfft_f32_generic(const a8_fft_t *fft, const float *table, const uint8_t *in, float *out) {
    transform(fft, table, in, 0, (stored_t *)(void *)out, true);
    for (uint32_t i = 0; i < 2 * fft->n; i++) {
        out[i] /= (float)(2 * fft->n);
    }
}
